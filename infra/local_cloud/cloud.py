"""One local cloud: the emulator's process, the stack in it, and what a caller needs to use it."""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.evaluation import Evaluation, evaluated
from infra.lib.catalogue import read_catalogue
from infra.lib.limits import FUNCTIONS, LIMITS, LIVE_SLOT, SUFFIX_FORM
from infra.local_cloud import provider_keys
from infra.local_cloud.applier import Applier
from infra.local_cloud.clients import ACCOUNT, Clients
from infra.symbols import SUFFIX

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 10
DESCRIPTION = "cloud.json"
# A name and a certificate that nobody has: `/_edge/…` stands for both, see `emulator.edge_routes`.
EDGE_CONFIG = {
    "payhook:edge_domain": "hooks.payhook.test",
    "payhook:edge_certificate_arn": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000",
}
PROVED_AS: str = LIMITS["smoke"]["provider"]
KEYS, API_KEYS = "keys.json", "api_keys.json"
LOG = "emulator.log"


class LocalCloudError(Exception):
    """The local cloud cannot do it; the message says what to do."""


@dataclass
class LocalCloud:
    """A running local cloud with the stack in it."""

    state: Path
    port: int
    pid: int
    suffix: str
    # Where providers send: the edge, or the gateway where there is none.
    endpoint: str = ""
    # The gateway itself, past the edge.
    gateway: str = ""
    # The live API key of each provider.
    api_keys: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    made: int = 0

    @property
    def aws_endpoint(self) -> str:
        """Where AWS's own interfaces answer."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def clients(self) -> Clients:
        """boto3 clients of this cloud."""
        return Clients(self.aws_endpoint)

    @property
    def api_key(self) -> str:
        """Of whom a deploy proves itself as: what is sent with when it does not matter whose it is."""
        return self.api_keys[PROVED_AS]

    @property
    def keys_file(self) -> Path:
        """The providers' random keys, in the form of `payhook send --secrets-file`."""
        return self.state / KEYS

    @property
    def api_keys_file(self) -> Path:
        """The providers' API keys, in the form of `payhook send --api-keys-file`."""
        return self.state / API_KEYS

    def running(self) -> bool:
        """Whether its process lives and answers."""
        return _alive(self.pid) and _answers(self.port)

    def stop(self) -> None:
        """Stops the process and removes the state."""
        _end(self.pid)
        shutil.rmtree(self.state, ignore_errors=True)

    def save(self) -> None:
        """Writes the description that `load` reads."""
        fields = asdict(self) | {"state": str(self.state)}
        _write_secret(self.state / DESCRIPTION, fields)


def load(state: Path) -> LocalCloud | None:
    """The cloud that was started with this state folder, running or not."""
    try:
        fields = json.loads((state / DESCRIPTION).read_text())
    except FileNotFoundError:
        return None
    return LocalCloud(**(fields | {"state": state}))


def start(
    state: Path,
    zips: Path,
    suffix: str,
    port: int = 0,
    without: tuple[str, ...] = (),
    progress: Callable[[int], None] = lambda _: None,
    options: dict[str, str] | None = None,
) -> LocalCloud:
    """Starts the emulator on `port` (0: a free one), applies the stack, gives each provider a random key. Raises LocalCloudError.

    `options` are settings of the stack beyond the suffix, as `pulumi config` names them.
    """
    missing = [function for function in FUNCTIONS if not (zips / f"{function}.zip").exists()]
    if missing:
        raise LocalCloudError(f"no {missing[0]}.zip in {zips}: make build")
    if not SUFFIX_FORM.fullmatch(suffix):
        raise LocalCloudError("a suffix is 1 to 20 of a-z, 0-9 and inner '-': make up SUFFIX=dev")
    cloud = start_empty(state, suffix, port, without)
    try:
        _deploy(cloud, zips, progress, options or {})
    except BaseException:
        _end(cloud.pid)
        raise
    cloud.save()
    return cloud


def start_empty(state: Path, suffix: str = "", port: int = 0, without: tuple[str, ...] = ()) -> LocalCloud:
    """Starts the emulator on `port` (0: a free one) with nothing in it. Raises LocalCloudError."""
    old = load(state)
    if old and old.running():
        raise LocalCloudError(f"a local cloud already runs on port {old.port}: make down")
    port = port or free_port()
    if _in_use(port):
        raise LocalCloudError(f"port {port} is in use: make up PORT=another")
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    pid, listens = _launch(state, port, without)
    cloud = LocalCloud(state, port, pid, suffix)
    cloud.save()
    try:
        _wait_until_it_listens(cloud, listens)
    except BaseException:
        _end(cloud.pid)
        raise
    return cloud


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _launch(state: Path, port: int, without: tuple[str, ...]) -> tuple[int, int]:
    """The process, and the end of a pipe that can be read once it listens or has ended."""
    listens, told = os.pipe()
    command = [sys.executable, "-m", "infra.local_cloud.emulator", "--port", str(port), "--state", str(state)]
    for patch in without:
        command += ["--without", patch]
    command += ["--ready-descriptor", str(told)]
    with (state / LOG).open("wb") as log:
        # A session of its own, so that the functions it starts end with it and a Ctrl-C here does not reach it.
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=[told]
        )
    os.close(told)
    return process.pid, listens


def account_wide() -> Evaluation:
    """What the bootstrap makes once for an account and every stack in it needs: the role of the
    gateway's logs, and the setting that names it.
    """
    config = {"payhook-bootstrap:environment_suffix": "local", "payhook-bootstrap:account_id": ACCOUNT}
    bootstrap = evaluated(config, "bootstrap", symbolic=True)
    return Evaluation([r for r in bootstrap.resources if r["options"]["parent"].endswith("::gateway_account")])


def prepare_account(cloud: LocalCloud, zips: Path) -> None:
    """Makes what the bootstrap makes: without it a stage with logs is refused."""
    Applier(cloud.clients, cloud.suffix or "account", zips.resolve()).apply(account_wide())


def _deploy(cloud: LocalCloud, zips: Path, progress: Callable[[int], None], options: dict[str, str]) -> None:
    config = EDGE_CONFIG | {f"payhook:{name}": value for name, value in options.items()}
    evaluation = evaluated(
        config | {"payhook:environment_suffix": SUFFIX, "payhook:account_id": ACCOUNT}, symbolic=True
    )
    prepare_account(cloud, zips)
    applier = Applier(cloud.clients, cloud.suffix, zips.resolve(), progress)
    cloud.outputs = applier.apply(evaluation)
    cloud.made = applier.made
    # From https://{api}.execute-api…/{stage}/webhook and https://{domain}/webhook to the same routes on this machine.
    host, _, path = cloud.outputs["api_endpoint_url"].removeprefix("https://").partition("/")
    stage, _, route = path.partition("/")
    cloud.gateway = f"{cloud.aws_endpoint}/restapis/{host.split('.')[0]}/{stage}/_user_request_/{route}"
    edge = cloud.outputs.get("edge_domain_name")
    cloud.endpoint = f"{cloud.aws_endpoint}/_edge/{edge.split('.')[0]}/webhook" if edge else cloud.gateway
    cloud.api_keys = {
        provider: cloud.clients.apigateway.get_api_key(apiKey=ids[LIVE_SLOT], includeValue=True)["value"]
        for provider, ids in cloud.outputs["api_key_ids"].items()
    }
    keys = {p.name: provider_keys.fresh(p) for p in read_catalogue() if p.name in cloud.api_keys}
    provider_keys.put(cloud.clients, cloud.suffix, keys)
    _write_secret(cloud.keys_file, keys)
    _write_secret(cloud.api_keys_file, cloud.api_keys)


def _write_secret(file: Path, content: object) -> None:
    """Writes what has keys in it, for nobody else of this machine to read, nor while it is written."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    file.write_text(json.dumps(content, indent=1))


def _wait_until_it_listens(cloud: LocalCloud, listens: int) -> None:
    with open(listens, "rb") as pipe:
        told, _, _ = select.select([pipe], [], [], START_SECONDS)
        # Nothing can be read when the process has ended.
        if not told or not pipe.read(1):
            tail = "\n".join((cloud.state / LOG).read_text(errors="replace").splitlines()[-5:])
            raise LocalCloudError(f"the emulator did not start; the end of {cloud.state / LOG}:\n{tail}")


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/_ministack/health", timeout=2) as answer:
            return answer.status == 200
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _alive(pid: int) -> bool:
    # A child of this process that has ended stays until it is waited for.
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _end(pid: int) -> None:
    """Ends the emulator and the functions in its session: politely, then not."""
    until = time.monotonic() + STOP_SECONDS
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, sign)
        except (ProcessLookupError, PermissionError):
            return
        while _alive(pid) and time.monotonic() < until:
            time.sleep(0.05)

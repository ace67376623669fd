"""Up, status, outputs, down; and what is said when it cannot be done."""

import contextlib
import importlib.metadata
import json
import os
import socket
from pathlib import Path

import pytest

from infra.lib.catalogue import Key, read_catalogue
from infra.local_cloud import ledger, provider_keys
from infra.local_cloud.__main__ import main
from infra.local_cloud.cloud import DESCRIPTION, LOOPBACK, LocalCloud, LocalCloudError, free_port, load, start
from infra.local_cloud.emulator import __main__ as launcher
from tests.e2e.door import post_stripe, stripe_event

# 127.0.0.1 and the state of a socket that listens, in /proc/net/tcp.
LOOPBACK_HEX, LISTENS, UNCONNECTED = "0100007F", "0A", "07"


def test_up_status_outputs_down(tmp_path: Path, zips: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ["--state", str(tmp_path / "cloud")]
    up = ["up", "--port", "0", "--suffix", "cli", "--zips", str(zips)]
    assert main([*state, *up]) == 0
    printed = capsys.readouterr().out
    cloud = load(tmp_path / "cloud")
    assert cloud is not None
    assert cloud.endpoint in printed
    assert cloud.api_key in printed
    assert "curl -i -H 'x-api-key: " in printed
    # Each has keys in it: the emulator's own files and the functions' are in folders that it makes.
    kept = [cloud.keys_file, cloud.api_keys_file, cloud.state / DESCRIPTION]
    assert [file.name for file in kept if cloud.api_key in file.read_text()] == ["api_keys.json", "cloud.json"]
    assert [file.name for file in kept if file.stat().st_mode & 0o077] == []
    assert main([*state, *up]) == 1
    assert "already runs" in capsys.readouterr().err
    assert main([*state, "status"]) == 0
    assert main([*state, "outputs"]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown[shown.index("\n{\n") :])["transactions_table_name"] == "transactions_cli"
    assert main([*state, "down"]) == 0
    assert not cloud.running()
    assert not (tmp_path / "cloud").exists()
    capsys.readouterr()


def test_without_one_running(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = ["--state", str(tmp_path / "none")]
    assert main([*state, "status"]) == 1
    assert main([*state, "outputs"]) == 1
    assert main([*state, "down"]) == 0
    assert "no local cloud runs" in capsys.readouterr().out


def test_a_port_in_use_is_said(tmp_path: Path, zips: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        with pytest.raises(LocalCloudError, match="in use"):
            start(tmp_path / "cloud", zips, "taken", port=taken.getsockname()[1])


def test_missing_zips_are_said_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(LocalCloudError, match="make build"):
        start(tmp_path / "cloud", tmp_path / "no-zips", "fails")
    assert not (tmp_path / "cloud").exists()


def test_a_deployment_that_fails_leaves_no_process(tmp_path: Path, zips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("no such key")

    monkeypatch.setattr(provider_keys, "put", refuse)
    with pytest.raises(ValueError, match="no such key"):
        start(tmp_path / "cloud", zips, "fails")
    cloud = load(tmp_path / "cloud")
    assert cloud is not None
    assert not cloud.running()


def test_an_emulator_that_cannot_start_is_said_with_its_log(tmp_path: Path, zips: Path) -> None:
    with pytest.raises(LocalCloudError, match="did not start"):
        start(tmp_path / "cloud", zips, "none", port=free_port(), without=("no_such_patch",))


def session(leader: int) -> list[Path]:
    """Every process of a session: the emulator leads one, and the functions that it starts are in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # One that ends meanwhile listens on nothing. After the name come state, parent, group, session.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if (process / "stat").read_text().rpartition(")")[2].split()[3] == str(leader):
                found.append(process)
    return found


def listening(processes: list[Path]) -> list[str]:
    """The addresses that processes listen on, as Linux writes them: hexadecimal, with the port. Of UDP
    every socket without another end counts.
    """
    ours = set()
    for link in (link for process in processes for link in (process / "fd").glob("*")):
        # One that is closed meanwhile listens on nothing.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            ours.add(os.readlink(link))
    found = []
    for table, state in (("tcp", LISTENS), ("tcp6", LISTENS), ("udp", UNCONNECTED), ("udp6", UNCONNECTED)):
        lines = [line.split() for line in (processes[0] / "net" / table).read_text().splitlines()]
        found += [line[1] for line in lines if line[3] == state and f"socket:[{line[9]}]" in ours]
    return found


def test_nothing_but_loopback_is_listened_on(cloud: LocalCloud) -> None:
    # With a function at work, which asks the emulator for its events.
    assert post_stripe(cloud, json.dumps(stripe_event()).encode()).status == 200
    assert ledger.wait_until_drained(cloud)
    processes = session(cloud.pid)
    assert len(processes) > 1
    addresses = listening(processes)
    assert len(addresses) > 1
    assert f"{LOOPBACK_HEX}:{cloud.port:04X}" in addresses
    assert {address.partition(":")[0] for address in addresses} == {LOOPBACK_HEX}


def test_a_listener_on_all_interfaces_is_seen() -> None:
    myself = [Path(f"/proc/{os.getpid()}")]
    before = len(listening(myself))
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("0.0.0.0", 0))  # noqa: S104 (what must be seen)
        udp.bind(("0.0.0.0", 0))  # noqa: S104 (what must be seen)
        tcp.listen()
        seen = [address for address in listening(myself) if address.startswith("00000000:")]
        assert len(listening(myself)) == before + len(seen)
        assert len(seen) == 2


def test_another_version_of_the_emulator_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.0.1")
    assert launcher.main(["--state", str(tmp_path)]) == 1
    assert "0.0.1" in capsys.readouterr().err


def test_functions_see_nothing_of_this_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_PROFILE", "production")
    environment = launcher.clean_environment(1, tmp_path)
    assert set(environment) <= set(launcher.INHERITED) | {
        "AUTH", "BIND_HOST", "MINISTACK_HOST", "GATEWAY_PORT", "MINISTACK_REGION", "AWS_ENDPOINT_URL", "LOG_LEVEL", "S3_DATA_DIR",
        "IOT_MTLS_ENABLED",
    }  # fmt: skip
    assert "real" not in environment.values()
    assert environment["BIND_HOST"] == LOOPBACK
    assert os.environ["AWS_PROFILE"] == "production"


def test_keys_have_the_form_of_the_catalogue() -> None:
    for form, length in ((Key("a_", "text", 24), 34), (Key("", "hex", 32), 64), (Key("whsec_", "base64", 32), 50)):
        key = provider_keys.fresh_key(form)
        assert key is not None
        assert key.startswith(form.prefix)
        assert len(key) == length
        assert key != provider_keys.fresh_key(form)
    assert provider_keys.fresh_key(Key("", "none", 0)) is None
    with pytest.raises(ValueError, match="morse"):
        provider_keys.fresh_key(Key("", "morse", 1))
    for provider in read_catalogue():
        value = provider_keys.fresh(provider)
        assert set(value) == {"keys", *provider.settings}

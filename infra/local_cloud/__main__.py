"""`python -m infra.local_cloud up|down|status|outputs`: the local cloud that `make up` leaves running."""

import argparse
import json
import sys
from pathlib import Path

from infra.local_cloud.cloud import PROVED_AS, ROOT, LocalCloud, LocalCloudError, load, start

STATE = ROOT / ".local" / "cloud"


def describe(cloud: LocalCloud) -> str:
    """What a person needs to send a first webhook."""

    def shown(file: Path) -> Path:
        return file.relative_to(ROOT) if file.is_relative_to(ROOT) else file

    keys, api_keys = shown(cloud.keys_file), shown(cloud.api_keys_file)
    return f"""endpoint  {cloud.endpoint}
provider  {cloud.endpoint}/{PROVED_AS}/{cloud.api_key} (what would be registered with {PROVED_AS})
api key   {cloud.api_key} (of {PROVED_AS}; every provider's in {api_keys})
keys      {keys} (what each provider signs with: random)
AWS       {cloud.aws_endpoint} (region us-east-2, access key and secret `test`)

A request that is accepted, then rejected for its signature:
  curl -i -H 'x-api-key: {cloud.api_key}' -H 'content-type: application/json' -d '{{"id":"evt_1"}}' {cloud.endpoint}/stripe
Ten that are stored:
  target/debug/payhook send --endpoint {cloud.endpoint} --api-keys-file {api_keys} --provider all --secrets-file {keys} --count 10"""


def up(options: argparse.Namespace) -> int:
    """Starts it and leaves it running."""

    def progress(made: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{made} resources", end="", file=sys.stderr, flush=True)

    cloud = start(options.state, options.zips, options.suffix, options.port, progress=progress)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    print(f"The stack `{cloud.suffix}` runs on port {cloud.port}; `make down` stops it.\n\n{describe(cloud)}")
    return 0


def down(options: argparse.Namespace) -> int:
    """Stops it; no error when none runs."""
    cloud = load(options.state)
    if cloud is None:
        print("no local cloud runs")
        return 0
    cloud.stop()
    print("stopped")
    return 0


def status(options: argparse.Namespace) -> int:
    """Says whether one runs, and how to use it; exit status 1 when none does."""
    cloud = load(options.state)
    if cloud is None or not cloud.running():
        print("no local cloud runs: make up")
        return 1
    print(f"The stack `{cloud.suffix}` runs on port {cloud.port}.\n\n{describe(cloud)}")
    return 0


def outputs(options: argparse.Namespace) -> int:
    """The stack's outputs as JSON."""
    cloud = load(options.state)
    if cloud is None:
        print("no local cloud runs: make up", file=sys.stderr)
        return 1
    print(json.dumps(cloud.outputs, indent=1, sort_keys=True))
    return 0


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="infra.local_cloud", description="The whole system on this machine.")
    parser.add_argument("--state", type=Path, default=STATE, help="folder that holds everything it keeps")
    commands = parser.add_subparsers(required=True)
    up_parser = commands.add_parser("up", help="start it and deploy the stack")
    up_parser.add_argument("--port", type=int, default=4566, help="0 for a free one")
    up_parser.add_argument("--suffix", default="local")
    up_parser.add_argument("--zips", type=Path, default=ROOT / "build/lambdas/host")
    up_parser.set_defaults(run=up)
    for name, command, text in (
        ("down", down, "stop it"),
        ("status", status, "does it run?"),
        ("outputs", outputs, "as JSON"),
    ):
        commands.add_parser(name, help=text).set_defaults(run=command)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except LocalCloudError as error:
        print(f"payhook: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

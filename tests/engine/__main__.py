"""`make engine`: Pulumi's engine deploys, compares and destroys the stack in a local cloud.

Prints a line for each step and exits 1 when one differs from what is expected. With `--published`
the CLI on the PATH does it with the plugins that Pulumi publishes, which it downloads.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from infra.local_cloud.cloud import LocalCloudError, prepare_account, start_empty
from tests.engine.driving import Engine
from tests.engine.plugins import built_engine, install_published, write_own
from tests.engine.steps import Outcome, steps

HEADER = ("step", "changes", "refused", "warned", "seconds")
WIDTHS = (20, 16, 9, 8, 8)


def line(cells: tuple[str, ...]) -> str:
    """One line of the table; numbers stand at the right."""
    return "  ".join(
        cell.ljust(width) if index < 2 else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )


def described(outcome: Outcome) -> str:
    """The line of a step, and what differs."""
    changes = ", ".join(f"{count} {change}" for change, count in sorted(outcome.told.changes.items()))
    told = outcome.told
    cells = (outcome.step, changes, str(told.refused.total()), str(told.warned.total()), f"{outcome.seconds:.1f}")
    return "\n".join([line(cells), *(f"    differs: {difference}" for difference in outcome.differences)])


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.engine", description=__doc__)
    parser.add_argument("--zips", type=Path, required=True, help="folder of the functions' zips")
    parser.add_argument("--published", action="store_true", help="the CLI on the PATH, with Pulumi's own plugins")
    options = parser.parse_args(arguments)
    # Whoever ends the run ends the local cloud with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="payhook-engine-") as name:
        folder = Path(name)
        if options.published:
            install_published(folder / "home")
        else:
            write_own(folder / "home")
        cli = None if options.published else built_engine()
        cloud = start_empty(folder / "cloud")
        try:
            prepare_account(cloud, options.zips)
            engine = Engine(folder, cli, cloud.port, options.zips)
            print(line(HEADER))
            for outcome in steps(engine, cloud.clients):
                print(described(outcome), flush=True)
                if outcome.differences:
                    return 1
        finally:
            cloud.stop()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LocalCloudError as error:
        print(f"payhook: {error}", file=sys.stderr)
        sys.exit(1)

"""`python -m tests.run.rust LIST`: runs the test binaries that cargo listed, two at a time.

Why not `cargo test`: it runs one binary after another and holds its lock while it looks whether all
are fresh, so that lints and tests would wait for each other. LIST is what `cargo test --no-run
--message-format=json` wrote. Exit status 1 when a test failed.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# One that uses both cores itself, and one that waits for an endpoint.
AT_A_TIME = 2
# These begin first: what takes longest must not begin last.
LONGEST_FIRST = ("simulate", "provider_contract", "never_panics", "definition")


@dataclass(frozen=True)
class Binary:
    """The tests of one target, and the folder in which cargo would run them."""

    name: str
    program: str
    folder: Path


def listed(text: str) -> list[Binary]:
    """The test binaries among cargo's messages. Source:
    https://doc.rust-lang.org/cargo/reference/external-tools.html, read 2026-11-27.
    """
    messages: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    found = [
        Binary(m["target"]["name"], m["executable"], Path(m["manifest_path"]).parent)
        for m in messages
        if m.get("reason") == "compiler-artifact" and m["profile"]["test"] and m["executable"]
    ]
    return sorted(found, key=lambda b: (b.name not in LONGEST_FIRST, b.name, b.program))


def run(binary: Binary) -> tuple[Binary, int, str]:
    """Runs one binary as cargo would; its exit status and what it printed."""
    environment = os.environ | {"CARGO_MANIFEST_DIR": str(binary.folder)}
    done = subprocess.run(
        [binary.program],
        cwd=binary.folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return binary, done.returncode, done.stdout


def main(arguments: list[str]) -> int:
    """The command line."""
    binaries = listed(Path(arguments[0]).read_text())
    if not binaries:
        print(f"{arguments[0]} lists no tests: make tested", file=sys.stderr)
        return 1
    failed: list[str] = []
    with ThreadPoolExecutor(AT_A_TIME) as both:
        for binary, status, output in both.map(run, binaries):
            # As cargo says it: infra/evidence reads which test belongs to which crate.
            print(f"     Running {binary.name} ({binary.program})\n{output.rstrip()}\n", flush=True)
            if status:
                failed.append(f"{binary.folder.name}/{binary.name}")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

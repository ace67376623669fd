"""`python -m tests.run.coverage LIST --least PERCENT --needs-a-cloud PATTERN`: line coverage of our
crates by the profiles of the last test run, the Rust tests' and those of the programs in the
end-to-end tests; then that of the Rust tests alone in the files whose path has not the pattern,
which is what Nix's check asks, as it has no cloud.

LLVM's own tools are asked about exactly the binaries that LIST names, which `cargo build
--message-format=json` wrote. `cargo llvm-cov report` takes every binary that it finds in the
folder: one that an older source left behind then counts as code that no test reaches. Exit status 1
where one of the two is below the percentage.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROFILES = ROOT / "target/tested"
# Tests, what measures, and other people's code.
NOT_COUNTED = r"(^|/)(tests|examples|benches|bench)/|(^|/)([^/]*_)?tests?\.rs$|/rustc/|/\.cargo/|/\.rustup/"


def binaries(text: str) -> list[str]:
    """The programs and tests among cargo's messages."""
    messages: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return sorted({m["executable"] for m in messages if m.get("reason") == "compiler-artifact" and m["executable"]})


def measured(objects: list[str], profiles: list[Path]) -> dict[str, Any]:
    """What LLVM makes of the profiles: `files` with their summaries, and `totals`."""
    merged, names = PROFILES / "all.profdata", PROFILES / "profiles.txt"
    names.write_text("\n".join(map(str, profiles)))
    tools = {name: os.environ[name] for name in ("LLVM_PROFDATA", "LLVM_COV")}
    subprocess.run([tools["LLVM_PROFDATA"], "merge", "-sparse", "-f", names, "-o", merged], check=True)
    command = [
        tools["LLVM_COV"],
        "export",
        "-summary-only",
        f"-instr-profile={merged}",
        f"-ignore-filename-regex={NOT_COUNTED}",
    ]
    command += [objects[0], *(word for name in objects[1:] for word in ("-object", name))]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["data"][0]


def report(data: dict[str, Any]) -> str:
    """A line a file that is not covered whole, and the sum."""
    rows = [(os.path.relpath(file["filename"], ROOT), file["summary"]["lines"]) for file in data["files"]]
    rows = [
        *sorted((name, lines) for name, lines in rows if lines["covered"] < lines["count"]),
        ("all", data["totals"]["lines"]),
    ]
    return "\n".join(f"{lines['percent']:6.2f} %  {lines['count'] - lines['covered']:5} of {lines['count']:5} lines not reached  {name}"
                     for name, lines in rows)  # fmt: skip


def percent_without(data: dict[str, Any], pattern: str) -> float:
    """The share of lines reached in the files whose path has not the pattern, in percent."""
    lines = [f["summary"]["lines"] for f in data["files"] if not re.search(pattern, f["filename"])]
    return 100 * sum(line["covered"] for line in lines) / sum(line["count"] for line in lines)


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.run.coverage", description="Line coverage of our crates.")
    parser.add_argument("list", type=Path)
    parser.add_argument("--least", type=float, required=True, help="percent of lines")
    parser.add_argument("--needs-a-cloud", required=True, help="files that no test without one reaches")
    options = parser.parse_args(arguments)
    objects, alone = binaries(options.list.read_text()), sorted(PROFILES.glob("*.profraw"))
    data = measured(objects, [*alone, *sorted(PROFILES.glob("e2e/*.profraw"))])
    print(report(data))
    shares = {
        "line coverage": data["totals"]["lines"]["percent"],
        "line coverage by Rust tests alone, without what needs a cloud,": percent_without(
            measured(objects, alone), options.needs_a_cloud
        ),
    }
    low = {what: percent for what, percent in shares.items() if percent < options.least}
    for what, percent in shares.items():
        print(f"{what} is {percent:.2f} %")
    for what, percent in low.items():
        print(f"{what} is {percent:.2f} %, below {options.least} %", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

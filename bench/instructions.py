"""Counts the instructions of the core's fixed cases and compares them with `bench/instructions.json`: the same on a busy machine and on an idle one.

A case is run few and many times, and the difference is divided by the difference of the numbers: what is done once does not count.
Source: https://valgrind.org/docs/manual/cl-manual.html, read 2026-11-26.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

RECORD = Path(__file__).with_name("instructions.json")
COLLECTED = re.compile(r"Collected : (\d+)")
FEW, MANY = 10, 60
# Where a compiler or a library makes it slower than this, somebody should know why.
GATE_PERCENT = 5.0


def collected(bench: Path, case: str, times: int) -> int:
    """Instructions of a run of so many times. Raises RuntimeError when the run failed."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(bench), "case", case, str(times)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = COLLECTED.search(done.stderr)
    if done.returncode != 0 or not found:
        raise RuntimeError(f"{case}: {done.stdout.strip()} {done.stderr.strip()[-400:]}")
    return int(found[1])


def count(bench: Path) -> dict[str, int]:
    """Instructions of each case, once."""
    cases = subprocess.run([bench, "cases"], capture_output=True, text=True, check=True).stdout.split()
    return {case: (collected(bench, case, MANY) - collected(bench, case, FEW)) // (MANY - FEW) for case in cases}


def compare(record: dict[str, int], counted: dict[str, int]) -> tuple[str, list[str]]:
    """The table, and the cases that are over the gate or not on record."""
    lines, over = [f"{'case':<24}{'on record':>12}{'now':>12}{'change':>9}"], []
    for case, now in counted.items():
        before = record.get(case)
        change = (now - before) / before * 100 if before else float("inf")
        if change > GATE_PERCENT:
            over.append(case)
        lines.append(f"{case:<24}{before or '-':>12}{now:>12}{change:>8.1f}%")
    return "\n".join(lines), over + sorted(record.keys() - counted.keys())


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="instructions", description="Count instructions of the core.")
    parser.add_argument("--bench", type=Path, required=True, help="the binary of the crate bench")
    parser.add_argument("--update", action="store_true", help="record what is counted")
    options = parser.parse_args(arguments)
    if not shutil.which("valgrind"):
        print("valgrind is not on this machine: its package is called valgrind everywhere", file=sys.stderr)
        return 1
    counted = count(options.bench)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    table, over = compare(record, counted)
    print(table)
    if options.update:
        RECORD.write_text(json.dumps(counted, indent=1) + "\n")
        return 0
    if over:
        print(
            f"more than {GATE_PERCENT:.0f} % slower, or not on record: {', '.join(over)}; if wanted, make instructions UPDATE=1",
            file=sys.stderr,
        )
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Counts instructions with callgrind and compares them with `bench/instructions.json`: the same on a busy machine and on an idle one.

Counted are the core's fixed cases, the functions as they are deployed in batches between stand-ins for AWS,
and their start to the first question for an event. A case is run few and many times, and the difference is
divided by the difference of the numbers: what is done once does not count. The instructions of the hash
functions themselves are left out, because valgrind hides the processor's own for SHA-256: the code that runs
in their place is many times as long.
Sources: https://valgrind.org/docs/manual/cl-manual.html and https://valgrind.org/docs/manual/cl-format.html, read 2026-11-26.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RECORD = Path(__file__).with_name("instructions.json")
CORE_FEW, CORE_MANY = 10, 60
# Where a compiler or a library makes it slower than this, somebody should know why.
GATE_PERCENT = 5.0
# The compression functions of SHA-1, SHA-256 and SHA-512, as AWS-LC and RustCrypto name them.
HASH = re.compile(
    r"sha(1|256|512)_(block|compress)|(compress|digest_blocks)(256|512)|::soft::.*compress", re.IGNORECASE
)
# A line that names the function that the next costs are of, or (with a c) one that is called. A number stands
# for a name that was told before, in either kind of line.
NAMED = re.compile(r"(c?)fn=\((\d+)\)(?: (.*))?")


@dataclass(frozen=True)
class Batches:
    """A function in batches of so many; what is counted is one batch, or each record of it."""

    function: str
    records: int
    few: int
    many: int
    per_record: bool = True


CASES = {
    "webhook_batch_1": Batches("webhook_processor", 1, 4, 54),
    "webhook_batch_10": Batches("webhook_processor", 10, 3, 23),
    "webhook_batch_100": Batches("webhook_processor", 100, 2, 8),
    "analytics_batch_100": Batches("analytics_processor", 100, 2, 8, per_record=False),
}
COLD_STARTS = ("webhook_processor", "analytics_processor")


def without_hash(lines: Iterable[str]) -> int:
    """The instructions that a callgrind file has, but for those of the hash functions themselves."""
    names: dict[str, str] = {}
    total, counted, is_call = 0, True, False
    for line in lines:
        named = NAMED.match(line)
        if named:
            called, number, name = named.groups()
            if name is not None:
                names[number] = name
            if not called:
                counted = not HASH.search(names.get(number, ""))
        elif line.startswith("calls="):
            # The next line has what the called function cost, which stands with that function.
            is_call = True
        elif line[:1].isdigit() or line[:1] in {"+", "-", "*"}:
            if not is_call and counted:
                total += int(line.split()[1])
            is_call = False
    return total


def counted(command: list[str | Path], tool: list[str | Path], separator: str | None = None) -> int:
    """Instructions of a command under callgrind. Raises RuntimeError when the run failed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "callgrind.out"
        arguments = ["--tool=callgrind", f"--callgrind-out-file={out}"]
        if separator is None:
            whole = [*tool, *arguments, *command]
        else:
            whole = [*command, separator, tool[0], *(f"--tool-argument={argument}" for argument in arguments)]
        done = subprocess.run(whole, capture_output=True, text=True, check=False)
        if done.returncode != 0 or not out.exists():
            raise RuntimeError(f"{whole}: {done.stdout.strip()} {done.stderr.strip()[-400:]}")
        with out.open() as lines:
            return without_hash(lines)


def core(bench: Path, valgrind: str) -> dict[str, int]:
    """Instructions of each case of the core, once."""
    cases = subprocess.run([bench, "cases"], capture_output=True, text=True, check=True).stdout.split()

    def times(case: str, number: int) -> int:
        return counted([bench, "case", case, str(number)], [valgrind])

    few, many = CORE_FEW, CORE_MANY
    return {case: (times(case, many) - times(case, few)) // (many - few) for case in cases}


def driven(bench: Path, functions: Path, valgrind: str) -> dict[str, int]:
    """Instructions of the functions: a webhook or a batch, and a start to the first question for an event."""

    def times(function: str, records: int, batches: int) -> int:
        command: list[str | Path] = [bench, "drive", "--functions", functions, "--function", function]
        return counted([*command, "--records", str(records), "--batches", str(batches)], [valgrind], "--tool")

    found = {f"cold_start_{function}": times(function, 1, 0) for function in COLD_STARTS}
    for name, case in CASES.items():
        more = times(case.function, case.records, case.many) - times(case.function, case.records, case.few)
        found[name] = more // (case.many - case.few) // (case.records if case.per_record else 1)
    return found


def compare(record: dict[str, int], counts: dict[str, int]) -> tuple[str, list[str]]:
    """The table, and the cases that are over the gate or not on record."""
    lines, over = [f"{'case':<34}{'on record':>12}{'now':>12}{'change':>9}"], []
    for case, now in counts.items():
        before = record.get(case)
        change = (now - before) / before * 100 if before else float("inf")
        if change > GATE_PERCENT:
            over.append(case)
        lines.append(f"{case:<34}{before or '-':>12}{now:>12}{change:>8.1f}%")
    return "\n".join(lines), over + sorted(record.keys() - counts.keys())


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="instructions", description="Count instructions of the core and of the functions."
    )
    parser.add_argument("--bench", type=Path, required=True, help="the binary of the crate bench")
    parser.add_argument(
        "--functions", type=Path, required=True, help="the folder of the functions' binaries, with their symbols"
    )
    parser.add_argument("--update", action="store_true", help="record what is counted")
    options = parser.parse_args(arguments)
    valgrind = shutil.which("valgrind")
    if not valgrind:
        print("valgrind is not on this machine: its package is called valgrind everywhere", file=sys.stderr)
        return 1
    counts = core(options.bench, valgrind) | driven(options.bench, options.functions, valgrind)
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    table, over = compare(record, counts)
    print(table)
    if options.update:
        RECORD.write_text(json.dumps(counts, indent=1) + "\n")
        return 0
    if over:
        print(
            f"more than {GATE_PERCENT:.0f} % slower, or not on record: {', '.join(over)}; if wanted, make instructions UPDATE=1",
            file=sys.stderr,
        )
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

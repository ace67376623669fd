"""`python -m tests.run test`: runs the parts of a set beside each other, says how they go on, and
ends with a table.

A part is a target of the Makefile and can be run by itself. Its output goes to
`build/logs/PART.log`; of a part that fails the end is shown. Exit status 1 when a part failed.
"""

import argparse
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tests.run.parts import LOGS, ROOT, SETS, Part, Result

# On two cores: one part that computes, and two that mostly wait for something.
BESIDE_EACH_OTHER = 3
SAID_EVERY_SECONDS = 30.0
LINES_OF_A_FAILURE = 60


Command = Callable[[Part], list[str]]


def by_make(part: Part) -> list[str]:
    """A part is a target of the Makefile."""
    return ["make", "--no-print-directory", part.name]


@dataclass
class Running:
    """A part under way."""

    part: Part
    process: subprocess.Popen[bytes]
    log: Path
    since: float


class Runner:
    """Starts parts as soon as what they need has passed, until none is left."""

    def __init__(
        self,
        parts: tuple[Part, ...],
        beside: int,
        command: Command = by_make,
        logs: Path = LOGS,
        out: TextIO = sys.stdout,
    ) -> None:
        self._waiting = list(parts)
        self._command = command
        self._logs = logs
        self._beside = beside
        self._out = out
        self._running: list[Running] = []
        # Those that have ended: a thread for each waits for it.
        self._ended: queue.SimpleQueue[Running] = queue.SimpleQueue()
        self.results: dict[str, Result] = {}
        self._begun = time.monotonic()

    def run(self) -> dict[str, Result]:
        """Every part's result by name. A part whose need failed is not run and has no result."""
        said = time.monotonic()
        try:
            while self._waiting or self._running:
                self._start_what_can()
                if self._running:
                    self._collect(said + SAID_EVERY_SECONDS - time.monotonic())
                if time.monotonic() - said >= SAID_EVERY_SECONDS:
                    said = time.monotonic()
                    for running in self._running:
                        self._say(f"{running.part.name} … {last_line(running.log)}")
        finally:
            self._stop()
        return self.results

    def _say(self, text: str) -> None:
        print(f"{time.monotonic() - self._begun:5.0f} s  {text}", file=self._out, flush=True)

    def _start_what_can(self) -> None:
        for part in [part for part in self._waiting if self._is_lost(part)]:
            self._waiting.remove(part)
            self._say(f"{part.name} not run: it needs what failed")
        for part in list(self._waiting):
            if len(self._running) >= self._beside:
                return
            if self._may_start(part):
                self._waiting.remove(part)
                self._start(part)

    def _is_lost(self, part: Part) -> bool:
        under_way = {p.name for p in self._waiting} | {r.part.name for r in self._running}
        return any(need not in under_way and not self._has_passed(need) for need in part.needs)

    def _has_passed(self, name: str) -> bool:
        return name in self.results and self.results[name].status == 0

    def _may_start(self, part: Part) -> bool:
        free = not part.cargo or not any(running.part.cargo for running in self._running)
        return free and all(self._has_passed(need) for need in part.needs)

    def _start(self, part: Part) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        log = self._logs / f"{part.name}.log"
        with log.open("wb") as output:
            # A group of its own, so that whatever it started ends with it.
            process = subprocess.Popen(
                self._command(part),
                cwd=ROOT, env=os.environ | {"BUILT": "1"}, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        running = Running(part, process, log, time.monotonic())
        self._running.append(running)
        threading.Thread(target=self._await, args=[running], daemon=True).start()
        self._say(f"{part.name} begins")

    def _await(self, running: Running) -> None:
        running.process.wait()
        self._ended.put(running)

    def _collect(self, seconds: float) -> None:
        """Takes the result of the next part that ends, if one does within `seconds`."""
        try:
            running = self._ended.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return
        self._running.remove(running)
        text = running.log.read_text(errors="replace")
        result = Result(running.part, running.process.returncode, time.monotonic() - running.since, text)
        self.results[running.part.name] = result
        tests = f", {result.passed} tests" if result.passed else ""
        self._say(
            f"{running.part.name} {'passed' if result.status == 0 else 'FAILED'} after {result.seconds:.0f} s{tests}"
        )
        if result.status:
            print("\n".join(text.splitlines()[-LINES_OF_A_FAILURE:]), file=self._out)
            self._say(f"all of it: {os.path.relpath(running.log, ROOT)}; once more: make {running.part.name}")

    def _stop(self) -> None:
        for running in self._running:
            os.killpg(running.process.pid, signal.SIGTERM)
            running.process.wait()


def last_line(log: Path) -> str:
    """The last line of a log that is not blank, shortened."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:100] if lines else ""


def table(results: dict[str, Result], parts: tuple[Part, ...], seconds: float) -> str:
    """A line a part: seconds, tests, what was reused."""
    rows = [("part", "seconds", "tests", "reused")]
    for part in parts:
        result = results.get(part.name)
        if result is None:
            rows.append((part.name, "-", "-", "not run"))
            continue
        tests = str(result.passed) if result.passed or result.failed else "-"
        ended = "; ".join(result.reused) if result.status == 0 else "FAILED"
        rows.append((part.name, f"{result.seconds:.0f}", tests, ended))
    rows.append(("all", f"{seconds:.0f}", str(sum(r.passed for r in results.values())), ""))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}".rstrip() for row in rows
    )


def main(arguments: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.run", description="Run the parts of a set beside each other.")
    parser.add_argument("set", choices=sorted(SETS))
    parser.add_argument("--beside", type=int, default=BESIDE_EACH_OTHER, help="parts at a time")
    options = parser.parse_args(arguments)
    parts, begun = SETS[options.set], time.monotonic()
    # Whoever ends this run ends its parts too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
    results = Runner(parts, options.beside).run()
    print(f"\n{table(results, parts, time.monotonic() - begun)}")
    # A line that a reader of logs knows, whatever ran the tests.
    print(f"\n{sum(r.passed for r in results.values())} passed, {sum(r.failed for r in results.values())} failed")
    return 0 if len(results) == len(parts) and all(r.status == 0 for r in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

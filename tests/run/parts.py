"""The parts of `make test` and `make check`: what each waits for, and where it says how many tests
it ran and what it reused.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "build/logs"
CARGO_TEST = re.compile(r"^test result: \w+\. (\d+) passed; (\d+) failed", re.MULTILINE)
PYTEST = re.compile(r"^(?:=+ )?(?:(\d+) failed,? ?)?(?:(\d+) passed)?.* in [\d.]+s", re.MULTILINE)
# What a part says of itself: `reused: what`.
REUSED = re.compile(r"^reused: (.+)$", re.MULTILINE)
COMPILED = re.compile(r"^ +(?:Compiling|Checking) (\S+)", re.MULTILINE)
CARGO = re.compile(r"^ +Finished `", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """A target of the Makefile. Parts that use cargo take turns, because cargo locks its folder;
    the others run beside them.
    """

    name: str
    needs: tuple[str, ...] = ()
    cargo: bool = False


# In the order in which they start as far as they can: what takes longest begins first.
TEST = (
    Part("tested", cargo=True),
    Part("tools"),
    # A second where nothing changed; minutes the first time, which must not come last.
    Part("lint-rust", ("tested",), cargo=True),
    Part("test-rust", ("tools", "tested")),
    Part("test-e2e", ("tested",)),
    Part("test-python", ("tools", "tested")),
    Part("test-policy", ("tools", "tested")),
    Part("test-oracles", ("tested",)),
    Part("second-opinion"),
    Part("lint-python"),
    Part("lint-workflows", ("tools",)),
    Part("policy", ("tested",), cargo=True),
    Part("coverage", ("test-rust", "test-e2e")),
    # Reads the results of all of them.
    Part(
        "evidence", ("test-rust", "test-e2e", "test-python", "test-policy", "test-oracles", "second-opinion", "policy")
    ),
)
CHECK = (
    Part("lint-rust", cargo=True),
    Part("check-tests", cargo=True),
    Part("lint-python"),
    Part("check-gate", cargo=True),
)
SETS = {"test": TEST, "check": CHECK}


@dataclass
class Result:
    """How a part ended."""

    part: Part
    status: int
    seconds: float
    log: str = ""
    passed: int = 0
    failed: int = 0
    reused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.passed, self.failed = count_tests(self.log)
        self.reused = what_was_reused(self.log)


def count_tests(log: str) -> tuple[int, int]:
    """Tests that passed and failed, by the closing lines of cargo's runner and of pytest."""
    passed = failed = 0
    for found in CARGO_TEST.finditer(log):
        passed, failed = passed + int(found[1]), failed + int(found[2])
    for found in PYTEST.finditer(log):
        passed, failed = passed + int(found[2] or 0), failed + int(found[1] or 0)
    return passed, failed


def what_was_reused(log: str) -> list[str]:
    """What a part found done already: its own words, and how much cargo compiled."""
    said = REUSED.findall(log)
    if CARGO.search(log):
        compiled = len(set(COMPILED.findall(log)))
        said.insert(0, f"all but {compiled} crates" if compiled else "every crate")
    return said

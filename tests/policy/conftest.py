"""Ends a run with the table of the mutations, which a person can read."""

from typing import Any

import pytest

TABLE: pytest.StashKey[list[str]] = pytest.StashKey()
# Under this name a worker of pytest-xdist hands the table to the process that prints.
HANDED_OVER = "policy_table"


@pytest.fixture(scope="session")
def summary(pytestconfig: pytest.Config) -> list[str]:
    """Lines for the end of the run."""
    lines = pytestconfig.stash.setdefault(TABLE, [])
    if hasattr(pytestconfig, "workeroutput"):
        pytestconfig.workeroutput[HANDED_OVER] = lines  # type: ignore[attr-defined]
    return lines


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keeps what a worker handed over."""
    lines = getattr(node, "workeroutput", {}).get(HANDED_OVER, [])
    node.config.stash.setdefault(TABLE, []).extend(lines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints them."""
    for line in config.stash.get(TABLE, []):
        terminalreporter.write_line(line)

"""Ends a run with the table of the mutations, which a person can read."""

import pytest

TABLE: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture(scope="session")
def summary(pytestconfig: pytest.Config) -> list[str]:
    """Lines for the end of the run."""
    return pytestconfig.stash.setdefault(TABLE, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Prints them."""
    for line in config.stash.get(TABLE, []):
        terminalreporter.write_line(line)

"""What a runbook tells one to type is understood by the command line."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs/runbooks").glob("*.md"))
# What stands for a value of the reader's own and has a form.
PLACEHOLDERS = {"DAY": "2026-01-31", "TIME": "2026-01-31T00:00:00Z", "URL": "https://hooks.example.com/webhook"}


def commands(text: str) -> list[str]:
    """What a page tells one to type that begins with `payhook`, in blocks and within sentences."""
    joined = re.sub(r"\\\n\s*", "", text)
    return re.findall(r"^payhook .+$", joined, re.M) + re.findall(r"`(payhook [a-z][^`]*)`", joined)


def is_understood(payhook: Path, command: str) -> bool:
    """Whether the command line knows the command and its options. `--help` keeps it from running."""
    typed = shlex.split(command.partition(" < ")[0])
    arguments = [PLACEHOLDERS.get(argument, argument) for argument in typed[1:]]
    return subprocess.run([payhook, *arguments, "--help"], capture_output=True, check=False).returncode == 0


def test_there_is_something_to_type() -> None:
    assert sum(len(commands(page.read_text())) for page in PAGES) > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_every_command_is_understood(payhook: Path, page: Path) -> None:
    assert [command for command in commands(page.read_text()) if not is_understood(payhook, command)] == []


@pytest.mark.parametrize(
    "command", ["dql list", "dlq lst", "dlq list --quue x", "dlq list --queue x", "reconcile --day X"]
)
def test_a_command_that_does_not_exist_is_not_understood(payhook: Path, command: str) -> None:
    assert is_understood(payhook, "payhook dlq list --queue archival_function")
    assert not is_understood(payhook, f"payhook {command}")

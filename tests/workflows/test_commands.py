"""Every command that a document or a workflow gives is run by a test, or stands in one list with the
reason why not: `make lambdas` once failed at its last step for weeks, and nothing noticed.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.run.parts import TEST

ROOT = Path(__file__).resolve().parents[2]
LIST: dict[str, dict[str, dict[str, str]]] = json.loads((ROOT / "tests/workflows/commands.json").read_text())
DOCUMENTS = sorted(
    file for pattern in ("*.md", "docs/**/*.md", "infra/**/*.md", "bench/*.md") for file in ROOT.glob(pattern)
    if file.name not in {"CHANGELOG.md", "ARCHITECTURE.md"}
)  # fmt: skip
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
NIGHTLY = (ROOT / ".github/workflows/nightly.yml").read_text()
MAKE = re.compile(
    r"(?:^|[`&|;]|run:|--command)\s*(?:[A-Z_]+=\S+ )*make (?:-C \S+ )?([a-z.][\w./-]*(?: [a-z.][\w./-]*)*)", re.M
)
PAYHOOK = re.compile(r"(?:^|[`&|;/])\s*payhook ([a-z]+)", re.M)
TOOLS = re.compile(r"^(?:\s*\$ )?(aws|pulumi) [a-z]", re.M)


def _commands(file: Path) -> str:
    """The code of a document, or the whole of a workflow."""
    text = file.read_text()
    if file.suffix == ".yml":
        return text
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.M | re.S)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


def _given(what: re.Pattern[str]) -> set[str]:
    texts = [_commands(file) for file in (*DOCUMENTS, *WORKFLOWS)]
    return {word for text in texts for found in what.findall(text) for word in str(found).split()}


def _entries() -> Iterator[Any]:
    for kind in ("make", "payhook", "tools"):
        for command, (how,) in ((name, entry.items()) for name, entry in LIST[kind].items()):
            yield pytest.param(kind, command, *how, id=f"{kind} {command}")


def test_every_command_that_is_given_is_in_the_list() -> None:
    assert len(DOCUMENTS) > 15
    assert _given(MAKE) - set(LIST["make"]) == set()
    assert _given(PAYHOOK) - set(LIST["payhook"]) == set()
    assert _given(TOOLS) - set(LIST["tools"]) == set()


def test_the_list_has_no_command_that_nobody_gives() -> None:
    assert set(LIST["make"]) - _given(MAKE) == set()
    assert set(LIST["payhook"]) - _given(PAYHOOK) == set()


@pytest.mark.parametrize(("kind", "command", "how", "what"), _entries())
def test_what_runs_it_is_there(kind: str, command: str, how: str, what: str) -> None:
    assert how in LIST["how"]
    if how == "part":
        assert what in {part.name for part in TEST}
    elif how == "test":
        text = (ROOT / what).read_text()
        assert "test" in text or "payhook" in text
    elif how == "nightly":
        assert f"make {command}" in NIGHTLY or f" {command}" in NIGHTLY
        assert len(what) > 15
    else:
        assert len(what) > 15

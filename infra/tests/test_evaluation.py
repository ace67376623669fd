"""The cache of evaluations: its key covers all that a program reads, and what it holds is what an evaluation gives."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra import evaluation as module
from infra.evaluation import ROOT, Evaluation, evaluated, key, sources
from infra.graph import SymbolMocks, evaluate
from infra.symbols import SUFFIX

# Says every file of the repository that an evaluation opens.
WATCH = """
import sys
opened = set()
sys.addaudithook(lambda event, args: opened.add(str(args[0])) if event == "open" else None)
from infra.graph import evaluate
evaluate(program=sys.argv[1])
print("\\n".join(sorted(opened)))
"""


def of_source(path: Path) -> Path:
    """The source of a compiled module; another file as it is."""
    return Path(importlib.util.source_from_cache(str(path))) if path.suffix == ".pyc" else path


@pytest.mark.parametrize(
    ("program", "of_it"), [("stack", "infra/lib/queues.py"), ("bootstrap", "infra/bootstrap/roles.py")]
)
def test_the_key_covers_every_file_that_an_evaluation_opens(program: str, of_it: str) -> None:
    command = [sys.executable, "-c", WATCH, program]
    opened = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    of_ours = {of_source(Path(name)) for name in opened if Path(name).is_file() and Path(name).is_relative_to(ROOT)}
    read = {path for path in of_ours if not {ROOT / ".venv", ROOT / "target"} & set(path.parents)}
    assert {ROOT / "infra/limits.json", ROOT / "infra/graph.py", ROOT / of_it} <= read
    assert read <= set(sources())


def test_a_changed_source_another_setting_and_another_program_have_keys_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {
        key({}, "stack", False),
        key({}, "stack", True),
        key({}, "bootstrap", False),
        key({"a": "b"}, "stack", False),
    }
    monkeypatch.setattr(module, "ROOT", tmp_path)
    (tmp_path / "infra").mkdir()
    for text in ("one", "two"):
        (tmp_path / "infra/program.py").write_text(text)
        keys.add(key({}, "stack", False))
    assert len(keys) == 6


def test_nobody_changes_what_others_get() -> None:
    evaluated().resources[0]["name"] = "changed"
    assert evaluated().resources[0]["name"] != "changed"


def test_zips_are_not_part_of_a_cached_evaluation() -> None:
    with pytest.raises(ValueError, match="zips"):
        evaluated({"payhook:lambda_zip_dir": "somewhere"})


def test_an_evaluation_with_symbols_is_the_program_under_any_suffix() -> None:
    """The longest suffix there is: a name that the program cut or checked by its length would differ."""
    suffix = "a-suffix-of-20-signs"
    symbolic = evaluated({"payhook:environment_suffix": SUFFIX}, symbolic=True)
    wanted = evaluate(SymbolMocks(), {"payhook:environment_suffix": suffix})

    def comparable(evaluation: Evaluation) -> Any:
        texts = sorted(json.dumps([r["urn"], r["properties"]], sort_keys=True) for r in evaluation.resources)
        return [text.replace(SUFFIX, suffix) for text in (*texts, json.dumps(evaluation.outputs, sort_keys=True))]

    assert sorted(comparable(symbolic)) == sorted(comparable(wanted))

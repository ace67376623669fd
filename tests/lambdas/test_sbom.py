"""The bills of materials: whole, without what is not linked, and the same wherever and whenever they are written."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from infra.lib.limits import FUNCTIONS
from tests.tools.sbom import licence
from tests.tools.sbom import main as sbom

ROOT = Path(__file__).resolve().parents[2]
LOCK = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documents, beside one zip."""
    made = tmp_path_factory.mktemp("bills")
    (made / "webhook_processor.zip").write_bytes(b"a zip")
    assert sbom([str(made), *FUNCTIONS]) == 0
    return made


def _read(folder: Path, function: str) -> dict[str, Any]:
    return json.loads((folder / f"{function}.cdx.json").read_text())


def _names(document: dict[str, Any]) -> set[str]:
    return {component["name"] for component in document["components"]}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_crate_is_the_locked_one(folder: Path, function: str) -> None:
    document = _read(folder, function)
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in LOCK}
    assert len(document["components"]) > 50
    for component in document["components"]:
        checksum = checksums[component["name"], component["version"]]
        hashes = [entry["content"] for entry in component.get("hashes", [])]
        assert hashes == ([checksum] if checksum else []), component["name"]
        assert component["licenses"][0]["expression"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_needed_is_there(folder: Path, function: str) -> None:
    document = _read(folder, function)
    itself = document["metadata"]["component"]
    assert itself["name"] == function
    references = {component["bom-ref"] for component in document["components"]} | {itself["bom-ref"]}
    assert len(references) == len(document["components"]) + 1
    assert {entry["ref"] for entry in document["dependencies"]} == references
    needed = {reference for entry in document["dependencies"] for reference in entry["dependsOn"]}
    assert needed == references - {itself["bom-ref"]}


def test_each_function_has_its_own_crates_and_none_of_the_tests(folder: Path) -> None:
    names = {function: _names(_read(folder, function)) for function in FUNCTIONS}
    assert "provider_webhooks" in names["webhook_processor"]
    assert "parquet" in names["archival_function"]
    assert "parquet" not in names["webhook_processor"]
    for function in FUNCTIONS:
        assert {"lambda_runtime", "aws-lc-rs", "tokio"} <= names[function]
        # Of the command line, of the tests, and macros.
        assert not {"clap", "proptest", "serde_derive"} & names[function]


def test_the_zip_is_named_by_its_hash(folder: Path) -> None:
    (entry,) = _read(folder, "webhook_processor")["metadata"]["component"]["hashes"]
    assert entry == {"alg": "SHA-256", "content": hashlib.sha256(b"a zip").hexdigest()}
    assert "hashes" not in _read(folder, "archival_function")["metadata"]["component"]


def test_the_documents_are_the_same_wherever_they_are_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "webhook_processor.zip").write_bytes(b"a zip")
    assert sbom([str(tmp_path), *FUNCTIONS]) == 0
    for function in FUNCTIONS:
        text = (tmp_path / f"{function}.cdx.json").read_text()
        assert text == (folder / f"{function}.cdx.json").read_text()
        assert str(ROOT) not in text


@pytest.mark.parametrize(
    ("written", "expression"),
    [("MIT", "MIT"), ("MIT/Apache-2.0", "MIT OR Apache-2.0"), ("Apache-2.0 / MIT", "Apache-2.0 OR MIT")],
)
def test_old_licence_texts_become_expressions(written: str, expression: str) -> None:
    assert licence(written) == [{"expression": expression}]

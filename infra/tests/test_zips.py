"""Which zips the stack takes, and by which hash."""

import base64
import hashlib
from pathlib import Path

import pytest

from infra.graph import evaluate
from lib.limits import FUNCTIONS
from lib.zips import CROSS_BUILT, NIX_RESULT, default_zip_dir, zip_hash


def _zips(folder: Path, content: str = "") -> None:
    folder.mkdir(parents=True)
    for function in FUNCTIONS:
        (folder / f"{function}.zip").write_text(function + content)


@pytest.mark.parametrize(
    ("built", "wanted"),
    [
        ((), CROSS_BUILT),
        ((CROSS_BUILT,), CROSS_BUILT),
        ((NIX_RESULT,), NIX_RESULT),
        ((NIX_RESULT, CROSS_BUILT), NIX_RESULT),
    ],
)
def test_the_default_is_the_flakes_result_else_the_cross_built_ones(
    tmp_path: Path, built: tuple[str, ...], wanted: str
) -> None:
    infra = tmp_path / "infra"
    infra.mkdir()
    for folder in built:
        _zips((infra / folder).resolve())
    assert default_zip_dir(infra) == wanted


def test_a_result_of_something_else_is_not_taken(tmp_path: Path) -> None:
    infra = tmp_path / "infra"
    infra.mkdir()
    (tmp_path / "result/bin").mkdir(parents=True)
    assert default_zip_dir(infra) == CROSS_BUILT


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    _zips(tmp_path / "zips")
    wanted = base64.b64encode(hashlib.sha256(b"webhook_processor").digest()).decode()
    assert zip_hash(str(tmp_path / "zips"), "webhook_processor") == wanted


def test_a_zip_that_is_not_there_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"make lambdas"):
        zip_hash(str(tmp_path), "webhook_processor")


def _function_hashes(folder: Path) -> dict[str, str]:
    graph = evaluate(config={"payhook:lambda_zip_dir": str(folder)}).graph()
    functions = [resource["properties"] for resource in graph if resource["type"].endswith("lambda/function:Function")]
    assert {function["code"]["path"] for function in functions} == {str(folder / f"{name}.zip") for name in FUNCTIONS}
    return {function["name"]: function["sourceCodeHash"] for function in functions}


def test_an_unchanged_build_is_an_unchanged_deploy_and_a_changed_one_is_not(tmp_path: Path) -> None:
    folder = tmp_path / "zips"
    _zips(folder)
    first = _function_hashes(folder)
    # All are newer, one is another.
    for function in FUNCTIONS:
        (folder / f"{function}.zip").touch()
    (folder / "webhook_processor.zip").write_text("another build")
    second = _function_hashes(folder)
    assert {name for name in first if first[name] != second[name]} == {"webhook_processor_dev"}

"""What Nix builds the zips from and with, as far as its text tells: nothing here can build them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NIX = {file.name: file.read_text() for file in (ROOT / "nix").glob("*.nix")}


@pytest.mark.parametrize("file", ["lambdas.nix", "rust.nix"])
def test_nix_builds_the_functions_as_the_cross_build_does(file: str) -> None:
    exported = re.findall(r"^export (AWS_LC_\w+)=(\w+)$", (ROOT / "tests/tools/cross_build.sh").read_text(), re.M)
    assert exported
    for name, value in exported:
        assert f'{name} = "{value}";' in NIX[file]


@pytest.mark.parametrize("file", ["lambdas.nix", "rust.nix"])
def test_what_zips_has_a_python_with_zlib(file: str) -> None:
    # nixpkgs builds python3Minimal without zlib, and `zipfile` then refuses to compress.
    code = re.sub(r"#.*", "", NIX[file])
    assert "python3Minimal" not in code


def test_a_page_of_the_bench_rebuilds_no_zip() -> None:
    code = NIX["sources.nix"].partition("simulation = map at [")[2].partition("];")[0]
    of_bench = re.findall(r'"(bench[^"]*)"', code)
    assert of_bench == ["bench/Cargo.toml", "bench/src", "bench/benches", "bench/examples"]
    assert not [path for path in of_bench if (ROOT / path).suffix in {".md", ".json", ".svg"}]

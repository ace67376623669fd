"""What Nix builds the zips from and with, as far as its text tells: nothing here can build them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NIX = {file.name: file.read_text() for file in (ROOT / "nix").glob("*.nix")}


CROSS_BUILD = (ROOT / "tests/tools/cross_build.sh").read_text()
# Smaller, and slower at some curves: only what is deployed is built so.
FOR_LAMBDA_ALONE = {"AWS_LC_SYS_SMALL"}


@pytest.mark.parametrize("file", ["lambdas.nix", "rust.nix"])
def test_nix_builds_the_functions_as_the_cross_build_does(file: str) -> None:
    exported = re.findall(r"^export (AWS_LC_\w+)=(\w+)$", CROSS_BUILD, re.M)
    assert {name for name, _ in exported} >= FOR_LAMBDA_ALONE
    for name, value in exported:
        wanted = file == "lambdas.nix" or name not in FOR_LAMBDA_ALONE
        assert (f'{name} = "{value}";' in NIX[file]) == wanted, name


def test_nix_compiles_c_code_as_the_cross_build_does() -> None:
    flags = re.search(r'^c_flags="(.*)\$zstd_flags"$', CROSS_BUILD, re.M)
    loop = re.search(r'^for strategy in (.*); do zstd_flags\+=" (\S+)"; done$', CROSS_BUILD, re.M)
    assert flags
    assert loop
    # Paths need no mapping where every build has the same ones.
    plain = [flag for flag in flags[1].split() if not flag.startswith("-ffile-prefix-map=")]
    list_of = {
        name: re.findall(r'"(\S+)"', text)
        for name, text in re.findall(r"(withoutStrategies = |cFlags = [^\[]*)\[(.*?)\]", NIX["lambdas.nix"], re.S)
    }
    assert list(list_of.values()) == [loop[1].split(), plain]
    assert f'map (strategy: "{loop[2]}") withoutStrategies' in NIX["lambdas.nix"]
    assert "TARGET_CFLAGS = cFlags;" in NIX["lambdas.nix"]


def test_nix_compiles_rust_as_the_cross_build_does() -> None:
    told = re.search(r'^export RUSTFLAGS="(.*)"$', CROSS_BUILD, re.M)
    nix = re.search(r'there}_RUSTFLAGS" = "(.*)";$', NIX["lambdas.nix"], re.M)
    assert told
    assert nix
    # Static is said only there, and paths need no mapping where every build has the same ones.
    plain = [flag for flag in told[1].split() if not flag.startswith("--remap-path-prefix=")]
    assert nix[1].removeprefix("-C target-feature=+crt-static ").split() == plain


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

"""`cross_build.sh` run to its last step with stand-ins for rustup and cargo: it zips from the folder that the build writes.

A real cross build takes minutes (`make lambdas`, nightly.yml); what it does around the compiler is tried here each time.
"""

import json
import os
import re
import stat
import subprocess
from pathlib import Path

import pytest

from infra.lib.limits import FUNCTIONS
from tests.lambdas.binary import read_zip
from tests.lambdas.test_layout import elf

ROOT = Path(__file__).resolve().parents[2]
TARGET = "aarch64-unknown-linux-musl"
# As cargo lays out its target folder: https://doc.rust-lang.org/cargo/reference/build-cache.html, read 2026-11-27. `--release` is the
# profile of that name; each other profile has a folder of its own name.
CARGO = """#!/usr/bin/env python3
import json, os, pathlib, sys
words = sys.argv[1:]
pathlib.Path(os.environ["CARGO_TARGET_DIR"], "..", "environment.json").write_text(json.dumps(dict(os.environ)))
profile = words[words.index("--profile") + 1] if "--profile" in words else "release" if "--release" in words else "debug"
folder = pathlib.Path(os.environ["CARGO_TARGET_DIR"]) / words[words.index("--target") + 1].split(".")[0] / profile
folder.mkdir(parents=True)
for package in (words[at + 1] for at, word in enumerate(words) if word == "-p"):
    (folder / package).write_bytes(pathlib.Path(os.environ["STAND_IN"]).read_bytes() + package.encode())
"""


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one run with the stand-ins: `zips/`, and the environment that cargo was given in `environment.json`."""
    folder = tmp_path_factory.mktemp("built")
    tools = folder / "bin"
    tools.mkdir()
    _program(tools / "rustup", f"#!/bin/sh\necho {TARGET}\n")
    _program(tools / "cargo", CARGO)
    (folder / "stand_in").write_bytes(elf(0xB7))
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(folder),
        "CARGO_TARGET_DIR": str(folder / "target"),
        "STAND_IN": str(folder / "stand_in"),
    }
    command = [ROOT / "tests/tools/cross_build.sh", folder / "zips", *FUNCTIONS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def _environment(built: Path) -> dict[str, str]:
    return json.loads((built / "environment.json").read_text())


def test_the_zips_are_made_of_what_the_build_wrote(built: Path) -> None:
    for function in FUNCTIONS:
        (entry,) = read_zip(built / f"zips/{function}.zip")
        assert entry.name == "bootstrap"
        assert entry.content.endswith(function.encode())


def test_no_time_of_compilation_is_written_into_c_code(built: Path, tmp_path: Path) -> None:
    # mimalloc writes it.
    source = tmp_path / "time.c"
    source.write_text('const char *time = __DATE__ " " __TIME__;')
    cc = ["cc", "-c", source, "-o", tmp_path / "time.o"]
    epoch = {"SOURCE_DATE_EPOCH": _environment(built)["SOURCE_DATE_EPOCH"], "PATH": os.environ["PATH"]}
    subprocess.run(cc, env=epoch, check=True)
    assert b"Jan  1 1980 00:00:00" in (tmp_path / "time.o").read_bytes()


# Compresses texts of the given sizes at a level and decompresses them; prints for each zstd's strategy, the frame's size and a sum of its bytes.
ROUND_TRIP = r"""
#define ZSTD_STATIC_LINKING_ONLY
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "zstd.h"
int main(int count, char **words) {
    int level = atoi(words[1]);
    for (int at = 2; at < count; at++) {
        size_t size = strtoul(words[at], 0, 10), bound = ZSTD_compressBound(size);
        char *text = malloc(size), *back = malloc(size);
        unsigned char *frame = malloc(bound);
        unsigned state = 1, sum = 2166136261u;
        for (size_t i = 0; i < size; i++) {
            state = state * 1103515245u + 12345u;
            text[i] = "{\"amount\":0123456789abcdef}"[(state >> 16) % (i % 64 < 48 ? 7 : 27)];
        }
        size_t packed = ZSTD_compress(frame, bound, text, size, level);
        if (ZSTD_isError(packed) || packed >= size) return 1;
        size_t unpacked = ZSTD_decompress(back, size, frame, packed);
        if (unpacked != size || memcmp(text, back, size)) return 2;
        for (size_t i = 0; i < packed; i++) sum = (sum ^ frame[i]) * 16777619u;
        printf("%d %zu %u\n", (int)ZSTD_getCParams(level, size, 0).strategy, packed, sum);
        free(text), free(back), free(frame);
    }
    return 0;
}
"""
ZSTD_FAST = 1
# At least one for each table of zstd/lib/compress/clevels.h: the strategy of a level depends on the size.
SIZES = (1_000, 16 * 1024, 100_000, 200_000, 3_000_000)
LEVEL = re.compile(r"const ZSTD_LEVEL: i32 = (\d+);")


def _zstd() -> Path:
    """The folder of the zstd source that the functions are built with."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    (manifest,) = (p["manifest_path"] for p in json.loads(told)["packages"] if p["name"] == "zstd-sys")
    return Path(manifest).parent / "zstd/lib"


def _round_trip(level: int, defines: list[str], folder: Path) -> list[list[int]]:
    """Strategy, size and sum of the frame of each size in `SIZES`, by zstd compiled with these defines."""
    folder.mkdir()
    (folder / "main.c").write_text(ROUND_TRIP)
    library = _zstd()
    sources = [path for part in ("common", "compress", "decompress") for path in sorted((library / part).glob("*.c"))]
    command = ["cc", "-O0", "-w", "-DZSTD_DISABLE_ASM", f"-I{library}", *defines, *sources, folder / "main.c"]
    subprocess.run([*command, "-pthread", "-o", folder / "round_trip"], check=True)
    words = [folder / "round_trip", str(level), *map(str, SIZES)]
    told = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [[int(word) for word in line.split()] for line in told.splitlines()]


def test_zstd_without_its_other_strategies_writes_what_the_whole_zstd_writes(built: Path, tmp_path: Path) -> None:
    (level,) = (
        int(found) for path in ROOT.glob("functions/*/src/**/*.rs") for found in LEVEL.findall(path.read_text())
    )
    flags = _environment(built)[f"CFLAGS_{TARGET.replace('-', '_')}"].split()
    without = [flag for flag in flags if "ZSTD" in flag]
    assert without
    whole = _round_trip(level, [], tmp_path / "whole")
    assert [strategy for strategy, _, _ in whole] == [ZSTD_FAST] * len(SIZES)
    assert _round_trip(level, without, tmp_path / "without") == whole
    # The defines have bitten: a level that means another strategy has no other one to use.
    assert [strategy for strategy, _, _ in _round_trip(19, without, tmp_path / "higher")] == [ZSTD_FAST] * len(SIZES)


def test_only_the_one_level_of_zstd_is_used() -> None:
    compresses = re.compile(
        r"(?:zstd::\S*\b(?:compress|encode_all)|\bCompressor::new|\bEncoder::new|ZstdLevel::try_new)\("
    )
    lines = [
        line
        for path in ROOT.glob("functions/*/src/**/*.rs")
        if "tests" not in path.parts
        for line in path.read_text().splitlines()
        if compresses.search(line)
    ]
    assert len(lines) >= 5
    assert [line for line in lines if "ZSTD_LEVEL)" not in line] == []


# What nixpkgs' python3Minimal is built without, as far as the standard library then cannot import it.
# Source: https://github.com/NixOS/nixpkgs/blob/65179426c83bb3f6bc14898b42ea1c6f01d374b0/pkgs/development/interpreters/python/default.nix
# (python3Minimal), read 2026-11-27.
WITHOUT = (
    "zlib",
    "ssl",
    "_ssl",
    "bz2",
    "_bz2",
    "lzma",
    "_lzma",
    "sqlite3",
    "readline",
    "curses",
    "tkinter",
    "ctypes",
    "_ctypes",
)
# runpy itself has imported zipfile by then: it is imported anew.
MINIMAL = """import runpy, sys
sys.modules.pop("zipfile", None)
sys.modules.update({name: None for name in %r})
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def _under_minimal_python(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["python3", "-c", MINIMAL % (WITHOUT,), script, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_python_without_zlib_cannot_zip(tmp_path: Path) -> None:
    (tmp_path / "webhook_processor").write_bytes(b"program")
    done = _under_minimal_python("tests/tools/zip_functions.py", tmp_path, tmp_path / "zips", "webhook_processor")
    assert done.returncode != 0
    assert "zlib" in done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "nix").glob("*.nix")), ids=lambda path: path.name)
def test_what_nix_runs_under_its_minimal_python_runs_under_one(path: Path) -> None:
    text = path.read_text()
    for line in text.splitlines():
        if "python3Minimal" in line.partition("#")[0]:
            scripts = re.findall(r"python3 (tests/\S+\.py)", line)
            assert scripts, f"{path.name}: say on this line what python3Minimal runs, so that it is tried here: {line}"
            for script in scripts:
                done = _under_minimal_python(script)
                assert done.returncode == 0, done.stderr

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


def test_the_zips_are_made_of_what_the_build_wrote(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    _program(tools / "rustup", f"#!/bin/sh\necho {TARGET}\n")
    _program(tools / "cargo", CARGO)
    (tmp_path / "stand_in").write_bytes(elf(0xB7))
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "CARGO_TARGET_DIR": str(tmp_path / "target"),
        "STAND_IN": str(tmp_path / "stand_in"),
    }
    command = [ROOT / "tests/tools/cross_build.sh", tmp_path / "zips", *FUNCTIONS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for function in FUNCTIONS:
        (entry,) = read_zip(tmp_path / f"zips/{function}.zip")
        assert entry.name == "bootstrap"
        assert entry.content.endswith(function.encode())
    # The time at which C code is compiled is not written into the binary: mimalloc's is.
    told = json.loads((tmp_path / "environment.json").read_text())
    source = tmp_path / "time.c"
    source.write_text('const char *time = __DATE__ " " __TIME__;')
    cc = ["cc", "-c", source, "-o", tmp_path / "time.o"]
    epoch = {"SOURCE_DATE_EPOCH": told["SOURCE_DATE_EPOCH"], "PATH": os.environ["PATH"]}
    subprocess.run(cc, env=epoch, check=True)
    assert b"Jan  1 1980 00:00:00" in (tmp_path / "time.o").read_bytes()


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

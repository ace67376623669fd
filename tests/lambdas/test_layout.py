"""The zips' layout and that their bytes depend on the binary alone; and that the reader of binaries tells one from another."""

import hashlib
import os
import struct
from pathlib import Path

import pytest

from infra.lib.limits import FUNCTIONS
from tests.lambdas.binary import read_binary, read_zip
from tests.tools.zip_functions import main as zip_functions

ROOT = Path(__file__).resolve().parents[2]
# Those of `make build`, unless others are named.
ZIPS = Path(os.environ.get("PAYHOOK_ZIPS", ROOT / "build/lambdas/host"))
EXECUTABLE_FILE = 0o100755
EARLIEST = (1980, 1, 1, 0, 0, 0)


def elf(machine: int, *, interpreter: bytes = b"", rest: bytes = b"") -> bytes:
    """An ELF header with at most one program header."""
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    struct.pack_into("<H", header, 18, machine)
    struct.pack_into("<Q", header, 32, 64)
    struct.pack_into("<HH", header, 54, 56, 1 if interpreter else 0)
    program_header = struct.pack("<IIQQQQQQ", 3, 4, 120, 0, 0, len(interpreter), 0, 1) if interpreter else b""
    return bytes(header) + program_header + interpreter + rest


def _built(folder: Path, content: bytes = b"program") -> Path:
    folder.mkdir(parents=True)
    for function in FUNCTIONS:
        (folder / function).write_bytes(content + function.encode())
    return folder


def _hashes(folder: Path) -> list[str]:
    return [hashlib.sha256((folder / f"{function}.zip").read_bytes()).hexdigest() for function in FUNCTIONS]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_zip_holds_one_executable_bootstrap(function: str) -> None:
    (entry,) = read_zip(ZIPS / f"{function}.zip")
    assert (entry.name, entry.mode, entry.date_time) == ("bootstrap", EXECUTABLE_FILE, EARLIEST)
    assert entry.content


def test_the_bytes_depend_on_the_binary_alone(tmp_path: Path) -> None:
    first = _built(tmp_path / "one")
    second = _built(tmp_path / "two")
    for function in FUNCTIONS:
        os.utime(first / function, (1, 1))
        (second / function).chmod(0o600)
    for built, zips in ((first, "zips_one"), (second, "zips_two")):
        assert zip_functions([str(built), str(tmp_path / zips), *FUNCTIONS]) == 0
    assert _hashes(tmp_path / "zips_one") == _hashes(tmp_path / "zips_two")


def test_a_changed_binary_is_a_changed_zip(tmp_path: Path) -> None:
    for content in (b"one", b"two"):
        built = _built(tmp_path / content.decode(), content)
        assert zip_functions([str(built), str(tmp_path / f"zips_{content.decode()}"), *FUNCTIONS]) == 0
    assert not set(_hashes(tmp_path / "zips_one")) & set(_hashes(tmp_path / "zips_two"))


def test_a_binary_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert zip_functions([str(tmp_path), str(tmp_path / "zips"), "webhook_processor"]) == 1
    assert "webhook_processor does not exist" in capsys.readouterr().err


def test_a_static_binary() -> None:
    found = read_binary(elf(0xB7))
    assert (found.machine, found.interpreter, found.glibc) == ("aarch64", None, None)


def test_a_binary_of_a_c_library() -> None:
    found = read_binary(elf(0xB7, interpreter=b"/lib/ld.so\0", rest=b"\0GLIBC_2.17\0GLIBC_2.9\0GLIBC_2.34\0"))
    assert (found.interpreter, found.glibc) == ("/lib/ld.so", (2, 34))


def test_another_machine_is_named() -> None:
    assert read_binary(elf(0x3E)).machine == "x86_64"


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"\x7fELF\x01\x01" + bytes(60)])
def test_what_is_no_program_of_ours_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="ELF"):
        read_binary(content)

"""What a zip holds, and what is said in the header of the program inside."""

import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path

ELF_MAGIC = b"\x7fELF"
LITTLE_ENDIAN_64 = b"\x02\x01"
PROGRAM_INTERPRETER = 3
MACHINES = {0x3E: "x86_64", 0xB7: "aarch64"}
GLIBC_VERSION = re.compile(rb"GLIBC_(\d+)\.(\d+)")


@dataclass(frozen=True)
class Binary:
    """An ELF program: the machine it is for, who loads it (nobody: static), and the newest C library that its symbols name."""

    machine: str
    interpreter: str | None
    glibc: tuple[int, int] | None


def read_binary(program: bytes) -> Binary:
    """Reads the header. Raises ValueError for what is no 64-bit little-endian ELF program."""
    if program[:4] != ELF_MAGIC or program[4:6] != LITTLE_ENDIAN_64:
        raise ValueError("not a 64-bit little-endian ELF program")
    (machine,) = struct.unpack_from("<H", program, 18)
    (table,) = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    interpreter = None
    for header in range(table, table + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", program, header)
        if kind == PROGRAM_INTERPRETER:
            interpreter = program[offset : offset + length].rstrip(b"\0").decode()
    # Every such text, wherever it stands: more than the symbols name would be found, never less.
    versions = [(int(major), int(minor)) for major, minor in GLIBC_VERSION.findall(program)]
    return Binary(MACHINES.get(machine, hex(machine)), interpreter, max(versions, default=None))


@dataclass(frozen=True)
class Entry:
    """The one entry of a function's zip."""

    name: str
    mode: int
    date_time: tuple[int, ...]
    content: bytes


def read_zip(path: Path) -> list[Entry]:
    """Every entry. Raises for a zip that is damaged."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, path
        return [
            Entry(info.filename, info.external_attr >> 16, info.date_time, archive.read(info))
            for info in archive.infolist()
        ]

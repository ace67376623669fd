"""Packs each built function as `{function}.zip` holding one executable `bootstrap`, the layout that the stack reads.

The bytes depend on the binary alone: fixed time, fixed mode, one entry. An unchanged build is an unchanged zip.

Usage: zip_functions.py BINARIES_DIR ZIPS_DIR FUNCTION...
"""

import sys
import zipfile
from pathlib import Path

EXECUTABLE_FILE_MODE = 0o100755
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def pack(binary: Path, target: Path) -> None:
    """Writes `target` unless it already holds exactly this binary."""
    entry = zipfile.ZipInfo("bootstrap", EARLIEST_ZIP_TIME)
    entry.external_attr = EXECUTABLE_FILE_MODE << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=9)


def main(arguments: list[str]) -> int:
    """Packs every named function; a missing binary is an error that names it."""
    binaries, zips, functions = Path(arguments[0]), Path(arguments[1]), arguments[2:]
    zips.mkdir(parents=True, exist_ok=True)
    for function in functions:
        binary = binaries / function
        if not binary.is_file():
            print(f"{binary} does not exist: build it first (make build)", file=sys.stderr)
            return 1
        target = zips / f"{function}.zip"
        if not target.exists() or target.stat().st_mtime <= binary.stat().st_mtime:
            pack(binary, target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Packs each built function as `{function}.zip` holding one executable `bootstrap`, the layout that
the stack reads.

The bytes depend on the binary alone: fixed time, fixed mode, one entry. An unchanged build is an
unchanged zip.

Usage: zip_functions.py [--fast] BINARIES_DIR ZIPS_DIR FUNCTION...

With --fast it compresses little: of a build that only this machine runs, packing as small as can be
took longer than linking.
"""

import sys
import zipfile
from pathlib import Path

EXECUTABLE_FILE_MODE = 0o100755
EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


SMALLEST, FASTEST = 9, 1


def pack(binary: Path, target: Path, level: int = SMALLEST) -> None:
    """Writes `target` unless it already holds exactly this binary."""
    entry = zipfile.ZipInfo("bootstrap", EARLIEST_ZIP_TIME)
    entry.external_attr = EXECUTABLE_FILE_MODE << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=level)


def main(arguments: list[str]) -> int:
    """Packs every named function; a missing binary is an error that names it."""
    fast = arguments[0] == "--fast"
    folders = arguments[1:] if fast else arguments
    binaries, zips, functions = Path(folders[0]), Path(folders[1]), folders[2:]
    zips.mkdir(parents=True, exist_ok=True)
    for function in functions:
        binary = binaries / function
        if not binary.is_file():
            print(f"{binary} does not exist: build it first (make build)", file=sys.stderr)
            return 1
        target = zips / f"{function}.zip"
        if not target.exists() or target.stat().st_mtime <= binary.stat().st_mtime:
            pack(binary, target, FASTEST if fast else SMALLEST)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

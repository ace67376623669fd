"""Two builds from nothing, of two copies of the sources in two places, give the same zips. Takes as long as building twice."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from infra.lib.limits import FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]


def _copy_of_the_sources(target: Path) -> Path:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    for line in listing.stdout.splitlines():
        source = ROOT / line
        if source.is_file():
            (target / line).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / line)
    # What the build itself needs from outside the sources is the same.
    (target / ".tools").symlink_to(ROOT / ".tools")
    return target


def _build(sources: Path, target: Path) -> dict[str, str]:
    zips = sources / "zips"
    subprocess.run(
        [sources / "tests/tools/cross_build.sh", zips, *FUNCTIONS],
        check=True,
        env=os.environ | {"CARGO_TARGET_DIR": str(target), "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}"},
    )
    return {function: hashlib.sha256((zips / f"{function}.zip").read_bytes()).hexdigest() for function in FUNCTIONS}


def test_neither_the_folder_nor_the_time_changes_the_zips(tmp_path: Path) -> None:
    first = _build(_copy_of_the_sources(tmp_path / "here"), tmp_path / "here/target")
    second = _build(_copy_of_the_sources(tmp_path / "a/deeper/place"), tmp_path / "elsewhere")
    assert first == second

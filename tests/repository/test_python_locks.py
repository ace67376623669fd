"""Python packages are installed by hash alone: each requirements*.in, which a person writes, has its
requirements*.txt with every package's version and hashes, and nothing installs anything else.
"""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.repository.test_rules import tracked

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = tracked("*requirements*.in")
LOCKED = tracked("*requirements*.txt")
SCRIPT = (ROOT / "tests/tools/python_locks.sh").read_text()
INSTALLS = re.compile(r"pip install|pip download|pip wheel|\bpipx\b|\buvx\b")
HASH = re.compile(r" +--hash=sha256:[0-9a-f]{64}")
PIN = re.compile(r"([a-z0-9.-]+)==([\w.+]+)(?: ; (.+?))?")


def direct(file: Path) -> dict[str, str]:
    """The packages that a person asks for, each in one version."""
    pins: dict[str, str] = {}
    for line in file.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, version = re.sub(r"\[[\w,]+\]", "", line).partition("==")
            assert version, f"{file.name}: {line}"
            pins[re.sub(r"[-_.]+", "-", name).lower()] = version
    return pins


def locked(file: Path) -> dict[str, tuple[str, list[str]]]:
    """Every package: its version and its hashes. Fails for a line of another form."""
    found: dict[str, tuple[str, list[str]]] = {}
    name = ""
    for entry in file.read_text().replace(" \\\n", "\n").split("\n"):
        if HASH.fullmatch(entry):
            found[name][1].append(entry)
        elif entry and not entry.startswith("#"):
            match = PIN.fullmatch(entry)
            assert match, f"{file.name}: {entry}"
            name = match[1]
            # Two versions are those of different versions of Python.
            assert name not in found or match[3], f"{file.name} has two versions of {name}"
            found[name] = (match[2], [])
    return found


def test_each_list_has_its_hashes_and_is_among_those_that_are_written() -> None:
    assert len(WRITTEN) >= 8
    assert {file.with_suffix(".txt") for file in WRITTEN} == set(LOCKED)
    lines = re.findall(r"^lock (\S+)", SCRIPT, re.M)
    assert {ROOT / f"{line}.in" for line in lines} == set(WRITTEN)


@pytest.mark.parametrize("file", LOCKED, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_package_has_a_version_and_hashes(file: Path) -> None:
    packages = locked(file)
    assert packages
    assert {name for name, (_, hashes) in packages.items() if not hashes} == set()
    wanted = direct(file.with_suffix(".in"))
    assert {name: packages.get(name, ("none",))[0] for name in wanted} == wanted


def test_what_is_installed_into_one_environment_has_one_version() -> None:
    versions: dict[str, set[str]] = defaultdict(set)
    for file in LOCKED:
        if file.parent.name in {"infra", "local_cloud", "baseline"}:
            for name, (version, _) in locked(file).items():
                versions[name].add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_nothing_is_installed_without_hashes() -> None:
    places = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in tracked("Makefile", "*.sh", "*.yml", "*.md", "*.nix", "*.py")
        for line in file.read_text().splitlines()
        if INSTALLS.search(line) and "--require-hashes" not in line and file != Path(__file__)
    ]
    assert places == []


def test_a_build_fetches_nothing() -> None:
    """A package without a wheel is built with what is installed, from a file of hashes, too."""
    makefile = (ROOT / "Makefile").read_text()
    (options,) = re.findall(r"^HASHED := (.+)$", makefile, re.M)
    assert {"--require-hashes", "--no-build-isolation"} <= set(options.split())
    installs = re.findall(r"\$\(HASHED\) (.*)$", makefile, re.M)
    # First into each of the three environments.
    assert installs.count("-r infra/requirements-build.txt") == 3
    assert installs[0] == "-r infra/requirements-build.txt"
    files = {name for line in installs for name in re.findall(r"-r (\S+)", line)}
    assert {ROOT / name for name in files} == {file for file in LOCKED if file.parent.name != "tools"}

"""`make flake-check` evaluates with the Nix it finds, says what it skipped without one, and fails when it should; Nix is a stand-in here."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/tools/flake_check.sh"
# What Nix 2.26 writes for a package and an app.
EVALUATED = """\
warning: not writing modified lock file
checking derivation packages.x86_64-linux.lambdas...
derivation evaluated to /nix/store/0123456789abcdfghijklmnpqrsvwxyz-payhook-lambdas-0.1.0.drv
checking app 'apps.x86_64-linux.demo'...
"""
BROKEN = """\
checking derivation packages.x86_64-linux.lambdas...
error: attribute 'regal' missing
       at nix/shell.nix:33:5:
"""


class Machine:
    """A PATH on which `nix` and `nix-instantiate` are stand-ins that note what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # The path of the machine may have a Nix: this one does not answer.
        self.program("nix", "exit 127")

    def program(self, name: str, script: str) -> Path:
        """Puts a program there."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def nix(self, name: str, version: str, output: str = "", status: int = 0) -> Path:
        """Puts a Nix of that version there."""
        (self.folder / "output").write_text(output)
        return self.program(
            name,
            f'if [ "$1" = --version ]; then echo "nix (Nix) {version}"; exit 0; fi\n'
            f'printf "%s\\n" "$@" > {self.folder}/asked\ncat {self.folder}/output >&2\nexit {status}',
        )

    def parser(self, status: int = 0) -> None:
        """Puts a `nix-instantiate` there."""
        self.program("nix-instantiate", f'echo "$2" >> {self.folder}/parsed\nexit {status}')

    @property
    def asked(self) -> list[str]:
        """The arguments of the evaluation."""
        return (self.folder / "asked").read_text().splitlines()

    @property
    def parsed(self) -> set[str]:
        """The files that were parsed."""
        return set((self.folder / "parsed").read_text().split())

    def check(self, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs the script."""
        names = {"NIX", "FLAKE", "NIXPKGS", "CRANE", "RUST_OVERLAY"}
        environment = {name: value for name, value in os.environ.items() if name not in names}
        environment |= {"PATH": f"{self.folder}:{os.environ['PATH']}", **variables}
        return subprocess.run([SCRIPT], check=False, capture_output=True, text=True, env=environment)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One without Nix."""
    return Machine(tmp_path)


def test_without_nix_it_parses_and_says_what_it_skipped(machine: Machine) -> None:
    machine.parser()
    result = machine.check()
    assert result.returncode == 0
    assert "skipped: evaluation, no Nix is here" in result.stdout
    assert machine.parsed == {"flake.nix", *(f"nix/{path.name}" for path in (ROOT / "nix").glob("*.nix"))}


def test_a_nix_that_is_too_old_is_told_apart_from_none(machine: Machine) -> None:
    machine.nix("nix", "2.8.0")
    machine.parser()
    result = machine.check()
    assert result.returncode == 0
    assert "every .nix file parses; skipped: evaluation, which needs Nix 2.18 or newer and this is 2.8" in result.stdout


def test_a_file_that_does_not_parse_is_an_error(machine: Machine) -> None:
    machine.parser(status=1)
    result = machine.check()
    assert result.returncode != 0
    assert "skipped" not in result.stdout


def test_a_nix_that_was_named_must_answer(machine: Machine) -> None:
    result = machine.check(NIX="/nowhere/nix --verbose")
    assert result.returncode == 1
    assert "no Nix answers to '/nowhere/nix --verbose --version'" in result.stderr


@pytest.mark.parametrize("version", ["2.18.1", "2.26.3", "3.0.0"])
def test_every_output_of_every_system_is_evaluated_and_nothing_is_built(machine: Machine, version: str) -> None:
    machine.nix("nix", version, EVALUATED)
    result = machine.check()
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[1:] == [
        "derivation packages.x86_64-linux.lambdas  payhook-lambdas-0.1.0.drv",
        "app apps.x86_64-linux.demo",
        "every output of every system evaluates",
    ]
    assert machine.asked[:4] == ["flake", "check", "--no-build", "--all-systems"]
    assert "allow-import-from-derivation\nfalse" in "\n".join(machine.asked)
    assert "--override-input" not in machine.asked


def test_an_output_that_does_not_evaluate_is_an_error_and_shown(machine: Machine) -> None:
    machine.nix("nix", "2.26.3", BROKEN, status=1)
    result = machine.check()
    assert result.returncode != 0
    assert "error: attribute 'regal' missing\n       at nix/shell.nix:33:5:" in result.stdout
    assert "every output" not in result.stdout


def test_paths_stand_in_for_the_inputs_and_the_flake(machine: Machine) -> None:
    other = machine.nix("elsewhere", "2.26.3", EVALUATED)
    result = machine.check(NIX=f"env {other}", FLAKE="/f", NIXPKGS="/n", CRANE="/c", RUST_OVERLAY="/r")
    assert result.returncode == 0, result.stderr
    asked = " ".join(machine.asked)
    for given in ("nixpkgs path:/n", "crane path:/c", "rust-overlay path:/r"):
        assert f"--override-input {given}" in asked
    assert machine.asked[-1] == "path:/f"


def _recipe(target: str) -> str:
    makefile = (ROOT / "Makefile").read_text()
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.M)
    assert found
    return found[1].replace("$(RUFF)", "ruff --config infra/pyproject.toml").replace("$(VENV)/bin/", "")


@pytest.mark.parametrize(
    ("target", "command", "file"),
    [
        ("lint-format", "ruff --config infra/pyproject.toml format --check bench infra tests", "python.nix"),
        ("lint-format", "ruff --config infra/pyproject.toml check bench infra tests", "python.nix"),
        ("lint-python", "-p infra/pyproject.toml", "python.nix"),
        ("lint-rust", "--all-targets --all-features", "rust.nix"),
        ("lint-rust", "-- -D warnings", "rust.nix"),
    ],
)
def test_the_checks_run_what_make_lint_runs(target: str, command: str, file: str) -> None:
    assert command in _recipe(target)
    assert command in (ROOT / "nix" / file).read_text()

"""The lock check accepts the repository and refuses each way in which flake, lock and pins can come apart."""

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.flake_lock import REQUIREMENTS, declared, lock_problems, main, pin_problems, requirements

ROOT = Path(__file__).resolve().parents[2]
FLAKE = (ROOT / "flake.nix").read_text()
LOCK: dict[str, Any] = json.loads((ROOT / "flake.lock").read_text())
PINNED: dict[str, Any] = json.loads((ROOT / "nix/pypi.json").read_text())
REQUIRED = requirements([(ROOT / name).read_text() for name in REQUIREMENTS])

Change = Callable[[dict[str, Any]], Any]


def test_the_repository_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "agrees" in capsys.readouterr().out


def test_the_inputs_are_read_from_the_flake() -> None:
    assert declared(FLAKE) == {
        "nixpkgs": {"owner": "NixOS", "repo": "nixpkgs", "ref": "nixos-unstable", "follows": {}},
        "crane": {"owner": "ipetkov", "repo": "crane", "ref": None, "follows": {}},
        "rust-overlay": {"owner": "oxalica", "repo": "rust-overlay", "ref": None, "follows": {"nixpkgs": ["nixpkgs"]}},
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda lock: lock.update(version=6), "version 7"),
        (lambda lock: lock["nodes"]["root"]["inputs"].pop("crane"), "flake.nix declares"),
        (lambda lock: lock["nodes"]["root"]["inputs"].update(more="crane"), "flake.nix declares"),
        (lambda lock: lock["nodes"].update(stray={}), "which nothing takes"),
        (lambda lock: lock["nodes"]["nixpkgs"]["original"].update(ref="nixos-25.05"), "another address"),
        (lambda lock: lock["nodes"]["crane"]["original"].update(owner="someone"), "another address"),
        (lambda lock: lock["nodes"]["crane"]["locked"].update(owner="someone"), "another repository"),
        (lambda lock: lock["nodes"]["crane"]["locked"].pop("rev"), "no commit"),
        (lambda lock: lock["nodes"]["crane"]["locked"].update(rev="main"), "no commit"),
        (lambda lock: lock["nodes"]["crane"]["locked"].pop("narHash"), "no content hash"),
        (lambda lock: lock["nodes"]["crane"]["locked"].update(narHash="sha256-AAAA"), "no content hash"),
        (lambda lock: lock["nodes"]["crane"]["locked"].update(narHash="sha256-?"), "no content hash"),
        (lambda lock: lock["nodes"]["crane"]["locked"].pop("lastModified"), "no time"),
        (lambda lock: lock["nodes"]["rust-overlay"].pop("inputs"), "do not follow"),
    ],
)
def test_a_lock_that_does_not_fit_is_refused(change: Change, message: str) -> None:
    lock = copy.deepcopy(LOCK)
    change(lock)
    assert any(message in problem for problem in lock_problems(FLAKE, lock))


def test_a_flake_without_inputs_is_refused() -> None:
    assert "flake.nix declares no input that can be read" in lock_problems("{ outputs = _: { }; }", LOCK)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda pinned: pinned["pulumi"].update(version="3.0.0"),
            "nix/pypi.json has pulumi 3.0.0, the requirements have",
        ),
        (lambda pinned: pinned["pulumi_aws"].pop("hash"), "no content hash for pulumi_aws"),
        (lambda pinned: pinned["ruff"]["hashes"].update({"x86_64-linux": ""}), "no content hash for ruff"),
        (lambda pinned: pinned["ruff"].update(hashes={}), "no content hash for ruff"),
        (lambda pinned: pinned["pulumi"].update(hash=pinned["ministack"]["hash"]), "another content hash for pulumi"),
        (lambda pinned: pinned.update(flask={"version": "1"}), "nix/pypi.json has flask 1"),
    ],
)
def test_a_pin_that_does_not_fit_is_refused(change: Change, message: str) -> None:
    pinned = copy.deepcopy(PINNED)
    change(pinned)
    assert any(message in problem for problem in pin_problems(pinned, REQUIRED))


def test_the_functions_and_the_target_are_those_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text()
    functions = re.search(r"^FUNCTIONS := (.+)$", makefile, re.M)
    target = re.search(r"^STATIC_TARGET=(\S+)$", (ROOT / "tests/tools/cross_toolchain.sh").read_text(), re.M)
    listed = re.search(r"functions = \[([^\]]+)\]", (ROOT / "nix/default.nix").read_text())
    assert functions
    assert target
    assert listed
    assert re.findall(r'"(\w+)"', listed[1]) == functions[1].split()
    assert f'target = "{target[1]}";' in (ROOT / "nix/lambdas.nix").read_text()

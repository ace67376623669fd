"""What is written for people beside the README: commands, files, names and the licence are those of the repository."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import infra.program  # noqa: F401 (puts `lib` and `bootstrap` on the path, as the Pulumi CLI does)
from bootstrap.account import Account
from bootstrap.roles import role_statements
from lib.limits import FUNCTIONS, function_limits

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = ("CONTRIBUTING.md", "SECURITY.md", "infra/bootstrap/README.md")
MAKEFILE = (ROOT / "Makefile").read_text().replace("$(VENV)", ".venv")
TARGETS = set(re.findall(r"^([\w./-]+):(?!=)", MAKEFILE, re.M))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_make_targets_exist(document: str) -> None:
    text = (ROOT / document).read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z.][a-z0-9./-]*)", text, re.M))
    assert named - TARGETS == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_exist(document: str) -> None:
    named = set(re.findall(r"`((?:functions|infra|policies|tests)/[\w./-]+)`", (ROOT / document).read_text()))
    # NAME stands for the reader's own.
    assert {name for name in named if "NAME" not in name and not (ROOT / name).exists()} == set()


def test_the_bootstraps_page_names_what_is_made() -> None:
    text = (ROOT / "infra/bootstrap/README.md").read_text()
    account = Account("dev", "123456789012", "owner/payhook", "us-east-2")
    for name in (*role_statements(account), account.boundary, account.state_key_alias):
        assert name in text, name
    config = {word for line in text.splitlines() for word in re.findall(r"config set (?:--stack dev )?([\w:]+)", line)}
    programs = [(ROOT / path).read_text() for path in ("infra/program.py", "infra/bootstrap/program.py")]
    assert {name for name in config if name != "aws:region" and f'"{name}"' not in "".join(programs)} == set()


@pytest.mark.parametrize("document", ["README.md", "infra/bootstrap/README.md"])
def test_the_quota_of_concurrency_is_what_the_functions_reserve_and_what_lambda_keeps(document: str) -> None:
    # "100 for functions without reserved concurrency": https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html, read 2026-11-27.
    needed = 100 + sum(function_limits(function)["reserved_concurrency"] for function in FUNCTIONS)
    assert re.findall(r"at\s+least\s+(\d+)", (ROOT / document).read_text().partition("## Look at it")[0])[0] == str(
        needed
    )


def test_deploying_is_five_lines() -> None:
    block = (ROOT / "README.md").read_text().partition("## Deploy to AWS")[2].split("```")[1]
    assert len(block.strip().splitlines()) == 5


def test_the_licence_is_the_one_of_the_manifest() -> None:
    licence = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["license"]
    assert licence == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_updates_are_looked_for_where_something_is_pinned() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    folders = {folder for update in updates for folder in update.get("directories", [update.get("directory")])}
    assert {update["package-ecosystem"] for update in updates} == {"cargo", "uv", "github-actions"}
    for requirements in ROOT.glob("*/**/requirements*.txt"):
        if ".venv" not in requirements.parts and "target" not in requirements.parts:
            assert f"/{requirements.parent.relative_to(ROOT)}" in folders, requirements

"""The workflows name only what exists, pin what they use, and have no right that they do not need.

actionlint and zizmor (`make lint-workflows`) judge each file by itself; here they are judged against the repository.
"""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

import infra.program  # noqa: F401 (puts `lib` and `bootstrap` on the path, as the Pulumi CLI does)
from bootstrap.account import Account
from bootstrap.roles import PROTECTED_REF, role_statements

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".github/workflows"
FILES = sorted(FOLDER.glob("*.yml"))
TEXTS = {path.name: path.read_text() for path in FILES}
WORKFLOWS: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = [(name, job, spec) for name, workflow in WORKFLOWS.items() for job, spec in workflow["jobs"].items()]
ACCOUNT = Account("dev", "123456789012", "owner/payhook", "us-east-2")
# What GitHub's Ubuntu machines have, or the flake's shell: every other first word of a command must be a file of the repository.
TOOLS = {
    "cargo",
    "cd",
    "chmod",
    "gh",
    "git",
    "head",
    "install",
    "make",
    "nix",
    "pulumi",
    "sed",
    "sha256sum",
    "tee",
    "sudo",
}
SHELL_WORDS = {"{", "}", "do", "done", "echo", "for", "printf", "set"}


def steps(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """A job's steps; a job that calls a workflow has none."""
    return spec.get("steps", [])


SCRIPTS = [(name, step["run"]) for name, _, spec in JOBS for step in steps(spec) if "run" in step]


def commands(script: str) -> list[list[str]]:
    """The words of each simple command of a script; the command that `nix develop` runs stands for it."""
    text = re.sub(r"#.*|\\\n", " ", script)
    found = []
    for part in re.split(r"\n|;|&&|\||(?<= )\{ ", text):
        words = part.split()
        while words and words[0] in {"do", "{"}:
            words = words[1:]
        if "--command" in words:
            words = words[words.index("--command") + 1 :]
        if words:
            found.append(words)
    return found


COMMANDS = [(name, words) for name, script in SCRIPTS for words in commands(script)]


def test_there_is_something_to_check() -> None:
    assert set(TEXTS) >= {"ci.yml", "preview.yml", "deploy.yml", "drift.yml", "nightly.yml"}
    assert len(COMMANDS) > 20


@pytest.mark.parametrize("name", TEXTS)
def test_actions_are_pinned_by_commit_with_their_version(name: str) -> None:
    used = re.findall(r"uses: (.*)", TEXTS[name])
    assert used
    for use in used:
        local = re.fullmatch(r"\./(\.github/workflows/[\w-]+\.yml)", use)
        if local:
            assert (ROOT / local.group(1)).is_file(), use
        else:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use), use


def test_one_action_has_one_commit() -> None:
    used = {match for text in TEXTS.values() for match in re.findall(r"uses: ([\w-]+/[\w-]+)@(\w+)", text)}
    assert len({action for action, _ in used}) == len(used)


@pytest.mark.parametrize(("name", "job", "spec"), JOBS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_job_has_the_rights_it_names_and_an_end(name: str, job: str, spec: dict[str, Any]) -> None:
    assert WORKFLOWS[name]["permissions"] == {}
    assert "permissions" in spec, f"{name}: {job}"
    if "uses" not in spec:
        assert spec["timeout-minutes"] <= 180
    for step in steps(spec):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_rights_to_write_are_where_they_are_needed() -> None:
    writing = {
        (name, job, right)
        for name, job, spec in JOBS
        for right, value in spec["permissions"].items()
        if value == "write"
    }
    assert writing == {
        ("preview.yml", "comment", "pull-requests"),
        ("deploy.yml", "provenance", "id-token"),
        ("deploy.yml", "provenance", "attestations"),
        ("deploy.yml", "command-line-provenance", "id-token"),
        ("deploy.yml", "command-line-provenance", "attestations"),
        ("deploy.yml", "dev", "id-token"),
        ("deploy.yml", "prod", "id-token"),
        ("deploy-environment.yml", "deploy", "id-token"),
        ("drift.yml", "drift", "id-token"),
    }


def test_who_takes_a_role_runs_in_an_environment() -> None:
    for name, job, spec in JOBS:
        takes = [step for step in steps(spec) if "configure-aws-credentials" in step.get("uses", "")]
        assert not takes or "environment" in spec, f"{name}: {job}"


def test_no_stored_secret_is_used_and_no_script_is_traced() -> None:
    for name, text in TEXTS.items():
        assert "secrets." not in text, name
        assert not re.search(r"set -\w*x|ACTIONS_STEP_DEBUG", text), name


def test_no_expression_stands_in_a_script() -> None:
    assert [name for name, script in SCRIPTS if "${{" in script] == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_workflow_that_starts_by_itself_does_not_run_twice_at_once(name: str) -> None:
    # YAML 1.1 reads the key `on` as true.
    if set(WORKFLOWS[name][True]) != {"workflow_call"}:
        assert "group" in WORKFLOWS[name]["concurrency"]


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text().replace("$(VENV)", ".venv")
    targets = set(re.findall(r"^([\w./-]+):(?!=)", makefile, re.M))
    named = {
        word for _, words in COMMANDS if words[0] == "make" for word in words[1:] if re.fullmatch(r"[a-z./-]+", word)
    }
    assert {"test", "lambdas", "sbom", "deny"} <= named
    assert named - targets == set()


def test_every_variable_given_to_make_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    given = {word.split("=")[0] for _, words in COMMANDS if words[0] == "make" for word in words[1:] if "=" in word}
    assert {variable for variable in given if not re.search(rf"^{variable} \?=", makefile, re.M)} == set()


def test_every_command_is_a_tool_or_a_file_of_the_repository() -> None:
    first_words = {words[0] for _, words in COMMANDS} - TOOLS - SHELL_WORDS - {".venv/bin/python"}
    # What cargo builds is a crate of the repository, built or not.
    files = {word: word.replace("target/debug/", "functions/") for word in first_words}
    assert {word for word, file in files.items() if not (ROOT / file).exists()} == set()


def test_every_crate_module_and_folder_exists() -> None:
    for name, words in COMMANDS:
        for option, value in pairwise(words):
            if words[0] == "cargo" and option == "-p":
                assert (ROOT / "functions" / value / "Cargo.toml").is_file(), name
            if words[0] == ".venv/bin/python" and option == "-m":
                assert (ROOT / value.replace(".", "/") / "__main__.py").is_file(), name
            if words[:2] == ["nix", "build"] and value.startswith(".#"):
                assert f" {value.removeprefix('.#')}\n" in (ROOT / "nix/default.nix").read_text(), name


def test_the_gate_judges_the_stack_before_pulumi_sees_it() -> None:
    """No workflow runs the pack in Pulumi: the plugin that would run it there is not part of the tests."""
    judged: set[str] = set()
    for name, _, spec in JOBS:
        done = [words for step in steps(spec) for words in commands(step.get("run", ""))]
        for position, words in enumerate(done):
            assert "--policy-pack" not in words, name
            if words[0] == "pulumi" and words[1] in {"up", "preview"}:
                stack = words[words.index("--stack") + 1]
                assert ["make", "policy", f"STACK={stack}"] in done[:position], name
                judged.add(name)
    assert judged == {"deploy-environment.yml"}
    assert ["make", "policy", "STACK=dev", "OUT=build/after.json"] in [
        words for name, words in COMMANDS if name == "preview.yml"
    ]


def test_no_job_of_a_pull_request_can_take_a_role() -> None:
    """Its code is not reviewed yet, and every role here reads secrets."""
    of_pull_requests = {name for name, workflow in WORKFLOWS.items() if "pull_request" in workflow[True]}
    assert "preview.yml" in of_pull_requests
    assert not {name for name, workflow in WORKFLOWS.items() if "pull_request_target" in workflow[True]}
    for name, job, spec in JOBS:
        if name in of_pull_requests:
            assert "id-token" not in spec["permissions"], f"{name}: {job}"
            assert "environment" not in spec, f"{name}: {job}"
            assert not [step for step in steps(spec) if "aws" in step.get("uses", "")], f"{name}: {job}"
            assert "pulumi" not in {words[0] for step in steps(spec) for words in commands(step.get("run", ""))}


def test_roles_are_trusted_to_the_branch_that_is_deployed_in_environments_that_are_used() -> None:
    assert WORKFLOWS["deploy.yml"][True]["push"]["branches"] == [PROTECTED_REF.removeprefix("refs/heads/")]
    used = set(re.findall(r"environment: (?:\$\{\{ [\w.]+ \}\})?([\w-]*)\n", "".join(TEXTS.values())))
    trusted = {environment.removeprefix("dev") for environment, _ in role_statements(ACCOUNT).values()}
    assert trusted == {"", "-drift"}
    assert used >= trusted


def test_the_roles_and_the_state_are_those_of_the_bootstrap() -> None:
    text = "\n".join(TEXTS.values())
    roles = set(re.findall(r"role/(\w+)_(?:dev|\$\{\{ [\w.]+ \}\})-bootstrap\b", text))
    assert roles == set(role_statements(ACCOUNT))
    assert len(re.findall("role/", text)) == len(
        re.findall(r"role/\w+_role_(?:dev|\$\{\{ [\w.]+ \}\})-bootstrap\b", text)
    )
    for backend in re.findall(r'pulumi login "(.*?)"', text):
        here = backend.replace("$AWS_ACCOUNT_ID", ACCOUNT.account_id).replace("$ENVIRONMENT", "dev")
        assert here == f"s3://{ACCOUNT.state_bucket}?region=us-east-2"


def test_each_environment_takes_the_zips_of_the_one_build() -> None:
    deploy = WORKFLOWS["deploy.yml"]["jobs"]
    builds = [job for job, spec in deploy.items() if spec.get("uses", "").endswith("/zips.yml")]
    assert builds == ["zips"]
    environments = {
        job: spec for job, spec in deploy.items() if spec.get("uses", "").endswith("/deploy-environment.yml")
    }
    assert list(environments) == ["dev", "prod"]
    for job, spec in environments.items():
        assert spec["with"] == {
            "environment": job,
            "sums": "${{ needs.zips.outputs.sums }}",
            "command-line-sum": "${{ needs.command-line.outputs.sum }}",
        }
        assert "provenance" in spec["needs"] or job == "prod"
    assert "dev" in environments["prod"]["needs"]


def test_what_was_built_is_checked_before_a_role_is_taken_and_before_it_runs() -> None:
    (spec,) = WORKFLOWS["deploy-environment.yml"]["jobs"].values()
    takes = [at for at, step in enumerate(steps(spec)) if "configure-aws-credentials" in step.get("uses", "")]
    for artifact, given in (("zips", "inputs.sums"), ("payhook", "inputs.command-line-sum")):
        (downloaded,) = (
            at for at, step in enumerate(steps(spec))
            if "download-artifact" in step.get("uses", "") and step["with"]["name"] == artifact
        )  # fmt: skip
        (checked,) = (
            at for at, step in enumerate(steps(spec)) if f"${{{{ {given} }}}}" in step.get("env", {}).values()
        )
        script = steps(spec)[checked]["run"]
        assert f"cd {steps(spec)[downloaded]['with']['path']}\n" in script
        assert "sha256sum --check --strict" in script
        assert "gh attestation verify" in script
        runs = [at for at, step in enumerate(steps(spec)) if "target/debug/payhook " in step.get("run", "")]
        assert downloaded < checked < min(takes + runs)


def test_each_artifact_that_is_deployed_with_is_attested() -> None:
    jobs = WORKFLOWS["deploy.yml"]["jobs"]
    for built, attested in (("zips", "provenance"), ("command-line", "command-line-provenance")):
        assert jobs[attested]["needs"] == built
        assert [step for step in steps(jobs[attested]) if "actions/attest@" in step.get("uses", "")]
        assert {built, attested} <= set(jobs["dev"]["needs"])

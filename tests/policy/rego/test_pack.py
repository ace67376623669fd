"""The pack as its files are: checked, formatted, linted, tested and evaluated by the Open Policy Agent itself, and annotated whole."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.evaluation import evaluated
from infra.tests.conftest import SILENCE

ROOT = Path(__file__).resolve().parents[3]
PACK = ROOT / "policies"
TESTS = ROOT / "tests/policy/rego"
RULE = re.compile(r"^((?:stack_)?(?:deny|warn)\w*) contains ", re.MULTILINE)
# What Pulumi's runtime takes for a policy. Digits are left out: an older one skipped a name with a digit without a word.
# Source: https://github.com/pulumi/pulumi-policy-opa, policy.go, read 2026-11-25.
POLICY_NAME = re.compile(r"(stack_)?(deny|warn)(_[a-z]+)+")
REQUIREMENT = re.compile(r"[1-9][0-9]?(\.[0-9]{1,2}){1,3}")
# Every rule on every resource, and the rules for the stack once: what the runtime does, as one
# query. Rules are asked by name, because evaluating `data.payhook` for a resource evaluates the
# whole package, which takes nine times as long.
EVERYTHING = """
{[name, text] |
    names := {name | some name, _ in data.payhook; regex.match(`^(deny|warn)_`, name)}
    some resource in input.resources
    some name in names
    messages := data.payhook[name] with input as resource
    some text in messages
} | {[name, text] |
    some name, texts in data.payhook
    regex.match(`^stack_(deny|warn)_`, name)
    some text in texts
}
"""


def tool(name: str) -> str:
    """The path of a pinned tool, built the first time."""
    script = ROOT / "tests/tools/opa.sh"
    return subprocess.run([script, name], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="session")
def opa() -> str:
    return tool("opa")


def run(*command: str | Path, text: str | None = None) -> str:
    """Standard output of a command that must succeed; what it said otherwise."""
    done = subprocess.run(command, capture_output=True, text=True, input=text)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    return done.stdout


def shaped(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource of the graph as the runtime hands it to a rule."""
    return {
        "__type": resource["type"],
        "__name": resource["name"],
        "__urn": resource["urn"],
        "__options": resource["options"],
        "__provider": {},
        "__properties": resource["properties"],
        "dependencies": resource["options"].get("dependencies", []),
        "propertyDependencies": {},
    }


def said(opa: str, graph: list[dict[str, Any]]) -> list[list[str]]:
    """What the pack says of a graph under the real engine: rule and message."""
    document = json.dumps({"resources": [shaped(resource) for resource in graph]})
    answer = run(opa, "eval", "--format", "json", "--data", PACK, "--stdin-input", EVERYTHING, text=document)
    return json.loads(answer)["result"][0]["expressions"][0]["value"]


def test_checks_and_formats(opa: str) -> None:
    run(opa, "check", "--strict", PACK, TESTS)
    # Pulumi's runtime parses as the older language, in which `import rego.v1` makes the same of it.
    run(opa, "check", "--strict", "--v0-compatible", PACK)
    assert run(opa, "fmt", "--diff", PACK, TESTS) == ""


def test_lints() -> None:
    run(tool("regal"), "lint", "--config-file", PACK / ".regal/config.yaml", PACK, TESTS)


def test_every_case(opa: str) -> None:
    run(opa, "test", "--timeout", "600s", PACK, TESTS)


def test_the_stack_passes(opa: str) -> None:
    assert said(opa, evaluated().graph()) == []


def test_the_stack_without_its_options_is_refused(opa: str) -> None:
    off = {"payhook:edge": "false", "payhook:firewall": "false", "payhook:access_record": "false"}
    graph = evaluated(config=off).graph()
    rules = {rule for rule, _ in said(opa, graph)}
    assert rules == {"stack_deny_part_missing", "stack_deny_waf_missing", "stack_warn_bucket_access_log"}


def test_the_stack_without_an_edge_passes(opa: str) -> None:
    assert said(opa, evaluated(config={"payhook:edge": "false"}).graph()) == []


def test_the_stack_whose_edge_changes_its_secret_passes(opa: str) -> None:
    assert said(opa, evaluated(config={"payhook:edge_secret_generation": "2"}).graph()) == []


def test_the_stack_with_object_lock_passes(opa: str) -> None:
    assert said(opa, evaluated(config={"payhook:object_lock_days": "30"}).graph()) == []


def test_the_stack_that_hears_silence_passes(opa: str) -> None:
    assert said(opa, evaluated(config=SILENCE).graph()) == []


def test_policies_are_named_for_the_runtime_and_once() -> None:
    home: dict[str, Path] = {}
    for path in sorted(PACK.glob("*.rego")):
        text = path.read_text()
        assert text.startswith("package payhook\n\nimport rego.v1\n"), path.name
        for name in set(RULE.findall(text)):
            assert POLICY_NAME.fullmatch(name), name
            assert name not in home, f"{name} is in {path.name} and in {home[name].name}"
            home[name] = path
    assert len(home) > 100
    assert not list(PACK.rglob("*_test.rego"))


def test_every_policy_is_annotated(opa: str) -> None:
    inspected = json.loads(run(opa, "inspect", "--annotations", "--format", "json", PACK))
    annotated: set[str] = set()
    for found in inspected["annotations"]:
        annotations = found["annotations"]
        name = found["path"][-1]["value"]
        assert annotations["scope"] == "rule", name
        assert annotations["title"], name
        assert len(annotations["description"]) > 40, name
        assert annotations["custom"]["fix"], name
        assert annotations["custom"]["pci"], name
        assert all(REQUIREMENT.fullmatch(number) for number in annotations["custom"]["pci"]), name
        assert annotations["custom"].get("severity", "mandatory") == ("advisory" if "warn_" in name else "mandatory"), (
            name
        )
        annotated.add(name)
    written = {name for path in PACK.glob("*.rego") for name in RULE.findall(path.read_text())}
    assert annotated == written

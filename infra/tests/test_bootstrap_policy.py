"""The bootstrap under the stack's policy pack: it passes, but for the rules that `policy-config.json` makes advisory, and each of those is needed."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.evaluation import evaluated, write_graph

ROOT = Path(__file__).resolve().parents[2]
BOOTSTRAP = ROOT / "infra/bootstrap"
GATE = Path(os.environ.get("PAYHOOK_GATE", ROOT / "target/debug/policy_gate"))
PACK = Path(os.environ.get("PAYHOOK_POLICIES", ROOT / "policies"))
ROLES = {"deploy_role", "drift_role", "smoke_role"}
# The parts of what the roles may do: the pack reads rights in RolePolicy resources alone, and
# `test_bootstrap.py` and `test_deploy_rights.py` read these.
PARTS = {
    *(f"deploy_role_policy_{number}" for number in (1, 2, 3)),
    *(f"drift_role_policy_{number}" for number in (1, 2)),
    "smoke_role_policy_1",
}
EXCEPTIONS: dict[str, dict[str, Any]] = json.loads((BOOTSTRAP / "policy-config.json").read_text())


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the gate finds."""
    assert GATE.exists(), f"{GATE} is missing: make build"
    graph = tmp_path_factory.mktemp("bootstrap") / "graph.json"
    graph.write_text(write_graph(evaluated(program="bootstrap")))
    result = subprocess.run([GATE, "--pack", PACK, "--json", graph], check=False, capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def _resources(findings: list[dict[str, Any]], rule: str) -> set[str]:
    return {finding["resource"].rpartition("::")[2] for finding in findings if finding["rule"] == rule}


def test_what_it_breaks_is_what_is_excepted(findings: list[dict[str, Any]]) -> None:
    broken = {finding["rule"] for finding in findings if finding["level"] == "mandatory"}
    assert broken == set(EXCEPTIONS)
    assert {config["enforcementLevel"] for config in EXCEPTIONS.values()} == {"advisory"}


@pytest.mark.parametrize(
    ("rule", "resources"),
    [
        ("deny_trust_service", ROLES),
        ("deny_principal_public", ROLES),
        ("deny_managed_policy", {*PARTS, "gateway_logging_policy"}),
        ("deny_protected", {"gateway_logging", "gateway_logging_policy", "gateway_logging_role"}),
        ("deny_type_unlisted", {"github"}),
        ("deny_type_refused", {*PARTS, "gateway_logging", "role_boundary"}),
        ("deny_undestroyable", {"state"}),
        ("deny_use_unlisted", {"state_key"}),
    ],
)
def test_an_exception_is_made_for_no_other_resource(
    findings: list[dict[str, Any]], rule: str, resources: set[str]
) -> None:
    assert _resources(findings, rule) == resources


def test_each_exception_has_its_reason() -> None:
    readme = (BOOTSTRAP / "README.md").read_text()
    assert [rule for rule in EXCEPTIONS if f"`{rule}`" not in readme] == []

"""The analyzer hands the engine's questions to the gate and says what the gate finds."""

from pathlib import Path

import pytest
from pulumi.runtime.proto import analyzer_pb2

from tests.engine import wire
from tests.engine.analyzer import Analyzer
from tests.engine.driving import PACK
from tests.policy.engines import is_mandatory, rules_by_scope

KIND = "aws:sqs/queue:Queue"
URN = f"urn:pulumi:local::payhook::{KIND}::webhook_queue"
RULE = "deny_encryption_key"


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """One for this project's pack."""
    return Analyzer("1.2.3", PACK)


def asked(analyzer: Analyzer, properties: wire.Properties) -> dict[str, analyzer_pb2.AnalyzeDiagnostic]:
    """What it says of a queue, by rule."""
    request = analyzer_pb2.AnalyzeRequest(
        type=KIND, urn=URN, name="webhook_queue", properties=wire.to_struct(properties)
    )
    return {found.policyName: found for found in analyzer.Analyze(request, None).diagnostics}


def test_it_has_the_rules_of_the_pack(analyzer: Analyzer) -> None:
    info = analyzer.GetAnalyzerInfo(None, None)
    kinds = {"resource": analyzer_pb2.POLICY_TYPE_RESOURCE, "stack": analyzer_pb2.POLICY_TYPE_STACK}
    wanted = {
        (rule, kinds[scope], analyzer_pb2.MANDATORY if is_mandatory(rule) else analyzer_pb2.ADVISORY)
        for scope, rules in rules_by_scope().items()
        for rule in rules
    }
    assert {(rule.name, rule.policy_type, rule.enforcementLevel) for rule in info.policies} == wanted


def test_a_resource_is_judged_by_the_rules_for_one_resource(analyzer: Analyzer) -> None:
    found = asked(analyzer, {"name": "webhook_queue_local"})
    assert (found[RULE].urn, found[RULE].enforcementLevel) == (URN, analyzer_pb2.MANDATORY)
    assert "webhook_queue" in found[RULE].message
    assert not any(rule.startswith("stack_") for rule in found)
    # Not known yet: let through and named. A secret is the value that it hides.
    for key in (wire.UNKNOWN, wire.secret("arn:aws:kms:us-east-2:000000000000:key/1")):
        told = asked(analyzer, {"name": "webhook_queue_local", "kmsMasterKeyId": key})
        assert RULE not in told
        assert ("warn_preview_unknown" in told) == wire.is_unknown(key)


def test_the_stack_is_judged_by_the_rules_for_the_stack(analyzer: Analyzer) -> None:
    resource = analyzer_pb2.AnalyzerResource(
        type=KIND, urn=URN, name="webhook_queue", properties=wire.to_struct({"name": "webhook_queue_local"})
    )
    found = analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=[resource]), None).diagnostics
    assert {"stack_deny_part_missing", "stack_deny_tls_missing"} <= {diagnostic.policyName for diagnostic in found}
    assert all(diagnostic.policyName.startswith("stack_") for diagnostic in found)
    assert {diagnostic.urn for diagnostic in found} == {"urn:pulumi:local::payhook::pulumi:pulumi:Stack::payhook-local"}
    assert list(analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(), None).diagnostics) == []


@pytest.mark.parametrize("level", [analyzer_pb2.ADVISORY, analyzer_pb2.DISABLED])
def test_the_configuration_changes_the_level_of_a_rule(level: analyzer_pb2.EnforcementLevel.ValueType) -> None:
    configured = Analyzer("1.2.3", PACK)
    policy = {RULE: analyzer_pb2.PolicyConfig(enforcementLevel=level)}
    configured.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=policy), None)
    found = asked(configured, {"name": "webhook_queue_local"})
    assert (RULE in found) == (level == analyzer_pb2.ADVISORY)
    if RULE in found:
        assert found[RULE].enforcementLevel == level


def test_what_the_gate_cannot_judge_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "PulumiPolicy.yaml").write_text("runtime: opa\nversion: 1.0.0\ndescription: no rules\n")
    with pytest.raises((RuntimeError, BrokenPipeError)):
        asked(Analyzer("1.2.3", tmp_path), {"name": "webhook_queue_local"})

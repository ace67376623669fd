"""The web application firewall: what it blocks, what it only counts, what it keeps; and the stack without it."""

import json
import re
from typing import Any

import pytest

from infra.evaluation import evaluated
from infra.lib.catalogue import read_catalogue
from infra.lib.limits import LIMITS
from infra.tests.conftest import Find

# The rules of the groups that look at contents; the third looks at addresses only.
# Source: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html, read 2026-11-25.
AWS_RULES: dict[str, set[str]] = {
    "AWSManagedRulesCommonRuleSet": {
        "NoUserAgent_HEADER", "UserAgent_BadBots_HEADER", "SizeRestrictions_QUERYSTRING", "SizeRestrictions_Cookie_HEADER",
        "SizeRestrictions_BODY", "SizeRestrictions_URIPATH", "EC2MetaDataSSRF_BODY", "EC2MetaDataSSRF_COOKIE",
        "EC2MetaDataSSRF_URIPATH", "EC2MetaDataSSRF_QUERYARGUMENTS", "GenericLFI_QUERYARGUMENTS", "GenericLFI_URIPATH",
        "GenericLFI_BODY", "RestrictedExtensions_URIPATH", "RestrictedExtensions_QUERYARGUMENTS", "GenericRFI_QUERYARGUMENTS",
        "GenericRFI_BODY", "GenericRFI_URIPATH", "CrossSiteScripting_COOKIE", "CrossSiteScripting_QUERYARGUMENTS",
        "CrossSiteScripting_BODY", "CrossSiteScripting_URIPATH",
    },
    "AWSManagedRulesKnownBadInputsRuleSet": {
        "JavaDeserializationRCE_HEADER", "JavaDeserializationRCE_BODY", "JavaDeserializationRCE_URIPATH",
        "JavaDeserializationRCE_QUERYSTRING", "Host_localhost_HEADER", "PROPFIND_METHOD", "ExploitablePaths_URIPATH",
        "Log4JRCE_HEADER", "Log4JRCE_QUERYSTRING", "Log4JRCE_BODY", "Log4JRCE_URIPATH", "ReactJSRCE_BODY",
    },
    "AWSManagedRulesAmazonIpReputationList": set(),
}  # fmt: skip


@pytest.fixture(name="acl")
def _acl(of_type: Find) -> dict[str, Any]:
    (acl,) = of_type(":WebAcl")
    return acl


def _rules(acl: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in acl["rules"]}


def _counted(rule: dict[str, Any]) -> set[str]:
    overrides = rule["statement"]["managedRuleGroupStatement"].get("ruleActionOverrides", [])
    assert all(override["actionToUse"] == {"count": {}} for override in overrides)
    return {override["name"] for override in overrides}


def test_it_stands_before_the_stage_and_lets_the_rules_decide(acl: dict[str, Any], of_type: Find) -> None:
    (association,) = of_type(":WebAclAssociation")
    assert association["resourceArn"] == "arn:aws:apigateway:us-east-2::/restapis/webhook_api-id/stages/live"
    assert association["webAclArn"] == "arn:preview:webhook_firewall"
    assert (acl["scope"], acl["defaultAction"]) == ("REGIONAL", {"allow": {}})
    assert acl["name"] == acl["visibilityConfig"]["metricName"] == "webhook_firewall_dev"


@pytest.mark.parametrize("group", AWS_RULES)
def test_each_managed_group_acts_but_no_rule_about_bodies_blocks(acl: dict[str, Any], group: str) -> None:
    rule = _rules(acl)[group]
    assert rule["overrideAction"] == {"none": {}}
    counted = _counted(rule)
    # WAF says nothing about an override of a rule that it does not have.
    assert counted <= AWS_RULES[group]
    assert counted == {name for name in AWS_RULES[group] if name.endswith("_BODY") or name == "NoUserAgent_HEADER"}


def test_a_suspicious_body_is_counted_labelled_and_rings(acl: dict[str, Any], of_type: Find) -> None:
    rule = _rules(acl)["suspicious_body"]
    assert rule["action"] == {"count": {}}
    assert rule["priority"] == max(other["priority"] for other in acl["rules"])
    labels = {s["labelMatchStatement"]["key"] for s in rule["statement"]["orStatement"]["statements"]}
    attacks = {
        name
        for group in AWS_RULES.values()
        for name in group
        if name.endswith("_BODY") and not name.startswith("SizeRestrictions")
    }
    assert {label.rpartition(":")[2].upper() for label in labels} == {name.upper() for name in attacks}
    assert all(re.fullmatch(r"awswaf:managed:aws:(core-rule-set|known-bad-inputs):\w+_Body", label) for label in labels)
    (alarm,) = (a for a in of_type(":MetricAlarm") if a["name"] == "firewall_suspicious_bodies_dev")
    assert alarm["dimensions"] == {"WebACL": acl["name"], "Region": "us-east-2", "Rule": "suspicious_body"}
    assert (alarm["metricName"], alarm["threshold"]) == ("CountedRequests", 1)
    (dashboard,) = of_type(":Dashboard")
    assert '"AWS/WAFV2", "BlockedRequests", "WebACL", "webhook_firewall_dev"' in dashboard["dashboardBody"]


def test_no_provider_reaches_the_limit_of_an_address(acl: dict[str, Any]) -> None:
    gateway = LIMITS["gateway"]
    rule = _rules(acl)["rate_per_address"]
    statement = rule["statement"]["rateBasedStatement"]
    assert rule["action"] == {"block": {}}
    assert statement["aggregateKeyType"] == "FORWARDED_IP"
    assert statement["forwardedIpConfig"] == {"headerName": "x-viewer-ip", "fallbackBehavior": "MATCH"}
    assert "scopeDownStatement" not in statement
    window = statement["evaluationWindowSec"]
    assert window in (60, 120, 300, 600)
    most = gateway["throttle_rate"] * window + gateway["throttle_burst"]
    assert 1.05 * most <= statement["limit"] <= 1.2 * most


def test_who_has_no_key_may_send_little(acl: dict[str, Any]) -> None:
    rule = _rules(acl)["rate_without_key"]
    statement = rule["statement"]["rateBasedStatement"]
    assert rule["action"] == {"block": {}}
    assert (statement["limit"], statement["evaluationWindowSec"]) == (1000, 300)
    (negated,) = statement["scopeDownStatement"]["notStatement"]["statements"]
    key = negated["sizeConstraintStatement"]
    assert key["fieldToMatch"] == {"singleHeader": {"name": "x-api-key"}}
    assert (key["comparisonOperator"], key["size"]) == ("GE", 1)


def test_bodies_are_watched_as_far_as_waf_can(acl: dict[str, Any]) -> None:
    (body,) = acl["associationConfig"]["requestBodies"]
    assert body == {"apiGateway": {"defaultSizeInspectionLimit": "KB_64"}}


def test_everything_is_measured_and_nothing_sampled(acl: dict[str, Any]) -> None:
    for part in [acl, *acl["rules"]]:
        visible = part["visibilityConfig"]
        assert (visible["cloudwatchMetricsEnabled"], visible["sampledRequestsEnabled"]) == (True, False)
    priorities = [rule["priority"] for rule in acl["rules"]]
    assert len(set(priorities)) == len(priorities)
    names = [rule["visibilityConfig"]["metricName"] for rule in acl["rules"]]
    assert names == [rule["name"] for rule in acl["rules"]]


def test_neither_bodies_nor_what_proves_a_sender_are_kept(acl: dict[str, Any], of_type: Find) -> None:
    secret = {"x-api-key", "x-origin-secret", "authorization", "cookie"}
    secret |= {header for provider in read_catalogue() for header in provider.forwarded_headers}
    protections = {p["field"]["fieldType"]: p for p in acl["dataProtectionConfig"]["dataProtections"]}
    assert set(protections) == {"BODY", "QUERY_STRING", "SINGLE_HEADER"}
    assert {p["action"] for p in protections.values()} == {"SUBSTITUTION"}
    assert set(protections["SINGLE_HEADER"]["field"]["fieldKeys"]) == secret
    (logging,) = of_type(":WebAclLoggingConfiguration")
    redacted = logging["redactedFields"]
    assert {field["singleHeader"]["name"] for field in redacted if "singleHeader" in field} == secret
    assert {"queryString": {}} in redacted


def test_it_logs_what_it_blocks_and_what_is_suspicious_and_nothing_else(of_type: Find) -> None:
    (logging,) = of_type(":WebAclLoggingConfiguration")
    group = "arn:aws:logs:us-east-2:000000000000:log-group:aws-waf-logs-webhook_firewall_dev"
    assert logging["logDestinationConfigs"] == [group]
    assert logging["loggingFilter"]["defaultBehavior"] == "DROP"
    (kept,) = logging["loggingFilter"]["filters"]
    assert (kept["behavior"], kept["requirement"]) == ("KEEP", "MEETS_ANY")
    label = "awswaf:000000000000:webacl:webhook_firewall_dev:suspicious_body"
    assert kept["conditions"] == [
        {"actionCondition": {"action": "BLOCK"}},
        {"labelNameCondition": {"labelName": label}},
    ]
    (writer,) = of_type(":LogResourcePolicy")
    (statement,) = json.loads(writer["policyDocument"])["Statement"]
    assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert statement["Resource"] == f"{group}:log-stream:*"
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "000000000000"}


def test_every_name_is_in_the_providers_spelling(graph: list[dict[str, Any]]) -> None:
    """The package leaves a name that it does not know as it is written, and the provider would not know it either."""
    text = json.dumps([r["properties"] for r in graph if r["type"].startswith(("aws:wafv2/", "aws:cloudtrail/"))])
    assert re.findall(r'"[a-z]+_[a-z_]+":', text) == []


def test_without_it_nothing_speaks_of_it() -> None:
    evaluation = evaluated(config={"payhook:firewall": "false", "payhook:edge": "false"})
    text = json.dumps(evaluation.graph())
    assert "aws:wafv2/" not in text
    assert "aws-waf-logs-" not in text
    assert "AWS/WAFV2" not in text
    assert "firewall_arn" not in evaluation.outputs

"""What protects the evidence: no function deletes it, whoever uses it is recorded, a lock on demand, card data masked in logs."""

import json
from collections import Counter
from typing import Any

import pytest

from infra.evaluation import Evaluation, evaluated
from infra.lib.limits import FUNCTIONS
from infra.tests.conftest import Find

AUDIT = "arn:aws:s3:::payhook-audit-000000000000-dev"
RECORD = "arn:aws:s3:::payhook-access-logs-000000000000-dev"
TRAIL = "arn:aws:cloudtrail:us-east-2:000000000000:trail/audit_access_dev"
LOCK = ":BucketObjectLockConfiguration"


def _statements(text: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in json.loads(text)["Statement"]}


def _policy(of_type: Find, bucket: str) -> dict[str, dict[str, Any]]:
    (policy,) = (p["policy"] for p in of_type(":BucketPolicy") if p["bucket"] == bucket)
    return _statements(policy)


def _by_type(evaluation: Evaluation, suffix: str) -> list[dict[str, Any]]:
    return [r["properties"] for r in evaluation.graph() if r["type"].endswith(suffix)]


def test_no_function_can_delete_an_object_or_loosen_the_bucket(of_type: Find) -> None:
    roles = [f"arn:aws:iam::000000000000:role/{function}_role_dev" for function in FUNCTIONS]
    statements = _policy(of_type, "audit-id")
    objects, bucket = statements["FunctionsRemoveNothing"], statements["FunctionsLoosenNothing"]
    for statement in (objects, bucket):
        assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": roles}}
        assert not [action for action in statement["Action"] if "*" in action]
    assert objects["Resource"] == [f"{AUDIT}/*"]
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"} <= set(objects["Action"])
    assert bucket["Resource"] == [AUDIT]
    assert {"s3:PutLifecycleConfiguration", "s3:PutBucketVersioning", "s3:PutBucketPolicy"} <= set(bucket["Action"])


def test_nothing_that_a_function_may_do_is_denied_to_it(of_type: Find) -> None:
    statements = _policy(of_type, "audit-id").values()
    denied = {action for s in statements if "Functions" in s["Sid"] for action in s["Action"]}
    allowed = {a for p in of_type(":RolePolicy") for s in json.loads(p["policy"])["Statement"] for a in s["Action"]}
    assert "s3:PutObject" in allowed
    assert denied & allowed == set()


def test_the_trail_records_every_call_on_the_audit_log(of_type: Find) -> None:
    (trail,) = of_type(":Trail")
    assert trail["name"] == "audit_access_dev"
    assert (trail["enableLogging"], trail["enableLogFileValidation"]) == (True, True)
    assert (trail["kmsKeyId"], trail["s3BucketName"]) == ("arn:preview:key", "access_record-id")
    recorded = {}
    for selector in trail["advancedEventSelectors"]:
        fields = {field.pop("field"): field for field in json.loads(json.dumps(selector["fieldSelectors"]))}
        assert fields["eventCategory"] == {"equals": ["Data"]}
        assert fields["resources.type"] == {"equals": ["AWS::S3::Object"]}
        (prefix,) = fields["resources.ARN"]["startsWiths"]
        recorded[prefix] = fields.get("eventName")
    # The others would feed themselves with the puts that deliver them.
    but_puts = {"notEquals": ["PutObject"]}
    edge_log = "arn:aws:s3:::payhook-edge-logs-000000000000-dev"
    assert recorded == {f"{AUDIT}/": None, f"{RECORD}/": but_puts, f"{edge_log}/": but_puts}


def test_only_this_trail_writes_the_record(of_type: Find) -> None:
    statements = _policy(of_type, "access_record-id")
    assert set(statements) == {"DenyWithoutTls", "DeploysLoosenNothing", "TrailLooks", "TrailWrites"}
    for sid, action, resource in (
        ("TrailLooks", "s3:GetBucketAcl", RECORD),
        ("TrailWrites", "s3:PutObject", f"{RECORD}/AWSLogs/000000000000/*"),
    ):
        statement = statements[sid]
        assert statement["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
        assert (statement["Action"], statement["Resource"]) == (action, resource)
        assert statement["Condition"]["StringEquals"]["aws:SourceArn"] == TRAIL
    key = next(k for k in of_type(":Key") if k.get("keyUsage") != "SIGN_VERIFY")
    use = _statements(key["policy"])["AccessRecord"]
    assert use["Condition"] == {"StringEquals": {"aws:SourceArn": TRAIL}}


def test_without_the_record_nothing_speaks_of_it() -> None:
    evaluation = evaluated(config={"payhook:access_record": "false"})
    text = json.dumps(evaluation.graph())
    assert "cloudtrail" not in text
    assert "payhook-access-logs" not in text
    assert "access_record_bucket_name" not in evaluation.outputs


def test_by_default_nothing_is_locked(evaluation: Evaluation) -> None:
    assert _by_type(evaluation, LOCK) == []
    for bucket in _by_type(evaluation, ":Bucket"):
        assert "objectLockEnabled" not in bucket
        assert bucket["forceDestroy"] is True


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_a_lock_on_demand(mode: str) -> None:
    locked = evaluated(config={"payhook:object_lock_days": "365", "payhook:object_lock_mode": mode})
    (lock,) = _by_type(locked, LOCK)
    assert lock == {"bucket": "audit-id", "rule": {"defaultRetention": {"mode": mode, "days": 365}}}
    buckets = {b["bucket"]: (b.get("objectLockEnabled"), b["forceDestroy"]) for b in _by_type(locked, ":Bucket")}
    # The records of who used it and who came are not locked, and go with the stack.
    assert buckets == {
        "payhook-audit-000000000000-dev": (True, False),
        "payhook-access-logs-000000000000-dev": (None, True),
        "payhook-edge-logs-000000000000-dev": (None, True),
    }


def test_a_lock_changes_nothing_else(evaluation: Evaluation) -> None:
    def without_lock(graph: list[dict[str, Any]]) -> dict[str, Any]:
        return {r["urn"]: r["properties"] for r in graph if not r["type"].endswith((LOCK, ":Bucket"))}

    locked = evaluated(config={"payhook:object_lock_days": "1"})
    assert without_lock(locked.graph()) == without_lock(evaluation.graph())


def test_every_log_group_finds_and_masks_card_data(of_type: Find) -> None:
    groups = Counter(group["name"] for group in of_type(":LogGroup"))
    policies = of_type(":LogDataProtectionPolicy")
    assert groups == Counter(policy["logGroupName"] for policy in policies)
    assert "API-Gateway-Execution-Logs_webhook_api-id/live" in groups
    for policy in policies:
        found, masked = json.loads(policy["policyDocument"])["Statement"]
        assert found["Operation"] == {"Audit": {"FindingsDestination": {}}}
        assert masked["Operation"] == {"Deidentify": {"MaskConfig": {}}}
        assert found["DataIdentifier"] == masked["DataIdentifier"]
        assert "arn:aws:dataprotection::aws:data-identifier/CreditCardNumber" in found["DataIdentifier"]


def test_whatever_writes_a_log_waits_for_its_protection(graph: list[dict[str, Any]]) -> None:
    urns = {r["name"]: r["urn"] for r in graph if r["type"].endswith(":LogDataProtectionPolicy")}
    writers = {r["name"]: r["options"]["dependencies"] for r in graph}
    for function in FUNCTIONS:
        assert urns[f"{function}_logs_protection"] in writers[function]
    for log in ("webhook_api_access_log", "webhook_api_execution_log"):
        assert urns[f"{log}_protection"] in writers["webhook_api_stage"]
    assert urns["webhook_firewall_log_protection"] in writers["webhook_firewall_logging"]


def test_a_finding_in_any_log_rings(of_type: Find) -> None:
    (alarm,) = (a for a in of_type(":MetricAlarm") if a["name"] == "card_data_in_logs_dev")
    (query,) = alarm["metricQueries"]
    assert query["expression"] == 'SELECT SUM(LogEventsWithFindings) FROM "AWS/Logs"'
    assert (alarm["threshold"], query["returnData"]) == (1, True)

"""What the stack must be: each line of the design and of PCI DSS that can be read from the graph."""

import json
import re
from typing import Any

import pytest

from infra.graph import Evaluation
from infra.lib.archive_catalogue import read_columns
from infra.lib.limits import FUNCTIONS, LIMITS
from infra.tests.conftest import Find

TAGS = {"Environment": "dev", "Project": "payhook", "CostCenter": "payments"}
# Types that take no tags at AWS.
UNTAGGED = {
    "apigateway/deployment", "apigateway/integration", "apigateway/integrationResponse",
    "apigateway/method", "apigateway/methodResponse", "apigateway/methodSettings", "apigateway/resource",
    "apigateway/response", "apigateway/usagePlanKey", "cloudwatch/dashboard", "cloudwatch/logDataProtectionPolicy",
    "cloudwatch/logResourcePolicy", "iam/rolePolicy", "glue/catalogTable", "kms/alias", "lambda/functionEventInvokeConfig", "lambda/functionRecursionConfig", "s3/bucketLifecycleConfiguration",
    "s3/bucketOwnershipControls", "s3/bucketPolicy", "s3/bucketPublicAccessBlock",
    "s3/bucketServerSideEncryptionConfiguration", "s3/bucketVersioning", "scheduler/schedule", "sns/topicPolicy",
    "random", "sqs/queuePolicy", "wafv2/webAclAssociation", "wafv2/webAclLoggingConfiguration",
}  # fmt: skip
KEY = "arn:preview:key"


def _short(resource: dict[str, Any]) -> str:
    return resource["type"].removeprefix("aws:").partition(":")[0]


def _statements(documents: list[str]) -> list[dict[str, Any]]:
    return [statement for text in documents for statement in json.loads(text)["Statement"]]


def _actions(statement: dict[str, Any]) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else action


def test_three_tags_on_everything_taggable(graph: list[dict[str, Any]]) -> None:
    for resource in graph:
        if _short(resource) not in UNTAGGED:
            assert resource["properties"].get("tags") == TAGS, resource["name"]


def test_nothing_is_retained_or_protected(graph: list[dict[str, Any]], of_type: Find) -> None:
    assert not [r["name"] for r in graph if r["options"]["protect"] or r["options"]["retainOnDelete"]]
    assert all(bucket["forceDestroy"] for bucket in of_type(":Bucket"))
    assert not any(table["deletionProtectionEnabled"] for table in of_type(":Table"))
    assert all(secret["recoveryWindowInDays"] == 0 for secret in of_type(":Secret"))


def test_every_name_carries_the_suffix(graph: list[dict[str, Any]]) -> None:
    for resource in graph:
        name = resource["properties"].get("name") or resource["properties"].get("bucket", "")
        if resource["type"].endswith(("LogGroup", "Bucket")) or "name" in resource["properties"]:
            assert name.endswith(("_dev", "-dev")) or name.startswith("API-Gateway-Execution-Logs_"), resource["name"]


def test_routes_need_a_key(of_type: Find) -> None:
    methods = of_type(":Method")
    assert {(m["httpMethod"], m["resourceId"]) for m in methods} == {
        ("POST", "webhook-id"),
        ("POST", "webhook_provider-id"),
        ("GET", "webhook_provider-id"),
    }
    assert all(method["apiKeyRequired"] for method in methods)
    assert {r["pathPart"] for r in of_type(":Resource")} == {"webhook", "{provider}"}


def test_the_stage_throttles_and_logs_without_bodies(of_type: Find) -> None:
    (settings,) = (method["settings"] for method in of_type(":MethodSettings"))
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (10_000, 5_000)
    assert (settings["dataTraceEnabled"], settings["loggingLevel"]) == (False, "ERROR")
    (stage,) = of_type(":Stage")
    access = json.loads(stage["accessLogSettings"]["format"])
    assert {"requestId", "ip", "status", "apiKeyId"} <= set(access)
    assert not {"$context.identity.apiKey"} & set(access.values())
    for plan in of_type(":UsagePlan"):
        assert plan["throttleSettings"] == {"rateLimit": 10_000, "burstLimit": 5_000}


def test_the_body_goes_into_the_queue_untouched(of_type: Find) -> None:
    queueing = [integration for integration in of_type(":Integration") if integration["type"] == "AWS"]
    assert len(queueing) == 2
    for integration in queueing:
        assert integration["passthroughBehavior"] == "NEVER"
        for template in integration["requestTemplates"].values():
            assert "$util.urlEncode($input.body)" in template
            assert "$input.json" not in template
    templates = {i["resourceId"]: next(iter(i["requestTemplates"].values())) for i in queueing}
    assert '"provider=&' in templates["webhook-id"]
    assert "provider=$util.urlEncode($input.params('provider'))&" in templates["webhook_provider-id"]


def test_a_handshake_is_asked_of_the_function_that_knows_the_secrets(of_type: Find) -> None:
    (asking,) = [integration for integration in of_type(":Integration") if integration["type"] != "AWS"]
    assert (asking["type"], asking["httpMethod"]) == ("AWS_PROXY", "GET")
    assert asking["uri"].endswith(":function:webhook_processor_dev/invocations")
    assert asking["credentials"].endswith(":role/webhook_api_role_dev")


def test_queues(of_type: Find) -> None:
    queues = {queue["name"].removesuffix("_dev"): queue for queue in of_type(":Queue")}
    assert set(queues) == {"webhook_queue", "rejected_queue"} | {f"{function}_dlq" for function in FUNCTIONS}
    assert {queue["kmsMasterKeyId"] for queue in queues.values()} == {KEY}
    for function in FUNCTIONS:
        assert queues[f"{function}_dlq"]["messageRetentionSeconds"] == 14 * 86_400
    webhook = queues["webhook_queue"]
    redrive = json.loads(webhook["redrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(":webhook_processor_dlq_dev")
    assert redrive["maxReceiveCount"] >= 5
    assert webhook["visibilityTimeoutSeconds"] >= 6 * LIMITS["function"]["webhook_processor"]["timeout_seconds"]
    assert webhook["maxMessageSize"] < queues["rejected_queue"]["maxMessageSize"]


def test_tables(of_type: Find) -> None:
    tables = {table["name"]: table for table in of_type(":Table")}
    assert set(tables) == {"transactions_dev", "analytics_dev"}
    for table in tables.values():
        assert table["billingMode"] == "PAY_PER_REQUEST"
        assert table["pointInTimeRecovery"] == {"enabled": True}
        assert table["serverSideEncryption"] == {"enabled": True, "kmsKeyArn": KEY}
        assert table["ttl"] == {"enabled": True, "attributeName": "expires_at"}
    transactions = tables["transactions_dev"]
    assert (transactions["streamEnabled"], transactions["streamViewType"]) == (True, "NEW_AND_OLD_IMAGES")
    assert {attribute["name"] for attribute in transactions["attributes"]} == {"transaction_id", "timestamp"}
    assert "globalSecondaryIndexes" not in transactions


def test_a_record_stays_until_no_repetition_of_its_event_is_believed() -> None:
    """See "Too old to be new" in ARCHITECTURE.md."""
    archive = LIMITS["archive"]
    waits = max(LIMITS[queue]["retention_seconds"] for queue in ("rejected_queue", "dead_letter_queue"))
    waits_seconds = waits + LIMITS["webhook_queue"]["retention_seconds"]
    assert archive["too_old_days"] * 86_400 + waits_seconds <= archive["table_days"] * 86_400
    assert archive["undated_table_days"] > archive["table_days"]
    assert archive["movement_table_days"] > archive["table_days"]


def test_a_day_that_is_not_archived_rings_long_before_it_expires_and_stops_the_expiry_after_that() -> None:
    archive = LIMITS["archive"]
    # A message waits for so long at most, and an audit object comes as late (`message_retention`
    # in docs/ledger.json, `LATE_DAYS` of the seal).
    waiting_days, late_days = 28, 20
    left_at_best = archive["table_days"] + archive["grace_days"] - waiting_days - late_days - archive["after_days"]
    assert left_at_best > archive["days_left_alarm"]
    # The expiry is off an hour after the call at the latest, and two runs may be missed.
    assert archive["days_left_alarm"] - 30 > archive["days_left_stop"] > 2
    # What a crash left is there when somebody looks, and is gone before the record is.
    assert archive["pending_days_kept"] < archive["days_left_alarm"]


def test_buckets(of_type: Find) -> None:
    buckets = {"audit-id", "access_record-id", "edge_log-id"}
    encryption = {b["bucket"]: b["rules"][0] for b in of_type("ServerSideEncryptionConfiguration")}
    versioning = {v["bucket"]: v["versioningConfiguration"]["status"] for v in of_type(":BucketVersioning")}
    blocks = {block["bucket"]: block for block in of_type(":BucketPublicAccessBlock")}
    owners = {o["bucket"]: o["rule"]["objectOwnership"] for o in of_type(":BucketOwnershipControls")}
    policies = {policy["bucket"]: _statements([policy["policy"]]) for policy in of_type(":BucketPolicy")}
    for bucket in buckets:
        by_default = encryption[bucket]["applyServerSideEncryptionByDefault"]
        assert by_default == {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
        assert (versioning[bucket], owners[bucket]) == ("Enabled", "BucketOwnerEnforced")
        assert all(value is True for name, value in blocks[bucket].items() if name != "bucket")
        tls = policies[bucket][0]
        assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "s3:*")
        assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert buckets == set(encryption) == set(versioning) == set(blocks) == set(owners) == set(policies)


def test_lifecycles(of_type: Find) -> None:
    lifecycles = {lifecycle["bucket"]: lifecycle["rules"] for lifecycle in of_type(":BucketLifecycleConfiguration")}
    rules = [rule for rules in lifecycles.values() for rule in rules]
    colder = {r["filter"]["prefix"]: r["transitions"][0]["days"] for r in rules if "transitions" in r}
    assert colder == dict.fromkeys(
        ("audit/", "logs/", "seal/", "archive/transactions/", "archive/manifests/", "AWSLogs/", "edge/"), 90
    )
    ends = {r["filter"]["prefix"]: r["expiration"]["days"] for r in rules if "expiration" in r}
    assert ends == dict.fromkeys(("audit/", "logs/", "seal/", "AWSLogs/", "edge/"), 400) | {"archive/pending/": 7}
    assert set(lifecycles) == {"audit-id", "access_record-id", "edge_log-id"}


def test_the_catalogue_has_the_columns_of_the_parts_and_projects_the_days(of_type: Find) -> None:
    (table,) = of_type(":CatalogTable")
    columns = [(column["name"], column["type"]) for column in table["storageDescriptor"]["columns"]]
    assert columns == read_columns()
    assert ("amount_minor", "bigint") in columns
    assert ("received_at", "timestamp") in columns
    assert [key["name"] for key in table["partitionKeys"]] == ["dt"]
    parameters = table["parameters"]
    assert parameters["projection.enabled"] == "true"
    location = table["storageDescriptor"]["location"]
    assert parameters["storage.location.template"] == f"{location}dt=${{dt}}/"
    assert location.endswith("-dev/archive/transactions/")


def test_functions(of_type: Find) -> None:
    functions = {function["name"].removesuffix("_dev"): function for function in of_type("lambda/function:Function")}
    assert set(functions) == set(FUNCTIONS)
    for name, function in functions.items():
        assert (function["runtime"], function["architectures"]) == ("provided.al2023", ["arm64"])
        assert (function["memorySize"], function["kmsKeyArn"]) == (512, KEY)
        assert function["role"].endswith(f"role/{name}_role_dev")
    reserved = {name: function["reservedConcurrentExecutions"] for name, function in functions.items()}
    assert reserved == {"webhook_processor": 5, "analytics_processor": 5, "archival_function": 2}


def test_event_sources(of_type: Find) -> None:
    queue, stream = sorted(of_type(":EventSourceMapping"), key=lambda mapping: "startingPosition" in mapping)
    assert queue["scalingConfig"]["maximumConcurrency"] < 5
    assert stream["batchSize"] == 100
    assert not stream["bisectBatchOnFunctionError"]
    for mapping in (queue, stream):
        assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]
    patterns = [json.loads(one["pattern"]) for one in stream["filterCriteria"]["filters"]]
    counted = {tuple(p["dynamodb"]["NewImage"]["record_type"]["S"]): p["eventName"] for p in patterns}
    assert counted == {("event",): ["INSERT"], ("movement",): ["INSERT", "MODIFY"]}
    assert stream["destinationConfig"]["onFailure"]["destinationArn"].endswith(":analytics_processor_dlq_dev")


def test_the_archive_runs_daily_and_its_failures_have_a_queue(of_type: Find) -> None:
    (schedule,) = of_type(":Schedule")
    assert schedule["scheduleExpression"] == "cron(20 0 * * ? *)"
    assert schedule["target"]["deadLetterConfig"]["arn"].endswith(":archival_function_dlq_dev")
    (invoke,) = of_type(":FunctionEventInvokeConfig")
    assert invoke["destinationConfig"]["onFailure"]["destination"].endswith(":archival_function_dlq_dev")


def test_log_groups(of_type: Find) -> None:
    groups = of_type(":LogGroup")
    assert {group["retentionInDays"] for group in groups} == {30}
    assert {group["kmsKeyId"] for group in groups} == {KEY}
    assert {f"/aws/lambda/{function}_dev" for function in FUNCTIONS} <= {group["name"] for group in groups}


@pytest.mark.parametrize(
    "alarm",
    [f"{function}_{what}" for function in FUNCTIONS for what in ("error_rate", "dlq_depth")]
    + ["webhook_processor_throttles", "webhook_queue_age", "stream_iterator_age"]
    + ["gateway_5xx", "gateway_4xx_share", "gateway_quiet", "rejected_spike", "rejected_stripe", "archive_not_run"]
    + ["incomplete_share", "unknown_event_type", "money_contradicted", "archive_behind", "expiry_stopped"]
    + ["card_data_in_logs", "firewall_blocked", "firewall_rate_limited", "firewall_suspicious_bodies"],
)
def test_alarm(of_type: Find, alarm: str) -> None:
    (found,) = (a for a in of_type(":MetricAlarm") if a["name"] == f"{alarm}_dev")
    assert found["alarmActions"] == ["arn:aws:sns:us-east-2:000000000000:alarms_dev"]
    missing = "breaching" if alarm in ("archive_not_run", "gateway_quiet") else "notBreaching"
    assert found["treatMissingData"] == missing
    if alarm.endswith("error_rate"):
        assert found["threshold"] == 1
        metrics = {query["metric"]["metricName"] for query in found["metricQueries"] if "metric" in query}
        assert metrics == {"Errors", "Invocations", "FailedRecords", "Records"}


def test_the_topic_and_the_secrets_are_encrypted(of_type: Find) -> None:
    assert {topic["kmsMasterKeyId"] for topic in of_type(":Topic")} == {KEY}
    assert {secret["kmsKeyId"] for secret in of_type(":Secret")} == {KEY}
    keys = {key.get("keyUsage", "ENCRYPT_DECRYPT"): key for key in of_type(":Key")}
    assert keys["ENCRYPT_DECRYPT"]["enableKeyRotation"]
    seal = keys["SIGN_VERIFY"]
    assert seal["customerMasterKeySpec"] == "ECC_NIST_P256"
    who_signs = [s["Principal"]["AWS"] for s in _statements([seal["policy"]]) if "kms:Sign" in _actions(s)]
    assert who_signs == [["arn:aws:iam::000000000000:role/archival_function_role_dev"]]


def test_no_role_has_a_wildcard_but_the_two_allowed(of_type: Find) -> None:
    policies = of_type(":RolePolicy")
    assert {policy["role"] for policy in policies} >= {f"{function}_role_dev" for function in FUNCTIONS}
    for statement in _statements([policy["policy"] for policy in policies]):
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource"} & set(statement)
        assert not [action for action in _actions(statement) if "*" in action]
        for resource in statement["Resource"]:
            if "*" in resource:
                ends = (
                    "/audit/*",
                    "/archive/*",
                    "/logs/*",
                    "/seal/*",
                    ":log-stream:*",
                    "table/transactions_dev/stream/*",
                )
                # A log group's own ARN ends so.
                assert resource.endswith(ends) or re.fullmatch(r"arn:aws:logs:.*:log-group:[^:*]+:\*", resource), (
                    resource
                )


def test_no_function_deletes_an_object_or_a_record_and_only_the_archive_stops_the_expiry(of_type: Find) -> None:
    def may(action: str, on: str) -> list[str]:
        return [
            policy["role"]
            for policy in of_type(":RolePolicy")
            for statement in _statements([policy["policy"]])
            if any(re.fullmatch(action, found) for found in _actions(statement))
            and any(re.search(on, resource) for resource in statement["Resource"])
        ]

    assert may("s3:Delete.*", "") == []
    assert may("dynamodb:(BatchWrite.*|Delete.*|PartiQLDelete|PutItem)", ":table/transactions_") == []
    assert may("dynamodb:UpdateTimeToLive", "") == ["archival_function_role_dev"]
    assert may("dynamodb:UpdateTimeToLive", ":table/transactions_dev$") == ["archival_function_role_dev"]


def test_outputs(evaluation: Evaluation) -> None:
    assert {
        "api_endpoint_url", "api_key_ids", "transactions_table_name", "audit_bucket_name", "webhook_queue_url",
        "rejected_queue_url", "dashboard_url", "seal_key_alias", "archive_table_name", "access_record_bucket_name", "firewall_arn",
    } <= set(evaluation.outputs)  # fmt: skip
    assert evaluation.outputs["api_endpoint_url"].endswith("/live/webhook")

"""The applier makes every resource of the program, with what the program says of it, and refuses what it does not know."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.evaluation import Evaluation, evaluated
from infra.local_cloud.applier import MAKERS, Applier, UnknownResourceTypeError, make
from infra.local_cloud.applier.shapes import capitalised, present, whole
from infra.local_cloud.clients import Clients
from infra.local_cloud.cloud import LocalCloud, account_wide
from infra.symbols import SUFFIX, SymbolError

TAGS = {"Environment": "applied", "Project": "payhook", "CostCenter": "payments"}


NOWHERE = Clients("http://127.0.0.1:1")


def test_the_makers_are_those_that_the_program_needs() -> None:
    needed = {resource["type"] for resource in evaluated().graph()}
    optional = {resource["type"] for resource in evaluated({"payhook:object_lock_days": "1"}).graph()}
    account = {resource["type"] for resource in account_wide().graph()}
    assert needed < optional
    assert optional | account == set(MAKERS)
    assert account - optional == {"aws:apigateway/account:Account", "aws:iam/rolePolicyAttachment:RolePolicyAttachment"}


def test_an_unknown_type_is_an_error_and_not_a_skip() -> None:
    with pytest.raises(UnknownResourceTypeError, match="aws:ec2/instance:Instance"):
        make(NOWHERE, "aws:ec2/instance:Instance", "thing", {})


def test_a_failure_names_the_resource() -> None:
    with pytest.raises(RuntimeError, match="aws:sqs/queue:Queue thing"):
        make(NOWHERE, "aws:sqs/queue:Queue", "thing", {"tags": {}})


def test_a_missing_zip_says_what_to_do(tmp_path: Path) -> None:
    inputs = {"code": {"path": str(tmp_path / "none.zip")}}
    with pytest.raises(RuntimeError, match="make build"):
        make(NOWHERE, "aws:lambda/function:Function", "thing", inputs)


def _resource(name: str, **inputs: Any) -> dict[str, Any]:
    needed = inputs.pop("after", [])
    options = {"dependencies": needed, "parent": "urn:parent"}
    return {"type": "test:Thing", "name": name, "urn": f"urn:{name}", "properties": inputs, "options": options}


def _applied(
    monkeypatch: pytest.MonkeyPatch, *resources: dict[str, Any], **outputs: Any
) -> tuple[dict[str, Any], list[Any]]:
    """The outputs, and the inputs in the order in which the things were made."""
    seen: list[Any] = []

    def thing(_: Clients, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        seen.append(inputs)
        return f"id-{inputs['n']}", {"arn": f"arn:{inputs['n']}"}

    monkeypatch.setitem(MAKERS, "test:Thing", thing)
    applier = Applier(NOWHERE, "here", Path("zips"))
    filled = applier.apply(Evaluation([*resources], outputs))
    assert applier.made == len(resources)
    return filled, seen


def test_symbols_are_filled_in_as_the_resources_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    first = _resource("first", n=1, queue=f"first_{SUFFIX}", after=["urn:second"])
    second = _resource("second", n=2, policy='{"on":"~Thing/third.arn~"}', after=["urn:third"])
    third = _resource("third", n=3)
    filled, seen = _applied(monkeypatch, first, second, third, url="https://~Thing/first.id~/x", n="~Thing/second.n~")
    assert seen == [{"n": 3}, {"n": 2, "policy": '{"on":"arn:3"}'}, {"n": 1, "queue": "first_here"}]
    assert filled == {"url": "https://id-1/x", "n": 2}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("~Thing/first.url~", "url of Thing/first is not known"),
        ("~Thing/absent.arn~", "arn of Thing/absent is not known"),
        ("~Thing/first.ar", "took a symbol apart"),
        (SUFFIX.partition("0")[0] + "_" + SUFFIX[7:], "took a symbol apart"),
        ("in a text ~Thing/first.n~", "cannot stand inside"),
        ("in a text ~Thing/first.quoted~", "cannot stand inside"),
    ],
)
def test_what_cannot_be_filled_in_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str, message: str) -> None:
    with pytest.raises(SymbolError, match=message):
        _applied(monkeypatch, _resource("first", n=1, quoted='"'), value=value)


def test_two_resources_of_one_name_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = _resource("first", n=1), _resource("first", n=2) | {"urn": "urn:other"}
    with pytest.raises(SymbolError, match="two resources are called Thing/first"):
        _applied(monkeypatch, one, other)


def test_resources_that_wait_for_each_other_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="wait for each other"):
        _applied(
            monkeypatch, _resource("first", n=1, after=["urn:second"]), _resource("second", n=2, after=["urn:first"])
        )


def test_everything_of_the_program_is_made(cloud: LocalCloud) -> None:
    assert cloud.made == len(evaluated().graph())


def test_tables(cloud: LocalCloud) -> None:
    dynamodb = cloud.clients.dynamodb
    table = dynamodb.describe_table(TableName="transactions_applied")["Table"]
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["transaction_id", "timestamp"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert "GlobalSecondaryIndexes" not in table
    ttl = dynamodb.describe_time_to_live(TableName="transactions_applied")["TimeToLiveDescription"]
    assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}
    backups = dynamodb.describe_continuous_backups(TableName="transactions_applied")["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.parametrize("output", ["audit_bucket_name", "access_record_bucket_name"])
def test_buckets(cloud: LocalCloud, output: str) -> None:
    s3, name = cloud.clients.s3, cloud.outputs[output]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    encryption = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    rules = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    of_audit = {"audit/", "logs/", "seal/", "archive/transactions/", "archive/manifests/", "archive/pending/"}
    assert {rule["Filter"]["Prefix"] for rule in rules} == (of_audit if "audit" in output else {"AWSLogs/"})
    assert {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]} == TAGS
    assert "SecureTransport" in s3.get_bucket_policy(Bucket=name)["Policy"]


def test_the_firewall(cloud: LocalCloud) -> None:
    waf, api = cloud.clients.wafv2, cloud.outputs["api_endpoint_url"].removeprefix("https://").partition(".")[0]
    stage = f"arn:aws:apigateway:us-east-2::/restapis/{api}/stages/live"
    acl = waf.get_web_acl_for_resource(ResourceArn=stage)["WebACL"]
    assert acl["ARN"] == cloud.outputs["firewall_arn"]
    assert [rule["Name"] for rule in acl["Rules"]][:4] == [
        "past_the_edge", "AWSManagedRulesAmazonIpReputationList", "rate_without_key", "rate_per_address",
    ]  # fmt: skip
    negated = acl["Rules"][2]["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["NotStatement"]["Statement"]
    assert negated["SizeConstraintStatement"]["FieldToMatch"] == {"SingleHeader": {"Name": "x-api-key"}}
    logging = waf.get_logging_configuration(ResourceArn=acl["ARN"])["LoggingConfiguration"]
    assert logging["LogDestinationConfigs"][0].endswith(":aws-waf-logs-webhook_firewall_applied")


def test_the_trail(cloud: LocalCloud) -> None:
    trail = cloud.clients.cloudtrail.get_trail(Name="audit_access_applied")["Trail"]
    assert trail["S3BucketName"] == cloud.outputs["access_record_bucket_name"]
    assert trail["LogFileValidationEnabled"]
    assert cloud.clients.cloudtrail.get_trail_status(Name=trail["TrailARN"])["IsLogging"]
    selectors = cloud.clients.cloudtrail.get_event_selectors(TrailName=trail["Name"])["AdvancedEventSelectors"]
    assert [selector["Name"] for selector in selectors] == ["audit bucket", "access record", "edge log"]


def test_the_edge(cloud: LocalCloud) -> None:
    edge = cloud.clients.cloudfront
    (made,) = edge.list_distributions()["DistributionList"]["Items"]
    config = edge.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    assert made["DomainName"] == cloud.outputs["edge_domain_name"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "https-only"
    (origin,) = config["Origins"]["Items"]
    (header,) = origin["CustomHeaders"]["Items"]
    waf = cloud.clients.wafv2
    acl = waf.get_web_acl(
        Id=cloud.outputs["firewall_arn"].rpartition("/")[2], Name="webhook_firewall_applied", Scope="REGIONAL"
    )
    known = acl["WebACL"]["Rules"][0]["Statement"]["NotStatement"]["Statement"]["ByteMatchStatement"]
    assert known["SearchString"] == header["HeaderValue"].encode()
    assert len(header["HeaderValue"]) == 48
    (delivery,) = cloud.clients.in_region("logs", "us-east-1").describe_deliveries()["deliveries"]
    assert delivery["deliverySourceName"] == "edge_log_applied"
    assert not [field for field in delivery["recordFields"] if "uri" in field]


def test_queues(cloud: LocalCloud) -> None:
    attributes = cloud.clients.sqs.get_queue_attributes(
        QueueUrl=cloud.outputs["webhook_queue_url"], AttributeNames=["All"]
    )["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith("webhook_processor_dlq_applied")
    assert attributes["VisibilityTimeout"] == "95"


def test_functions_and_their_event_sources(cloud: LocalCloud) -> None:
    lambda_ = cloud.clients.lambda_
    reserved = {
        function: lambda_.get_function_concurrency(FunctionName=f"{function}_applied")["ReservedConcurrentExecutions"]
        for function in ("webhook_processor", "analytics_processor", "archival_function")
    }
    assert reserved == {"webhook_processor": 5, "analytics_processor": 5, "archival_function": 2}
    mapping = lambda_.list_event_source_mappings(FunctionName="analytics_processor_applied")["EventSourceMappings"][0]
    assert mapping["BatchSize"] == 100
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"].endswith("analytics_processor_dlq_applied")


def test_alarms_and_logs(cloud: LocalCloud) -> None:
    alarms = cloud.clients.cloudwatch.describe_alarms()["MetricAlarms"]
    assert len(alarms) == sum(resource["type"].endswith("MetricAlarm") for resource in evaluated().graph())
    groups = cloud.clients.logs.describe_log_groups()["logGroups"]
    assert {group["retentionInDays"] for group in groups} == {30}
    for group in groups:
        kept = cloud.clients.logs.get_data_protection_policy(logGroupIdentifier=group["logGroupName"])
        assert "CreditCardNumber" in kept["policyDocument"]


def test_schedule(cloud: LocalCloud) -> None:
    schedule = cloud.clients.scheduler.get_schedule(Name="archive_schedule_applied")
    assert schedule["ScheduleExpression"].startswith("cron(")


def test_shapes() -> None:
    assert capitalised({"batchSize": 5.0, "inner": [{"aB": True}]}) == {"BatchSize": 5, "Inner": [{"AB": True}]}
    assert present(A=None, B=2.0) == {"B": 2}
    assert whole(2.5) == 2.5

"""Each gap of the emulator is closed by its patch, and open without it: a patch that nothing needs would fail here."""

import base64
import datetime
import http.client
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud, start, start_empty
from infra.local_cloud.emulator.__main__ import PATCHES
from infra.local_cloud.tests.acting import (
    a_loop_is_stopped,
    a_try_has_the_settings_of_its_time,
    given_by_mistake,
    one_process_is_the_edge,
    s3_as,
    without_statement,
)
from infra.local_cloud.tests.provider_probes import PROVIDER_PROBES
from infra.local_cloud.waiting import until_found_or_at_rest
from tests.e2e.door import audit_lines_of, eventually, post, post_stripe, stripe_event, stripe_headers, stripe_key
from tests.e2e.faults import logged, without
from tests.e2e.rights import a_failed_task_is_kept, logs_are_copied

# The probes ask two providers alone, and a stack with fewer is applied sooner; this file applies one for each patch.
FEW = {"providers": "adyen,standardwebhooks,stripe"}
BATCH = 30
PROCESSOR = "webhook_processor"
ARCHIVE = "archival_function"
MANY_EVENTS = 25_000


def _soon(cloud: LocalCloud, look: Callable[[], bool], seconds: float = 8) -> bool:
    """Whether `look` finds it; without a patch the cloud comes to rest long before the seconds are over."""
    return until_found_or_at_rest(cloud, look, seconds)


def _store_one(cloud: LocalCloud) -> bool:
    before = len(ledger.records(cloud))
    assert post_stripe(cloud, json.dumps(stripe_event()).encode()).status == 200
    return _soon(cloud, lambda: len(ledger.records(cloud)) > before)


def _mapping(cloud: LocalCloud, function: str) -> str:
    found = cloud.clients.lambda_.list_event_source_mappings(FunctionName=f"{function}_{cloud.suffix}")
    return found["EventSourceMappings"][0]["UUID"]


def _queue_answers(cloud: LocalCloud) -> bool:
    try:
        return ledger.depth(cloud, "webhook_queue") >= 0
    except cloud.clients.sqs.exceptions.ClientError:
        return False


def _one_batch_of_thirty(cloud: LocalCloud) -> bool:
    uuid = _mapping(cloud, PROCESSOR)
    cloud.clients.lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    for _ in range(BATCH):
        assert post_stripe(cloud, json.dumps(stripe_event()).encode()).status == 200
    cloud.clients.lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
    assert ledger.wait_until_drained(cloud)
    return any(f"batch of {BATCH} taken in" in message for message in ledger.log_messages(cloud, "/aws/lambda/"))


def _a_statement_is_in_the_stream(cloud: LocalCloud) -> bool:
    """An insert with the item as it is, an update with the item as it was, too. No filter lets it through to be counted."""
    table, execute = cloud.outputs["transactions_table_name"], cloud.clients.dynamodb.execute_statement
    key = [{"S": "probe"}, {"S": str(time.time())}]
    value = "{'record_type': ?, 'transaction_id': ?, 'timestamp': ?}"
    execute(Statement=f'INSERT INTO "{table}" VALUE {value}', Parameters=[{"S": "as it was"}, *key])
    change = 'SET "record_type" = ? WHERE "transaction_id" = ? AND "timestamp" = ?'
    execute(Statement=f'UPDATE "{table}" {change}', Parameters=[{"S": "as it is"}, *key])
    streams = cloud.clients.dynamodbstreams
    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start_at = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=start_at["ShardIterator"])["Records"]
    changes = [record for record in records if record["dynamodb"]["Keys"]["transaction_id"] == key[0]]

    def image(record: dict[str, Any], name: str) -> str | None:
        return record["dynamodb"].get(name, {}).get("record_type", {}).get("S")

    found = [(record["eventName"], image(record, "OldImage"), image(record, "NewImage")) for record in changes]
    return found == [("INSERT", None, "as it was"), ("MODIFY", "as it was", "as it is")]


def _failed_batch_reaches_its_queue(cloud: LocalCloud) -> bool:
    uuid = _mapping(cloud, "analytics_processor")
    cloud.clients.lambda_.update_event_source_mapping(UUID=uuid, MaximumRetryAttempts=1)
    with without_statement(cloud, "analytics_processor", "CountTransactions"):
        assert _store_one(cloud)

        def kept() -> bool:
            return ledger.dead_letter_depth(cloud, "analytics_processor") > 0

        # Two tries are allowed: whoever tries a fourth time goes on for ever.
        _soon(cloud, lambda: kept() or logged(cloud, "analytics_processor", "START RequestId") > 3, 30)
        return kept()


def _template_branches(cloud: LocalCloud) -> bool:
    return post(cloud, b'{"id":"branch"}', route="/adyen").body == "[accepted]"


def _origin_secret(cloud: LocalCloud) -> str:
    """What the firewall asks for of a request that does not come through the edge."""
    acls = cloud.clients.wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
    named = {key: acls[0][key] for key in ("Name", "Id")}
    rules = cloud.clients.wafv2.get_web_acl(Scope="REGIONAL", **named)["WebACL"]["Rules"]
    (statement,) = [rule["Statement"] for rule in rules if rule["Name"] == "past_the_edge"]
    text = json.dumps(statement, default=lambda value: base64.b64encode(value).decode())
    (secret, *_) = re.findall(r'"SearchString": "([^"]+)"', text)
    return base64.b64decode(secret).decode()


def _template_that_asks_for(header: str) -> str:
    request = f"provider=stripe&h.stripe-signature=$util.urlEncode($input.params('{header}'))"
    return (
        f'#set($request = "{request}")Action=SendMessage&Version=2012-11-05&MessageBody=$util.urlEncode($input.body)'
        "&MessageAttribute.1.Name=request&MessageAttribute.1.Value.DataType=String"
        "&MessageAttribute.1.Value.StringValue=$util.urlEncode($request)"
    )


def _ask_for(cloud: LocalCloud, header: str) -> None:
    """The gateway's template asks for the signature by this name, exactly.

    It is the template of a media type of its own, without the slash that the emulator does not find in a patch.
    """
    gateway, api = cloud.clients.apigateway, cloud.gateway.partition("/restapis/")[2].partition("/")[0]
    (resource,) = [r for r in gateway.get_resources(restApiId=api, limit=500)["items"] if r["path"].endswith("}")]
    operation = {"op": "replace", "path": "/requestTemplates/probe", "value": _template_that_asks_for(header)}
    gateway.update_integration(restApiId=api, resourceId=resource["id"], httpMethod="POST", patchOperations=[operation])


def _names_keep_the_senders_case(cloud: LocalCloud) -> bool:
    """Past the edge, with a name that is neither in lower case nor what CloudFront would make of it."""
    _ask_for(cloud, "STRIPE-signature")
    body = json.dumps(stripe_event()).encode()
    signature = stripe_headers(stripe_key(cloud), body)["Stripe-Signature"]
    headers = {"STRIPE-signature": signature, "x-api-key": cloud.api_key, "x-origin-secret": _origin_secret(cloud)}
    address = urlsplit(f"{cloud.gateway}/stripe")
    # `urllib` would write the name in capitals of its own.
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    connection.request("POST", address.path, body, headers | {"content-type": "probe"})
    assert connection.getresponse().status == 200
    connection.close()
    (line,) = eventually(cloud, lambda: audit_lines_of(cloud, body))
    return line["verdict"] == "stored"


def _role_is_asked(cloud: LocalCloud) -> bool:
    iam, names = cloud.clients.iam, {"RoleName": f"webhook_api_role_{cloud.suffix}"}
    names["PolicyName"] = f"webhook_api_policy_{cloud.suffix}"
    document = iam.get_role_policy(**names)["PolicyDocument"]
    iam.delete_role_policy(**names)
    try:
        return post_stripe(cloud, json.dumps(stripe_event()).encode()).status == 503
    finally:
        text = document if isinstance(document, str) else json.dumps(document)
        iam.put_role_policy(**names, PolicyDocument=text)


def _rejected_is_handed_on(cloud: LocalCloud) -> bool:
    body = json.dumps(stripe_event()).encode()
    before = ledger.depth(cloud, "rejected_queue")
    assert post(cloud, body, stripe_headers("whsec_other", body)).status == 200
    return _soon(cloud, lambda: ledger.depth(cloud, "rejected_queue") > before)


def _state(cloud: LocalCloud, alarm: str) -> str:
    return cloud.clients.cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"]


def _error_rate_rings(cloud: LocalCloud) -> bool:
    dimensions = [{"Name": "function_name", "Value": f"{PROCESSOR}_{cloud.suffix}"}]
    data = [{"MetricName": name, "Dimensions": dimensions, "Value": value} for name, value in
            (("Records", 1000.0), ("FailedRecords", 900.0))]  # fmt: skip
    cloud.clients.cloudwatch.put_metric_data(Namespace=ledger.NAMESPACE, MetricData=data)
    return _soon(cloud, lambda: _state(cloud, f"{PROCESSOR}_error_rate_{cloud.suffix}") == "ALARM", 15)


def _log_line_makes_a_metric(cloud: LocalCloud) -> bool:
    assert _store_one(cloud)
    return _soon(cloud, lambda: ledger.metric_sum(cloud, "Stored", provider="stripe") > 0, 4)


def _each_request_is_in_the_access_log(cloud: LocalCloud) -> bool:
    body = json.dumps(stripe_event()).encode()
    assert post_stripe(cloud, body).status == 200
    assert post(cloud, body, api_key="wrong").status == 403

    def both() -> bool:
        lines = [json.loads(text) for text in ledger.log_messages(cloud, "/aws/apigateway/")]
        return {"200", "403"} <= {line["status"] for line in lines} and all(line["requestId"] != "-" for line in lines)

    return _soon(cloud, both, seconds=3)


def _each_request_is_counted(cloud: LocalCloud) -> bool:
    cloudwatch, now = cloud.clients.cloudwatch, datetime.datetime.now(datetime.UTC)
    stage = [{"Name": "ApiName", "Value": f"webhook_api_{cloud.suffix}"}, {"Name": "Stage", "Value": "live"}]

    def statistic(name: str, statistic: str, dimensions: list[dict[str, str]]) -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/ApiGateway", MetricName=name, Dimensions=dimensions, Statistics=[statistic], Period=86_400,
            StartTime=now - datetime.timedelta(days=1), EndTime=now + datetime.timedelta(hours=1),
        )["Datapoints"]  # fmt: skip
        return sum(point[statistic] for point in points)

    def counts() -> list[float]:
        whole = statistic("Count", "SampleCount", stage[:1])
        return [statistic("Count", "SampleCount", stage), statistic("4XXError", "Sum", stage), whole]

    before = counts()
    for key, status in ((None, 403), ("wrong", 403), ("", 200)):
        assert post(cloud, b'{"id":"counted"}', api_key=key).status == status
    return [after - first for after, first in zip(counts(), before, strict=True)] == [3, 2, 3]


def _role_is_known_in_conditions(cloud: LocalCloud) -> bool:
    bucket, key = cloud.outputs["audit_bucket_name"], "audit/probe"
    cloud.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"")
    s3 = s3_as(cloud, PROCESSOR)
    with given_by_mistake(cloud, PROCESSOR, ["s3:DeleteObject"], [f"arn:aws:s3:::{bucket}/*"]):
        try:
            s3.delete_object(Bucket=bucket, Key=key)
        except s3.exceptions.ClientError:
            return True
    return False


def _a_new_object_of_the_log_is_taken(cloud: LocalCloud) -> bool:
    s3, bucket = s3_as(cloud, PROCESSOR), cloud.outputs["audit_bucket_name"]
    try:
        s3.put_object(Bucket=bucket, Key="audit/new", Body=b"", IfNoneMatch="*")
    except s3.exceptions.ClientError:
        return False
    return True


def _card_data_alarm_rings(cloud: LocalCloud) -> bool:
    dimensions = [{"Name": "LogGroupName", "Value": "any"}, {"Name": "AnyOther", "Value": "any"}]
    finding = {"MetricName": "LogEventsWithFindings", "Dimensions": dimensions, "Value": 1.0}
    cloud.clients.cloudwatch.put_metric_data(Namespace="AWS/Logs", MetricData=[finding])
    return _soon(cloud, lambda: _state(cloud, f"card_data_in_logs_{cloud.suffix}") == "ALARM", 15)


def _firewall_logs(cloud: LocalCloud) -> bool:
    """Until its configuration is deleted, which can be done once."""
    waf, acl = cloud.clients.wafv2, {"ResourceArn": cloud.outputs["firewall_arn"]}
    kept = waf.get_logging_configuration(**acl)["LoggingConfiguration"]
    waf.delete_logging_configuration(**acl)
    for absent in (waf.get_logging_configuration, waf.delete_logging_configuration):
        with pytest.raises(waf.exceptions.WAFNonexistentItemException):
            absent(**acl)
    waf.put_logging_configuration(LoggingConfiguration=kept)
    return len(kept["LogDestinationConfigs"]) == 1


def _nobody_comes_past_the_edge(cloud: LocalCloud) -> bool:
    return post(cloud, b'{"id":"past"}', past_edge=True).status == 403


def _the_edge_leads_to_the_gateway(cloud: LocalCloud) -> bool:
    return post(cloud, b'{"id":"edge"}', route=f"/stripe/{cloud.api_key}", api_key=None).status == 200


def _log_is_protected(cloud: LocalCloud) -> bool:
    """Until its policy is deleted."""
    logs, group = cloud.clients.logs, {"logGroupIdentifier": f"/aws/lambda/{PROCESSOR}_{cloud.suffix}"}
    kept = logs.get_data_protection_policy(**group)["policyDocument"]
    logs.delete_data_protection_policy(**group)
    assert not logs.get_data_protection_policy(**group).get("policyDocument")
    logs.put_data_protection_policy(**group, policyDocument=kept)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.delete_data_protection_policy(logGroupIdentifier="no-such-group")
    return "Deidentify" in kept


def _destination_asks_the_role(cloud: LocalCloud) -> bool:
    with without(cloud, "archival_function", "sqs:SendMessage"):
        return not a_failed_task_is_kept(cloud)


def _a_key_switched_off_opens_nothing(cloud: LocalCloud) -> bool:
    clients, spare = cloud.clients, cloud.outputs["api_key_ids"]["stripe"]["b"]
    value = clients.apigateway.get_api_key(apiKey=spare, includeValue=True)["value"]

    def status(switched: str) -> int:
        operation = {"op": "replace", "path": "/enabled", "value": switched}
        clients.apigateway.update_api_key(apiKey=spare, patchOperations=[operation])
        return post(cloud, b'{"id":"switch"}', api_key=value).status

    return status("true") == 200 and status("false") == 403


def _every_page_of_a_log_is_there(cloud: LocalCloud) -> bool:
    logs, group = cloud.clients.logs, f"/aws/lambda/{ARCHIVE}_{cloud.suffix}"
    now_ms = int(time.time() * 1000)
    logs.create_log_stream(logGroupName=group, logStreamName="pages")
    for first in range(0, MANY_EVENTS, 5_000):
        events = [{"timestamp": now_ms + n // 7, "message": str(n)} for n in range(first, first + 5_000)]
        logs.put_log_events(logGroupName=group, logStreamName="pages", logEvents=events)
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, logStreamNames=["pages"])
    found = [event["message"] for page in pages for event in page["events"]]
    return found == [str(n) for n in range(MANY_EVENTS)]


PROBES: dict[str, Callable[[LocalCloud], bool]] = {
    "loopback_transport": _queue_answers,
    "sqs_event_source": _one_batch_of_thirty,
    "partiql_streams": _a_statement_is_in_the_stream,
    "stream_event_source": _failed_batch_reaches_its_queue,
    "header_names": _names_keep_the_senders_case,
    "mapping_templates": _template_branches,
    "api_key_switch": _a_key_switched_off_opens_nothing,
    "integration_role": _role_is_asked,
    "partiql_actions": _store_one,
    "sqs_batch_actions": _rejected_is_handed_on,
    "metric_math": _error_rate_rings,
    "emf_metrics": _log_line_makes_a_metric,
    "access_log": _each_request_is_in_the_access_log,
    "gateway_metrics": _each_request_is_counted,
    "principal_arn": _role_is_known_in_conditions,
    "conditional_writes": _a_new_object_of_the_log_is_taken,
    "firewall_logging": _firewall_logs,
    "firewall_blocks": _nobody_comes_past_the_edge,
    "edge_routes": _the_edge_leads_to_the_gateway,
    "edge_engine": one_process_is_the_edge,
    "log_data_protection": _log_is_protected,
    "sending_roles": _destination_asks_the_role,
    "recursive_loops": a_loop_is_stopped,
    "current_settings": a_try_has_the_settings_of_its_time,
    "log_pages": _every_page_of_a_log_is_there,
    "log_group_arn": logs_are_copied,
    **PROVIDER_PROBES,
}
# Without these the stack cannot even be applied: what the emulator says then.
NEEDED_TO_APPLY = {"firewall_logging": "PutLoggingConfiguration", "log_data_protection": "PutDataProtectionPolicy"}


@pytest.fixture(scope="module")
def patched(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud with every patch."""
    cloud = start(tmp_path_factory.mktemp("patched") / "state", zips, "patched", options=FEW)
    yield cloud
    cloud.stop()


def test_every_patch_has_a_probe() -> None:
    assert set(PROBES) == set(PATCHES)


@pytest.mark.parametrize("patch", PATCHES)
def test_with_its_patch_the_gap_is_closed(patched: LocalCloud, patch: str) -> None:
    assert PROBES[patch](patched)


def test_an_alarm_over_all_dimensions_of_a_metric_rings(patched: LocalCloud) -> None:
    assert _card_data_alarm_rings(patched)


@pytest.mark.parametrize("header", ["stripe-signature", "Stripe-signature", "Stripe-Signature"])
def test_behind_the_edge_a_template_finds_capitalised_names_alone(patched: LocalCloud, header: str) -> None:
    body = json.dumps(stripe_event()).encode()
    _ask_for(patched, header)
    assert post(patched, body, stripe_headers(stripe_key(patched), body), content_type="probe").status == 200
    (line,) = eventually(patched, lambda: audit_lines_of(patched, body))
    assert line["verdict"] == ("stored" if header == "Stripe-Signature" else "rejected")


@pytest.mark.parametrize("patch", NEEDED_TO_APPLY)
def test_without_its_patch_the_stack_cannot_be_applied(zips: Path, tmp_path: Path, patch: str) -> None:
    with pytest.raises(RuntimeError, match=NEEDED_TO_APPLY[patch]):
        start(tmp_path / "state", zips, "stock", without=(patch,), options=FEW)


@pytest.mark.parametrize("patch", [patch for patch in PATCHES if patch not in NEEDED_TO_APPLY])
def test_without_its_patch_the_gap_is_open(zips: Path, tmp_path: Path, patch: str) -> None:
    state = tmp_path / "state"
    if patch in PROVIDER_PROBES:
        cloud = start_empty(state, "stock", without=(patch,))
    else:
        cloud = start(state, zips, "stock", without=(patch,), options=FEW)
    try:
        assert not PROBES[patch](cloud)
    finally:
        cloud.stop()

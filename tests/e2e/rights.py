"""What each right of each role is for: a scenario that works with it and is refused without it.

A scenario answers whether it works. It is run with the role as it is, without the one right, and with it again.
"""

import base64
import datetime
import hashlib
import hmac
import itertools
import json
import time
import urllib.parse
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.lib.catalogue import read_catalogue
from infra.lib.limits import function_limits
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import until_found_or_at_rest
from tests.demo import aged
from tests.e2e.archived import key_of, lost, parted
from tests.e2e.auditlog import audit_object, days_ago
from tests.e2e.door import eventually, post, post_stripe, stripe_event, stripe_headers, stripe_key
from tests.e2e.faults import kill_functions, logged, without

PROCESSOR, ANALYTICS, ARCHIVE = "webhook_processor", "analytics_processor", "archival_function"
# A schedule starts within a second, a failed event is tried three times within three.
PATIENCE_SECONDS = 10
# How often something may be tried that must work.
TRIES = 6
NUMBERS = itertools.count(int(time.time() * 1000))
DAYS_AGO = itertools.count(500)
# Of the records that are archived: a seal of today covers what comes late for as long.
AGED_DAYS = 10


@dataclass(frozen=True)
class Scenario:
    """Something the system does, in words, and whether it works now."""

    what: str
    works: Callable[[LocalCloud], bool]


def invoke(cloud: LocalCloud, function: str, event: Any) -> Any:
    """The function's answer to an event; an error is an answer too."""
    answer = cloud.clients.lambda_.invoke(FunctionName=f"{function}_{cloud.suffix}", Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read() or b"null")


def _message(provider: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    request = {"provider": provider, "request_id": uuid.uuid4().hex, "source_ip": "192.0.2.7"}
    request |= {f"h.{name.lower()}": value for name, value in headers.items()}
    return {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": "none",
        "body": body.decode(),
        "attributes": {"SentTimestamp": str(int(time.time() * 1000)), "ApproximateReceiveCount": "1"},
        "messageAttributes": {"request": {"stringValue": urllib.parse.urlencode(request), "dataType": "String"}},
        "eventSource": "aws:sqs",
    }


def _taken(cloud: LocalCloud, message: dict[str, Any]) -> bool:
    # A fresh process: secrets are kept in memory, and a warm one would not ask for them.
    kill_functions(cloud, PROCESSOR)
    return invoke(cloud, PROCESSOR, {"Records": [message]}) == {"batchItemFailures": []}


def a_webhook_is_stored(cloud: LocalCloud) -> bool:
    """Secret read, audited, inserted."""
    body = json.dumps(stripe_event()).encode()
    return _taken(cloud, _message("stripe", body, stripe_headers(stripe_key(cloud), body)))


def _one_is_there(cloud: LocalCloud) -> None:
    """What a scenario begins with, whatever its own right: on a busy machine a webhook can need a second try."""
    assert any(a_webhook_is_stored(cloud) for _ in range(TRIES)), "no webhook could be stored to begin with"


def an_undated_event_is_stored(cloud: LocalCloud) -> bool:
    """Adyen signs no time. Its event is inserted like any other, under a key without one."""
    key = bytes.fromhex(json.loads(cloud.keys_file.read_text())["adyen"]["keys"][0])
    reference = uuid.uuid4().hex[:16].upper()
    signed = f"{reference}::Shop:order:1130:EUR:AUTHORISATION:true"
    item = {
        "additionalData": {
            "hmacSignature": base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
        },
        "amount": {"currency": "EUR", "value": 1130},
        "eventCode": "AUTHORISATION",
        "eventDate": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "merchantAccountCode": "Shop",
        "merchantReference": "order",
        "pspReference": reference,
        "success": "true",
    }
    body = json.dumps({"live": "false", "notificationItems": [{"NotificationRequestItem": item}]}).encode()
    return _taken(cloud, _message("adyen", body, {}))


def a_movement_is_raised(cloud: LocalCloud) -> bool:
    """A refund that was pending succeeds: its item is there already, and is changed."""
    refund = {"id": f"re_{uuid.uuid4().hex}", "object": "refund", "amount": 300, "currency": "usd"}
    event = stripe_event()
    for number, (kind, status) in enumerate((("refund.created", "pending"), ("refund.updated", "succeeded"))):
        told = refund | {"payment_intent": event["data"]["object"]["id"], "status": status}
        changed = event | {"id": f"{event['id']}{number}", "type": kind, "data": {"object": told}}
        body = json.dumps(changed).encode()
        if not _taken(cloud, _message("stripe", body, stripe_headers(stripe_key(cloud), body))):
            return False
    (item,) = [item for item in ledger.movements(cloud) if item["movement_id"]["S"] == refund["id"]]
    return item["movement_state"]["S"] == "succeeded"


def a_forgery_is_handed_on(cloud: LocalCloud) -> bool:
    """Into the rejected queue."""
    body = json.dumps(stripe_event()).encode()
    return _taken(cloud, _message("stripe", body, stripe_headers("whsec_of_nobody", body)))


def _may_be_mapped(cloud: LocalCloud, function: str, source: str, **more: Any) -> bool:
    # Lambda checks the role when a mapping is made. That there is one already is found out only after that.
    try:
        made = cloud.clients.lambda_.create_event_source_mapping(
            FunctionName=f"{function}_{cloud.suffix}", EventSourceArn=source, Enabled=False, **more
        )
    except cloud.clients.lambda_.exceptions.ResourceConflictException:
        return True
    except cloud.clients.lambda_.exceptions.InvalidParameterValueException as error:
        if "does not have permissions" in str(error):
            return False
        raise
    cloud.clients.lambda_.delete_event_source_mapping(UUID=made["UUID"])
    return True


def the_queue_starts_the_function(cloud: LocalCloud) -> bool:
    """Lambda polls the webhook queue under the function's role."""
    url = cloud.outputs["webhook_queue_url"]
    arn = cloud.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return _may_be_mapped(cloud, PROCESSOR, arn)


def the_stream_starts_the_function(cloud: LocalCloud) -> bool:
    """Lambda reads the table's stream under the function's role."""
    table = cloud.clients.dynamodb.describe_table(TableName=cloud.outputs["transactions_table_name"])["Table"]
    return _may_be_mapped(cloud, ANALYTICS, table["LatestStreamArn"], StartingPosition="LATEST")


def _record(**changes: dict[str, str]) -> dict[str, Any]:
    number, now = str(next(NUMBERS)), datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    image = {
        "record_type": {"S": "event"}, "provider": {"S": "stripe"}, "status": {"S": "captured"},
        "event_time": {"S": now}, "received_at": {"S": now}, **changes,
    }  # fmt: skip
    return {
        "eventID": number,
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": number, "NewImage": image},
    }


def a_stored_event_is_counted(cloud: LocalCloud) -> bool:
    """Its marker looked for, counts and marker written."""
    return invoke(cloud, ANALYTICS, {"Records": [_record()]}) == {"batchItemFailures": []}


def an_event_of_long_ago_is_counted(cloud: LocalCloud) -> bool:
    """Every marker that can list it looked for, before the one of its own."""
    received = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=30)
    long_ago = _record(received_at={"S": received.strftime("%Y-%m-%dT%H:%M:%S.000Z")})
    return invoke(cloud, ANALYTICS, {"Records": [long_ago]}) == {"batchItemFailures": []}


def an_unreadable_record_is_handed_on(cloud: LocalCloud) -> bool:
    """Into the analytics dead-letter queue, alone."""
    return invoke(cloud, ANALYTICS, {"Records": [_record(status={"S": "nonsense"})]}) == {"batchItemFailures": []}


def _aged_items(cloud: LocalCloud) -> list[aged.Item]:
    if not [record for record in ledger.records(cloud) if record["provider"] == "stripe"]:
        _one_is_there(cloud)
    return aged.put_aged(cloud, 3, AGED_DAYS)


def _sealed_items(cloud: LocalCloud) -> list[aged.Item]:
    items = _aged_items(cloud)
    assert ledger.run_archive(cloud, aged.seal_task(items)) is None
    return items


def _archived(cloud: LocalCloud, items: list[aged.Item]) -> bool:
    return parted(cloud, aged.days_of(items)).keys() >= {key_of(item) for item in items}


def logs_are_copied(cloud: LocalCloud) -> bool:
    """Read from their groups and written into the bucket."""
    day = (datetime.date(2026, 1, 1) - datetime.timedelta(days=next(DAYS_AGO))).isoformat()
    return ledger.run_archive(cloud, {"task": "logs", "first": day, "last": day}) is None


def records_are_archived(cloud: LocalCloud) -> bool:
    """Sealed; read by the keys of the sealed audit log, written as a part, listed, read back."""
    items = _aged_items(cloud)
    ended = aged.archive(cloud, items) is None
    assert lost(cloud, items) == set()
    assert ended is _archived(cloud, items)
    return ended


def expiry_is_stopped(cloud: LocalCloud) -> bool:
    """A day that is never sealed, because it came later than the seal looks, stops the table's expiry."""
    dynamodb, table = cloud.clients.dynamodb, cloud.outputs["transactions_table_name"]
    _sealed_items(cloud)
    key = f"audit/dt={days_ago(60)}/hh=00/late.jsonl.zst"
    where = {"Bucket": cloud.outputs["audit_bucket_name"], "Key": key}
    version = cloud.clients.s3.put_object(**where, Body=audit_object())
    try:
        ended = ledger.run_archive(cloud, {"task": "archive", "first": "2001-01-01", "last": "2001-01-01"}) is None
        status = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]["TimeToLiveStatus"]
        # Without the right to look it is switched off all the same, and the run fails.
        assert status == "DISABLED" or not ended
        return ended
    finally:
        cloud.clients.s3.delete_object(**where, VersionId=version["VersionId"])
        dynamodb.update_time_to_live(
            TableName=table, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"}
        )


def payments_are_judged(cloud: LocalCloud) -> bool:
    """The movements of a day's payments are queried."""
    if not [record for record in ledger.records(cloud) if record["provider"] == "stripe"]:
        _one_is_there(cloud)
    return ledger.run_archive(cloud, {"task": "payments", "day": days_ago(0)}) is None


def minutes_are_added_up(cloud: LocalCloud) -> bool:
    """Read, and the hour and the day written that have one event more."""
    assert any(a_stored_event_is_counted(cloud) for _ in range(TRIES)), "no event could be counted to begin with"
    today = datetime.datetime.now(datetime.UTC).date()
    return ledger.run_archive(cloud, {"task": "sums", "day": today.isoformat()}) is None


def the_audit_log_is_sealed(cloud: LocalCloud) -> bool:
    """Versions listed, their bytes hashed, inventory and digest written."""
    _one_is_there(cloud)
    today = datetime.datetime.now(datetime.UTC).date()
    return ledger.run_archive(cloud, {"task": "seal", "day": today.isoformat()}) is None


def a_long_task_goes_on(cloud: LocalCloud) -> bool:
    """What does not fit into an invocation is sent to the function itself."""
    name, whole = f"{ARCHIVE}_{cloud.suffix}", function_limits(ARCHIVE)["timeout_seconds"]
    items = _sealed_items(cloud)

    def time_out(seconds: int) -> None:
        cloud.clients.lambda_.update_function_configuration(FunctionName=name, Timeout=seconds)

    stopped = "the deadline came first"
    before = logged(cloud, ARCHIVE, stopped)
    # Less than the margin that the function keeps: it stops before it has begun.
    time_out(60)
    went_on = ledger.run_archive(cloud, aged.archive_task(items)) is None
    time_out(whole)
    if went_on:
        # In the emulator the invocation that was asked for before may still have the old time-out, and its process keeps it.
        eventually(cloud, lambda: logged(cloud, ARCHIVE, stopped) > before + 1 or _archived(cloud, items))
        time_out(whole)
        eventually(cloud, lambda: _archived(cloud, items))
    return went_on


def _dead_letters_grow(cloud: LocalCloud, function: str, cause: Callable[[], object]) -> bool:
    before = ledger.dead_letter_depth(cloud, function)
    cause()
    return until_found_or_at_rest(cloud, lambda: ledger.dead_letter_depth(cloud, function) > before, PATIENCE_SECONDS)


def a_failed_task_is_kept(cloud: LocalCloud) -> bool:
    """An event that fails three times goes to the archive's dead-letter queue."""
    event = b'{"task":"nonsense"}'
    name = f"{ARCHIVE}_{cloud.suffix}"
    return _dead_letters_grow(
        cloud,
        ARCHIVE,
        lambda: cloud.clients.lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=event),
    )


def schedule_at(cloud: LocalCloud, moment: datetime.datetime) -> str:
    """A schedule like the stack's own, once, at a moment in UTC; its name."""
    scheduler, name = cloud.clients.scheduler, f"archive_schedule_{cloud.suffix}"
    target = scheduler.get_schedule(Name=name)["Target"]
    # A task that does nothing: its end is what is looked for.
    target |= {"Input": json.dumps({"task": "archive", "first": "2001-01-01", "last": "2001-01-01"})}
    made = f"probe_{uuid.uuid4().hex[:8]}_{cloud.suffix}"
    scheduler.create_schedule(
        Name=made,
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target=target,
    )
    return made


def _schedule_now(cloud: LocalCloud) -> None:
    schedule_at(cloud, datetime.datetime.now(datetime.UTC))


def the_schedule_starts_the_archive(cloud: LocalCloud) -> bool:
    """Under the schedule's role."""

    def started() -> int:
        group = f"/aws/lambda/{ARCHIVE}_{cloud.suffix}"
        return sum("START RequestId" in line for line in ledger.log_messages(cloud, group))

    before = started()
    _schedule_now(cloud)
    return until_found_or_at_rest(cloud, lambda: started() > before, PATIENCE_SECONDS)


def what_cannot_be_started_is_kept(cloud: LocalCloud) -> bool:
    """A schedule that may not start its function puts the event into the dead-letter queue."""
    with without(cloud, "archive_schedule", "lambda:InvokeFunction"):
        return _dead_letters_grow(cloud, ARCHIVE, lambda: _schedule_now(cloud))


def the_door_queues(cloud: LocalCloud) -> bool:
    """The gateway puts the webhook into the queue."""
    return post_stripe(cloud, json.dumps(stripe_event()).encode()).status == 200


def the_door_asks(cloud: LocalCloud) -> bool:
    """The gateway has a provider's GET answered by the function."""
    (visitor,) = [p.name for p in read_catalogue() if p.handshake_method and not p.handshake_parameters]
    return post(cloud, b"", route=f"/{visitor}", api_key=cloud.api_keys[visitor], method="GET").status == 200

"""Every stored event is counted once: under kills, without a permission, when the stream repeats itself, beside records that nobody can read."""

import copy
import datetime
import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.lib.limits import LIMITS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.e2e.door import eventually, post_stripe, records_of, sending, stripe_event
from tests.e2e.faults import kill_in_mid_batch, logged, without
from tests.e2e.proofs import recount_agrees

FUNCTION = "analytics_processor"
BATCH = LIMITS["stream"]["batch_size"]
Image = dict[str, dict[str, Any]]

# Records of a day on which nothing was received, made here and given to the function as the stream would: no recount of a real day sees them.
# A day for each test.
DAYS = (f"2001-02-{day:02}" for day in range(1, 29))
# Far below those of the emulator's stream.
SEQUENCE_NUMBERS = itertools.count(1)


def image(day: str, **changes: dict[str, Any] | None) -> Image:
    """A stored event that was received on this day; a change to None leaves the attribute out."""
    made: dict[str, dict[str, Any] | None] = {
        "record_type": {"S": "event"},
        "provider": {"S": "stripe"},
        "status": {"S": "captured"},
        "amount_minor": {"N": "500"},
        "currency": {"S": "EUR"},
        "amount_exponent": {"N": "2"},
        "event_time": {"S": f"{day}T04:05:06.000000000Z"},
        "received_at": {"S": f"{day}T04:05:07.000Z"},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def record(new_image: Image) -> dict[str, Any]:
    """A record of the stream."""
    number = str(next(SEQUENCE_NUMBERS))
    return {
        "eventID": number,
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": number, "NewImage": new_image, "StreamViewType": "NEW_IMAGE"},
    }


def number_of(stream_record: dict[str, Any]) -> str:
    return stream_record["dynamodb"]["SequenceNumber"]


def invoke(cloud: LocalCloud, event: Any) -> Any:
    """The function's answer to an event."""
    payload = json.dumps(event, default=str).encode()
    answer = cloud.clients.lambda_.invoke(FunctionName=f"{FUNCTION}_{cloud.suffix}", Payload=payload)
    return json.loads(answer["Payload"].read())


def deliver(cloud: LocalCloud, records: list[dict[str, Any]]) -> list[str]:
    """Hands records to the function; the sequence numbers that it gives back as not done."""
    return [failure["itemIdentifier"] for failure in invoke(cloud, {"Records": records})["batchItemFailures"]]


def day_rows(cloud: LocalCloud, day: str) -> dict[str, tuple[int, int]]:
    """Events and minor units of a day by `provider#currency#status`, lanes added up."""
    rows: dict[str, tuple[int, int]] = {}
    for item in ledger.items(cloud, "analytics"):
        if item["bucket"]["S"] == f"day#{day}":
            name = item["aggregate"]["S"].rpartition("#")[0]
            count, amount = rows.get(name, (0, 0))
            rows[name] = (count + int(item["event_count"]["N"]), amount + int(item["amount_minor"]["N"]))
    return rows


def dead_letters(cloud: LocalCloud) -> dict[str, str]:
    """What the dead-letter queue holds: sequence number and reason."""
    sqs, url = cloud.clients.sqs, cloud.outputs[f"{FUNCTION}_dlq_url"]
    found = []
    while more := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=60, MessageAttributeNames=["All"]
    ).get("Messages"):
        found += more
    for message in found:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    return {
        number_of(json.loads(message["Body"])): message["MessageAttributes"]["reason"]["StringValue"]
        for message in found
    }


def settled(cloud: LocalCloud, payhook: Path) -> None:
    """Waits until a webhook of now is counted. The stream keeps its order, so what came before is done with by then; the recount agrees."""
    event = stripe_event()
    assert post_stripe(cloud, json.dumps(event).encode()).status == 200
    assert ledger.wait_until_drained(cloud)
    assert records_of(cloud, event["id"])
    eventually(cloud, lambda: recount_agrees(cloud, payhook))


def test_killed_in_mid_batch_every_event_is_counted_once(cloud: LocalCloud, payhook: Path) -> None:
    settled(cloud, payhook)
    dead_before = ledger.dead_letter_depth(cloud, FUNCTION)
    begun, done = (logged(cloud, FUNCTION, text) for text in ("START RequestId", "batch of "))
    with sending(cloud) as sent:
        # At several moments of a batch, the last of them late enough that some are counted and not answered for.
        for moment in (0.0, 0.004, 0.008, 0.016):
            kill_in_mid_batch(cloud, FUNCTION, BATCH, moment)
    settled(cloud, payhook)
    assert len(sent) > 4 * BATCH
    begun, done = logged(cloud, FUNCTION, "START RequestId") - begun, logged(cloud, FUNCTION, "batch of ") - done
    assert begun > done, "no invocation was killed before it was done"
    assert ledger.dead_letter_depth(cloud, FUNCTION) == dead_before


def test_without_a_permission_nothing_is_counted_and_afterwards_everything(cloud: LocalCloud, payhook: Path) -> None:
    settled(cloud, payhook)
    dead_before = ledger.dead_letter_depth(cloud, FUNCTION)
    for action in ("dynamodb:UpdateItem", "dynamodb:GetItem"):
        rows, refused_before = ledger.items(cloud, "analytics"), logged(cloud, FUNCTION, "AccessDenied")
        with without(cloud, FUNCTION, action):
            assert post_stripe(cloud, json.dumps(stripe_event()).encode()).status == 200
            eventually(
                cloud, lambda refused_before=refused_before: logged(cloud, FUNCTION, "AccessDenied") > refused_before
            )
            assert ledger.items(cloud, "analytics") == rows
        settled(cloud, payhook)
    assert ledger.dead_letter_depth(cloud, FUNCTION) == dead_before


def test_what_the_stream_delivers_again_is_not_counted_again(cloud: LocalCloud, payhook: Path) -> None:
    settled(cloud, payhook)
    streams = cloud.clients.dynamodbstreams
    table = cloud.clients.dynamodb.describe_table(TableName=cloud.outputs["transactions_table_name"])["Table"]
    names = {"StreamArn": table["LatestStreamArn"]}
    (shard,) = streams.describe_stream(**names)["StreamDescription"]["Shards"]
    names |= {"ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    found = streams.get_records(ShardIterator=streams.get_shard_iterator(**names)["ShardIterator"])["Records"]
    stored = [one for one in found if one["dynamodb"].get("NewImage", {}).get("record_type") == {"S": "event"}]
    assert stored
    rows = rows_of(cloud)
    # As it was; and from anywhere, as an event source that is made anew does with records of minutes ago.
    anywhere = [long_ago(one) for one in stored]
    for again in (stored[:BATCH], stored[:BATCH], anywhere[len(stored) // 2 :][:BATCH], anywhere[-1:]):
        assert deliver(cloud, again) == []
    assert rows_of(cloud) == rows


def rows_of(cloud: LocalCloud) -> list[dict[str, Any]]:
    """What is counted, without the markers."""
    return [item for item in ledger.items(cloud, "analytics") if not item["aggregate"]["S"].startswith("marker#")]


def long_ago(stored: dict[str, Any]) -> dict[str, Any]:
    """The same record, received ten minutes earlier."""
    image = stored["dynamodb"]["NewImage"]
    received = datetime.datetime.fromisoformat(image["received_at"]["S"]) - datetime.timedelta(minutes=10)
    earlier = {**image, "received_at": {"S": received.isoformat().replace("+00:00", "Z")}}
    return {**stored, "dynamodb": {**stored["dynamodb"], "NewImage": earlier}}


def test_a_batch_that_comes_twice_longer_shorter_or_at_the_same_time_counts_once(cloud: LocalCloud) -> None:
    day = next(DAYS)
    batch = [record(image(day)) for _ in range(30)]
    for delivered in (batch[:20], batch[:20], batch[:10], batch[10:25], batch[19:21]):
        assert deliver(cloud, delivered) == []
    assert day_rows(cloud, day) == {"stripe#EUR.2#captured": (25, 25 * 500)}
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda delivered: deliver(cloud, delivered), [batch, batch])) == [[], []]
    assert day_rows(cloud, day) == {"stripe#EUR.2#captured": (30, 30 * 500)}


def test_money_keeps_its_sign_and_its_currency(cloud: LocalCloud) -> None:
    """A credit is negative; a code that ISO 4217 does not know yet is a currency all the same. Both were stored, so both are counted."""
    day = next(DAYS)
    batch = [
        record(image(day)),
        record(image(day, amount_minor={"N": "-200"})),
        record(image(day, currency={"S": "XQZ"})),
        record(image(day, amount_minor={"N": str(2**63 - 1)}, currency={"S": "JPY"}, amount_exponent={"N": "0"})),
        record(image(day, amount_minor=None, currency=None, amount_exponent=None)),
    ]
    assert deliver(cloud, batch) == []
    assert day_rows(cloud, day) == {
        "stripe#EUR.2#captured": (2, 300),
        "stripe#XQZ.2#captured": (1, 500),
        "stripe#JPY.0#captured": (1, 2**63 - 1),
        "stripe#-#captured": (1, 0),
    }


def test_a_credit_from_the_door_is_counted(cloud: LocalCloud, payhook: Path) -> None:
    dead_before = ledger.dead_letter_depth(cloud, FUNCTION)
    credit = stripe_event(amount=-450, object="invoiceitem") | {"type": "invoiceitem.created"}
    assert post_stripe(cloud, json.dumps(credit).encode()).status == 200
    (stored,) = eventually(cloud, lambda: records_of(cloud, credit["id"]))
    assert (stored["amount_minor"], stored["currency"]) == ("-450", "USD")
    settled(cloud, payhook)
    assert ledger.dead_letter_depth(cloud, FUNCTION) == dead_before


UNREADABLE: dict[str, dict[str, dict[str, Any] | None]] = {
    "attribute status is missing or of another type": {"status": None},
    "attribute provider is missing or of another type": {"provider": {"N": "1"}},
    "attribute amount_minor is missing or of another type": {"amount_minor": {"S": "500"}},
    "attribute amount_minor is not an integer of 64 bits": {"amount_minor": {"N": str(2**63)}},
    "attribute currency or amount_exponent is none that exists": {"currency": {"S": "4111"}},
    "attribute status is none that is known": {"status": {"S": "lost"}},
    "attribute received_at is not a time": {"received_at": {"S": "yesterday"}},
    "not a stream record with a new image": {"provider": {"S": ["stripe"]}},
}


def test_an_unreadable_record_goes_alone_to_the_dead_letter_queue(cloud: LocalCloud) -> None:
    day = next(DAYS)
    bad = [record(image(day, **changes)) for changes in UNREADABLE.values()]
    no_image = record({})
    del no_image["dynamodb"]["NewImage"]
    good = [record(image(day)) for _ in range(len(bad))]
    # Good ones before, between and after.
    mixed = [one for pair in zip(good, bad, strict=True) for one in pair] + [no_image, record(image(day))]
    assert deliver(cloud, mixed) == []
    assert day_rows(cloud, day) == {"stripe#EUR.2#captured": (len(good) + 1, 500 * (len(good) + 1))}
    wanted = dict(zip(map(number_of, bad), UNREADABLE, strict=True))
    wanted[number_of(no_image)] = "not a stream record with a new image"
    found = dead_letters(cloud)
    assert {number: found.get(number) for number in map(number_of, mixed)} == {
        number: wanted.get(number) for number in map(number_of, mixed)
    }


def test_an_unreadable_item_of_the_table_holds_up_nothing(cloud: LocalCloud, payhook: Path) -> None:
    settled(cloud, payhook)
    table = cloud.outputs["transactions_table_name"]
    stored = next(item for item in ledger.items(cloud) if item["record_type"]["S"] == "event")
    spoiled = copy.deepcopy(stored) | {"transaction_id": {"S": "spoiled"}, "amount_minor": {"N": "1.5"}}
    # Without its shard no recount sees it: what it does to the stream is what is looked at.
    del spoiled["archive_shard"]
    cloud.clients.dynamodb.put_item(TableName=table, Item=spoiled)
    settled(cloud, payhook)
    assert "attribute amount_minor is not an integer of 64 bits" in dead_letters(cloud).values()
    cloud.clients.dynamodb.delete_item(
        TableName=table, Key={name: spoiled[name] for name in ("transaction_id", "timestamp")}
    )


def test_a_record_that_cannot_be_handed_on_comes_again(cloud: LocalCloud) -> None:
    day = next(DAYS)
    batch = [record(image(day)), record(image(day, status=None)), record(image(day))]
    with without(cloud, FUNCTION, "sqs:SendMessage"):
        assert deliver(cloud, batch) == [number_of(batch[0])]
    assert number_of(batch[1]) not in dead_letters(cloud)
    assert deliver(cloud, batch) == []
    assert number_of(batch[1]) in dead_letters(cloud)
    assert day_rows(cloud, day) == {"stripe#EUR.2#captured": (2, 1000)}


def _without_sequence_number() -> dict[str, Any]:
    made = record(image("2001-02-28"))
    del made["dynamodb"]["SequenceNumber"]
    return made


NO_BATCH: dict[str, tuple[Callable[[], Any], str]] = {
    "of another service": (lambda: {"detail": {}}, "the event is not a DynamoDB stream batch"),
    "no object": (list, "the event is not a DynamoDB stream batch"),
    "no sequence number": (lambda: {"Records": [_without_sequence_number()]}, "has no sequence number"),
}


@pytest.mark.parametrize("case", NO_BATCH)
def test_an_event_that_is_no_batch_fails_with_a_name(cloud: LocalCloud, case: str) -> None:
    event, message = NO_BATCH[case]
    answer = invoke(cloud, event())
    assert answer["errorType"] == "StreamBatchError"
    assert message in answer["errorMessage"]

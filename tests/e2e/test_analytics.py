"""Every stored event is counted once, and what a movement adds as often as that changes: under kills, without a permission, when the stream repeats itself, beside records that nobody can read."""

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
# A day for each test, young enough to be counted.
COUNTED_DAYS = LIMITS["analytics"]["counted_days"]


def days_ago(days: int) -> str:
    return (datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=days)).isoformat()


DAYS = (days_ago(days) for days in range(COUNTED_DAYS - 1, 2, -1))
# Far below those of the emulator's stream.
SEQUENCE_NUMBERS = itertools.count(1)


def image(day: str, **changes: dict[str, Any] | None) -> Image:
    """A stored event that was received on this day; a change to None leaves the attribute out."""
    made: dict[str, dict[str, Any] | None] = {
        "record_type": {"S": "event"},
        "provider": {"S": "stripe"},
        "status": {"S": "captured"},
        "event_time": {"S": f"{day}T04:05:06.000000000Z"},
        "received_at": {"S": f"{day}T04:05:07.000Z"},
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def movement(day: str, **changes: dict[str, Any] | None) -> Image:
    """A refund that succeeded, told by a webhook of this day; a change to None leaves the attribute out."""
    told: dict[str, dict[str, Any] | None] = {
        "record_type": {"S": "movement"},
        "status": {"S": "refunded"},
        "movement_kind": {"S": "refund"},
        "movement_state": {"S": "succeeded"},
        "amount_minor": {"N": "500"},
        "currency": {"S": "EUR"},
        "amount_exponent": {"N": "2"},
        "event_time": None,
    }
    return image(day, **(told | changes))


def record(new_image: Image, old_image: Image | None = None) -> dict[str, Any]:
    """A record of the stream: of an insert, or of a change."""
    number = str(next(SEQUENCE_NUMBERS))
    images = {"NewImage": new_image} | ({"OldImage": old_image} if old_image else {})
    return {
        "eventID": number,
        "eventName": "MODIFY" if old_image else "INSERT",
        "eventSource": "aws:dynamodb",
        "dynamodb": {"SequenceNumber": number, **images, "StreamViewType": "NEW_AND_OLD_IMAGES"},
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


def events_of(cloud: LocalCloud, day: str) -> dict[str, int]:
    """Events of a day by provider and status, lanes added up."""
    rows = ledger.added_up(cloud).items()
    return {
        f"{provider} {what}": numbers["n"] for (at, of, provider, what), numbers in rows if (at, of) == (day, "event")
    }


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
    stored = [one for one in found if is_counted(one)]
    assert {one["dynamodb"]["NewImage"]["record_type"]["S"] for one in stored} == {"event", "movement"}
    rows = rows_of(cloud)
    # As it was; and from anywhere, as an event source that is made anew does with records of minutes ago.
    anywhere = [long_ago(one) for one in stored]
    for again in (stored[:BATCH], stored[:BATCH], anywhere[len(stored) // 2 :][:BATCH], anywhere[-1:]):
        assert deliver(cloud, again) == []
    assert rows_of(cloud) == rows


def is_counted(stream_record: dict[str, Any]) -> bool:
    """Whether a filter of the event source lets it through."""
    record_type = stream_record["dynamodb"].get("NewImage", {}).get("record_type", {}).get("S")
    wanted = {"event": ("INSERT",), "movement": ("INSERT", "MODIFY")}
    return stream_record["eventName"] in wanted.get(record_type, ())


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
    assert events_of(cloud, day) == {"stripe captured": 25}
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda delivered: deliver(cloud, delivered), [batch, batch])) == [[], []]
    assert events_of(cloud, day) == {"stripe captured": 30}


def test_a_movement_adds_what_it_did_not_add_before(cloud: LocalCloud) -> None:
    day, next_day = next(DAYS), next(DAYS)
    pending, failed = {"movement_state": {"S": "pending"}}, {"movement_state": {"S": "failed"}}
    refund = ("stripe", "EUR.2", "refund")
    steps = [
        # Inserted before anything moved; then it moves, is told once more, and comes back on another day.
        (record(movement(day, **pending)), {}),
        (record(movement(day), movement(day, **pending)), {refund: (1, 500)}),
        (record(movement(day, event_id={"S": "again"}), movement(day)), {refund: (1, 500)}),
        (record(movement(next_day, **failed), movement(day)), {}),
    ]
    for change, wanted in steps:
        assert deliver(cloud, [change]) == []
        assert ledger.money(cloud, day, next_day) == wanted
    # What was counted of a day that is over stays.
    assert ledger.money(cloud, day, day) == {refund: (1, 500)}
    assert ledger.money(cloud, next_day, next_day) == {refund: (-1, -500)}
    assert events_of(cloud, day) == events_of(cloud, next_day) == {}


def test_an_amount_that_is_learnt_later_takes_the_place_of_none(cloud: LocalCloud) -> None:
    day = next(DAYS)
    untold = movement(day, amount_minor=None, currency=None, amount_exponent=None)
    batch = [
        record(untold),
        record(movement(day), untold),
        record(movement(day, amount_minor={"N": "700"}), movement(day)),
    ]
    for change, wanted in zip(batch, [("-", (1, 0)), ("EUR.2", (1, 500)), ("EUR.2", (1, 700))], strict=True):
        assert deliver(cloud, [change]) == []
        currency, sums = wanted
        assert ledger.money(cloud, day, day) == {("stripe", currency, "refund"): sums}
    # The three at once, as a batch that comes again.
    assert deliver(cloud, batch) == []
    assert ledger.money(cloud, day, day) == {("stripe", "EUR.2", "refund"): (1, 700)}


def test_what_was_authorised_stays_so_when_it_is_released(cloud: LocalCloud) -> None:
    day = next(DAYS)
    kind = {"movement_kind": {"S": "authorisation"}}
    released = movement(day, **kind, movement_state={"S": "voided"})
    assert deliver(cloud, [record(movement(day, **kind)), record(released, movement(day, **kind))]) == []
    assert ledger.money(cloud, day, day) == {("stripe", "EUR.2", "authorisation"): (1, 500)}


def test_money_keeps_its_sign_and_its_currency(cloud: LocalCloud) -> None:
    """A credit is negative; a code that ISO 4217 does not know yet is a currency all the same. Both were stored, so both are counted."""
    day = next(DAYS)
    batch = [
        record(movement(day)),
        record(movement(day, amount_minor={"N": "-200"})),
        record(movement(day, movement_kind={"S": "capture"})),
        record(movement(day, currency={"S": "XQZ"})),
        record(movement(day, amount_minor={"N": str(2**63 - 1)}, currency={"S": "JPY"}, amount_exponent={"N": "0"})),
        record(movement(day, amount_minor=None, currency=None, amount_exponent=None)),
    ]
    assert deliver(cloud, batch) == []
    assert ledger.money(cloud, day, day) == {
        ("stripe", "EUR.2", "refund"): (2, 300),
        ("stripe", "EUR.2", "capture"): (1, 500),
        ("stripe", "XQZ.2", "refund"): (1, 500),
        ("stripe", "JPY.0", "refund"): (1, 2**63 - 1),
        ("stripe", "-", "refund"): (1, 0),
    }


def test_a_credit_from_the_door_is_counted(cloud: LocalCloud, payhook: Path) -> None:
    dead_before = ledger.dead_letter_depth(cloud, FUNCTION)
    credit = stripe_event(amount=-450, object="invoiceitem") | {"type": "invoiceitem.created"}
    assert post_stripe(cloud, json.dumps(credit).encode()).status == 200
    (stored,) = eventually(cloud, lambda: records_of(cloud, credit["id"]))
    assert (stored["amount_minor"], stored["currency"]) == ("-450", "USD")
    settled(cloud, payhook)
    assert ledger.dead_letter_depth(cloud, FUNCTION) == dead_before


Change = dict[str, dict[str, Any] | None]
UNREADABLE: dict[str, tuple[Callable[..., Image], Change]] = {
    "attribute record_type is missing or of another type": (image, {"record_type": {"S": "payment"}}),
    "attribute status is missing or of another type": (image, {"status": None}),
    "attribute provider is missing or of another type": (image, {"provider": {"N": "1"}}),
    "attribute status is none that is known": (image, {"status": {"S": "lost"}}),
    "attribute received_at is not a time": (image, {"received_at": {"S": "yesterday"}}),
    "not a stream record with a new image": (image, {"provider": {"S": ["stripe"]}}),
    "attribute amount_minor is missing or of another type": (movement, {"amount_minor": {"S": "500"}}),
    "attribute amount_minor is not an integer of 64 bits": (movement, {"amount_minor": {"N": str(2**63)}}),
    "attribute currency or amount_exponent is none that exists": (movement, {"currency": {"S": "4111"}}),
    "attribute movement_kind or movement_state is none that is known": (movement, {"movement_state": {"S": "gone"}}),
}


def test_an_unreadable_record_goes_alone_to_the_dead_letter_queue(cloud: LocalCloud) -> None:
    day = next(DAYS)
    bad = [record(made(day, **changes)) for made, changes in UNREADABLE.values()]
    no_image = record({})
    del no_image["dynamodb"]["NewImage"]
    good = [record(image(day)) for _ in range(len(bad))]
    # Good ones before, between and after.
    mixed = [one for pair in zip(good, bad, strict=True) for one in pair] + [no_image, record(image(day))]
    assert deliver(cloud, mixed) == []
    assert events_of(cloud, day) == {"stripe captured": len(good) + 1}
    assert ledger.money(cloud, day, day) == {}
    wanted = dict(zip(map(number_of, bad), UNREADABLE, strict=True))
    wanted[number_of(no_image)] = "not a stream record with a new image"
    found = dead_letters(cloud)
    assert {number: found.get(number) for number in map(number_of, mixed)} == {
        number: wanted.get(number) for number in map(number_of, mixed)
    }


def test_an_unreadable_item_of_the_table_holds_up_nothing(cloud: LocalCloud, payhook: Path) -> None:
    settled(cloud, payhook)
    table = cloud.outputs["transactions_table_name"]
    stored = next(item for item in ledger.movements(cloud) if item["movement_state"]["S"] == "succeeded")
    # No event tells it, so no recount sees it: what it does to the stream is what is looked at.
    spoiled = copy.deepcopy(stored) | {"transaction_id": {"S": "spoiled"}, "amount_minor": {"N": "1.5"}}
    cloud.clients.dynamodb.put_item(TableName=table, Item=spoiled)
    settled(cloud, payhook)
    assert "attribute amount_minor is not an integer of 64 bits" in dead_letters(cloud).values()
    cloud.clients.dynamodb.delete_item(
        TableName=table, Key={name: spoiled[name] for name in ("transaction_id", "timestamp")}
    )


def test_a_record_of_long_ago_adds_nothing_and_goes_to_the_dead_letter_queue(cloud: LocalCloud) -> None:
    day, old = next(DAYS), days_ago(COUNTED_DAYS + 2)
    batch = [record(image(day)), record(image(old)), record(movement(old)), record(image(day))]
    assert deliver(cloud, batch) == []
    assert (events_of(cloud, day), events_of(cloud, old), ledger.money(cloud, old, old)) == (
        {"stripe captured": 2},
        {},
        {},
    )
    found = dead_letters(cloud)
    wanted = "received too long ago to be counted: its minute may be gone"
    assert {found.get(number_of(late)) for late in batch[1:3]} == {wanted}
    assert number_of(batch[0]) not in found


def test_hours_and_days_are_added_up_from_minutes_however_often(cloud: LocalCloud) -> None:
    day = next(DAYS)
    task = {"task": "sums", "day": day}

    def sums(grain: str) -> dict[tuple[str, str, str, str], Any]:
        return {key: numbers for key, numbers in ledger.added_up(cloud, grain).items() if key[0] == day}

    for batch in ([record(image(day)), record(movement(day))], [record(image(day)) for _ in range(3)]):
        assert deliver(cloud, batch) == []
        for _ in range(2):
            assert ledger.run_archive(cloud, task) is None
            assert sums("hour") == sums("day") == sums("minute")
    assert sums("day")[day, "event", "stripe", "captured"]["n"] == 4
    # A day whose minutes may be gone keeps what it has.
    error = ledger.run_archive(cloud, {"task": "sums", "day": days_ago(LIMITS["analytics"]["summed_days"] + 1)})
    assert error
    assert json.loads(error)["errorType"] == "Failed"


def test_a_record_that_cannot_be_handed_on_comes_again(cloud: LocalCloud) -> None:
    day = next(DAYS)
    batch = [record(image(day)), record(image(day, status=None)), record(image(day))]
    with without(cloud, FUNCTION, "sqs:SendMessage"):
        assert deliver(cloud, batch) == [number_of(batch[0])]
    assert number_of(batch[1]) not in dead_letters(cloud)
    assert deliver(cloud, batch) == []
    assert number_of(batch[1]) in dead_letters(cloud)
    assert events_of(cloud, day) == {"stripe captured": 2}


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

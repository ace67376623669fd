"""Records of long ago, which nobody can send today: copies of stored ones, put into the
audit log and the table as they would stand there by now, and what becomes of them: they are sealed,
archived and, once they have expired, deleted by DynamoDB.
"""

import copy
import datetime
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import zstandard

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud

Item = dict[str, Any]

# Young enough to be counted: what is received longer ago than that was counted in its time
# (`counted_days` of infra/limits.json).
DAYS = 40
DAY_SECONDS = 86_400
HOURS = 24
# DynamoDB takes so many writes in a call.
WRITES_MAX = 25
# Lines of a frame of an audit object (`functions/pipeline/src/audit.rs`).
FRAME_LINES_MAX = 64
# What stands in a sort key in place of a time.
UNDATED = "undated"


@dataclass
class Copy:
    """An aged event: the line of its webhook in the audit log, and its items, the event's first."""

    line: dict[str, Any]
    items: list[Item]
    # What the event's item has otherwise than the webhook told it; None for what it lacks.
    change: Item = field(default_factory=dict)

    def __post_init__(self) -> None:
        key = self.items[0] | self.change
        self.line["keys"] = [{name: key[name]["S"] for name in ("transaction_id", "timestamp")}]

    def event(self) -> Item:
        """The event's item."""
        return {name: value for name, value in (self.items[0] | self.change).items() if value is not None}


@dataclass(frozen=True)
class When:
    """How many days earlier a webhook is to have come, and in which hour of that day (UTC)."""

    days: int
    hour: int = 0

    def earlier(self, time: str) -> str:
        """The same time of day, so many days before; the digits of its second stay as they are."""
        day = datetime.date.fromisoformat(time[:10]) - datetime.timedelta(days=self.days)
        return f"{day.isoformat()}{time[10:]}"

    def receipt(self, time: str) -> str:
        """The same, in its hour."""
        return f"{self.earlier(time)[:11]}{self.hour:02}{time[13:]}"


def aged(item: Item, number: int, when: When) -> Item:
    """The item as if its webhook had come then, with ids of its own."""
    event_id = f"{item['event_id']['S']}-aged{number}"
    times = {"received_at": when.receipt(item["received_at"]["S"])}
    if "event_time" in item:
        times["event_time"] = when.earlier(item["event_time"]["S"])
    # An event without a signed time has none in its key, whether it states one or not.
    key_time = UNDATED if item["timestamp"]["S"].startswith(UNDATED) else times["event_time"]
    texts = times | {
        "transaction_id": f"{item['transaction_id']['S']}-aged{number}",
        "timestamp": f"{key_time}#{event_id}",
        "event_id": event_id,
        "message_id": f"{item['message_id']['S']}-aged{number}",
    }
    return copy.deepcopy(item) | {name: {"S": text} for name, text in texts.items()} | _expiry(item, when)


def aged_movements(item: Item, number: int, when: When, movements: dict[tuple[str, str], Item]) -> list[Item]:
    """What an aged event tells, as if it alone had told it: the movements of `item`, under the aged event's own payment."""
    made = []
    for told in item.get("tells", {"L": []})["L"]:
        kind, _, identifier = told["S"].partition("#")
        found = movements.get((item["transaction_id"]["S"], f"movement#{kind}#{identifier}"))
        # A movement of another payment keeps its item: the aged event names that one.
        if found is None:
            continue
        received_at = when.receipt(item["received_at"]["S"])
        changes = found["changes"]["L"][-1:]
        what = changes[0]["S"].partition(" ")[2] if changes else "none"
        texts = {
            "event_id": f"{item['event_id']['S']}-aged{number}",
            "received_at": received_at,
            "transaction_id": f"{item['transaction_id']['S']}-aged{number}",
            "message_id": f"{item['message_id']['S']}-aged{number}",
        }
        made.append(
            copy.deepcopy(found)
            | {name: {"S": text} for name, text in texts.items()}
            | {"version": {"N": "1"}, "changes": {"L": [] if what == "none" else [{"S": f"{received_at} {what}"}]}}
            | _expiry(found, when)
        )
    return made


def aged_line(line: dict[str, Any], item: Item, number: int, when: When) -> dict[str, Any]:
    """The audit line of an aged event, as if its webhook had told that event alone."""
    made = aged(item, number, when)
    key = {name: item[name]["S"] for name in ("transaction_id", "timestamp")}
    event = copy.deepcopy(line["events"][line["keys"].index(key)])
    payment = event["transaction_id"]
    event["event_id"] = made["event_id"]["S"]
    event["transaction_id"] = made["transaction_id"]["S"].removeprefix(f"{item['provider']['S']}:")
    if "event_time" in event:
        event["event_time"] = when.earlier(event["event_time"])
    for movement in event.get("movements", []):
        if movement["payment"] == payment:
            movement["payment"] = event["transaction_id"]
    return line | {
        "message_id": made["message_id"]["S"],
        "request_id": f"{line['request_id']}-aged{number}",
        "received_at": when.receipt(line["received_at"]),
        "keys": [{name: made[name]["S"] for name in key}],
        "events": [event],
    }


def _expiry(item: Item, when: When) -> Item:
    return {"expires_at": {"N": str(int(item["expires_at"]["N"]) - when.days * DAY_SECONDS)}}


def written(key: str, copies: list[Copy]) -> bytes:
    """The audit object with the lines of these copies, whose items then point into it."""
    compressor = zstandard.ZstdCompressor(level=1, write_checksum=True)
    body = b""
    for start in range(0, len(copies), FRAME_LINES_MAX):
        lines = copies[start : start + FRAME_LINES_MAX]
        text = "".join(json.dumps(one.line, ensure_ascii=False, separators=(",", ":")) + "\n" for one in lines)
        frame = compressor.compress(text.encode())
        place = {"audit_key": {"S": key}, "audit_offset": {"N": str(len(body))}, "audit_length": {"N": str(len(frame))}}
        for one in lines:
            for item in one.items:
                item |= place
        body += frame
    return body


# No two copies have one number: what they tell must not meet.
_numbers = itertools.count()


def put_aged(
    cloud: LocalCloud,
    count: int,
    days: int = DAYS,
    changes: Sequence[Item] = (),
    of: Callable[[Item], bool] = lambda _: True,
    hours: int = HOURS,
) -> list[Item]:
    """Puts aged copies of `count` events into the audit log and the table, and what they tell; their items, the events' first.

    Each copy has ids of its own. They are spread over the first `hours` of their day, each hour with an
    audit object of its own. `changes` are those of the first events' items, as `Copy.change`; `of`
    says of which events copies are made.
    """
    items = [item for item in ledger.items(cloud) if "-aged" not in item["event_id"]["S"]]
    events = [item for item in items if item["record_type"]["S"] == "event" and of(item)]
    movements = {
        (item["transaction_id"]["S"], item["timestamp"]["S"]): item
        for item in items
        if item["record_type"]["S"] == "movement"
    }
    lines = {line["message_id"]: line for line in ledger.audit_lines(cloud) if line["verdict"] == "stored"}
    by_hour: dict[str, list[Copy]] = {}
    for index in range(count):
        # Spread over all of them, so that every provider is among the old ones.
        item, number = events[index * len(events) // count], next(_numbers)
        when = When(days, index * hours // count)
        line = aged_line(lines[item["message_id"]["S"]], item, number, when)
        change = changes[index] if index < len(changes) else {}
        made = Copy(line, [aged(item, number, when), *aged_movements(item, number, when, movements)], change)
        by_hour.setdefault(made.line["received_at"][:13], []).append(made)
    copies = [one for of_hour in by_hour.values() for one in of_hour]
    for hour, of_hour in by_hour.items():
        day, _, hh = hour.partition("T")
        key = f"audit/dt={day}/hh={hh}/aged-{next(_numbers)}.jsonl.zst"
        # Before the items, as the function does it.
        cloud.clients.s3.put_object(Bucket=cloud.outputs["audit_bucket_name"], Key=key, Body=written(key, of_hour))
    told = [item for one in copies for item in one.items[1:]]
    # Movements first, so that once the events are counted they are, too.
    put(cloud, told)
    made_events = [one.event() for one in copies]
    put(cloud, made_events)
    return [*made_events, *told]


def days_of(items: list[Item]) -> list[str]:
    """The days on which they were received, in order."""
    return sorted({item["received_at"]["S"][:10] for item in items})


def seal_task(items: list[Item]) -> dict[str, Any]:
    """The task that seals the audit log up to yesterday, or up to the last of these items."""
    yesterday = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)
    return {"task": "seal", "day": max(yesterday.isoformat(), *days_of(items))}


def archive_task(items: list[Item]) -> dict[str, Any]:
    """The task that archives what is sealed of the days of these items, just now or before."""
    days = days_of(items)
    return {"task": "archive", "first": days[0], "last": days[-1], "at_once": True}


def archive(cloud: LocalCloud, items: list[Item]) -> str | None:
    """Seals and archives the days of these items; the first error's text, if any."""
    return ledger.run_archive(cloud, seal_task(items)) or ledger.run_archive(cloud, archive_task(items))


def put(cloud: LocalCloud, made: list[Item]) -> None:
    """Puts items into the table."""
    _write(cloud, [{"PutRequest": {"Item": item}} for item in made])


def expire(cloud: LocalCloud, items: list[Item]) -> int:
    """Deletes items as DynamoDB does once they have expired, and if the table lets them; how many were there and are gone.

    Raises ValueError for an item without a time of expiry, which DynamoDB would never delete.
    """
    table = cloud.outputs["transactions_table_name"]
    expiry = cloud.clients.dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    if expiry["TimeToLiveStatus"] != "ENABLED":
        return 0
    if any("N" not in item.get(expiry["AttributeName"], {}) for item in items):
        raise ValueError(f"an item has no {expiry['AttributeName']}")
    there = len(ledger.items(cloud))
    keys = [{name: item[name] for name in ("transaction_id", "timestamp")} for item in items]
    _write(cloud, [{"DeleteRequest": {"Key": key}} for key in keys])
    return there - len(ledger.items(cloud))


def _write(cloud: LocalCloud, requests: list[dict[str, Any]]) -> None:
    table = cloud.outputs["transactions_table_name"]
    for start in range(0, len(requests), WRITES_MAX):
        cloud.clients.dynamodb.batch_write_item(RequestItems={table: requests[start : start + WRITES_MAX]})

"""Records of a hundred days ago, which nobody can send today: copies of stored ones, put into the
audit log and the table as they would stand there by now, and what becomes of them: they are sealed,
archived and, once they have expired, deleted by DynamoDB.
"""

import copy
import datetime
import itertools
import json
from dataclasses import dataclass
from typing import Any

import zstandard

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud

Item = dict[str, Any]

DAYS = 100
DAY_SECONDS = 86_400
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

    @property
    def received_at(self) -> str:
        """The time of receipt, as text."""
        return self.line["received_at"]


def aged(item: Item, number: int, days: int) -> Item:
    """The item as if its webhook had come `days` ago, with ids of its own."""
    event_id = f"{item['event_id']['S']}-aged{number}"
    times = {name: _earlier(item[name]["S"], days) for name in ("event_time", "received_at") if name in item}
    # An event without a signed time has none in its key, whether it states one or not.
    key_time = UNDATED if item["timestamp"]["S"].startswith(UNDATED) else times["event_time"]
    texts = times | {
        "transaction_id": f"{item['transaction_id']['S']}-aged{number}",
        "timestamp": f"{key_time}#{event_id}",
        "event_id": event_id,
        "message_id": f"{item['message_id']['S']}-aged{number}",
    }
    return copy.deepcopy(item) | {name: {"S": text} for name, text in texts.items()} | _expiry(item, days)


def aged_movements(item: Item, number: int, days: int, movements: dict[tuple[str, str], Item]) -> list[Item]:
    """What an aged event tells, as if it alone had told it: the movements of `item`, under the aged event's own payment."""
    made = []
    for told in item.get("tells", {"L": []})["L"]:
        kind, _, identifier = told["S"].partition("#")
        found = movements.get((item["transaction_id"]["S"], f"movement#{kind}#{identifier}"))
        # A movement of another payment keeps its item: the aged event names that one.
        if found is None:
            continue
        received_at = _earlier(item["received_at"]["S"], days)
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
            | _expiry(found, days)
        )
    return made


def aged_line(line: dict[str, Any], item: Item, number: int, days: int) -> dict[str, Any]:
    """The audit line of an aged event, as if its webhook had told that event alone."""
    made = aged(item, number, days)
    key = {name: item[name]["S"] for name in ("transaction_id", "timestamp")}
    event = line["events"][line["keys"].index(key)]
    provider = item["provider"]["S"]
    told = {
        "event_id": made["event_id"]["S"],
        "transaction_id": made["transaction_id"]["S"].removeprefix(f"{provider}:"),
    }
    if "event_time" in event:
        told["event_time"] = _earlier(event["event_time"], days)
    return line | {
        "message_id": made["message_id"]["S"],
        "request_id": f"{line['request_id']}-aged{number}",
        "received_at": _earlier(line["received_at"], days),
        "keys": [{name: made[name]["S"] for name in key}],
        "events": [event | told],
    }


def _earlier(time: str, days: int) -> str:
    """The same time of day, so many days before; the digits of its second stay as they are."""
    day = datetime.date.fromisoformat(time[:10]) - datetime.timedelta(days=days)
    return f"{day.isoformat()}{time[10:]}"


def _expiry(item: Item, days: int) -> Item:
    return {"expires_at": {"N": str(int(item["expires_at"]["N"]) - days * DAY_SECONDS)}}


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


def put_aged(cloud: LocalCloud, count: int, days: int = DAYS) -> list[Item]:
    """Puts aged copies of `count` events into the audit log and the table, and what they tell; their items, the events' first.

    Each copy has ids of its own.
    """
    items = [item for item in ledger.items(cloud) if "-aged" not in item["event_id"]["S"]]
    events = [item for item in items if item["record_type"]["S"] == "event"]
    movements = {
        (item["transaction_id"]["S"], item["timestamp"]["S"]): item
        for item in items
        if item["record_type"]["S"] == "movement"
    }
    lines = {line["message_id"]: line for line in ledger.audit_lines(cloud) if line["verdict"] == "stored"}
    by_day: dict[str, list[Copy]] = {}
    # Spread over all of them, so that every provider is among the old ones.
    for item, number in [(events[n * len(events) // count], next(_numbers)) for n in range(count)]:
        line = aged_line(lines[item["message_id"]["S"]], item, number, days)
        made = Copy(line, [aged(item, number, days), *aged_movements(item, number, days, movements)])
        by_day.setdefault(made.received_at[:10], []).append(made)
    copies = [one for of_day in by_day.values() for one in of_day]
    for day, of_day in by_day.items():
        hour = min(one.received_at for one in of_day)[11:13]
        key = f"audit/dt={day}/hh={hour}/aged-{next(_numbers)}.jsonl.zst"
        # Before the items, as the function does it.
        cloud.clients.s3.put_object(Bucket=cloud.outputs["audit_bucket_name"], Key=key, Body=written(key, of_day))
    told = [item for one in copies for item in one.items[1:]]
    # Movements first, so that once the events are counted they are, too.
    put(cloud, told)
    put(cloud, made_events := [one.items[0] for one in copies])
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

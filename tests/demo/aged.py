"""Records of a hundred days ago, which nobody can send today: copies of stored ones, put into the table as they would stand there by now."""

import datetime
from typing import Any

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud

DAYS = 100
PUTS_MAX = 25
# What stands in a sort key in place of a time.
UNDATED = "undated"


def aged(item: dict[str, Any], number: int, days: int) -> dict[str, Any]:
    """The item as if its webhook had come `days` ago, with ids of its own."""
    old = {name: dict(value) for name, value in item.items()}
    event_id = f"{item['event_id']['S']}-aged{number}"
    times = {name: _earlier(item[name]["S"], days) for name in ("event_time", "received_at") if name in item}
    # An event without a signed time has none in its key, whether it states one or not.
    key_time = UNDATED if item["timestamp"]["S"].startswith(UNDATED) else times["event_time"]
    shard = item["archive_shard"]["S"].rpartition("#")[2]
    texts = times | {
        "transaction_id": f"{item['transaction_id']['S']}-aged{number}",
        "timestamp": f"{key_time}#{event_id}",
        "event_id": event_id,
        "archive_shard": f"{times['received_at'][:10]}#{shard}",
    }
    return old | {name: {"S": text} for name, text in texts.items()}


def _earlier(time: str, days: int) -> str:
    """The same time of day, so many days before; the digits of its second stay as they are."""
    day = datetime.date.fromisoformat(time[:10]) - datetime.timedelta(days=days)
    return f"{day.isoformat()}{time[10:]}"


def put_aged(cloud: LocalCloud, count: int, days: int = DAYS, first_number: int = 0) -> list[dict[str, Any]]:
    """Puts `count` aged copies into the table; the items. Their ids are numbered from `first_number`."""
    events = [
        item
        for item in ledger.items(cloud)
        if item["record_type"]["S"] == "event" and "-aged" not in item["event_id"]["S"]
    ]
    # Spread over all of them, so that every provider is among the old ones.
    made = [aged(events[n * len(events) // count], first_number + n, days) for n in range(count)]
    put(cloud, made)
    return made


def archive_task(items: list[dict[str, Any]]) -> dict[str, Any]:
    """The task that archives the days of the items: all of them, also those that would stay longer in the table."""
    days = sorted(item["archive_shard"]["S"][:10] for item in items)
    return {"task": "archive", "first": days[0], "last": days[-1], "young": True}


def put(cloud: LocalCloud, made: list[dict[str, Any]]) -> None:
    """Puts items into the table."""
    table = cloud.outputs["transactions_table_name"]
    for start in range(0, len(made), PUTS_MAX):
        requests = [{"PutRequest": {"Item": item}} for item in made[start : start + PUTS_MAX]]
        cloud.clients.dynamodb.batch_write_item(RequestItems={table: requests})

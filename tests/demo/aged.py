"""Records of long ago, which nobody can send today: copies of stored ones, put into the table as they would stand there by now.

Events move into the archive; what they tell, their movements, stays in the table.
"""

import datetime
import itertools
from typing import Any

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud

# Young enough to be counted: what is received longer ago than that was counted in its time (`counted_days` of infra/limits.json).
DAYS = 40
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


def aged_movements(item: dict[str, Any], number: int, days: int, movements: dict[tuple[str, str], Any]) -> list[Any]:
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
        event_id = {"S": f"{item['event_id']['S']}-aged{number}"}
        made.append(
            {**found, "event_id": event_id, "received_at": {"S": received_at}, "version": {"N": "1"}}
            | {"transaction_id": {"S": f"{item['transaction_id']['S']}-aged{number}"}}
            | {"changes": {"L": [] if what == "none" else [{"S": f"{received_at} {what}"}]}}
        )
    return made


def _earlier(time: str, days: int) -> str:
    """The same time of day, so many days before; the digits of its second stay as they are."""
    day = datetime.date.fromisoformat(time[:10]) - datetime.timedelta(days=days)
    return f"{day.isoformat()}{time[10:]}"


# No two copies have one number: what they tell stays in the table when they leave it.
_numbers = itertools.count()


def put_aged(cloud: LocalCloud, count: int, days: int = DAYS) -> list[dict[str, Any]]:
    """Puts `count` aged copies of events into the table, and what they tell; the events. Each copy has ids of its own."""
    events = [item for item in ledger.events(cloud) if "-aged" not in item["event_id"]["S"]]
    movements = {(item["transaction_id"]["S"], item["timestamp"]["S"]): item for item in ledger.movements(cloud)}
    # Spread over all of them, so that every provider is among the old ones.
    chosen = [(events[n * len(events) // count], next(_numbers)) for n in range(count)]
    # Movements first, so that once the events are counted they are, too.
    put(cloud, [old for item, number in chosen for old in aged_movements(item, number, days, movements)])
    made = [aged(item, number, days) for item, number in chosen]
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

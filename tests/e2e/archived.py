"""Reads the archive with an engine that is not ours, and compares it with what was put into the table."""

import datetime
import hashlib
import io
import json
from collections import Counter
from typing import Any

import pyarrow.parquet

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import until_found
from tests.demo.aged import UNDATED

TIMES = ("event_time", "received_at")
PARTS, MANIFESTS = "archive/transactions/", "archive/manifests/"

Key = tuple[str, str]
Row = dict[str, Any]


def key_of(item: dict[str, Any]) -> Key:
    """Partition and sort key of an item."""
    return item["transaction_id"]["S"], item["timestamp"]["S"]


def _time(text: str) -> tuple[datetime.datetime, int]:
    """To the microsecond, which is what a column of the archive holds, and the nanoseconds beyond it."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    digits = f"{fraction:0<9}"
    return datetime.datetime.fromisoformat(f"{whole}.{digits[:6]}+00:00"), int(digits[6:9])


def row_of(item: dict[str, Any]) -> Row:
    """The row that an item should be in the archive."""
    row: Row = {}
    for name, value in item.items():
        if name == "record_type":
            continue
        kind, content = next(iter(value.items()))
        if name in TIMES:
            row[name], nanoseconds = _time(content)
            # Elsewhere the sort key has them.
            if nanoseconds and name == "event_time" and item["timestamp"]["S"].startswith(UNDATED):
                row["event_time_nanoseconds"] = nanoseconds
        elif kind == "M":
            row[name] = {role: typed["S"] for role, typed in content.items()}
        elif kind == "L":
            # Problems with commas between them, told movements with spaces.
            row[name] = (" " if name == "tells" else ",").join(typed["S"] for typed in content)
        else:
            row[name] = int(content) if kind == "N" else content
    return row


def rows_of(part: bytes) -> list[Row]:
    """The rows of a part; what is null is left out, as in an item."""
    found = []
    for row in pyarrow.parquet.read_table(io.BytesIO(part)).to_pylist():
        row = {name: value for name, value in row.items() if value is not None}
        if "related_ids" in row:
            row["related_ids"] = json.loads(row["related_ids"])
        found.append(row)
    return found


def parts(cloud: LocalCloud, day: str = "") -> dict[str, bytes]:
    """The parts that readers see, of one day or of all."""
    return dict(ledger.objects(cloud, f"{PARTS}dt={day}" if day else PARTS))


def manifests(cloud: LocalCloud, day: str = "") -> list[dict[str, Any]]:
    """The manifests of one day or of all."""
    found = ledger.objects(cloud, f"{MANIFESTS}dt={day}" if day else MANIFESTS)
    return [json.loads(text) for _, text in found]


def lost(cloud: LocalCloud, items: list[dict[str, Any]]) -> set[Key]:
    """Which of the items are neither in the table nor in a part of the archive."""
    there = {key_of(item) for item in ledger.items(cloud)}
    # The archive second: what moves in between is seen twice, not missed.
    there |= {(row["transaction_id"], row["timestamp"]) for part in parts(cloud).values() for row in rows_of(part)}
    return {key_of(item) for item in items} - there


def assert_archived_once(cloud: LocalCloud, items: list[dict[str, Any]]) -> None:
    """The archive of the items' days is these items, whole and each once; the table has none of them; the manifests agree with the parts."""
    # A run that stopped at its deadline goes on in an invocation of its own.
    gone = set(map(key_of, items))
    until_found(cloud, lambda: not {key_of(item) for item in ledger.items(cloud)} & gone, 120)
    days = {item["archive_shard"]["S"][:10] for item in items}
    files = {key: part for day in days for key, part in parts(cloud, day).items()}
    rows = [row for part in files.values() for row in rows_of(part)]
    keys = Counter((row["transaction_id"], row["timestamp"]) for row in rows)
    assert keys == Counter(map(key_of, items))
    by_key = {(row["transaction_id"], row["timestamp"]): row for row in rows}
    assert [by_key[key_of(item)] for item in items] == list(map(row_of, items))
    assert not {key_of(item) for item in ledger.items(cloud)} & set(keys)
    said = [manifest for day in days for manifest in manifests(cloud, day)]
    assert {manifest["part"] for manifest in said} == set(files)
    for manifest in said:
        part = files[manifest["part"]]
        shard_rows = rows_of(part)
        assert (manifest["bytes"], manifest["items"]) == (len(part), len(shard_rows))
        assert manifest["sha256"] == hashlib.sha256(part).hexdigest()
        assert {row["archive_shard"] for row in shard_rows} == {f"{manifest['day']}#{manifest['shard']:02}"}

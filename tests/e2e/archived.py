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
from tests.demo.aged import UNDATED, days_of

TIMES = ("event_time", "received_at", "amount_at")
# What joins the texts of a list: problems and changes have spaces in them or none, told movements have commas.
BETWEEN = {"tells": " "}
PARTS, MANIFESTS, MARKS = "archive/transactions/", "archive/manifests/", "archive/whole/"

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
        kind, content = next(iter(value.items()))
        if name in TIMES:
            row[name], nanoseconds = _time(content)
            # The sort key of a dated event has them.
            in_key = name == "event_time" and not item["timestamp"]["S"].startswith(UNDATED)
            if nanoseconds and not in_key:
                row[f"{name}_nanoseconds"] = nanoseconds
        elif kind == "M":
            row[name] = {role: typed["S"] for role, typed in content.items()}
        elif kind == "L" and content:
            row[name] = BETWEEN.get(name, ",").join(typed["S"] for typed in content)
        elif kind != "L":
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


def marked(cloud: LocalCloud, day: str) -> bool:
    """Whether the archive says of anything of a day that it is archived whole."""
    return any(True for _ in ledger.objects(cloud, f"{MARKS}dt={day}/"))


def parted(cloud: LocalCloud, days: list[str]) -> dict[Key, list[Row]]:
    """The rows of the parts of some days, by key; a movement has one for each time that it was archived."""
    found: dict[Key, list[Row]] = {}
    for part in [part for day in days for part in parts(cloud, day).values()]:
        for row in rows_of(part):
            found.setdefault((row["transaction_id"], row["timestamp"]), []).append(row)
    return found


def lost(cloud: LocalCloud, items: list[dict[str, Any]]) -> set[Key]:
    """Which of the items are neither in the table nor in a part of the archive."""
    there = {key_of(item) for item in ledger.items(cloud)}
    # The archive second: what moves in between is seen twice, not missed.
    return {key_of(item) for item in items} - there - parted(cloud, days_of(items)).keys()


def assert_archived_once(cloud: LocalCloud, items: list[dict[str, Any]]) -> None:
    """The archive has each of the items once, whole, and still the table has it; the manifests agree with the parts and have no gap."""
    days = days_of(items)
    # A run that stopped at its deadline goes on in an invocation of its own.
    until_found(cloud, lambda: parted(cloud, days).keys() >= set(map(key_of, items)), 120)
    found = parted(cloud, days)
    assert [found.get(key_of(item)) for item in items] == [[row_of(item)] for item in items]
    in_table = {key_of(item): item for item in ledger.items(cloud)}
    assert [in_table.get(key_of(item)) for item in items] == items
    assert_manifests_agree(cloud, days)


def assert_manifests_agree(cloud: LocalCloud, days: list[str]) -> None:
    """Each part has one manifest, which says what is in it; the manifests of an inventory follow each other."""
    files = {key: part for day in days for key, part in parts(cloud, day).items()}
    said = [manifest for day in days for manifest in manifests(cloud, day)]
    assert Counter(manifest["part"] for manifest in said) == Counter(files.keys())
    covered: dict[tuple[str, str], list[tuple[int, int, int]]] = {}
    for manifest in said:
        part = files[manifest["part"]]
        rows = rows_of(part)
        holds = manifest["holds"]
        kinds = Counter(kind_of(row) for row in rows)
        assert (kinds["dated"], kinds["undated"], kinds["movements"]) == tuple(
            holds[kind] for kind in ("dated", "undated", "movements")
        )
        assert (manifest["bytes"], manifest["sha256"]) == (len(part), hashlib.sha256(part).hexdigest())
        numbers = manifest["number"], manifest["first_object"], manifest["objects"]
        covered.setdefault((manifest["day"], manifest["inventory"]), []).append(numbers)
    for ranges in map(sorted, covered.values()):
        ends = [first + objects for _, first, objects in ranges]
        assert [number for number, _, _ in ranges] == list(range(1, len(ranges) + 1))
        assert [first for _, first, _ in ranges] == [0, *ends[:-1]]


def kind_of(row: Row) -> str:
    """Under which of its numbers a manifest counts a row."""
    if row["record_type"] == "movement":
        return "movements"
    return "undated" if row["timestamp"].startswith(UNDATED) else "dated"

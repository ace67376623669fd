"""DuckDB and pyarrow, two engines that are not ours, read what the archive wrote: every row, every column and every type are what stood in the table."""

import datetime
import json
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import pytest

from infra.lib.catalogue import read_catalogue
from infra.local_cloud import ledger
from infra.local_cloud.cloud import ROOT, LocalCloud
from tests.demo import aged
from tests.e2e.archived import TIMES, Row, assert_archived_once, manifests, parts, row_of
from tests.e2e.door import post_stripe, stripe_event

# What the Glue table is made of.
SCHEMA = ROOT / "functions/transaction_archive/schema.json"
COLUMNS = [(column["name"], column["type"]) for column in json.loads(SCHEMA.read_text())]
NAMES = [name for name, _ in COLUMNS]

# What an event need not state.
OPTIONAL = {
    "fetched",
    "amount_minor", "currency", "amount_exponent", "amount_text", "exponent_source", "merchant_account", "related_ids",
    "problems", "event_time", "event_time_nanoseconds", "tells",
}  # fmt: skip
# What only a movement has.
OF_MOVEMENTS = {
    "movement_kind", "movement_id", "movement_state", "movement_rank", "amount_tells", "amount_rank", "amount_at",
    "amount_at_nanoseconds", "version", "changes",
}  # fmt: skip

# Hive's types, which Glue's table states, as the two engines must see them.
PYARROW_TYPES = {
    "string": pyarrow.string(),
    "bigint": pyarrow.int64(),
    "int": pyarrow.int32(),
    "timestamp": pyarrow.timestamp("us", tz="UTC"),
}
DUCKDB_TYPES = {"string": "VARCHAR", "bigint": "BIGINT", "int": "INTEGER", "timestamp": "TIMESTAMP WITH TIME ZONE"}

# Sent as every provider: no decimals, three, an amount that no double holds, the largest there is, one below zero.
SENT = {"EUR": 1999, "JPY": 12000, "KWD": 1234, "USD": 9_007_199_254_740_993, "IRR": 2**63 - 1, "GBP": -250}
EACH = len(read_catalogue())

# What no provider of today sends, but a table may hold. None takes an attribute away.
ODD: dict[str, dict[str, Any]] = {
    "several problems": {"problems": {"L": [{"S": "event_id_missing"}, {"S": "time_unusable"}]}},
    "nanoseconds beside a key without a time": {
        "timestamp": {"S": "undated#odd1"},
        "event_id": {"S": "odd1"},
        "event_time": {"S": "2026-01-02T03:04:05.123456789Z"},
    },
    "several movements": {"tells": {"L": [{"S": "capture#c1"}, {"S": "refund#r1#p2"}]}},
    "no time at all": {"timestamp": {"S": "undated#odd2"}, "event_id": {"S": "odd2"}, "event_time": None},
    "the smallest amount": {"amount_minor": {"N": str(-(2**63))}},
    "an unknown currency": {"currency": {"S": "ZZZ"}, "amount_exponent": {"N": "9"}},
    "no text": {"event_type": {"S": ""}, "merchant_account": {"S": ""}},
    "text of any kind": {"event_type": {"S": "a'b\"c\\d\n\t,;é漢🧾\u2028"}, "merchant_account": {"S": "NULL"}},
    "many related ids": {"related_ids": {"M": {f'r"{n}': {"S": f"é{n}\n"} for n in range(50)}}},
    "a long text": {"message_id": {"S": "m" * 70_000}},
    "a large pointer": {"audit_offset": {"N": str(2**63 - 1)}},
}
DAYS = 10
# A smaller part is not compressed (`functions/transaction_archive/src/part.rs`).
COMPRESSED_FROM_ROWS = 64


@dataclass
class Archived:
    """The items as they stood in the table, and the archive as files."""

    cloud: LocalCloud
    items: list[dict[str, Any]]
    folder: Path

    def wanted(self) -> list[Row]:
        """A row an item, in the order of the keys; None for what an item lacks."""
        rows = [row_of(item) | {"dt": item["received_at"]["S"][:10]} for item in self.items]
        return by_key([{name: row.get(name) for name in [*NAMES, "dt"]} for row in rows])


def by_key(rows: list[Row]) -> list[Row]:
    """In the order of the keys, the related ids read."""
    for row in rows:
        if isinstance(row["related_ids"], str):
            row["related_ids"] = json.loads(row["related_ids"])
    return sorted(rows, key=lambda row: (row["timestamp"], row["transaction_id"]))


def differences(wanted: list[Row], found: list[Row]) -> list[str]:
    """Which cells are not what they should be: row by row, column by column, types as well."""
    differ = []
    for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
        assert list(one) == list(other)
        for name, value in one.items():
            if value != other[name] or type(value) is not type(other[name]):
                differ.append(f"row {number}, {name}: {other[name]!r} instead of {value!r}")
    return differ


def send_all(cloud: LocalCloud, payhook: Path) -> None:
    """Real webhooks of every provider, and some of Stripe without an amount."""
    for currency, amount in SENT.items():
        result = subprocess.run(
            [payhook, "send", "--endpoint", cloud.endpoint, "--api-keys-file", cloud.api_keys_file, "--provider", "all",
             "--secrets-file", cloud.keys_file, "--count", str(EACH), "--currency", currency, f"--amount={amount}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stdout + result.stderr
    for number in range(EACH):
        event = stripe_event()
        event |= {"type": "customer.created", "data": {"object": {"id": f"cus_{number}", "object": "customer"}}}
        assert post_stripe(cloud, json.dumps(event).encode()).status == 200
    assert ledger.wait_until_drained(cloud)


@pytest.fixture(scope="module")
def archived(own_cloud: LocalCloud, payhook: Path, tmp_path_factory: pytest.TempPathFactory) -> Archived:
    """Three days, archived by the real function; to the first of them more came late, and all of the
    third came within an hour.
    """
    send_all(own_cloud, payhook)
    items = [*aged.put_aged(own_cloud, 150, DAYS), *aged.put_aged(own_cloud, 150, DAYS + 1)]
    items += aged.put_aged(own_cloud, COMPRESSED_FROM_ROWS, DAYS + 2, hours=1)
    odd = aged.put_aged(own_cloud, len(ODD), DAYS, [*ODD.values()], lambda item: "amount_minor" in item)
    assert aged.archive(own_cloud, items) is None
    late = aged.put_aged(own_cloud, 60, DAYS)
    assert aged.archive(own_cloud, items) is None
    folder = tmp_path_factory.mktemp("archive")
    for key, part in parts(own_cloud).items():
        file = folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(part)
    return Archived(own_cloud, [*items, *odd, *late], folder / "archive/transactions")


def test_what_was_archived_is_of_every_kind(archived: Archived) -> None:
    items = archived.items
    assert {item["provider"]["S"] for item in items} == {provider.name for provider in read_catalogue()}
    money = {(item["currency"]["S"], item["amount_minor"]["N"]) for item in items if "currency" in item}
    assert money >= {(currency, str(amount)) for currency, amount in SENT.items()}
    assert {item["amount_exponent"]["N"] for item in items if "currency" in item} >= {"0", "2", "3"}
    for name in (OPTIONAL | OF_MOVEMENTS) - {"related_ids"}:
        assert any(name not in item for item in items), name
    # Nothing here was fetched: functions/transaction_archive/tests/brought_back.rs has what was.
    for name in (OPTIONAL | OF_MOVEMENTS) - {"event_time_nanoseconds", "amount_at_nanoseconds", "fetched"}:
        assert any(name in item for item in items), name
    assert {item["record_type"]["S"] for item in items} == {"event", "movement"}
    # A part of each hour of two days, another one for those that came late, and one of the third day.
    hours = Counter((manifest["day"], manifest["inventory"][:2]) for manifest in manifests(archived.cloud))
    assert Counter(hours.values()) == {2: 24, 1: 25}
    assert_archived_once(archived.cloud, items)


def test_the_files_have_the_columns_of_the_glue_table(archived: Archived) -> None:
    table = archived.cloud.clients.glue.get_table(
        DatabaseName=f"payhook_{archived.cloud.suffix}", Name=f"transactions_archive_{archived.cloud.suffix}"
    )["Table"]
    assert [(column["Name"], column["Type"]) for column in table["StorageDescriptor"]["Columns"]] == COLUMNS
    assert [column["Name"] for column in table["PartitionKeys"]] == ["dt"]
    wanted = [(name, PYARROW_TYPES[kind], name in OPTIONAL | OF_MOVEMENTS) for name, kind in COLUMNS]
    files = sorted(archived.folder.rglob("*.parquet"))
    assert len(files) == len(manifests(archived.cloud))
    kinds = set()
    for file in files:
        parquet = pyarrow.parquet.ParquetFile(file)
        found = [(field.name, field.type, field.nullable) for field in parquet.schema_arrow]
        assert found == wanted, file.name
        group = parquet.metadata.row_group(0)
        kind = "ZSTD" if group.num_rows >= COMPRESSED_FROM_ROWS else "UNCOMPRESSED"
        assert {group.column(place).compression for place in range(group.num_columns)} == {kind}
        kinds.add(kind)
    assert kinds == {"ZSTD", "UNCOMPRESSED"}


def test_pyarrow_reads_every_row_as_it_was(archived: Archived) -> None:
    table = pyarrow.dataset.dataset(archived.folder, format="parquet", partitioning="hive").to_table()
    found = by_key(table.to_pylist())
    assert len(found) == len(archived.items)
    assert differences(archived.wanted(), found) == []


def test_duckdb_reads_every_row_as_it_was(archived: Archived) -> None:
    source = "FROM read_parquet($files, hive_partitioning = true)"
    given = {"files": f"{archived.folder}/*/*.parquet"}
    described = duckdb.execute(f"DESCRIBE SELECT * {source}", given).fetchall()
    wanted_types = [(name, DUCKDB_TYPES[kind]) for name, kind in COLUMNS]
    assert [(name, kind) for name, kind, *_ in described] == [*wanted_types, ("dt", "DATE")]

    # An instant as microseconds since the epoch: no time zone of this machine comes into it.
    instants = ", ".join(f"epoch_us({name}) AS {name}" for name in TIMES)
    answer = duckdb.execute(f"SELECT * REPLACE ({instants}, dt::VARCHAR AS dt) {source}", given)
    names = [column[0] for column in answer.description or []]
    found = by_key([dict(zip(names, row, strict=True)) for row in answer.fetchall()])
    wanted = archived.wanted()
    epoch, microsecond = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), datetime.timedelta(microseconds=1)
    for row in wanted:
        row |= {name: row[name] and (row[name] - epoch) // microsecond for name in TIMES}
    assert len(found) == len(wanted)
    assert differences(wanted, found) == []


def test_a_day_is_found_by_its_partition(archived: Archived) -> None:
    source = "FROM read_parquet($files, hive_partitioning = true)"
    for day in aged.days_of(archived.items):
        of_day = [row for row in archived.wanted() if row["dt"] == day]
        given = {"files": f"{archived.folder}/*/*.parquet", "day": day}
        query = f"SELECT count(*), sum(amount_minor), count(amount_minor) {source} WHERE dt = $day::DATE"
        amounts = [row["amount_minor"] for row in of_day if row["amount_minor"] is not None]
        # Sums beyond 64 bits are exact too.
        assert duckdb.execute(query, given).fetchall() == [(len(of_day), sum(amounts), len(amounts))]


def test_the_comparison_sees_every_cell(archived: Archived) -> None:
    wanted = archived.wanted()
    for name in NAMES:
        found = [dict(row) for row in wanted]
        found[-1][name] = "another"
        assert differences(wanted, found) == [
            f"row {len(wanted) - 1}, {name}: 'another' instead of {wanted[-1][name]!r}"
        ]
    found = [row | {"audit_offset": float(row["audit_offset"])} for row in wanted]
    assert len(differences(wanted, found)) == len(wanted)

"""What the sealed audit log names is archived, each record once: under kills, without a permission, by two runs at a time, when more comes late.

Nothing is deleted by it. What has expired afterwards is found in the archive.
"""

import datetime
import itertools
import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.lib.limits import function_limits
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.demo import aged
from tests.demo.__main__ import proof, send
from tests.e2e.archived import (
    assert_archived_once,
    assert_manifests_agree,
    key_of,
    lost,
    manifests,
    marked,
    parted,
    parts,
    row_of,
)
from tests.e2e.auditlog import digests
from tests.e2e.door import eventually
from tests.e2e.faults import kill_in_mid_run, logged, without

FUNCTION = "archival_function"

# Days ago, for each test its own. The seal covers what comes up to twenty days late.
DAYS_AGO = itertools.count(4)


@pytest.fixture(scope="module")
def cloud(own_cloud: LocalCloud, payhook: Path) -> LocalCloud:
    """A stack with webhooks of today in it."""
    send(own_cloud, payhook, 100)
    assert ledger.wait_until_drained(own_cloud)
    return own_cloud


def put_sealed(cloud: LocalCloud, count: int, days: int) -> list[aged.Item]:
    """Aged copies, whose audit objects are sealed."""
    items = aged.put_aged(cloud, count, days)
    assert ledger.run_archive(cloud, aged.seal_task(items)) is None
    return items


def killed_in_mid_run(cloud: LocalCloud, task: dict[str, Any], far_enough: Callable[[], bool]) -> None:
    """Runs a task and kills the function when it has come far enough."""
    kill_in_mid_run(cloud, FUNCTION, lambda: ledger.run_archive(cloud, task), far_enough)


def test_killed_in_mid_run_the_next_one_completes_it(cloud: LocalCloud) -> None:
    ago = next(DAYS_AGO), next(DAYS_AGO)
    items = [item for days in ago for item in aged.put_aged(cloud, 400, days)]
    assert ledger.run_archive(cloud, aged.seal_task(items)) is None
    task = aged.archive_task(items)
    pending = len(list(ledger.objects(cloud, "archive/pending/")))
    # When the first part has no manifest yet, or just has; after some parts; when half of them are done.
    moments: list[Callable[[], bool]] = [
        lambda: len(list(ledger.objects(cloud, "archive/pending/"))) > pending,
        lambda: len(manifests(cloud, task["first"])) >= 4,
        lambda: len(manifests(cloud, task["first"])) >= 14,
    ]
    for moment in moments:
        killed_in_mid_run(cloud, task, moment)
        assert lost(cloud, items) == set()
        # What readers see is what a manifest says, but for a part whose manifest came last.
        said = {manifest["part"] for day in aged.days_of(items) for manifest in manifests(cloud, day)}
        assert {key for day in aged.days_of(items) for key in parts(cloud, day)} <= said
    assert not parted(cloud, aged.days_of(items)).keys() >= set(map(key_of, items)), "it was done before it was killed"
    assert not marked(cloud, task["last"])
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, items)
    assert all(marked(cloud, day) for day in aged.days_of(items))


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject", "s3:ListBucket", "dynamodb:BatchGetItem"])
def test_without_a_permission_nothing_is_taken_for_archived(cloud: LocalCloud, action: str) -> None:
    items = put_sealed(cloud, 60, next(DAYS_AGO))
    task, refused_before = aged.archive_task(items), logged(cloud, FUNCTION, "AccessDenied")
    with without(cloud, FUNCTION, action):
        error = ledger.run_archive(cloud, task)
        assert error
        assert json.loads(error)["errorType"] == "Failed"
        assert "of the task's parts failed" in error
    assert logged(cloud, FUNCTION, "AccessDenied") > refused_before
    assert (manifests(cloud, task["first"]), parts(cloud, task["first"])) == ([], {})
    assert not marked(cloud, task["first"])
    assert lost(cloud, items) == set()
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, items)
    assert marked(cloud, task["first"])


def test_what_comes_late_makes_another_part_and_overwrites_none(cloud: LocalCloud) -> None:
    ago = next(DAYS_AGO)
    early = put_sealed(cloud, 50, ago)
    task = aged.archive_task(early)
    day = task["first"]
    assert ledger.run_archive(cloud, task) is None
    before = parts(cloud, day)
    # Not sealed, not archived: of what is archived the seal vouches for the keys.
    late = aged.put_aged(cloud, 40, ago)
    assert ledger.run_archive(cloud, task) is None
    assert parts(cloud, day) == before
    assert ledger.run_archive(cloud, aged.seal_task(late)) is None
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, early + late)
    after = parts(cloud, day)
    assert {key: after[key] for key in before} == before
    assert len(after) > len(before)
    # Once more: nothing is left to do.
    assert ledger.run_archive(cloud, task) is None
    assert parts(cloud, day) == after
    versions = cloud.clients.s3.list_object_versions(
        Bucket=cloud.outputs["audit_bucket_name"], Prefix=f"archive/manifests/dt={day}"
    )["Versions"]
    assert len(versions) == len(manifests(cloud, day)), "a manifest was written twice"


def test_what_was_sealed_just_now_waits_unless_it_is_told_not_to(cloud: LocalCloud) -> None:
    """A record is inserted some seconds after its audit object was written, and sealed."""
    items = put_sealed(cloud, 60, next(DAYS_AGO))
    task = aged.archive_task(items)
    assert ledger.run_archive(cloud, {name: value for name, value in task.items() if name != "at_once"}) is None
    assert parts(cloud, task["first"]) == {}
    assert not marked(cloud, task["first"])
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, items)


def test_a_movement_that_rose_since_is_archived_once_for_each_time_that_it_was_written(cloud: LocalCloud) -> None:
    ago = next(DAYS_AGO)
    items = put_sealed(cloud, 60, ago)
    task = aged.archive_task(items)
    assert ledger.run_archive(cloud, task) is None
    # Another webhook tells more of a movement, and the table has that alone.
    first = next(item for item in items if item["record_type"]["S"] == "movement")
    (line,) = [line for line in ledger.audit_lines(cloud) if line["message_id"] == first["message_id"]["S"]]
    key = f"{first['audit_key']['S'].rpartition('/')[0]}/raised.jsonl.zst"
    risen = first | {"version": {"N": "2"}}
    body = aged.written(
        key, [aged.Copy(line, [next(item for item in items if item["event_id"] == first["event_id"]), risen])]
    )
    cloud.clients.s3.put_object(Bucket=cloud.outputs["audit_bucket_name"], Key=key, Body=body)
    aged.put(cloud, [risen])
    assert ledger.run_archive(cloud, aged.seal_task(items)) is None
    assert ledger.run_archive(cloud, task) is None
    found = parted(cloud, aged.days_of(items))[key_of(first)]
    assert sorted(found, key=lambda row: row["version"]) == [row_of(first), row_of(risen)]
    assert_manifests_agree(cloud, aged.days_of(items))


def test_two_runs_at_a_time_archive_each_record_once(cloud: LocalCloud) -> None:
    items = put_sealed(cloud, 300, next(DAYS_AGO))
    # The stack lets two run at a time, as a seal and an archive that go on are; they must not do harm.
    assert function_limits(FUNCTION)["reserved_concurrency"] == 2
    with ThreadPoolExecutor(2) as threads:
        errors = list(threads.map(lambda task: ledger.run_archive(cloud, task), [aged.archive_task(items)] * 2))
    assert errors == [None, None]
    assert_archived_once(cloud, items)


def test_an_empty_day_makes_nothing(cloud: LocalCloud) -> None:
    before = {key for key, _ in ledger.objects(cloud, "archive/")}
    assert ledger.run_archive(cloud, {"task": "archive", "first": "2001-02-03", "last": "2001-02-05"}) is None
    # Days in the wrong order are no days.
    assert ledger.run_archive(cloud, {"task": "archive", "first": "2001-02-05", "last": "2001-02-03"}) is None
    assert {key for key, _ in ledger.objects(cloud, "archive/")} == before


def test_what_is_no_record_keeps_its_part_from_being_made_and_is_named(cloud: LocalCloud) -> None:
    items = put_sealed(cloud, 24, next(DAYS_AGO))
    # Of a newer version perhaps: it has an attribute that no column takes.
    newer = items[0] | {"colour": {"S": "red"}}
    aged.put(cloud, [newer])
    error = ledger.run_archive(cloud, aged.archive_task(items))
    assert error
    assert json.loads(error)["errorType"] == "Failed"
    log = "".join(ledger.log_messages(cloud, f"/aws/lambda/{FUNCTION}_{cloud.suffix}"))
    assert f"from {newer['audit_key']['S']} on are no records" in log
    assert '"unreadable":1' in log
    # The other hours of its day are archived, and the day is not whole.
    others = [item for item in items if item["audit_key"] != newer["audit_key"]]
    assert_archived_once(cloud, others)
    assert key_of(newer) not in parted(cloud, aged.days_of(items))
    assert not marked(cloud, aged.days_of(items)[0])
    aged.put(cloud, [items[0]])
    assert ledger.run_archive(cloud, aged.archive_task(items)) is None
    assert_archived_once(cloud, items)
    assert marked(cloud, aged.days_of(items)[0])


NO_TASK = {
    "nothing": {},
    "an unknown task": {"task": "weekly"},
    "a day that is none": {"task": "archive", "first": "2026-02-30", "last": "2026-03-01"},
    "a day too few": {"task": "archive", "first": "2026-02-01"},
    "a field too many": {"task": "daily", "force": True},
    "a list": [],
}


@pytest.mark.parametrize("case", NO_TASK)
def test_an_event_that_is_no_task_fails_with_a_name(cloud: LocalCloud, case: str) -> None:
    error = json.loads(ledger.run_archive(cloud, NO_TASK[case]) or "{}")
    assert error["errorType"] == "TaskError"
    assert error["errorMessage"].startswith('the event is no task: {"task":"daily"}')
    assert logged(cloud, FUNCTION, "the event is no task") > 0


def test_a_task_without_an_end_is_stopped(cloud: LocalCloud) -> None:
    task = {"task": "archive", "first": "2001-02-03", "last": "2001-02-03", "continued": 501}
    error = json.loads(ledger.run_archive(cloud, task) or "{}")
    assert (error["errorType"], "501 times" in error["errorMessage"]) == ("TaskError", True)


# Asynchronous invocations wait for each other, and a busy machine for all of them.
CONTINUED_SECONDS = 300


def set_time_out(cloud: LocalCloud, seconds: int) -> None:
    """Gives the function another time-out."""
    cloud.clients.lambda_.update_function_configuration(FunctionName=f"{FUNCTION}_{cloud.suffix}", Timeout=seconds)


def test_what_does_not_fit_into_one_invocation_goes_on_in_the_next(cloud: LocalCloud) -> None:
    items = put_sealed(cloud, 40, next(DAYS_AGO))
    day = aged.days_of(items)[0]
    stopped = "the deadline came first"
    before = logged(cloud, FUNCTION, stopped)
    # Less than the margin that the function keeps: it stops before it has begun.
    set_time_out(cloud, 60)
    try:
        assert ledger.run_archive(cloud, aged.archive_task(items)) is None
        assert logged(cloud, FUNCTION, stopped) > before
        assert parts(cloud, day) == {}
    finally:
        set_time_out(cloud, function_limits(FUNCTION)["timeout_seconds"])
    # Nobody asks again.
    eventually(cloud, lambda: parted(cloud, [day]).keys() >= set(map(key_of, items)), CONTINUED_SECONDS)
    assert_archived_once(cloud, items)
    assert ledger.dead_letter_depth(cloud, FUNCTION) == 0


def test_a_task_goes_on_where_it_stopped(cloud: LocalCloud) -> None:
    items = put_sealed(cloud, 96, next(DAYS_AGO))
    day = aged.days_of(items)[0]
    task = aged.archive_task(items) | {"from": {"day": day, "inventory": "12"}, "continued": 1}
    second_half = [item for item in items if item["received_at"]["S"][11:13] >= "12"]
    assert 0 < len(second_half) < len(items)
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, second_half)
    assert parted(cloud, [day]).keys() == set(map(key_of, second_half))
    # What was not looked at is not taken for archived.
    assert not marked(cloud, day)
    assert ledger.run_archive(cloud, aged.archive_task(items)) is None
    assert_archived_once(cloud, items)
    assert marked(cloud, day)


def test_the_schedules_event_seals_and_states_how_long_what_is_not_archived_has_left(cloud: LocalCloud) -> None:
    before = len(digests(cloud))
    aged.put_aged(cloud, 10, next(DAYS_AGO))
    assert ledger.run_archive(cloud, {"task": "daily"}) is None
    assert len(digests(cloud)) == before + 1
    stated = _stated(cloud, "ArchiveDaysLeft")
    # Of a day that is this old and sealed just now: 56 less its age. Nothing near its expiry.
    assert 7 < stated < 56
    assert _stated(cloud, "ExpiryStopped", "Maximum") == 0


def _stated(cloud: LocalCloud, name: str, statistic: str = "Minimum") -> float:
    now = datetime.datetime.now(datetime.UTC)
    answer = cloud.clients.cloudwatch.get_metric_statistics(
        Namespace=ledger.NAMESPACE, MetricName=name, Period=3600, Statistics=[statistic],
        Dimensions=[{"Name": "function_name", "Value": f"{FUNCTION}_{cloud.suffix}"}],
        StartTime=now - datetime.timedelta(hours=1), EndTime=now + datetime.timedelta(minutes=2),
    )  # fmt: skip
    return min(point[statistic] for point in answer["Datapoints"])


def test_any_engine_reads_the_archive_and_the_proofs_agree_when_the_table_has_forgotten(
    cloud: LocalCloud, payhook: Path, tmp_path: Path
) -> None:
    items = put_sealed(cloud, 90, next(DAYS_AGO))
    events = [item for item in items if item["record_type"]["S"] == "event"]
    days = aged.archive_task(items)
    between = ("--from", days["first"], "--to", days["last"])
    eventually(cloud, lambda: proof(cloud, payhook, "analytics", "recount", *between)[0] == 0)
    # Hours and days are behind their minutes until these are added up.
    assert ledger.run_archive(cloud, {"task": "sums", "day": days["last"], "since": days["first"]}) is None
    status, text = proof(cloud, payhook, "analytics", "recount", *between)
    assert (status, "behind their minutes" in text) == (0, False), text
    shown = _shown(cloud, payhook, events)
    assert ledger.run_archive(cloud, days) is None
    assert_archived_once(cloud, items)
    # In both places, each is counted once.
    assert proof(cloud, payhook, "analytics", "recount", *between)[0] == 0

    assert aged.expire(cloud, items) == len(items)
    assert lost(cloud, items) == set()
    status, text = proof(cloud, payhook, "analytics", "recount", *between)
    assert (status, f"0 records in the table, {len(events)} in the archive" in text) == (0, True), text
    assert _shown(cloud, payhook, events) == shown

    for key, part in parts(cloud).items():
        file = tmp_path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(part)
    files = f"{tmp_path}/archive/transactions/*/*.parquet"
    query = (
        "SELECT currency, count(*), sum(amount_minor) FROM read_parquet($files, hive_partitioning = true) "
        "WHERE record_type = 'event' AND dt BETWEEN $first AND $last GROUP BY currency"
    )
    given = {"files": files, "first": days["first"], "last": days["last"]}
    found = {currency: rest for currency, *rest in duckdb.execute(query, given).fetchall()}
    wanted: dict[str | None, list[int | None]] = {}
    for currency in {row.get("currency") for row in map(row_of, events)}:
        rows = [row for row in map(row_of, events) if row.get("currency") == currency]
        # SQL's sum of nothing is NULL.
        wanted[currency] = [len(rows), sum(row["amount_minor"] for row in rows) if currency else None]
    assert found == wanted

    status, text = proof(
        cloud, payhook, "audit", "show", items[0]["transaction_id"]["S"], "--day", items[0]["received_at"]["S"][:10]
    )
    assert (status, json.loads(text)["message_id"]) == (0, items[0]["message_id"]["S"])
    today = datetime.datetime.now(datetime.UTC).date()
    for accepted_on in (today - datetime.timedelta(days=1), today):
        status, text = proof(cloud, payhook, "reconcile", "--day", accepted_on.isoformat())
        assert status == 0, text


def _shown(cloud: LocalCloud, payhook: Path, events: list[aged.Item]) -> Counter[tuple[str, str]]:
    """What `payhook payments list` says of the day of these events: currency and state of each payment."""
    status, text = proof(cloud, payhook, "payments", "list", "--day", aged.days_of(events)[0], "--json")
    assert status == 0, text
    found = [json.loads(line) for line in text.splitlines()]
    assert found
    return Counter((str(payment["currency"]), payment["state"]) for payment in found)

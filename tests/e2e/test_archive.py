"""Old records move into the archive, each once: under kills, without a permission, by two runs at a time, when more of them come late."""

import datetime
import itertools
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from infra.lib.limits import LIMITS, function_limits
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.demo import aged
from tests.demo.__main__ import proof, send
from tests.e2e.archived import assert_archived_once, key_of, lost, manifests, parts, row_of
from tests.e2e.door import eventually
from tests.e2e.faults import kill_in_mid_run, logged, without

FUNCTION = "archival_function"

# Days ago, for each test its own: the archive takes what is older than the limit.
DAYS_AGO = itertools.count(LIMITS["archive"]["older_than_days"] + 10, 5)


@pytest.fixture(scope="module")
def cloud(own_cloud: LocalCloud, payhook: Path) -> LocalCloud:
    """A stack with webhooks of today in it, which stay."""
    send(own_cloud, payhook, 100)
    assert ledger.wait_until_drained(own_cloud)
    return own_cloud


def day_of(items: list[dict[str, Any]]) -> str:
    return min(item["archive_shard"]["S"] for item in items)[:10]


def is_dated(item: dict[str, Any]) -> bool:
    """Whether the event's time is part of its key."""
    return not item["timestamp"]["S"].startswith(aged.UNDATED)


def table_keys(cloud: LocalCloud) -> set[tuple[str, str]]:
    return {key_of(item) for item in ledger.items(cloud)}


def killed_in_mid_run(cloud: LocalCloud, task: dict[str, Any], far_enough: Callable[[], bool]) -> None:
    """Runs a task and kills the function when it has come far enough."""
    kill_in_mid_run(cloud, FUNCTION, lambda: ledger.run_archive(cloud, task), far_enough)


def test_killed_in_mid_run_the_next_one_completes_it(cloud: LocalCloud) -> None:
    ago = next(DAYS_AGO)
    items = [*aged.put_aged(cloud, 400, ago), *aged.put_aged(cloud, 400, ago + 1)]
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
    assert table_keys(cloud) & set(map(key_of, items)), "the runs had done everything before they were killed"
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, items)


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject", "dynamodb:BatchWriteItem", "dynamodb:Query"])
def test_without_a_permission_nothing_is_deleted_without_a_copy(cloud: LocalCloud, action: str) -> None:
    items = aged.put_aged(cloud, 60, next(DAYS_AGO))
    task, refused_before = aged.archive_task(items), logged(cloud, FUNCTION, "AccessDenied")
    with without(cloud, FUNCTION, action):
        error = ledger.run_archive(cloud, task)
        assert error
        assert json.loads(error)["errorType"] == "Failed"
        assert "nothing was deleted that has no verified copy" in error
        assert table_keys(cloud) >= set(map(key_of, items))
    assert logged(cloud, FUNCTION, "AccessDenied") > refused_before
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, items)


def test_what_comes_late_makes_another_part_and_overwrites_none(cloud: LocalCloud) -> None:
    ago = next(DAYS_AGO)
    early = aged.put_aged(cloud, 50, ago)
    task, day = aged.archive_task(early), day_of(early)
    assert ledger.run_archive(cloud, task) is None
    before = parts(cloud, day)
    late = aged.put_aged(cloud, 40, ago)
    # And what was archived stands in the table again, as after a delete that was lost.
    aged.put(cloud, early[:20])
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, early + late)
    after = parts(cloud, day)
    assert {key: after[key] for key in before} == before
    added = [key for key in after if key not in before]
    assert added
    taken = {(manifest["shard"], manifest["number"]) for manifest in manifests(cloud, day)}
    assert taken == {(shard, number) for shard, last in taken for number in range(1, last + 1)}
    versions = cloud.clients.s3.list_object_versions(
        Bucket=cloud.outputs["audit_bucket_name"], Prefix=f"archive/manifests/dt={day}"
    )["Versions"]
    assert len(versions) == len(taken), "a manifest was written twice"


def test_a_task_by_hand_takes_what_is_old_enough_and_the_rest_when_told_to(cloud: LocalCloud) -> None:
    items = aged.put_aged(cloud, 60, next(DAYS_AGO))
    dated = [item for item in items if is_dated(item)]
    assert 0 < len(dated) < len(items)
    task = aged.archive_task(items)
    assert ledger.run_archive(cloud, {name: value for name, value in task.items() if name != "young"}) is None
    assert_archived_once(cloud, dated)
    assert lost(cloud, items) == set()
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, items)
    # Without a signed time, and older than such a record stays.
    old = [
        item
        for item in aged.put_aged(cloud, 60, LIMITS["archive"]["undated_older_than_days"] + 10)
        if not is_dated(item)
    ]
    day = day_of(old)
    assert ledger.run_archive(cloud, {"task": "archive", "first": day, "last": day}) is None
    assert not table_keys(cloud) & set(map(key_of, old))


def test_two_runs_at_a_time_archive_each_record_once(cloud: LocalCloud) -> None:
    items = aged.put_aged(cloud, 300, next(DAYS_AGO))
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


def test_what_is_no_record_stays_in_the_table(cloud: LocalCloud) -> None:
    items = aged.put_aged(cloud, 20, next(DAYS_AGO))
    # Of a newer version perhaps: it has an attribute that no column takes.
    newer = items[0] | {"colour": {"S": "red"}}
    aged.put(cloud, [newer])
    assert ledger.run_archive(cloud, aged.archive_task(items)) is None
    assert_archived_once(cloud, items[1:])
    assert [item for item in ledger.items(cloud) if key_of(item) == key_of(newer)] == [newer]
    assert '"unreadable":1' in "".join(ledger.log_messages(cloud, f"/aws/lambda/{FUNCTION}_{cloud.suffix}"))
    key = {name: newer[name] for name in ("transaction_id", "timestamp")}
    cloud.clients.dynamodb.delete_item(TableName=cloud.outputs["transactions_table_name"], Key=key)


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
    items = aged.put_aged(cloud, 40, next(DAYS_AGO))
    stopped = "the deadline came first"
    before = logged(cloud, FUNCTION, stopped)
    # Less than the margin that the function keeps: it stops before it has begun.
    set_time_out(cloud, 60)
    try:
        assert ledger.run_archive(cloud, aged.archive_task(items)) is None
        assert logged(cloud, FUNCTION, stopped) > before
        assert table_keys(cloud) >= set(map(key_of, items))
        assert parts(cloud, day_of(items)) == {}
    finally:
        set_time_out(cloud, function_limits(FUNCTION)["timeout_seconds"])

    def archived() -> bool:
        return not table_keys(cloud) & set(map(key_of, items))

    # Nobody asks again.
    eventually(cloud, archived, CONTINUED_SECONDS)
    assert_archived_once(cloud, items)
    assert ledger.dead_letter_depth(cloud, FUNCTION) == 0


def test_a_task_goes_on_where_it_stopped(cloud: LocalCloud) -> None:
    items = aged.put_aged(cloud, 100, next(DAYS_AGO))
    task = aged.archive_task(items) | {"from": {"day": day_of(items), "shard": 8}, "continued": 1}
    second_half = [item for item in items if int(item["archive_shard"]["S"][-2:]) >= 8]
    assert 0 < len(second_half) < len(items)
    assert ledger.run_archive(cloud, task) is None
    assert_archived_once(cloud, second_half)
    assert ledger.run_archive(cloud, aged.archive_task(items)) is None
    assert_archived_once(cloud, items)


def test_any_engine_reads_the_archive_and_the_proofs_agree(cloud: LocalCloud, payhook: Path, tmp_path: Path) -> None:
    items = aged.put_aged(cloud, 90, next(DAYS_AGO))
    days = aged.archive_task(items)
    # The schedule's own event, on the day's age alone: what has no signed time stays for longer.
    assert ledger.run_archive(cloud, {"task": "daily"}) is None
    dated = [item for item in items if is_dated(item)]
    assert 0 < len(dated) < len(items)
    assert_archived_once(cloud, dated)
    assert table_keys(cloud) & set(map(key_of, items)) == set(map(key_of, items)) - set(map(key_of, dated))
    assert ledger.run_archive(cloud, days) is None
    assert_archived_once(cloud, items)
    for key, part in parts(cloud).items():
        file = tmp_path / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(part)
    files = f"{tmp_path}/archive/transactions/*/*.parquet"
    query = "SELECT currency, count(*), sum(amount_minor) FROM read_parquet($files, hive_partitioning = true) WHERE dt BETWEEN $first AND $last GROUP BY currency"
    given = {"files": files, "first": days["first"], "last": days["last"]}
    found = {currency: rest for currency, *rest in duckdb.execute(query, given).fetchall()}
    wanted: dict[str | None, list[int | None]] = {}
    for currency in {row.get("currency") for row in map(row_of, items)}:
        rows = [row for row in map(row_of, items) if row.get("currency") == currency]
        # SQL's sum of nothing is NULL.
        wanted[currency] = [len(rows), sum(row["amount_minor"] for row in rows) if currency else None]
    assert found == wanted

    # Of what can still be counted: a day in the archive and its counts agree, and so do its hours and its day once they are added up.
    young = aged.put_aged(cloud, 30)
    assert ledger.run_archive(cloud, aged.archive_task(young)) is None
    day = day_of(young)
    recount = ("analytics", "recount", "--from", day, "--to", day)
    eventually(cloud, lambda: proof(cloud, payhook, *recount)[0] == 0)
    assert ledger.run_archive(cloud, {"task": "sums", "day": day}) is None
    status, text = proof(cloud, payhook, *recount)
    assert (status, "behind their minutes" in text) == (0, False)
    status, text = proof(
        cloud, payhook, "audit", "show", items[0]["transaction_id"]["S"], "--day", items[0]["archive_shard"]["S"][:10]
    )
    assert (status, json.loads(text)["message_id"]) == (0, items[0]["message_id"]["S"])
    today = datetime.datetime.now(datetime.UTC).date()
    for accepted_on in (today - datetime.timedelta(days=1), today):
        status, text = proof(cloud, payhook, "reconcile", "--day", accepted_on.isoformat())
        assert status == 0, text

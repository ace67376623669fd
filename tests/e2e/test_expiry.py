"""Every item says when it may be deleted, and at the last the archive keeps the table from deleting anything."""

import datetime
import json
from pathlib import Path

import pytest

from infra.lib.limits import LIMITS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.demo import aged
from tests.demo.__main__ import send
from tests.e2e.archived import key_of, lost
from tests.e2e.door import eventually
from tests.e2e.faults import logged, without
from tests.e2e.test_alarms import state

FUNCTION = "archival_function"
ARCHIVE = LIMITS["archive"]
# Older than the seal looks, and younger than any expiry: what waits for so long is lost in days.
FORGOTTEN_DAYS = 60


@pytest.fixture(scope="module")
def cloud(own_cloud: LocalCloud, payhook: Path) -> LocalCloud:
    """A stack with webhooks of today in it."""
    send(own_cloud, payhook, 100)
    assert ledger.wait_until_drained(own_cloud)
    return own_cloud


def expiry(cloud: LocalCloud) -> str:
    """Whether the table deletes what has expired, in DynamoDB's word."""
    answer = cloud.clients.dynamodb.describe_time_to_live(TableName=cloud.outputs["transactions_table_name"])
    return answer["TimeToLiveDescription"]["TimeToLiveStatus"]


def days_in_table(item: aged.Item) -> int:
    """As `infra/limits.json` says."""
    if item["record_type"]["S"] == "movement":
        return ARCHIVE["movement_table_days"]
    return ARCHIVE["undated_table_days" if item["timestamp"]["S"].startswith(aged.UNDATED) else "table_days"]


def test_every_item_may_be_deleted_so_many_days_after_its_receipt_and_not_before(cloud: LocalCloud) -> None:
    kinds = set()
    for item in ledger.items(cloud):
        received = datetime.datetime.fromisoformat(item["received_at"]["S"]).timestamp()
        days = days_in_table(item)
        assert int(item["expires_at"]["N"]) == int(received) + (days + ARCHIVE["grace_days"]) * aged.DAY_SECONDS
        kinds.add((item["record_type"]["S"], days))
    assert kinds == {("event", 90), ("event", 400), ("movement", 400)}


def test_a_day_that_nobody_archives_stops_the_expiry_once_and_rings(cloud: LocalCloud) -> None:
    daily, stopped = {"task": "daily"}, "the table's expiry is switched off"
    assert ledger.run_archive(cloud, daily) is None
    assert (expiry(cloud), state(cloud, "archive_behind"), state(cloud, "expiry_stopped")) == ("ENABLED", "OK", "OK")
    # The seal went on long ago, and no longer looks at that day.
    items = aged.put_aged(cloud, 30, FORGOTTEN_DAYS)
    # Without the right to stop it the run fails and says so, and the next one tries again.
    with without(cloud, FUNCTION, "dynamodb:UpdateTimeToLive"):
        error = ledger.run_archive(cloud, daily)
    assert error
    assert json.loads(error)["errorType"] == "Failed"
    assert expiry(cloud) == "ENABLED"
    ledger.run_archive(cloud, daily)
    assert expiry(cloud) == "DISABLED"
    eventually(cloud, lambda: state(cloud, "expiry_stopped") == "ALARM")
    eventually(cloud, lambda: state(cloud, "archive_behind") == "ALARM")
    assert logged(cloud, FUNCTION, stopped) == 1
    # Nothing is deleted any more, whatever its time of expiry says.
    assert aged.expire(cloud, items) == 0
    assert lost(cloud, items) == set()
    assert {key_of(item) for item in ledger.items(cloud)} >= set(map(key_of, items))
    # It stays so, and the alarm with it, without another call.
    ledger.run_archive(cloud, daily)
    assert (expiry(cloud), state(cloud, "expiry_stopped")) == ("DISABLED", "ALARM")
    assert logged(cloud, FUNCTION, stopped) == 1

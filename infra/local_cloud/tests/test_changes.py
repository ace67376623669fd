"""The emulator tells when something changed, and for how long nothing will."""

import datetime
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud, start
from infra.local_cloud.waiting import Activity, activity, until_found, until_found_or_at_rest
from tests.e2e.door import post, post_stripe, stripe_event, stripe_headers
from tests.e2e.faults import without
from tests.e2e.rights import schedule_at

NEVER = 2**62
PATIENCE_SECONDS = 60.0
# Longer than whatever may be under way here, shorter than the time after which a message is
# delivered again.
REST_SECONDS = 45.0


@pytest.fixture(scope="module")
def own(zips: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """A cloud that only this file uses: another's test would disturb its rest."""
    running = start(
        tmp_path_factory.mktemp("changes") / "state",
        zips,
        "own",
        options={"providers": "adyen,standardwebhooks,stripe"},
    )
    yield running
    running.stop()


def at_rest(cloud: LocalCloud, seconds: float = REST_SECONDS) -> Activity:
    """What the cloud is doing once it will do nothing for so long."""
    begun = time.monotonic()
    found = activity(cloud, NEVER, PATIENCE_SECONDS, seconds)
    assert (found.under_way, found.running) == (0, {})
    assert found.rest_seconds >= seconds - (time.monotonic() - begun) > 0
    return found


def test_a_webhook_is_told_and_at_rest_everything_is_done(own: LocalCloud) -> None:
    before, counted = at_rest(own), ledger.counted(own)
    event = stripe_event()
    assert post_stripe(own, json.dumps(event).encode()).status == 200
    assert activity(own, before.number, PATIENCE_SECONDS).number > before.number
    assert at_rest(own).waiting == 0
    assert [r for r in ledger.records(own) if r["event_id"] == event["id"]]
    assert ledger.counted(own) == counted + 1


def test_a_look_changes_nothing(own: LocalCloud) -> None:
    body = json.dumps(stripe_event()).encode()
    assert post(own, body, stripe_headers("whsec_of_nobody", body)).status == 200
    at_rest(own)

    def changed_by_a_look() -> bool:
        before = activity(own)
        ledger.items(own)
        ledger.audit_lines(own)
        assert len(ledger.rejected_messages(own)) == 1
        return activity(own).number > before.number

    # Only an alarm that changes its state in these milliseconds is another's change.
    assert [changed_by_a_look() for _ in range(3)].count(True) <= 1


def test_without_a_change_the_answer_comes_after_its_time(own: LocalCloud) -> None:
    before, begun = at_rest(own), time.monotonic()
    assert activity(own, before.number, 0.5).number == before.number
    assert time.monotonic() - begun >= 0.5


def test_a_failed_event_comes_to_rest_in_its_queue(own: LocalCloud) -> None:
    at_rest(own)
    before = ledger.dead_letter_depth(own, "archival_function")
    own.clients.lambda_.invoke(
        FunctionName="archival_function_own", InvocationType="Event", Payload=b'{"task":"nonsense"}'
    )
    at_rest(own)
    assert ledger.dead_letter_depth(own, "archival_function") == before + 1


def test_a_message_that_failed_is_due_when_it_is_delivered_again(own: LocalCloud) -> None:
    at_rest(own)
    url = own.outputs["webhook_queue_url"]
    with without(own, "webhook_processor", "s3:PutObject"):
        assert post_stripe(own, json.dumps(stripe_event()).encode()).status == 200
        found = at_rest(own)
    assert found.waiting == 1
    assert found.rest_seconds <= 95
    own.clients.sqs.purge_queue(QueueUrl=url)
    assert at_rest(own).rest_seconds > 95


def test_a_queue_without_its_event_source_rests(own: LocalCloud) -> None:
    lambda_ = own.clients.lambda_
    (mapping,) = lambda_.list_event_source_mappings(FunctionName="webhook_processor_own")["EventSourceMappings"]
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    assert post_stripe(own, json.dumps(stripe_event()).encode()).status == 200
    assert at_rest(own).waiting == 0
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    assert until_found(own, lambda: ledger.depth(own, "webhook_queue") == 0, PATIENCE_SECONDS)


def test_a_schedule_to_come_is_no_rest(own: LocalCloud) -> None:
    assert at_rest(own).rest_seconds > 600
    name = schedule_at(own, datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=5))
    assert 200 < at_rest(own).rest_seconds <= 300
    own.clients.scheduler.delete_schedule(Name=name)
    assert at_rest(own).rest_seconds > 600


def test_what_will_never_be_found_ends_at_rest_after_a_last_look(own: LocalCloud) -> None:
    begun, looks = time.monotonic(), []
    assert post_stripe(own, json.dumps(stripe_event()).encode()).status == 200
    assert not until_found_or_at_rest(own, lambda: looks.append(ledger.depth(own, "webhook_queue")), REST_SECONDS)
    assert looks[-1] == 0
    assert time.monotonic() - begun < REST_SECONDS

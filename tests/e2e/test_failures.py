"""Storage that refuses, a role that lacks one permission, a process killed in mid-batch: nothing is lost and nothing is stored twice."""

import json
from collections import Counter

import pytest

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.e2e.door import audit_lines_of, eventually, post, post_stripe, records_of, sending, stripe_event
from tests.e2e.faults import kill_functions, kill_once_it_holds, logged, without

PROCESSOR = "webhook_processor"


@pytest.mark.parametrize(
    ("action", "table_stays_empty"),
    [("dynamodb:PartiQLInsert", True), ("s3:PutObject", True), ("secretsmanager:GetSecretValue", True)],
)
def test_a_missing_permission_is_seen_and_nothing_is_acknowledged(
    cloud: LocalCloud, action: str, table_stays_empty: bool
) -> None:
    event = stripe_event()
    body = json.dumps(event).encode()
    with without(cloud, PROCESSOR, action):
        # A fresh process: secrets are kept in memory, and warm ones would not ask for them.
        kill_functions(cloud)
        seen_before = logged(cloud, PROCESSOR, "AccessDenied")
        assert post_stripe(cloud, body).status == 200
        eventually(cloud, lambda: logged(cloud, PROCESSOR, "AccessDenied") > seen_before)
        assert bool(records_of(cloud, event["id"])) is not table_stays_empty
        assert ledger.depth(cloud, "webhook_queue") == 1
    assert len(eventually(cloud, lambda: records_of(cloud, event["id"]))) == 1
    assert ledger.wait_until_drained(cloud)
    assert len(records_of(cloud, event["id"])) == 1
    assert {line["message_id"] for line in audit_lines_of(cloud, body)} == {
        records_of(cloud, event["id"])[0]["message_id"]
    }
    assert ledger.dead_letter_depth(cloud, PROCESSOR) == 0


def test_a_rejected_webhook_stays_in_the_queue_until_it_can_be_handed_on(cloud: LocalCloud) -> None:
    body = json.dumps(stripe_event()).encode()
    before = ledger.depth(cloud, "rejected_queue")
    with without(cloud, PROCESSOR, "sqs:SendMessage"):
        assert post(cloud, body).status == 200
        eventually(cloud, lambda: audit_lines_of(cloud, body))
        assert ledger.depth(cloud, "rejected_queue") == before
        assert ledger.depth(cloud, "webhook_queue") == 1
    eventually(cloud, lambda: ledger.depth(cloud, "rejected_queue") == before + 1)
    assert ledger.wait_until_drained(cloud)
    assert ledger.depth(cloud, "rejected_queue") == before + 1


def test_a_door_that_may_not_queue_tells_the_provider_to_come_again(cloud: LocalCloud) -> None:
    body = json.dumps(stripe_event()).encode()
    with without(cloud, "webhook_api", "sqs:SendMessage"):
        answer = post_stripe(cloud, body)
    assert answer.status == 503
    assert json.loads(answer.body)["error"] == "unavailable"
    assert ledger.wait_until_drained(cloud)
    assert audit_lines_of(cloud, body) == []
    assert post_stripe(cloud, body).status == 200
    eventually(cloud, lambda: audit_lines_of(cloud, body))


def in_flight(cloud: LocalCloud) -> int:
    """Messages that a function holds, or held when it died."""
    name = "ApproximateNumberOfMessagesNotVisible"
    url = cloud.outputs["webhook_queue_url"]
    return int(cloud.clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def test_killed_in_mid_batch_nothing_is_lost_and_nothing_twice(cloud: LocalCloud) -> None:
    with sending(cloud) as sent:
        # Fewer kills than a message may be received, at several moments of a batch.
        for delay in (0.0, 0.0, 0.02, 0.05):
            kill_once_it_holds(cloud, PROCESSOR, lambda: in_flight(cloud) > 0, delay)
        # However slowly this machine sends.
        eventually(cloud, lambda: len(sent) > 100)
    assert ledger.wait_until_drained(cloud)
    stored = Counter(record["event_id"] for record in ledger.records(cloud))
    assert {event_id: stored[event_id] for event_id in sent} == dict.fromkeys(sent, 1)
    attempts = [line["processed_attempt"] for line in ledger.audit_lines(cloud)
                for event in line.get("events", []) if event["event_id"] in set(sent)]  # fmt: skip
    assert max(attempts) > 1, "no process was killed while it held messages"
    assert ledger.dead_letter_depth(cloud, PROCESSOR) == 0

"""Payments whose events contradict each other about money are counted, named in the log without amounts, and ring."""

import datetime
import json
import uuid
from typing import Any

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.tests.acting import without_statement
from tests.e2e.door import eventually, post_stripe, stripe_event
from tests.e2e.faults import logged
from tests.e2e.test_alarms import counted, state

ARCHIVE, PROCESSOR = "archival_function", "webhook_processor"
ALARM = "money_contradicted"
# No other number of these tests has these digits.
CAPTURED, REFUNDED = 1999, 71_777


def about(payment: str, kind: str, **fields: Any) -> dict[str, Any]:
    """A Stripe event about an object of this payment."""
    told = {"id": f"{kind[:2]}_{uuid.uuid4().hex}", "currency": "usd", "payment_intent": payment, **fields}
    return stripe_event() | {"type": kind, "data": {"object": told}}


def send(cloud: LocalCloud, *events: dict[str, Any]) -> None:
    """One after another, and waits until all are stored."""
    before = ledger.metric_sum(cloud, "Stored", provider="stripe")
    for event in events:
        assert post_stripe(cloud, json.dumps(event).encode()).status == 200
    counted(cloud, "Stored", "stripe", before + len(events))


def judge(cloud: LocalCloud) -> str | None:
    """Judges the payments of today; and of yesterday, should midnight have passed between."""
    today = datetime.datetime.now(datetime.UTC).date()
    days = [today - datetime.timedelta(days=1), today]
    errors = [ledger.run_archive(cloud, {"task": "payments", "day": day.isoformat()}) for day in days]
    return next((error for error in errors if error), None)


def judged(cloud: LocalCloud) -> int:
    """How many payments of Stripe have been found to contradict themselves."""
    return ledger.metric_sum(cloud, "Contradicted", function=ARCHIVE, provider="stripe")


def test_a_refund_beyond_its_capture_and_a_dispute_of_nothing_ring_when_the_day_is_over(own_cloud: LocalCloud) -> None:
    good, refunded, disputed = (f"pi_{uuid.uuid4().hex}" for _ in range(3))
    captured = {"amount": CAPTURED, "amount_received": CAPTURED, "object": "payment_intent"}
    send(
        own_cloud,
        about(good, "payment_intent.succeeded", **captured | {"id": good}),
        about(good, "refund.updated", object="refund", amount=CAPTURED, status="succeeded"),
        about(disputed, "charge.dispute.created", object="dispute", amount=CAPTURED, status="needs_response"),
        # Before its capture, as it may come.
        about(refunded, "refund.updated", object="refund", amount=REFUNDED, status="succeeded"),
        about(refunded, "payment_intent.succeeded", **captured | {"id": refunded}),
    )
    assert (state(own_cloud, ALARM), judged(own_cloud)) == ("OK", 0)
    with without_statement(own_cloud, ARCHIVE, "ReadTransactions"):
        assert "parts failed" in (judge(own_cloud) or "")
    assert logged(own_cloud, ARCHIVE, "payments not judged") > 0
    assert judge(own_cloud) is None
    eventually(own_cloud, lambda: judged(own_cloud) == 2)
    assert state(own_cloud, ALARM) == "ALARM"

    assert logged(own_cloud, ARCHIVE, f"stripe:{refunded} contradict each other: refund_beyond_capture") == 1
    assert logged(own_cloud, ARCHIVE, f"stripe:{disputed} contradict each other: dispute_without_payment") == 1
    assert logged(own_cloud, ARCHIVE, good) == 0
    assert logged(own_cloud, ARCHIVE, str(REFUNDED)) == 0
    assert ledger.metric_sum(own_cloud, "Contradicted") == 0


def test_two_amounts_of_one_refund_are_counted_when_they_are_stored(own_cloud: LocalCloud) -> None:
    payment = f"pi_{uuid.uuid4().hex}"
    first = about(payment, "refund.updated", object="refund", amount=300, status="succeeded")
    other = first | {"id": f"{first['id']}2", "data": {"object": first["data"]["object"] | {"amount": 301}}}
    send(own_cloud, first, other)
    counted(own_cloud, "Contradicted", "stripe", 1)
    # Stripe sends it again.
    duplicates = ledger.metric_sum(own_cloud, "Duplicates", provider="stripe")
    assert post_stripe(own_cloud, json.dumps(other).encode()).status == 200
    counted(own_cloud, "Duplicates", "stripe", duplicates + 1)
    assert ledger.metric_sum(own_cloud, "Contradicted", provider="stripe") == 1
    assert logged(own_cloud, PROCESSOR, f"stripe:{payment} contradict each other: amount_differs") == 1


def test_a_daily_run_leaves_the_payments_to_another_invocation(own_cloud: LocalCloud) -> None:
    looked = "payments contradict each other"
    before = logged(own_cloud, ARCHIVE, looked)
    assert ledger.run_archive(own_cloud, {"task": "daily"}) is None
    eventually(own_cloud, lambda: logged(own_cloud, ARCHIVE, looked) > before)

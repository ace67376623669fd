"""What a person asks of a running stack: the record of one message, and whether everything that was accepted is accounted for."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.demo.__main__ import proof
from tests.e2e import auditlog
from tests.e2e.door import audit_lines_of, eventually, post, post_stripe, records_of, sha256, stripe_event
from tests.e2e.proofs import around_today


def test_the_record_of_a_message_and_of_a_transaction(cloud: LocalCloud, payhook: Path) -> None:
    payment = f"pi_{uuid.uuid4().hex}"
    bodies = [json.dumps(stripe_event(id=payment)).encode() for _ in range(2)]
    assert [post_stripe(cloud, body).status for body in bodies] == [200, 200]
    lines = [eventually(cloud, lambda body=body: audit_lines_of(cloud, body))[0] for body in bodies]
    for line in lines:
        (stored,) = eventually(cloud, lambda line=line: records_of(cloud, line["events"][0]["event_id"]))
        day = stored["received_at"][:10]
        status, text = proof(cloud, payhook, "audit", "show", line["message_id"], "--day", day)
        assert (status, json.loads(text)) == (0, line)
    status, text = proof(cloud, payhook, "audit", "show", f"stripe:{payment}")
    shown = {line["message_id"]: line for line in map(json.loads, text.splitlines())}
    assert (status, shown) == (0, {line["message_id"]: line for line in lines})


def test_the_record_of_a_rejected_message(cloud: LocalCloud, payhook: Path) -> None:
    body = json.dumps(stripe_event()).encode()
    assert post(cloud, body).status == 200
    (line,) = eventually(cloud, lambda: audit_lines_of(cloud, body))
    status, text = proof(cloud, payhook, "audit", "show", line["message_id"], "--day", line["received_at"][:10])
    assert (status, json.loads(text)) == (0, line)
    assert line["reason"] == "signature_missing"


def test_what_nothing_has_is_said(cloud: LocalCloud, payhook: Path) -> None:
    for wrong in (str(uuid.uuid4()), "stripe:pi_nobody", ""):
        status, text = proof(cloud, payhook, "audit", "show", wrong)
        assert (status, "nothing has this id" in text) == (1, True), wrong


def test_reconciliation_misses_an_audit_line_and_names_the_webhook(cloud: LocalCloud, payhook: Path) -> None:
    body = json.dumps(stripe_event()).encode()
    assert post_stripe(cloud, body).status == 200
    assert ledger.wait_until_drained(cloud)
    ((key, line),) = [
        (key, line)
        for key, data in ledger.objects(cloud, "audit/")
        for line in map(json.loads, ledger.decompressed(data).splitlines())
        if line["body_sha256"] == sha256(body)
    ]
    day = ("--day", line["received_at"][:10])
    status, text = proof(cloud, payhook, "reconcile", *day)
    assert (status, "every accepted webhook is accounted for" in text) == (0, True), text
    with auditlog.undone(cloud):
        auditlog.delete(cloud, key)
        status, text = proof(cloud, payhook, "reconcile", *day)
        assert status == 1
        assert f"open: request {line['request_id']}" in text
    assert proof(cloud, payhook, "reconcile", *day)[0] == 0


def test_reconciliation_misses_a_record_and_names_the_webhook(cloud: LocalCloud, payhook: Path) -> None:
    event = stripe_event()
    body = json.dumps(event).encode()
    assert post_stripe(cloud, body).status == 200
    (line,) = eventually(cloud, lambda: audit_lines_of(cloud, body))
    eventually(cloud, lambda: records_of(cloud, event["id"]))
    assert ledger.wait_until_drained(cloud)
    first, last = around_today()
    recount = ("analytics", "recount", "--from", first, "--to", last)
    eventually(cloud, lambda: proof(cloud, payhook, *recount)[0] == 0)
    with _record_gone(cloud, event["id"]):
        status, text = proof(cloud, payhook, "reconcile", "--day", line["received_at"][:10])
        assert (status, f"open: request {line['request_id']}" in text) == (1, True)
        status, text = proof(cloud, payhook, *recount)
        assert (status, "stripe#-#captured" in text) == (1, True)
    assert proof(cloud, payhook, *recount)[0] == 0
    assert proof(cloud, payhook, "reconcile", "--day", line["received_at"][:10])[0] == 0


@contextmanager
def _record_gone(cloud: LocalCloud, event_id: str) -> Iterator[None]:
    """The table without one record, for a while."""
    dynamodb, table = cloud.clients.dynamodb, cloud.outputs["transactions_table_name"]
    (item,) = [item for item in ledger.events(cloud) if item["event_id"] == {"S": event_id}]
    key = {name: item[name] for name in ("transaction_id", "timestamp")}
    dynamodb.delete_item(TableName=table, Key=key)
    try:
        yield
    finally:
        # Of another type first, which the stream's filter leaves out, and then changed: an inserted record would be counted.
        dynamodb.put_item(TableName=table, Item=item | {"record_type": {"S": "put_back"}})
        dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET record_type = :event",
            ExpressionAttributeValues={":event": item["record_type"]},
        )

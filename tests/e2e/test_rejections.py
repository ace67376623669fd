"""What was accepted and is not believed goes to the rejected queue with its reason, and has a line in the audit log.

What is verified is stored, whatever its body says.
"""

import base64
import hashlib
import json
import time
import urllib.parse
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from infra.lib.limits import LIMITS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.e2e.door import (
    audit_lines_of,
    eventually,
    post,
    post_stripe,
    records_of,
    stripe_event,
    stripe_headers,
)

HOUR, DAY = 3600, 86_400


def _unique(**fields: Any) -> bytes:
    return json.dumps(stripe_event(**fields)).encode()


def _unknown_provider(cloud: LocalCloud) -> bytes:
    body = _unique()
    assert post(cloud, body, route="/nobody").status == 200
    return body


def _no_provider_at_all(cloud: LocalCloud) -> bytes:
    body = _unique()
    assert post(cloud, body, route="").status == 200
    return body


def _missing_signature(cloud: LocalCloud) -> bytes:
    body = _unique()
    assert post(cloud, body).status == 200
    return body


def _forged(cloud: LocalCloud) -> bytes:
    body = _unique()
    assert post(cloud, body, stripe_headers("whsec_somebody_else", body)).status == 200
    return body


def _malformed_signature(cloud: LocalCloud) -> bytes:
    body = _unique()
    assert post(cloud, body, {"Stripe-Signature": "t=now,v1=zz"}).status == 200
    return body


def _stale(cloud: LocalCloud) -> bytes:
    body = _unique()
    assert post_stripe(cloud, body, int(time.time()) - HOUR).status == 200
    return body


def _too_old(cloud: LocalCloud) -> bytes:
    """Signed now, about an event of long ago: its record may have left the table."""
    happened = int(time.time()) - (LIMITS["archive"]["too_old_days"] + 1) * DAY
    body = json.dumps(stripe_event() | {"created": happened}).encode()
    assert post_stripe(cloud, body).status == 200
    return body


def _broken_json(cloud: LocalCloud) -> bytes:
    body = _unique()[:-2]
    assert post_stripe(cloud, body).status == 200
    return body


def _absurd_amount(cloud: LocalCloud) -> bytes:
    body = _unique(amount="AMOUNT").replace(b'"AMOUNT"', b"1" + b"0" * 400)
    assert post_stripe(cloud, body).status == 200
    return body


def _absurd_exponent(cloud: LocalCloud) -> bytes:
    body = _unique(amount="AMOUNT").replace(b'"AMOUNT"', b"1e999999999")
    assert post_stripe(cloud, body).status == 200
    return body


def _deep_nesting(cloud: LocalCloud) -> bytes:
    body = b'{"id":"evt_' + uuid.uuid4().hex.encode() + b'","deep":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
    assert post_stripe(cloud, body).status == 200
    return body


def _not_utf8(cloud: LocalCloud) -> bytes:
    """Signed as it was sent. What arrives has U+FFFD in place of each byte that is not UTF-8."""
    sent = _unique(description="caf\xe9").replace(b"\\u00e9", b"\xe9")
    assert b"\xe9" in sent
    assert post_stripe(cloud, sent).status == 200
    return sent.decode(errors="replace").encode()


def _raw_control_character(cloud: LocalCloud) -> bytes:
    """No queue takes it as it is."""
    body = _unique(description="bell").replace(b"bell", b"\x07")
    assert post_stripe(cloud, body).status == 200
    return body


def _forged_with_characters_that_no_queue_takes(cloud: LocalCloud) -> bytes:
    body = _unique(description="none").replace(b"none", "\uffff".encode())
    assert post(cloud, body, stripe_headers("whsec_somebody_else", body)).status == 200
    return body


def _as_sent(message: dict[str, Any]) -> bytes:
    """A queue message's raw body."""
    attribute = message["MessageAttributes"].get("request", {}).get("StringValue", "")
    encoding = dict(urllib.parse.parse_qsl(attribute)).get("encoding")
    text = message["Body"]
    return base64.b64decode(text, validate=True) if encoding == "base64" else text.encode()


CASES: dict[str, tuple[Callable[[LocalCloud], bytes], set[str]]] = {
    "unknown provider": (_unknown_provider, {"unknown_provider"}),
    "no provider and no signature header": (_no_provider_at_all, {"unknown_provider"}),
    "missing signature": (_missing_signature, {"signature_missing"}),
    "bad signature": (_forged, {"signature_mismatch"}),
    "malformed signature": (_malformed_signature, {"signature_malformed"}),
    "stale timestamp": (_stale, {"timestamp_stale"}),
    "an event of long ago": (_too_old, {"too_old"}),
    "not UTF-8": (_not_utf8, {"body_damaged"}),
    "a bad signature of a body in Base64": (_forged_with_characters_that_no_queue_takes, {"signature_mismatch"}),
}
# Verified, with the problem that its record has.
VERIFIED: dict[str, tuple[Callable[[LocalCloud], bytes], str]] = {
    "broken JSON": (_broken_json, "body_unreadable"),
    "absurd amount": (_absurd_amount, "amount_unusable"),
    "absurd exponent": (_absurd_exponent, "amount_unusable"),
    "10,000-deep nesting": (_deep_nesting, "body_unreadable"),
    "a raw control character": (_raw_control_character, "body_unreadable"),
}


@pytest.mark.parametrize("case", CASES)
def test_rejected_with_its_reason_and_an_audit_line(cloud: LocalCloud, case: str) -> None:
    send, reasons = CASES[case]
    body = send(cloud)
    (line,) = eventually(cloud, lambda: audit_lines_of(cloud, body))
    assert line["verdict"] == "rejected"
    assert line["reason"] in reasons
    assert "payload" not in line or line["payload"] is None

    def in_rejected_queue() -> list[dict[str, Any]]:
        found = ledger.rejected_messages(cloud)
        return [m for m in found if hashlib.sha256(_as_sent(m)).digest() == hashlib.sha256(body).digest()]

    (message,) = eventually(cloud, in_rejected_queue)
    form = dict(urllib.parse.parse_qsl(message["MessageAttributes"]["reject"]["StringValue"]))
    assert form["reason"] == line["reason"]
    assert form["message_id"] == line["message_id"]
    assert "request" in message["MessageAttributes"]
    assert ledger.dead_letter_depth(cloud, "webhook_processor") == 0


@pytest.mark.parametrize("case", VERIFIED)
def test_what_is_verified_is_stored_with_its_problem(cloud: LocalCloud, case: str) -> None:
    send, problem = VERIFIED[case]
    body = send(cloud)
    (line,) = eventually(cloud, lambda: audit_lines_of(cloud, body))
    assert line["verdict"] == "stored"
    (event,) = line["events"]
    assert event["problems"] == [problem]

    def stored() -> list[dict[str, Any]]:
        return [item for item in ledger.events(cloud) if item["event_id"]["S"] == event["event_id"]]

    (item,) = eventually(cloud, stored)
    assert item["problems"] == {"L": [{"S": problem}]}
    assert "amount_minor" not in item
    if problem == "body_unreadable":
        assert (item["event_type"]["S"], item["status"]["S"]) == ("unreadable", "unclassified")
        assert item["timestamp"]["S"] == f"undated#{event['event_id']}"
        assert isinstance(line["payload"], str)
    # The same bytes again are the same event.
    assert post_stripe(cloud, body).status == 200
    assert len(eventually(cloud, lambda: audit_lines_of(cloud, body)[1:])) == 1
    assert ledger.wait_until_drained(cloud)
    assert len(stored()) == 1
    assert ledger.dead_letter_depth(cloud, "webhook_processor") == 0


def test_staleness_is_judged_at_receipt_and_not_at_processing(cloud: LocalCloud) -> None:
    """The function is held back for longer than what is left of the tolerance; the webhook is stored nevertheless."""
    lambda_ = cloud.clients.lambda_
    mappings = lambda_.list_event_source_mappings(FunctionName=f"webhook_processor_{cloud.suffix}")
    uuid_of_mapping = mappings["EventSourceMappings"][0]["UUID"]
    lambda_.update_event_source_mapping(UUID=uuid_of_mapping, Enabled=False)
    event = stripe_event()
    body = json.dumps(event).encode()
    left_seconds = 3
    try:
        # Stripe's tolerance is 300 s: signed so that it runs out while the message waits.
        assert post_stripe(cloud, body, int(time.time()) - 300 + left_seconds).status == 200
        time.sleep(left_seconds + 2)
        assert records_of(cloud, event["id"]) == []
    finally:
        lambda_.update_event_source_mapping(UUID=uuid_of_mapping, Enabled=True)
    assert len(eventually(cloud, lambda: records_of(cloud, event["id"]))) == 1

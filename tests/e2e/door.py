"""Sends webhooks as a provider would. Signs with Python's own HMAC, so that our signer does not vouch for our verifier."""

import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import until_found

T = TypeVar("T")
PATIENCE_SECONDS = 180
JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What the provider is told."""

    status: int
    body: str


def post(
    cloud: LocalCloud,
    body: bytes,
    headers: dict[str, str] | None = None,
    route: str = "/stripe",
    content_type: str = JSON,
    api_key: str | None = "",
    past_edge: bool = False,
    method: str = "POST",
) -> Answer:
    """One request; `api_key` None sends none, empty sends the right one; `past_edge` goes to the gateway itself."""
    sent = {"content-type": content_type, **(headers or {})}
    if api_key is not None:
        sent["x-api-key"] = api_key or cloud.api_key
    address = (cloud.gateway if past_edge else cloud.endpoint) + route
    request = urllib.request.Request(address, data=body if method == "POST" else None, headers=sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, answer.read().decode())
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read().decode())


def stripe_event(event_id: str | None = None, **fields: Any) -> dict[str, Any]:
    """A succeeded payment, as Stripe sends it."""
    event_id = event_id or f"evt_{uuid.uuid4().hex}"
    payment = {"id": f"pi_{event_id}", "object": "payment_intent", "amount": 1999, "currency": "usd", **fields}
    return {
        "id": event_id,
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": int(time.time()),
        "data": {"object": payment},
    }


def stripe_headers(key: str, body: bytes, at: int | None = None) -> dict[str, str]:
    """Stripe's signature header for a body signed at `at`, in seconds; now when not given."""
    at = at or int(time.time())
    tag = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={at},v1={tag}"}


def stripe_key(cloud: LocalCloud) -> str:
    """The key of this cloud's Stripe."""
    return json.loads(cloud.keys_file.read_text())["stripe"]["keys"][0]


def post_stripe(cloud: LocalCloud, body: bytes, at: int | None = None) -> Answer:
    """A genuine Stripe webhook with this body."""
    return post(cloud, body, stripe_headers(stripe_key(cloud), body, at))


@contextmanager
def sending(cloud: LocalCloud) -> Iterator[list[str]]:
    """Genuine webhooks, one after another, for as long as the block runs; the event ids of those that were accepted."""
    sent: list[str] = []
    enough = threading.Event()

    def send() -> None:
        while not enough.is_set():
            event = stripe_event()
            if post_stripe(cloud, json.dumps(event).encode()).status == 200:
                sent.append(event["id"])

    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield sent
    finally:
        enough.set()
        sender.join()


def sha256(body: bytes) -> str:
    """As the audit log writes it."""
    return hashlib.sha256(body).hexdigest()


def eventually(cloud: LocalCloud, look: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` finds as soon as it finds something; fails when it never does."""
    found = until_found(cloud, look, seconds)
    assert found, f"nothing found within {seconds} s"
    return found


def audit_lines_of(cloud: LocalCloud, body: bytes) -> list[dict[str, Any]]:
    """The audit lines of the messages with this body."""
    return [line for line in ledger.audit_lines(cloud) if line["body_sha256"] == sha256(body)]


def records_of(cloud: LocalCloud, event_id: str) -> list[dict[str, str]]:
    """The records of one event."""
    return [record for record in ledger.records(cloud) if record["event_id"] == event_id]

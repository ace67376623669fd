"""Webhooks that a provider never got through, found in its own list of events and brought back.

The provider here is Stripe as its documents describe the list of events
(https://docs.stripe.com/api/events/list, read 2026-11-27): the demo's own server lists what the
demo made, and some of it was never sent to the door.
"""

import datetime
import hashlib
import hmac
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import until_found

MADE, LOST = 12, 4
PAGE = 5
KEY = "rk_demo_reads_events"
WAIT_SECONDS = 60
Proof = Callable[..., tuple[int, str]]


@dataclass(frozen=True)
class Missed:
    """What became of the webhooks that got lost."""

    lost: set[str]
    found: set[str]
    brought_back: set[str]
    left: set[str]


def event(number: int, at: int) -> dict[str, Any]:
    """A payment that succeeded."""
    payment = {"id": f"pi_missed_{at}_{number}", "object": "payment_intent", "status": "succeeded"}
    payment |= {"amount": 1_000 + number, "amount_received": 1_000 + number, "currency": "eur"}
    return {
        "id": f"evt_missed_{at}_{number}",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": at,
        "data": {"object": payment},
    }


@contextmanager
def listed(events: list[dict[str, Any]]) -> Iterator[str]:
    """An API that lists these events, newest first and some at a time; its address."""

    class Api(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            may = self.headers["authorization"] == f"Bearer {KEY}"
            newest = events[::-1]
            after = asked.get("starting_after", [""])[0]
            start = next((place + 1 for place, one in enumerate(newest) if one["id"] == after), 0)
            page = newest[start : start + PAGE]
            answer = {"object": "list", "data": page, "has_more": start + PAGE < len(newest), "url": "/v1/events"}
            body = json.dumps(answer if may else {"error": {"message": "no such key"}}).encode()
            self.send_response(200 if may else 401)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def post(cloud: LocalCloud, body: bytes) -> None:
    """Sends a webhook through the edge, signed as Stripe signs."""
    key = json.loads(cloud.keys_file.read_text())["stripe"]["keys"][0]
    at = int(time.time())
    tag = hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "stripe-signature": f"t={at},v1={tag}", "x-api-key": cloud.api_key}
    request = urllib.request.Request(f"{cloud.endpoint}/stripe", data=body, headers=headers)
    urllib.request.urlopen(request, timeout=30).close()


def stored(cloud: LocalCloud, wanted: set[str]) -> set[str]:
    """Which of these events are stored."""
    return wanted & {record["event_id"] for record in ledger.records(cloud)}


def missing(text: str) -> set[str]:
    """The ids that `payhook gaps --json` calls missing."""
    return {gap["id"] for gap in json.loads(text)["report"]["missing"]}


def run(cloud: LocalCloud, proof: Proof, say: Callable[[str], None]) -> Missed:
    """Makes events, loses some on their way, finds them and brings them back."""
    began = int(time.time())
    made = [event(number, began) for number in range(MADE)]
    lost = {one["id"] for one in made[:: MADE // LOST]}
    ids = {one["id"] for one in made}
    for one in made:
        if one["id"] not in lost:
            post(cloud, json.dumps(one).encode())
    until_found(cloud, lambda: stored(cloud, ids) == ids - lost, WAIT_SECONDS)
    # By its own clock the provider has them all; the window begins where this part of the demo does.
    since = datetime.datetime.fromtimestamp(began, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    window = ("--provider", "stripe", "--from", since, "--early")
    with listed(made) as address:
        secret = json.dumps({"keys": [KEY], "api_url": address})
        cloud.clients.secretsmanager.create_secret(Name=f"api_secret_stripe_{cloud.suffix}", SecretString=secret)
        # A window ends before now, and the clock of events has whole seconds.
        time.sleep(1.1)
        found = missing(proof("gaps", *window, "--json")[1].splitlines()[0])
        say("\n" + proof("gaps", *window)[1].rstrip() + "\n")
        say(proof("backfill", *window, "--execute")[1].rstrip().splitlines()[-1])
        until_found(cloud, lambda: stored(cloud, ids) == ids, WAIT_SECONDS)
        left = missing(proof("gaps", *window, "--json")[1].splitlines()[0])
    marked = {record["event_id"] for record in ledger.records(cloud) if "fetched" in record}
    return Missed(lost=lost, found=found, brought_back=marked & ids, left=left)

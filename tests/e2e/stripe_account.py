"""A Stripe account on this machine: localstripe (PyPI), which keeps payments, signs webhooks and lists events, and a gate before it.

The gate stands where the network would: some of the webhooks do not get through, and the API can refuse a key.
"""

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from infra.local_cloud.cloud import ROOT, LocalCloud, free_port
from tests.e2e.door import post, stripe_key

# localstripe knows secret keys alone; payhook is given a restricted one.
RESTRICTED_KEY, SECRET_KEY = "rk_test_readsevents", "sk_test_12345"
STARTS_WITHIN_SECONDS = 30


@dataclass
class Account:
    """What the tests ask of the account, and what its gate saw."""

    url: str
    stripe: str
    delivered: dict[str, str] = field(default_factory=dict[str, str])
    dropped: dict[str, str] = field(default_factory=dict[str, str])
    drops: Callable[[dict[str, Any]], bool] = lambda _: False
    # What the API answers instead of what localstripe would; 0 for what it would.
    refuses_with: int = 0

    def ask(self, method: str, path: str, **form: str | int) -> dict[str, Any]:
        """One call to the account itself, past the gate."""
        body = urllib.parse.urlencode(form).encode() if method == "POST" else None
        request = urllib.request.Request(self.stripe + path, data=body, method=method)
        request.add_header("authorization", f"Bearer {SECRET_KEY}")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"{}")

    def pay(self, amount: int) -> str:
        """A payment that succeeds; its id."""
        card = {"type": "card", "card[number]": "4242424242424242", "card[exp_month]": 12, "card[exp_year]": 2030}
        method = self.ask("POST", "/v1/payment_methods", **card, **{"card[cvc]": "123"})["id"]
        intent: dict[str, str | int] = {
            "amount": amount,
            "currency": "eur",
            "payment_method": method,
            "confirm": "true",
        }
        return self.ask("POST", "/v1/payment_intents", **intent)["id"]

    def events(self) -> set[str]:
        """The ids of all events that the account lists."""
        return {event["id"] for event in self.ask("GET", "/v1/events?limit=1000")["data"]}


def ask(address: str) -> Any:
    """One call with the secret key."""
    request = urllib.request.Request(address, headers={"authorization": f"Bearer {SECRET_KEY}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


@contextmanager
def published_api(folder: Path) -> Iterator[str]:
    """Stripe's own server of its OpenAPI document; its address."""
    binary = subprocess.run(
        [ROOT / "tests/tools/stripe_mock.sh"], capture_output=True, text=True, check=True
    ).stdout.strip()
    port = free_port()
    with (folder / "stripe_mock.log").open("w") as log:
        server = subprocess.Popen([binary, "-http-port", str(port)], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + STARTS_WITHIN_SECONDS
            while True:
                try:
                    ask(f"http://127.0.0.1:{port}/v1/balance")
                    break
                except OSError:
                    assert time.monotonic() < deadline, (folder / "stripe_mock.log").read_text()
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def gate(cloud: LocalCloud, account: Account) -> type[BaseHTTPRequestHandler]:
    """Hands webhooks on to the door, and calls of the API on to the account."""

    class Gate(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            event = json.loads(body)
            if account.drops(event):
                account.dropped[event["id"]] = event["type"]
                return self.answer(500, b"{}")
            account.delivered[event["id"]] = event["type"]
            answer = post(cloud, body, {"Stripe-Signature": self.headers["stripe-signature"]})
            return self.answer(answer.status, answer.body.encode())

        def do_GET(self) -> None:
            if account.refuses_with:
                return self.answer(account.refuses_with, b'{"error":{"type":"invalid_request_error"}}')
            if self.headers["authorization"] != f"Bearer {RESTRICTED_KEY}":
                return self.answer(401, b"{}")
            request = urllib.request.Request(account.stripe + self.path)
            request.add_header("authorization", f"Bearer {SECRET_KEY}")
            try:
                with urllib.request.urlopen(request, timeout=10) as got:
                    return self.answer(got.status, got.read())
            except urllib.error.HTTPError as error:
                return self.answer(error.code, error.read())

    return Gate


@contextmanager
def account_of(cloud: LocalCloud, folder: Path) -> Iterator[Account]:
    """An account whose webhooks go to the cloud's door."""
    port = free_port()
    log = (folder / "localstripe.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"], cwd=folder, stdout=log, stderr=log
    )
    account = Account(url="", stripe=f"http://127.0.0.1:{port}")
    before = ThreadingHTTPServer(("127.0.0.1", 0), gate(cloud, account))
    account.url = f"http://127.0.0.1:{before.server_port}"
    threading.Thread(target=before.serve_forever, daemon=True).start()
    try:
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while True:
            try:
                account.ask("POST", "/_config/webhooks/payhook", url=f"{account.url}/hook", secret=stripe_key(cloud))
                break
            except OSError:
                log_text = (folder / "localstripe.log").read_text()
                assert server.poll() is None, log_text
                assert time.monotonic() < deadline, log_text
                time.sleep(0.1)
        yield account
    finally:
        before.shutdown()
        server.terminate()
        server.wait()
        log.close()

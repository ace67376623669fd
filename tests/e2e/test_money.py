"""Whole lives of payments, of five providers, in any order and with repetitions: money is counted once.

`fixtures/lives.jsonl` has a life a line: its webhooks as the provider's documents describe them, and the
money that they come to.
"""

import base64
import datetime
import hashlib
import hmac
import json
import random
import time
import uuid
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import until_found
from tests.e2e.door import eventually, post, stripe_headers
from tests.e2e.proofs import recount_agrees

LIVES = Path(__file__).parent / "fixtures/lives.jsonl"
DAY_SECONDS = 86_400
PATIENCE_SECONDS = 120

# What is expected of a life, by the kind of movement whose rows add up to it. Rows of totals (`refund_total`)
# are left out: a total repeats refunds that are known by their ids, and only who sees the whole payment can tell.
KINDS = {
    "authorised": "authorisation",
    "captured": "capture",
    "refunded": "refund",
    "disputed": "dispute",
    "paid_out": "payout",
}

# Lives whose money a sum over rows cannot know, and why.
LEFT_OUT = {
    "stripe_void_with_refund_object": "its refund releases what was authorised, and only the payment's other events say so",
    "stripe_charge_refunded_alone": "a total alone tells its refunds, in a row where totals repeat refunds known by id",
}

Sums = dict[tuple[str, str, str], int]
Webhook = tuple[str, bytes, dict[str, str]]


def lives() -> list[dict[str, Any]]:
    """The lives that are sent."""
    read = [json.loads(line) for line in LIVES.read_text().splitlines()]
    assert set(LEFT_OUT) < {life["life"] for life in read}
    return [life for life in read if life["life"] not in LEFT_OUT]


def expected_sums(sent: list[dict[str, Any]]) -> Sums:
    """Minor units by provider, currency with its exponent, and kind of movement; what comes to nothing is left out."""
    sums: Sums = {}
    for life in sent:
        expected = life["expected"]
        for name, kind in KINDS.items():
            key = life["provider"], f"{expected['currency']}.{expected['exponent']}", kind
            sums[key] = sums.get(key, 0) + (expected.get(name) or 0)
    return {key: minor for key, minor in sums.items() if minor}


def counted_sums(money: ledger.Money) -> Sums:
    """What the day rows say of the same kinds."""
    return {key: minor for key, (_, minor) in money.items() if key[2] in KINDS.values() and minor}


def later(value: Any, days: int) -> Any:
    """The same body with every time in it so many days later."""
    if isinstance(value, dict):
        return {name: later(inner, days) for name, inner in value.items()}
    if isinstance(value, list):
        return [later(inner, days) for inner in value]
    # No amount of the lives is as large as a time in seconds.
    if isinstance(value, int) and value > 1_000_000_000:
        return value + days * DAY_SECONDS
    if isinstance(value, str) and len(value) > len("2026-01-02T") and value[10:11] == "T" and value[:4].isdigit():
        day = datetime.date.fromisoformat(value[:10]) + datetime.timedelta(days=days)
        return day.isoformat() + value[10:]
    return value


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _signed_adyen_item(key: str, item: dict[str, Any]) -> dict[str, Any]:
    amount = item["amount"]
    fields = [
        item["pspReference"],
        item.get("originalReference", ""),
        item["merchantAccountCode"],
        item["merchantReference"],
    ]
    fields += [str(amount["value"]), amount["currency"], item["eventCode"], item["success"]]
    signature = base64.b64encode(_hmac(bytes.fromhex(key), ":".join(fields).encode())).decode()
    return item | {"additionalData": item["additionalData"] | {"hmacSignature": signature}}


def _paypal_headers(secret: dict[str, Any], transmission_id: str, body: bytes) -> dict[str, str]:
    key = load_der_private_key(base64.b64decode(secret["signing_key"]), None)
    assert isinstance(key, RSAPrivateKey)
    sent_at = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"{transmission_id}|{sent_at}|{secret['webhook_id']}|{zlib.crc32(body)}"
    return {
        "PAYPAL-TRANSMISSION-ID": transmission_id,
        "PAYPAL-TRANSMISSION-TIME": sent_at,
        "PAYPAL-TRANSMISSION-SIG": base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode(),
        "PAYPAL-CERT-URL": "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-5edc0ebc",
        "PAYPAL-AUTH-ALGO": "SHA256withRSA",
    }


def signed(provider: str, request: dict[str, Any], secret: dict[str, Any], days: int) -> Webhook:
    """A webhook of a life as the provider would send it today, signed by other code than the one that judges it."""
    told, headers = later(request["body"], days), dict(request.get("headers", {}))
    key = next(iter(secret["keys"]), "")
    if provider == "adyen":
        items = [entry["NotificationRequestItem"] for entry in told["notificationItems"]]
        signed_items = [{"NotificationRequestItem": _signed_adyen_item(key, item)} for item in items]
        told |= {"notificationItems": signed_items}
    body = json.dumps(told).encode()
    match provider:
        case "stripe":
            headers |= stripe_headers(key, body)
        case "square":
            tag = _hmac(key.encode(), secret["notification_url"].encode() + body)
            headers["x-square-hmacsha256-signature"] = base64.b64encode(tag).decode()
        case "razorpay":
            headers["X-Razorpay-Signature"] = _hmac(key.encode(), body).hex()
        case "paypal":
            headers |= _paypal_headers(secret, headers["PAYPAL-TRANSMISSION-ID"], body)
    return provider, body, headers


def webhooks(sent: list[dict[str, Any]], secrets: dict[str, Any]) -> list[Webhook]:
    """Every webhook of the lives, the latest of them not in the future."""
    newest = max(request["received_at"] for life in sent for request in life["requests"])
    days = int(time.time() - newest) // DAY_SECONDS
    return [
        signed(life["provider"], request, secrets[life["provider"]], days)
        for life in sent
        for request in life["requests"]
    ]


def test_money_is_counted_once_whatever_tells_it_and_in_whatever_order(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud, sent = own_cloud, lives()
    genuine = webhooks(sent, json.loads(cloud.keys_file.read_text()))
    # A failure names the order, so that it can be had again.
    seed = uuid.uuid4().hex
    dice = random.Random(seed)
    order = genuine + dice.choices(genuine, k=len(genuine) // 2)
    dice.shuffle(order)

    def send(webhook: Webhook) -> int:
        provider, body, headers = webhook
        return post(cloud, body, headers, f"/{provider}", api_key=cloud.api_keys[provider]).status

    with ThreadPoolExecutor(4) as threads:
        assert {status // 100 for status in threads.map(send, order)} == {2}
    assert ledger.wait_until_drained(cloud)
    assert ledger.depth(cloud, "rejected_queue") == 0
    assert ledger.dead_letter_depth(cloud, "webhook_processor") == 0
    wanted = expected_sums(sent)
    until_found(cloud, lambda: counted_sums(ledger.money(cloud)) == wanted, PATIENCE_SECONDS)
    assert counted_sums(ledger.money(cloud)) == wanted, f"the order of seed {seed}"
    assert ledger.dead_letter_depth(cloud, "analytics_processor") == 0
    assert eventually(cloud, lambda: recount_agrees(cloud, payhook))

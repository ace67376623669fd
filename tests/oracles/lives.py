"""Webhooks of whole lives of payments, as their providers would send them today: every time in them is moved, and they are signed anew.

Signed with Python's own HMAC and another's RSA, so that our signer does not vouch for our verifier.
"""

import base64
import datetime
import hashlib
import hmac
import json
import time
import zlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

DAY_SECONDS = 86_400

# Provider, body and headers.
Webhook = tuple[str, bytes, dict[str, str]]


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
            at = int(time.time())
            headers["Stripe-Signature"] = f"t={at},v1={_hmac(key.encode(), f'{at}.'.encode() + body).hex()}"
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

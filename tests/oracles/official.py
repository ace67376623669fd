"""What the official SDKs say: each function signs or judges one request as the provider's own library does.

Invariant: no rule of ours is in here, only calls of the SDKs and the clock they are given. The SDKs read the system's
clock; it is replaced by the receipt time for the length of one call, since that is the time payhook judges by.
"""

import base64
import json
import types
from datetime import UTC, datetime
from unittest import mock

import nacl.exceptions
import nacl.signing
import standardwebhooks.webhooks
import stripe
from Adyen.util import generate_notification_sig, is_valid_hmac_notification
from square.utils.webhooks_helper import verify_signature
from stripe import WebhookSignature


def stripe_header(body: str, secret: str, at: int) -> str:
    return WebhookSignature.generate_signature_header(body, secret, at)


def stripe_accepts(body: bytes, headers: dict[str, str], secret: str, now: int) -> bool:
    with mock.patch("stripe._webhook.time", types.SimpleNamespace(time=lambda: now)):
        try:
            WebhookSignature.verify_header(body, headers.get("Stripe-Signature"), secret, tolerance=300)
        except stripe.SignatureVerificationError:
            return False
    return True


def adyen_signature(item: dict, secret: str) -> str:
    return generate_notification_sig(item, secret).decode()


def adyen_accepts(body: bytes, secret: str) -> bool:
    """Asks for every item by itself: given a whole notification, the helper looks at item 0 only."""
    items = [entry["NotificationRequestItem"] for entry in json.loads(body)["notificationItems"]]
    try:
        return bool(items) and all(is_valid_hmac_notification(item, secret) for item in items)
    except (KeyError, ValueError):
        return False


def adyen_accepts_by_item_0_alone(body: bytes, secret: str) -> bool:
    return bool(is_valid_hmac_notification(json.loads(body), secret))


def square_accepts(body: bytes, headers: dict[str, str], secret: str, url: str) -> bool:
    return verify_signature(
        request_body=body.decode(),
        signature_header=headers.get("x-square-hmacsha256-signature", ""),
        signature_key=secret,
        notification_url=url,
    )


def standard_signature(body: str, secret: str, message_id: str, at: int) -> str:
    webhook = standardwebhooks.webhooks.Webhook(secret)
    return webhook.sign(message_id, datetime.fromtimestamp(at, tz=UTC), body)


def standard_accepts(body: bytes, headers: dict[str, str], secret: str, now: int) -> bool:
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None) -> datetime:
            return datetime.fromtimestamp(now, tz=tz)

    with mock.patch("standardwebhooks.webhooks.datetime", Clock):
        try:
            standardwebhooks.webhooks.Webhook(secret).verify(body, headers, json_parse=False)
        except standardwebhooks.webhooks.WebhookVerificationError:
            return False
    return True


def ed25519_pair(seed: bytes) -> tuple[str, str]:
    """The secrets `whsk_` (seed and public key) and `whpk_` (public key)."""
    key = nacl.signing.SigningKey(seed)
    public = bytes(key.verify_key)
    return "whsk_" + base64.b64encode(seed + public).decode(), "whpk_" + base64.b64encode(public).decode()


def ed25519_signature(body: str, private: str, message_id: str, at: int) -> str:
    seed = base64.b64decode(private.removeprefix("whsk_"))[:32]
    signed = nacl.signing.SigningKey(seed).sign(f"{message_id}.{at}.{body}".encode())
    return "v1a," + base64.b64encode(signed.signature).decode()


def ed25519_accepts(body: bytes, headers: dict[str, str], public: str) -> bool:
    """Signature only: no library judges the time of a v1a signature."""
    key = nacl.signing.VerifyKey(base64.b64decode(public.removeprefix("whpk_")))
    message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    for entry in headers["webhook-signature"].split(" "):
        version, text = entry.split(",")
        try:
            if version == "v1a" and key.verify(message, base64.b64decode(text)):
                return True
        except nacl.exceptions.BadSignatureError:
            continue
    return False

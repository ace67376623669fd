"""Verifies webhooks of the providers that sign the whole body by an HMAC, by the facts of `functions/provider_webhooks/catalogue.json`."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

Headers = Mapping[str, str]
Verifier = Callable[[bytes, Headers, str], bool]


def pairs(text: str, separator: str) -> dict[str, str]:
    """The members of `a=1,b=2`, the last of each name."""
    parts = (part.strip().partition("=") for part in text.split(separator))
    return {name: value for name, _, value in parts}


def body_alone(header: str, *, algorithm: str = "sha256", encoding: str = "hex", prefix: str = "") -> Verifier:
    """A signature over the body and nothing else."""

    def verify(body: bytes, headers: Headers, key: str) -> bool:
        mac = hmac.new(key.encode(), body, algorithm)
        expected = mac.hexdigest() if encoding == "hex" else base64.b64encode(mac.digest()).decode()
        return hmac.compare_digest(prefix + expected, headers.get(header, ""))

    return verify


def with_time(header: str, time: str, signature: str, separator: str, joint: str) -> Verifier:
    """A signature over the time and the body, with both in one header."""

    def verify(body: bytes, headers: Headers, key: str) -> bool:
        parts = pairs(headers.get(header, ""), separator)
        signed = f"{parts.get(time, '')}{joint}".encode() + body
        expected = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected, parts.get(signature, ""))

    return verify


def standard_webhooks(body: bytes, headers: Headers, key: str) -> bool:
    """Standard Webhooks: id, time and body, under a key in base64."""
    signed = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode() + body
    secret = base64.b64decode(key.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    sent = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected, one) for one in sent)


# The providers that the baseline is measured with; `bench/src/baseline.rs` has the same list.
VERIFIERS: dict[str, Verifier] = {
    "checkout": body_alone("cko-signature"),
    "coinbase": body_alone("x-cc-webhook-signature"),
    "gocardless": body_alone("webhook-signature"),
    "klarna": body_alone("klarna-signature"),
    "mollie": body_alone("x-mollie-signature", prefix="sha256="),
    "paddle": with_time("paddle-signature", "ts", "h1", ";", ":"),
    "paystack": body_alone("x-paystack-signature", algorithm="sha512"),
    "razorpay": body_alone("x-razorpay-signature"),
    "shopify": body_alone("x-shopify-hmac-sha256", encoding="base64"),
    "standardwebhooks": standard_webhooks,
    "stripe": with_time("stripe-signature", "t", "v1", ",", "."),
}

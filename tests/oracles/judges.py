"""Who judges a webhook beside payhook: a provider's own library, or, where there is none, the standard library after the provider's documents.

Invariant: nothing of payhook's is called in here. A judge takes the body, the headers with lower-case names and one key (or the whole secret), and says yes or no.
"""

import base64
import contextlib
import hmac
import io
import json
import logging
import subprocess
import types
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import braintree
import gocardless_pro.webhooks
import razorpay
from Adyen.util import is_valid_hmac_payload
from braintree.exceptions.invalid_signature_error import InvalidSignatureError
from coinbase_commerce.error import SignatureVerificationError, WebhookInvalidPayload
from coinbase_commerce.webhook import Webhook
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from gocardless_pro.errors import InvalidSignatureError as GoCardlessInvalid
from paddle_billing.Notifications import Secret, Verifier
from paypalrestsdk.notifications import WebhookEvent

from . import official

Headers = dict[str, str]
SDK = "its own library"
THIRD = "a third party's library"
DOCUMENTS = "its documents"
logging.getLogger("paddle_billing").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Judge:
    """`by` says whose word it is; `accepts` asks it. `secret` is `{"keys": [one], "NAME": …}`, `now` epoch seconds."""

    by: str
    asked: Callable[[bytes, Headers, dict, int], bool]

    def accepts(self, body: bytes, headers: Headers, secret: dict, now: int) -> bool:
        """Some libraries refuse what is not even of the form by an error of the decoder that they use."""
        try:
            return self.asked(body, headers, secret, now)
        except ValueError:
            return False


def _tag(key: bytes, text: bytes, hash_name: str = "sha256") -> bytes:
    return hmac.new(key, text, hash_name).digest()


def _stripe(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    return official.stripe_accepts(
        body, {"Stripe-Signature": headers.get("stripe-signature", "")}, secret["keys"][0], now
    )


def _adyen(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    return official.adyen_accepts(body, secret["keys"][0])


def _adyenplatform(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    return is_valid_hmac_payload(headers.get("hmacsignature", ""), secret["keys"][0], body)


def _square(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    return official.square_accepts(body, headers, secret["keys"][0], secret["notification_url"])


def _standard(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    return official.standard_accepts(body, headers, secret["keys"][0], now)


def _razorpay(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    utility = razorpay.Client(auth=("id", "key")).utility
    try:
        return utility.verify_webhook_signature(
            body.decode(), headers.get("x-razorpay-signature", ""), secret["keys"][0]
        )
    except razorpay.errors.SignatureVerificationError:
        return False


def _braintree(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    form = dict(urllib.parse.parse_qsl(body.decode()))
    public, private = secret["keys"][0].split("|")
    configuration = braintree.Configuration(braintree.Environment.Development, "merchant", public, private)
    try:
        braintree.BraintreeGateway(configuration).webhook_notification.parse(form["bt_signature"], form["bt_payload"])
    except InvalidSignatureError:
        return False
    return True


def _gocardless(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    try:
        gocardless_pro.webhooks.parse(body, secret["keys"][0], headers.get("webhook-signature", ""))
    except GoCardlessInvalid:
        return False
    return True


def _coinbase(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    try:
        Webhook.construct_event(body.decode(), headers.get("x-cc-webhook-signature", ""), secret["keys"][0])
    except (SignatureVerificationError, WebhookInvalidPayload):
        return False
    return True


def _paddle(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    request = types.SimpleNamespace(headers={"Paddle-Signature": headers.get("paddle-signature")}, body=body)
    with mock.patch("paddle_billing.Notifications.Verifier.time", return_value=now):
        try:
            return Verifier(5).verify(request, Secret(secret["keys"][0]))
        except ConnectionRefusedError:
            return False


def _paypal(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    """The SDK's message and its rule for the name; the RSA itself by `cryptography`, because pyOpenSSL has lost what the SDK calls."""
    certificate = x509.load_pem_x509_certificate(secret["certificate_pem"].encode())
    name = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    message = WebhookEvent._get_expected_sig(
        headers.get("paypal-transmission-id", ""),
        headers.get("paypal-transmission-time", ""),
        secret["webhook_id"],
        body.decode(),
    )
    subject = types.SimpleNamespace(commonName=name)
    with contextlib.redirect_stdout(io.StringIO()):
        named = WebhookEvent._is_common_name_valid(types.SimpleNamespace(get_subject=lambda: subject))
    try:
        signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
        certificate.public_key().verify(signature, message.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return named


class NodeJudge:
    """The libraries for Node, in one process that is asked line by line."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def accepts(self, provider: str, body: bytes, headers: Headers, secret: dict) -> bool:
        """The library's verdict; the process is started when it is first asked."""
        if self._process is None:
            script = Path(__file__).with_name("judge.mjs")
            self._process = subprocess.Popen(
                ["node", str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"provider": provider, "body": body.decode(), "headers": headers, "secret": secret["keys"][0]}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


NODE = NodeJudge()


def _node(provider: str) -> Callable[[bytes, Headers, dict, int], bool]:
    return lambda body, headers, secret, now: NODE.accepts(provider, body, headers, secret)


def _hex_of_body(
    header: str, hash_name: str = "sha256", prefix: str = ""
) -> Callable[[bytes, Headers, dict, int], bool]:
    def accepts(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
        expected = prefix + _tag(secret["keys"][0].encode(), body, hash_name).hex()
        return hmac.compare_digest(expected, headers.get(header, "").lower())

    return accepts


def _authorizenet(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    expected = "sha512=" + _tag(secret["keys"][0].encode(), body, "sha512").hex().upper()
    return hmac.compare_digest(expected, headers.get("x-anet-signature", ""))


def _flutterwave(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    return hmac.compare_digest(secret["keys"][0], headers.get("verif-hash", ""))


def _flutterwavev4(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    expected = base64.b64encode(_tag(secret["keys"][0].encode(), body)).decode()
    return hmac.compare_digest(expected, headers.get("flutterwave-signature", ""))


def _worldpay(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    expected = _tag(secret["keys"][0].encode(), body).hex()
    entries = [entry.strip().split("/", 2) for entry in headers.get("event-signature", "").split(",")]
    return any(len(entry) == 3 and entry[1] == "SHA256" and entry[2] == expected for entry in entries)


def _cybersource(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    parts = dict(part.strip().split("=", 1) for part in headers.get("v-c-signature", "").split(";") if "=" in part)
    if not parts.get("t", "").isdigit() or abs(now - int(parts["t"]) // 1000) > 300:
        return False
    tag = _tag(base64.b64decode(secret["keys"][0]), parts["t"].encode() + b"." + body)
    return hmac.compare_digest(base64.b64encode(tag).decode(), parts.get("sig", ""))


def _airwallex(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    expected = _tag(secret["keys"][0].encode(), headers.get("x-timestamp", "").encode() + body).hex()
    return hmac.compare_digest(expected, headers.get("x-signature", ""))


def _chargebee(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    pair = f"{secret['username']}:{secret['keys'][0]}".encode()
    expected = f"Basic {base64.b64encode(pair).decode()}"
    return hmac.compare_digest(expected, headers.get("authorization", ""))


def _coinbasebusiness(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    header = headers.get("x-hook0-signature", "")
    parts = dict(part.split("=", 1) for part in header.split(",") if "=" in part)
    if not {"t", "h", "v1"} <= set(parts) or not parts["t"].isdigit() or now - int(parts["t"]) > 300:
        return False
    values = ".".join(headers.get(name, "") for name in parts["h"].split(" "))
    signed = f"{parts['t']}.{parts['h']}.{values}.".encode() + body
    return hmac.compare_digest(_tag(secret["keys"][0].encode(), signed).hex(), parts["v1"])


def _recurly(body: bytes, headers: Headers, secret: dict, now: int) -> bool:
    time_text, _, rest = headers.get("recurly-signature", "").partition(",")
    if not time_text.isdigit() or abs(now * 1000 - int(time_text)) > 300_000 + 1000:
        return False
    expected = _tag(secret["keys"][0].encode(), time_text.encode() + b"." + body).hex()
    return any(hmac.compare_digest(expected, sent) for sent in rest.split(","))


JUDGES: dict[str, Judge] = {
    "adyen": Judge(SDK, _adyen),
    "adyenplatform": Judge(SDK, _adyenplatform),
    "airwallex": Judge(DOCUMENTS, _airwallex),
    "authorizenet": Judge(DOCUMENTS, _authorizenet),
    "braintree": Judge(SDK, _braintree),
    "chargebee": Judge(DOCUMENTS, _chargebee),
    "checkout": Judge(DOCUMENTS, _hex_of_body("cko-signature")),
    "coinbase": Judge(SDK, _coinbase),
    "coinbasebusiness": Judge(DOCUMENTS, _coinbasebusiness),
    "cybersource": Judge(DOCUMENTS, _cybersource),
    "flutterwave": Judge(DOCUMENTS, _flutterwave),
    "flutterwavev4": Judge(DOCUMENTS, _flutterwavev4),
    "gocardless": Judge(SDK, _gocardless),
    "klarna": Judge(DOCUMENTS, _hex_of_body("klarna-signature")),
    "mollie": Judge(SDK, _node("mollie")),
    "paddle": Judge(SDK, _paddle),
    "paypal": Judge(SDK, _paypal),
    "paystack": Judge(THIRD, _node("paystack")),
    "razorpay": Judge(SDK, _razorpay),
    "recurly": Judge(DOCUMENTS, _recurly),
    "shopify": Judge(SDK, _node("shopify")),
    "square": Judge(SDK, _square),
    "standardwebhooks": Judge(SDK, _standard),
    "stripe": Judge(SDK, _stripe),
    "worldpay": Judge(DOCUMENTS, _worldpay),
}
# Nobody signs Mollie's classic notices: there is nothing to disagree on.
WITHOUT = {"mollieclassic"}

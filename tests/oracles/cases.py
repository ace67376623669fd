"""Requests to be judged twice: bodies of each provider's shape and the ways in which they are altered.

Invariant: a case states nothing about its verdict; the official SDK does. The seed is fixed, so a failure names a case
that can be run again. Altered bodies stay JSON: what is tested is the signature, not the reader.
"""

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from . import official

AT = 1_767_323_045
URL = "https://payments.example.com/webhook/square?shop=1&lang=de"
ROUNDS = 12
NOTES = [
    "plain",
    'quotes " and \\ and / and <b>&amp;</b>',
    "Gr\u00fc\u00dfe, \u65e5\u672c\u8a9e, \U0001f600",
    "tab\tnewline\nnull\u0000",
    "+ % = & ; # :",
]


@dataclass(frozen=True)
class Case:
    """One request and what it takes to judge it."""

    provider: str
    name: str
    body: bytes
    headers: dict[str, str]
    secrets: list[str]
    received_at: int = AT
    url: str | None = None
    states: dict[str, object] = field(default_factory=dict)

    def line(self) -> str:
        """The case as `payhook verify` reads it."""
        request: dict[str, object] = {
            "provider": self.provider,
            "headers": self.headers,
            "body_base64": base64.b64encode(self.body).decode(),
            "secrets": self.secrets,
            "received_at": self.received_at,
        }
        if self.url is not None:
            request["url"] = self.url
        return json.dumps(request)

    def official_verdict(self) -> bool:
        """Whether the provider's own library accepts it with any of the secrets."""
        return any(self._accepts(secret) for secret in self.secrets)

    def _accepts(self, secret: str) -> bool:
        match self.provider:
            case "stripe":
                return official.stripe_accepts(self.body, self.headers, secret, self.received_at)
            case "adyen":
                return official.adyen_accepts(self.body, secret)
            case "square":
                assert self.url is not None
                return official.square_accepts(self.body, self.headers, secret, self.url)
            case "standardwebhooks" if secret.startswith("whpk_"):
                return official.ed25519_accepts(self.body, self.headers, secret)
            case _:
                return official.standard_accepts(self.body, self.headers, secret, self.received_at)


def dump(rng: random.Random, value: object) -> str:
    """JSON as different writers write it: compact or indented, with or without escapes."""
    return json.dumps(value, indent=rng.choice([None, 2]), ensure_ascii=rng.random() < 0.5)


def flip(rng: random.Random, body: bytes) -> bytes:
    """One digit or lower-case letter of the body becomes another one, so that the body stays JSON of the same shape."""
    places = [i for i, byte in enumerate(body) if chr(byte).isdigit() and chr(byte) not in "09"]
    i = rng.choice(places)
    return body[:i] + bytes([body[i] ^ 1 if body[i] ^ 1 != ord("0") else ord("2")]) + body[i + 1 :]


def whsec(rng: random.Random) -> str:
    return "whsec_" + base64.b64encode(rng.randbytes(rng.randint(24, 64))).decode()


def altered(rng: random.Random, good: Case, header: str, other: str) -> Iterator[Case]:
    """A good request and what an attacker or a careless operator makes of it."""
    yield good
    yield replace(good, name=good.name + " body altered", body=flip(rng, good.body))
    yield replace(good, name=good.name + " body longer", body=good.body + b" ")
    value = good.headers[header]
    middle = len(value) // 2
    cut = value[:middle] + ("1" if value[middle] != "1" else "2") + value[middle + 1 :]
    yield replace(good, name=good.name + " signature altered", headers=good.headers | {header: cut})
    yield replace(good, name=good.name + " other secret", secrets=[other])
    yield replace(good, name=good.name + " rotated, old first", secrets=[other, *good.secrets])
    yield replace(good, name=good.name + " rotated, new first", secrets=[*good.secrets, other])


def late_and_early(good: Case) -> Iterator[Case]:
    for seconds in (299, 300, 301, 86_400, -299, -300, -301):
        yield replace(good, name=f"{good.name} received {seconds} s later", received_at=AT + seconds)


def stripe_cases() -> Iterator[Case]:
    rng = random.Random(1)
    for n in range(ROUNDS):
        amount = rng.randint(1, 10**9)
        charge = {
            "id": f"ch_{n}", "object": "charge", "amount": amount, "amount_captured": amount, "captured": True,
            "currency": "eur", "payment_intent": f"pi_{n}", "description": NOTES[n % len(NOTES)],
        }  # fmt: skip
        body = dump(
            rng,
            {
                "id": f"evt_{n}",
                "object": "event",
                "created": AT,
                "type": "charge.succeeded",
                "data": {"object": charge},
            },
        )
        secret, other = "whsec_" + rng.randbytes(16).hex(), "whsec_" + rng.randbytes(16).hex()
        header = official.stripe_header(body, secret, AT)
        good = Case(
            "stripe", f"stripe {n}", body.encode(), {"Stripe-Signature": header}, [secret],
            states={"event_id": f"evt_{n}", "transaction_id": f"pi_{n}", "minor": amount},
        )  # fmt: skip
        yield from altered(rng, good, "Stripe-Signature", other)
        yield from late_and_early(good)
        second = official.stripe_header(body, other, AT).split(",")[1]
        for name, text in {
            "a foreign v1 first": header.replace(",v1=", f",{second},v1="),
            "a foreign v1 last": f"{header},{second}",
            "v0 beside v1": header + ",v0=" + "0" * 64,
            "v0 alone": header.replace("v1=", "v0="),
            "no time": header.split(",")[1],
            "another time": header.replace(f"t={AT}", f"t={AT + 1}"),
            "nothing": "",
        }.items():
            yield replace(good, name=f"{good.name} {name}", headers={"Stripe-Signature": text})


def adyen_cases() -> Iterator[Case]:
    rng = random.Random(2)
    for n in range(ROUNDS):
        secret, other = rng.randbytes(32).hex().upper(), rng.randbytes(32).hex()
        items = []
        for i in range(rng.randint(1, 3)):
            item = {
                "pspReference": f"PSP{n}X{i}", "merchantAccountCode": "ExampleShop",
                "merchantReference": rng.choice(["order:1", "a\\b", "//", "plain", ""]) + NOTES[n % len(NOTES)],
                "amount": {"value": rng.randint(0, 10**9), "currency": "EUR"},
                "eventCode": rng.choice(["AUTHORISATION", "CAPTURE", "REFUND", "SOMETHING_NEW"]),
                "eventDate": "2026-01-02T03:04:05+01:00", "success": rng.choice(["true", "false"]),
            }  # fmt: skip
            if rng.random() < 0.5:
                item["originalReference"] = f"ORIGINAL{n}"
            item["additionalData"] = {"hmacSignature": official.adyen_signature(item, secret)}
            items.append({"NotificationRequestItem": item})
        notification = {"live": "false", "notificationItems": items}
        good = Case("adyen", f"adyen {n}", dump(rng, notification).encode(), {}, [secret])
        first = items[0]["NotificationRequestItem"]
        good = replace(
            good,
            states={
                "transaction_id": first.get("originalReference", first["pspReference"]),
                "minor": first["amount"]["value"],
            },
        )
        yield good
        yield replace(good, name=f"{good.name} other secret", secrets=[other])
        yield replace(good, name=f"{good.name} rotated", secrets=[other, secret])
        for which in range(len(items)):
            for key, value in {
                "pspReference": "OTHER", "originalReference": "OTHER", "merchantAccountCode": "Other",
                "merchantReference": "other", "amount": {"value": 1_000_000_007, "currency": "EUR"},
                "eventCode": "CHARGEBACK", "success": "perhaps", "additionalData": {"hmacSignature": "A" * 43 + "="},
                "eventDate": "2027-01-01T00:00:00+00:00", "reason": "not signed",
            }.items():  # fmt: skip
                copy = json.loads(json.dumps(notification))
                copy["notificationItems"][which]["NotificationRequestItem"][key] = value
                yield replace(
                    good, name=f"{good.name} item {which} {key} altered", body=dump(rng, copy).encode(), states={}
                )


def square_cases() -> Iterator[Case]:
    rng = random.Random(3)
    for n in range(ROUNDS):
        amount = rng.randint(1, 10**9)
        payment = {
            "id": f"pay{n}", "status": "COMPLETED", "note": NOTES[n % len(NOTES)],
            "amount_money": {"amount": amount, "currency": "USD"},
        }  # fmt: skip
        event = {
            "merchant_id": "M1", "type": "payment.updated", "event_id": f"event-{n}",
            "created_at": "2026-01-02T03:04:05" + rng.choice(["Z", ".123Z", ".123456789Z"]),
            "data": {"type": "payment", "id": f"pay{n}", "object": {"payment": payment}},
        }  # fmt: skip
        body = dump(rng, event)
        secret, other = base64.urlsafe_b64encode(rng.randbytes(16)).decode(), "other-key"
        # The SDK only verifies, so the standard library signs what it documents.
        tag = hmac.new(secret.encode(), (URL + body).encode(), hashlib.sha256).digest()
        headers = {"x-square-hmacsha256-signature": base64.b64encode(tag).decode()}
        good = Case(
            "square", f"square {n}", body.encode(), headers, [secret], url=URL,
            states={"event_id": f"event-{n}", "transaction_id": f"pay{n}", "minor": amount},
        )  # fmt: skip
        yield from altered(rng, good, "x-square-hmacsha256-signature", other)
        yield replace(good, name=f"{good.name} other URL", url=URL + "/")
        yield replace(good, name=f"{good.name} no signature", headers={})


def standard_cases() -> Iterator[Case]:
    rng = random.Random(4)
    for n in range(ROUNDS):
        amount = rng.randint(1, 10**9)
        data = {"id": f"pay_{n}", "amount": amount, "currency": "EUR", "note": NOTES[n % len(NOTES)]}
        body = dump(rng, {"type": "payment.captured", "timestamp": "2026-01-02T03:04:05.123456Z", "data": data})
        secret, other = whsec(rng), whsec(rng)
        headers = {
            "webhook-id": f"msg_{n}",
            "webhook-timestamp": str(AT),
            "webhook-signature": official.standard_signature(body, secret, f"msg_{n}", AT),
        }
        states = {"event_id": f"msg_{n}", "transaction_id": f"pay_{n}", "minor": amount}
        good = Case("standardwebhooks", f"standard {n}", body.encode(), headers, [secret], states=states)
        yield from altered(rng, good, "webhook-signature", other)
        yield from late_and_early(good)
        yield replace(good, name=f"{good.name} secret without padding", secrets=[secret.rstrip("=")])
        yield replace(good, name=f"{good.name} secret without prefix", secrets=[secret.removeprefix("whsec_")])
        second = official.standard_signature(body, other, f"msg_{n}", AT)
        for name, change in {
            "several signatures": {"webhook-signature": f"v2,AAAA {second} {headers['webhook-signature']}"},
            "a foreign signature": {"webhook-signature": second},
            "another id": {"webhook-id": "msg_other"},
            "another time": {"webhook-timestamp": str(AT + 1)},
            "no id": {"webhook-id": ""},
        }.items():
            yield replace(good, name=f"{good.name} {name}", headers=headers | change)

        private, public = official.ed25519_pair(rng.randbytes(32))
        _, other_public = official.ed25519_pair(rng.randbytes(32))
        headers = headers | {"webhook-signature": official.ed25519_signature(body, private, f"msg_{n}", AT)}
        good = Case("standardwebhooks", f"ed25519 {n}", body.encode(), headers, [public], states=states)
        yield from altered(rng, good, "webhook-signature", other_public)


def all_cases() -> list[Case]:
    """Every case of every provider."""
    return [*stripe_cases(), *adyen_cases(), *square_cases(), *standard_cases()]

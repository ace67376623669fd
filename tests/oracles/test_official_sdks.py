"""payhook and the providers' own SDKs judge the same requests and must agree, each request, each provider.

PAYHOOK names the command line to ask. Where the SDK is known to be wrong (see the last tests) its verdict is written
down, so that the day it changes is noticed.
"""

import base64
import hashlib
import hmac
import json
import os
import subprocess
from collections import Counter

import pytest

from . import official
from .cases import AT, Case, all_cases

CASES = all_cases()


def ask(cases: list[Case]) -> list[dict]:
    """The verdicts of `payhook verify`, one for each case in its order."""
    run = subprocess.run(
        [os.environ["PAYHOOK"], "verify"],
        input="".join(case.line() + "\n" for case in cases),
        capture_output=True,
        text=True,
        timeout=120,
    )
    verdicts = [json.loads(line) for line in run.stdout.splitlines() if line]
    assert len(verdicts) == len(cases), run.stderr
    return verdicts


@pytest.fixture(scope="module")
def verdicts() -> dict[str, dict]:
    return {case.name: verdict for case, verdict in zip(CASES, ask(CASES), strict=True)}


def test_every_case_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(case.name for case in CASES).items() if times > 1] == []


@pytest.mark.parametrize("provider", ["stripe", "adyen", "square", "standardwebhooks"])
def test_the_cases_hold_both_verdicts(provider: str) -> None:
    judged = Counter(case.official_verdict() for case in CASES if case.provider == provider)
    assert judged[True] > 20
    assert judged[False] > 20


@pytest.mark.parametrize("provider", ["stripe", "adyen", "square", "standardwebhooks"])
def test_payhook_agrees_with_the_official_sdk(provider: str, verdicts: dict[str, dict]) -> None:
    disagreements = [
        (case.name, case.official_verdict(), verdicts[case.name]["verdict"], verdicts[case.name].get("reason"))
        for case in CASES
        if case.provider == provider and case.official_verdict() != (verdicts[case.name]["verdict"] == "valid")
    ]
    assert disagreements == []


def test_a_refusal_is_never_an_error(verdicts: dict[str, dict]) -> None:
    """Every request here is well-formed JSON: "error" would mean that payhook could not judge it."""
    assert {verdict["verdict"] for verdict in verdicts.values()} <= {"valid", "invalid", "unsigned"}


def test_what_is_read_is_what_was_sent(verdicts: dict[str, dict]) -> None:
    compared = 0
    for case in CASES:
        verdict = verdicts[case.name]
        if verdict["verdict"] != "valid" or not case.states:
            continue
        event = verdict["events"][0]
        read = {
            "event_id": event["event_id"],
            "transaction_id": event["transaction_id"],
            "minor": event["amount"]["minor"],
        }
        assert {key: read[key] for key in case.states} == case.states, case.name
        compared += 1
    assert compared > 100


def test_adyens_helper_looks_at_item_0_alone_and_payhook_at_every_item() -> None:
    secret = "AB" * 32
    items = [
        {
            "pspReference": f"P{n}", "merchantAccountCode": "Shop", "merchantReference": "order",
            "eventCode": "CAPTURE", "amount": {"value": 1, "currency": "EUR"}, "success": "true",
            "eventDate": "2026-01-02T03:04:05Z",
        }
        for n in range(2)
    ]  # fmt: skip
    for item in items:
        item["additionalData"] = {"hmacSignature": official.adyen_signature(item, secret)}
    items[1]["amount"] = {"value": 1_000_000, "currency": "EUR"}
    body = json.dumps({"notificationItems": [{"NotificationRequestItem": item} for item in items]}).encode()
    assert official.adyen_accepts_by_item_0_alone(body, secret)
    assert ask([Case("adyen", "second item altered", body, {}, [secret])])[0]["verdict"] == "invalid"


def test_adyens_helper_spells_null_and_true_as_python_does_and_payhook_as_json_does() -> None:
    secret = "CD" * 32
    item = {
        "pspReference": "P1", "originalReference": None, "merchantAccountCode": "Shop", "merchantReference": "order",
        "eventCode": "CAPTURE", "amount": {"value": 5, "currency": "EUR"}, "success": True,
        "eventDate": "2026-01-02T03:04:05Z",
    }  # fmt: skip
    tag = hmac.new(bytes.fromhex(secret), b"P1::Shop:order:5:EUR:CAPTURE:true", hashlib.sha256).digest()
    item["additionalData"] = {"hmacSignature": base64.b64encode(tag).decode()}
    body = json.dumps({"notificationItems": [{"NotificationRequestItem": item}]}).encode()
    assert not official.adyen_accepts(body, secret)
    assert ask([Case("adyen", "null and true", body, {}, [secret])])[0]["verdict"] == "valid"


def test_stripes_sdk_compares_text_and_payhook_bytes() -> None:
    """The same signature in upper case: the SDKs disagree among themselves on it, and the bytes are the same."""
    body = '{"id":"evt_1","object":"event","type":"charge.succeeded","created":1767323045}'
    time, signature = official.stripe_header(body, "whsec_1", AT).split(",v1=")
    headers = {"Stripe-Signature": f"{time},v1={signature.upper()}"}
    case = Case("stripe", "upper case", body.encode(), headers, ["whsec_1"])
    assert not case.official_verdict()
    assert ask([case])[0]["verdict"] == "valid"


def test_v1a_signatures_are_as_old_as_v1_ones_may_be() -> None:
    """No library judges the time of v1a; payhook holds it to the window of v1."""
    private, public = official.ed25519_pair(bytes(range(32)))
    body = '{"type":"payment.captured"}'
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(AT),
        "webhook-signature": official.ed25519_signature(body, private, "msg_1", AT),
    }
    cases = [
        Case("standardwebhooks", f"{seconds}", body.encode(), headers, [public], received_at=AT + seconds)
        for seconds in (-301, -300, 300, 301)
    ]
    assert [verdict["verdict"] for verdict in ask(cases)] == ["invalid", "valid", "valid", "invalid"]

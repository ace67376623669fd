"""Every provider: what payhook signs is judged by somebody else, and what somebody else refuses payhook refuses.

PAYHOOK names the command line to ask. A line a provider is printed, with counts; a disagreement fails, unless it stands in `EXPLAINED` with its reason.
"""

import json
import os
import subprocess
import urllib.parse
from collections import Counter

import braintree
import pytest

from .captured import EACH, Request, capture, catalogue, fresh_secret, variants
from .judges import JUDGES, WITHOUT

# What is known to differ, by the end of a case's name: the verdict of payhook, and why.
EXPLAINED = {
    ("stripe", "received -60 s later"): (True, "the window is for the past alone, in both"),
    ("standardwebhooks", "webhook-signature cut"): (True, "the same bytes, their base64 without its padding"),
    ("paypal", "received 345660 s later"): (False, "PayPal retries for three days; the SDK judges no time"),
    ("paypal", "paypal-cert-url altered"): (
        False,
        "no place of PayPal's; the SDK is handed the certificate and never sees the header",
    ),
    ("paypal", "paypal-cert-url empty"): (False, "the SDK is handed the certificate and never sees the header"),
    ("paypal", "paypal-auth-algo altered"): (False, "the judge is asked for SHA-256 alone and never sees the header"),
    ("paypal", "paypal-auth-algo cut"): (False, "the judge is asked for SHA-256 alone and never sees the header"),
    ("paypal", "paypal-auth-algo empty"): (False, "the judge is asked for SHA-256 alone and never sees the header"),
}


def ask(requests: list[Request]) -> list[bool]:
    """The verdicts of `payhook verify`: whether the signature is believed."""
    run = subprocess.run(
        [os.environ["PAYHOOK"], "verify"], input="".join(request.line() + "\n" for request in requests), capture_output=True, text=True, timeout=300
    )  # fmt: skip
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(answers) == len(requests), run.stderr
    assert all(answer["verdict"] != "error" for answer in answers)
    return [answer["verdict"] in ("valid", "unsigned") for answer in answers]


def judged(request: Request) -> bool:
    """With any of the keys, as during a rotation."""
    keys = request.secret["keys"] or [None]
    secrets = [{**request.secret, "keys": [] if key is None else [key]} for key in keys]
    headers = {name.lower(): value for name, value in request.headers.items()}
    return any(JUDGES[request.provider].accepts(request.body, headers, secret, request.now) for secret in secrets)


@pytest.fixture(scope="module")
def caught() -> list[Request]:
    return capture(os.environ["PAYHOOK"])


def test_every_provider_has_a_judge_or_a_reason(caught: list[Request]) -> None:
    names = {entry["name"] for entry in catalogue()}
    assert set(JUDGES) | WITHOUT == names
    assert Counter(request.provider for request in caught) == dict.fromkeys(names, EACH)


@pytest.mark.parametrize("provider", sorted(JUDGES))
def test_somebody_else_says_the_same(provider: str, caught: list[Request], capsys: pytest.CaptureFixture[str]) -> None:
    cases = [case for good in caught if good.provider == provider for case in variants(good)]
    assert len({case.name for case in cases}) == len(cases)
    ours, theirs = ask(cases), [judged(case) for case in cases]
    differ, explained = [], 0
    for case, our, their in zip(cases, ours, theirs, strict=True):
        known = next(
            (why for (name, end), why in EXPLAINED.items() if name == provider and case.name.endswith(end)), None
        )
        if our == their:
            continue
        if known is not None and known[0] == our:
            explained += 1
        else:
            differ.append((case.name, our, their))
    with capsys.disabled():
        agreed = Counter(zip(ours, theirs, strict=True))
        print(
            f"\n  {provider:17} {len(cases):4} cases: both accept {agreed[True, True]:3}, both refuse {agreed[False, False]:3},"
            f" explained {explained:2}, against {JUDGES[provider].by}",
            end="",
        )
    assert differ == []
    assert ours.count(True) >= EACH
    assert ours.count(False) >= EACH
    # Whatever payhook signed, the other one believes.
    good = [judged(request) for request in caught if request.provider == provider]
    assert good == [True] * EACH


def test_braintrees_own_notifications_are_believed_and_read() -> None:
    entry = next(entry for entry in catalogue() if entry["name"] == "braintree")
    secret = fresh_secret(entry, 1)
    public, private = secret["keys"][0].split("|")
    gateway = braintree.BraintreeGateway(
        braintree.Configuration(braintree.Environment.Development, "merchant", public, private)
    )
    kinds = [value for name, value in vars(braintree.WebhookNotification.Kind).items() if not name.startswith("_")]
    requests = []
    for kind in kinds:
        sample = gateway.webhook_testing.sample_notification(kind, f"id_{kind}")
        texts = {name: text.decode() if isinstance(text, bytes) else text for name, text in sample.items()}
        body = "&".join(f"{name}={braintree_quote(text)}" for name, text in texts.items()).encode()
        requests.append(Request("braintree", kind, body, {}, secret, 1_767_323_045))
    run = subprocess.run(
        [os.environ["PAYHOOK"], "verify"], input="".join(r.line() + "\n" for r in requests), capture_output=True, text=True, timeout=120
    )  # fmt: skip
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert len(kinds) > 35
    for kind, answer in zip(kinds, answers, strict=True):
        assert (kind, answer["verdict"], answer["reason"]) == (kind, "valid", None)
        assert answer["events"][0]["event_type"] == kind


def braintree_quote(text: str) -> str:
    """As a browser's form does: line breaks and plus signs escaped."""
    return urllib.parse.quote_plus(text)

"""Whole lives of payments, of five providers, and the money that they come to.

`fixtures/lives.jsonl` has a life a line: its webhooks as the provider's documents describe them, and the
money that they come to.
"""

import json
from pathlib import Path
from typing import Any

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.e2e.door import post
from tests.oracles.lives import Webhook, webhooks

LIVES = Path(__file__).parent / "fixtures/lives.jsonl"

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


def genuine(cloud: LocalCloud, sent: list[dict[str, Any]]) -> list[Webhook]:
    """Every webhook of the lives, signed with this cloud's keys."""
    return webhooks(sent, json.loads(cloud.keys_file.read_text()))


def send(cloud: LocalCloud, webhook: Webhook) -> int:
    """Sends a webhook through the edge, as its provider does; the status of the answer."""
    provider, body, headers = webhook
    return post(cloud, body, headers, f"/{provider}", api_key=cloud.api_keys[provider]).status

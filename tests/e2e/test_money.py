"""Whole lives of payments, of five providers, in any order and with repetitions: money is counted once.

`fixtures/lives.jsonl` has a life a line: its webhooks as the provider's documents describe them, and the
money that they come to.
"""

import json
import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import until_found
from tests.e2e.door import eventually, post
from tests.e2e.payments import check_listed, check_shown
from tests.e2e.proofs import recount_agrees
from tests.oracles.lives import Webhook, webhooks

LIVES = Path(__file__).parent / "fixtures/lives.jsonl"
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

# Payments that are shown, and other ids of theirs: an event, a charge, a refund or a dispute, an order.
SHOWN = {
    "stripe:pi_3FT5F4NM4KB433F9JEPXKHVQ": [
        "pi_3FT5F4NM4KB433F9JEPXKHVQ",
        "evt_3V7UM9AVL432GFML876FQYJM",
        "ch_386W4TYSVFZ9Z9E597KCPUSE",
        "re_3NA6AH5D62S52JG3RJW82G2D",
    ],
    "stripe:pi_3CDSEY7228DGXXPQDPK5SX8D": ["du_1UX9WYC3QMN76HP8TGQ9RESQ"],
    "paypal:GNML7NFKWKM69LE5H": ["PP-R-AAB-90010018", "paypal:2KQN4KX6NSYCFML7J"],
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
    check_listed(cloud, payhook, sent)
    for payment, others in SHOWN.items():
        check_shown(cloud, payhook, payment, others)

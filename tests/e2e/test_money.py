"""Whole lives of payments, of five providers, in any order and with repetitions: money is counted once."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.waiting import until_found
from tests.e2e.door import eventually
from tests.e2e.payments import check_listed, check_reconciled, check_shown
from tests.e2e.proofs import recount_agrees
from tests.e2e.sums import counted_sums, expected_sums, genuine, lives, send

PATIENCE_SECONDS = 600

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


def test_money_is_counted_once_whatever_tells_it_and_in_whatever_order(own_cloud: LocalCloud, payhook: Path) -> None:
    cloud, sent = own_cloud, lives()
    once = genuine(cloud, sent)
    # A failure names the order, so that it can be had again.
    seed = uuid.uuid4().hex
    dice = random.Random(seed)
    order = once + dice.choices(once, k=len(once) // 2)
    dice.shuffle(order)

    with ThreadPoolExecutor(4) as threads:
        assert {status // 100 for status in threads.map(lambda webhook: send(cloud, webhook), order)} == {2}
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
    check_reconciled(cloud, payhook)

"""Whole lives of payments, of five providers, while every function is killed in mid-work again and again: money is counted once all the same."""

import itertools
import random
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.lib.limits import FUNCTIONS
from infra.local_cloud import ledger
from infra.local_cloud.cloud import LocalCloud
from tests.demo import aged
from tests.e2e.archived import assert_archived_once, manifests
from tests.e2e.door import eventually
from tests.e2e.faults import kill_in_mid_run, kill_once_it_runs, logged, processes
from tests.e2e.proofs import around_today, recount_agrees
from tests.e2e.sums import counted_sums, expected_sums, genuine, lives, send
from tests.oracles.lives import Webhook

WEBHOOK, ANALYTICS, ARCHIVAL = FUNCTIONS

# Who is killed, in this order, and so many seconds after it went on with an invocation; the archival function instead once so many manifests
# of its day are there. Fewer kills of webhook_processor than a message may be received.
KILLS: list[tuple[str, float]] = [
    (WEBHOOK, 0.0),
    (ANALYTICS, 0.0),
    (ARCHIVAL, 0),
    (WEBHOOK, 0.02),
    (ANALYTICS, 0.01),
    (ARCHIVAL, 3),
    (WEBHOOK, 0.05),
    (ANALYTICS, 0.03),
]
# The real queue waits 95 s before it delivers again. No batch of this test takes as long as this.
VISIBILITY_SECONDS = 15
ITEMS_ARCHIVED = 400
# Young enough to be counted.
DAYS_AGO = aged.DAYS
# A line of each function's log for every batch that it has done.
DONE = "batch of "


@pytest.fixture(scope="module")
def cloud(own_cloud: LocalCloud) -> LocalCloud:
    """A stack in which what a killed process held comes back soon."""
    own_cloud.clients.sqs.set_queue_attributes(
        QueueUrl=own_cloud.outputs["webhook_queue_url"], Attributes={"VisibilityTimeout": str(VISIBILITY_SECONDS)}
    )
    return own_cloud


def in_parts(once: list[Webhook], number: int, dice: random.Random) -> list[list[Webhook]]:
    """The webhooks in any order and in so many parts, each with repetitions of what was sent by then."""
    shuffled = dice.sample(once, k=len(once))
    bounds = [len(shuffled) * part // number for part in range(number + 1)]
    parts = []
    for begin, end in itertools.pairwise(bounds):
        part = shuffled[begin:end] + dice.choices(shuffled[:end], k=(end - begin) // 2)
        dice.shuffle(part)
        parts.append(part)
    return parts


def killed_archiving(cloud: LocalCloud, manifests_there: float, items: list[dict[str, dict[str, str]]]) -> int:
    """Kill -9 for the archival function while it archives these items; how many processes there were."""
    task = aged.archive_task(items)
    pending = len(list(ledger.objects(cloud, "archive/pending/")))

    def far_enough() -> bool:
        begun = len(list(ledger.objects(cloud, "archive/pending/"))) > pending
        return begun and len(manifests(cloud, task["first"])) >= manifests_there

    return kill_in_mid_run(cloud, ARCHIVAL, lambda: ledger.run_archive(cloud, task), far_enough)


def test_money_is_counted_once_although_every_function_is_killed(cloud: LocalCloud, payhook: Path) -> None:
    sent = lives()
    # A failure names the order, so that it can be had again.
    seed = uuid.uuid4().hex
    first_part, *parts = in_parts(genuine(cloud, sent), 1 + len(KILLS), random.Random(seed))

    def send_all(part: list[Webhook]) -> None:
        with ThreadPoolExecutor(4) as threads:
            assert {status // 100 for status in threads.map(lambda webhook: send(cloud, webhook), part)} == {2}

    send_all(first_part)
    # What stands in the table is copied into the past, to be archived.
    assert ledger.wait_until_drained(cloud)
    items = aged.put_aged(cloud, ITEMS_ARCHIVED, DAYS_AGO)
    assert all(eventually(cloud, lambda name=name: processes(cloud, name)) for name in (WEBHOOK, ANALYTICS))

    killed: Counter[str] = Counter()
    for (function, moment), part in zip(KILLS, parts, strict=True):
        if function == ARCHIVAL:
            with ThreadPoolExecutor(1) as thread:
                sending = thread.submit(send_all, part)
                killed[function] += killed_archiving(cloud, moment, items)
                sending.result()
        else:
            killed[function] += kill_once_it_runs(cloud, function, lambda part=part: send_all(part), moment)

    assert ledger.wait_until_drained(cloud)
    wanted, (first, last) = expected_sums(sent), around_today()
    eventually(cloud, lambda: counted_sums(ledger.money(cloud, first, last)) == wanted)
    assert eventually(cloud, lambda: recount_agrees(cloud, payhook)), f"the order of seed {seed}"
    assert counted_sums(ledger.money(cloud, first, last)) == wanted
    for queue in ("webhook_processor_dlq", "analytics_processor_dlq", "rejected_queue"):
        assert ledger.depth(cloud, queue) == 0
    # The day that the killed runs left behind half done.
    assert ledger.run_archive(cloud, aged.archive_task(items)) is None
    assert_archived_once(cloud, items)

    assert all(killed[function] > 0 for function in FUNCTIONS), killed
    # A killed run of the archival function has told so itself.
    for function in (WEBHOOK, ANALYTICS):
        begun, done = logged(cloud, function, "START RequestId"), logged(cloud, function, DONE)
        assert begun > done, f"no invocation of {function} was killed before it was done"

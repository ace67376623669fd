"""The demo's arithmetic: it agrees when everything arrived, and says which sum does not when anything is off by one."""

import copy
from collections import Counter
from typing import Any

import pytest

from infra.local_cloud.ledger import Money
from tests.demo.report import Afterwards, Outcome, checks, later_checks, money_table, outcome, table, verdict
from tests.demo.sent import money_of

SENT: dict[str, Any] = {
    "sent": 14,
    "accepted": 14,
    "by_provider": {
        "stripe": {"sent": 9, "accepted": 9, "genuine": 6, "forged": 1, "duplicates": 1, "planted_pan": 2, "stale": 1},
        "adyen": {"sent": 5, "accepted": 5, "genuine": 4, "forged": 0, "duplicates": 1, "planted_pan": 1, "stale": 0},
    },
}


def _found() -> Outcome:
    return Outcome(
        stored=Counter(stripe=6, adyen=4),
        verified=Counter(stripe=7, adyen=5),
        rejected=Counter(signature_mismatch=1, timestamp_stale=1),
        audited=14,
        rejected_queue=2,
        duplicates_metric=2,
        masked_pans=3,
    )


def _wrong(sent: dict[str, Any], found: Outcome) -> set[str]:
    return {text for text, wanted, got in checks(sent, found) if wanted != got}


def test_all_sums_agree() -> None:
    assert _wrong(SENT, _found()) == set()
    assert verdict(checks(SENT, _found())).endswith("The sums agree: 13 of 13.")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda sent, found: sent.update(accepted=13), "every webhook was accepted"),
        (lambda sent, found: setattr(found, "audited", 13), "every accepted webhook is in the audit log"),
        (lambda sent, found: found.stored.update(stripe=-1), "every genuine webhook is stored once"),
        (lambda sent, found: found.stored.update(stripe=1), "every genuine webhook is stored once"),
        (lambda sent, found: found.verified.update(adyen=1), "every repetition was seen as one"),
        (lambda sent, found: setattr(found, "duplicates_metric", 1), "the metric agrees on repetitions"),
        (lambda sent, found: found.rejected.update(signature_mismatch=-1), "every forgery was rejected"),
        (lambda sent, found: found.rejected.update(timestamp_stale=-1), "every stale webhook was rejected"),
        (lambda sent, found: found.rejected.update(too_old=1), "nothing else was rejected"),
        (lambda sent, found: setattr(found, "rejected_queue", 1), "what was rejected waits in the rejected queue"),
        (lambda sent, found: setattr(found, "masked_pans", 2), "every planted card number was masked"),
        (lambda sent, found: setattr(found, "waiting", 1), "the webhook queue is empty"),
        (lambda sent, found: setattr(found, "dead_letters", 1), "no webhook is in the dead-letter queue"),
    ],
)
def test_one_off_is_seen_and_named(change: Any, says: str) -> None:
    sent, found = copy.deepcopy(SENT), _found()
    change(sent, found)
    assert says in _wrong(sent, found)
    assert "do not agree" in verdict(checks(sent, found))
    assert f"NOT  {says}" in verdict(checks(sent, found))


def test_the_outcome_is_read_from_table_and_audit_log() -> None:
    records = [{"provider": "stripe"}, {"provider": "stripe"}, {"provider": "adyen"}]
    judged = {
        "m1": {"verdict": "stored", "provider": "stripe", "events": [1]},
        "m2": {"verdict": "stored", "provider": "adyen", "events": [1, 2]},
        "m3": {"verdict": "rejected", "provider": "stripe", "reason": "signature_mismatch"},
    }
    found = outcome(records, judged)
    assert found.stored == Counter(stripe=2, adyen=1)
    assert found.verified == Counter(stripe=1, adyen=2)
    assert found.rejected == Counter(signature_mismatch=1)
    assert found.audited == 3


def test_the_table_has_a_row_for_each_provider_and_reason() -> None:
    lines = table(SENT, _found()).splitlines()
    assert [line.split() for line in lines[1:4]] == [
        ["adyen", "5", "5", "4", "1"],
        ["stripe", "9", "9", "6", "1"],
        ["all", "14", "14", "10", "2"],
    ]
    assert any(line.startswith("rejected: timestamp_stale") for line in lines)


MONEY: Money = {
    ("stripe", "EUR.2", "capture"): (3, 3390),
    ("stripe", "EUR.2", "refund"): (1, 1130),
    ("stripe", "EUR.2", "dispute"): (1, 130),
    ("square", "JPY.0", "capture_total"): (1, 500),
    ("adyen", "-", "capture"): (2, 0),
}


@pytest.mark.parametrize(
    ("counted", "agree"),
    [
        (MONEY, 5),
        (MONEY | {("stripe", "EUR.2", "refund"): (1, 1131)}, 4),
        (MONEY | {("stripe", "EUR.2", "refund"): (2, 1130)}, 4),
        ({key: both for key, both in MONEY.items() if key[0] != "adyen"}, 4),
    ],
)
def test_a_sum_of_money_that_differs_is_seen(counted: Money, agree: int) -> None:
    (found,) = [
        check for check in later_checks(0, Afterwards(money_sent=MONEY, money_counted=counted)) if "money" in check[0]
    ]
    assert found[1:] == (5, agree)
    assert ("NOT as sent" in money_table(MONEY, counted)) is (agree < 5)


def test_a_sum_of_money_too_many_is_seen() -> None:
    more = MONEY | {("adyen", "EUR.2", "refund"): (1, 1)}
    (found,) = [
        check for check in later_checks(0, Afterwards(money_sent=MONEY, money_counted=more)) if "money" in check[0]
    ]
    assert found[1:] == (6, 5)
    assert "NOT as sent" in money_table(MONEY, more)


def test_the_table_of_money_has_a_row_for_each_provider_and_currency() -> None:
    rows = [line.split() for line in money_table(MONEY, MONEY).splitlines()[1:]]
    assert rows == [
        ["adyen", "-", "2", *["-"] * 8],
        ["square", "JPY", "1", *["500", "0", "0", "500"] * 2],
        ["stripe", "EUR", "5", *["33.90", "11.30", "1.30", "21.30"] * 2],
    ]


def _told(state: str, rank: int, minor: int | None, **more: str) -> dict[str, Any]:
    amount = {"minor": minor, "currency": "EUR", "exponent": 2}
    told = {"kind": "refund", "id": "re_1", "payment": "pi_1", "state": state, "rank": rank, **more}
    return told | ({"money": {"tells": "own", "rank": rank, "amount": amount}} if minor is not None else {})


def _event(*movements: dict[str, Any]) -> dict[str, Any]:
    return {"events": [{"provider": "stripe", "movements": list(movements)}]}


def test_a_movement_is_summed_once_as_far_as_it_came() -> None:
    pending, succeeded = _event(_told("pending", 10, 30)), _event(_told("succeeded", 30, None))
    refund = ("stripe", "EUR.2", "refund")
    assert money_of([pending]) == {}
    assert money_of([pending, succeeded]) == money_of([succeeded, pending, succeeded]) == {refund: (1, 30)}
    assert money_of([succeeded]) == {("stripe", "-", "refund"): (1, 0)}
    assert money_of([succeeded, _event(_told("failed", 50, None)), pending]) == {}
    two = _event(_told("succeeded", 30, 30), _told("succeeded", 30, 40, id="re_2"))
    assert money_of([two, {"events": []}]) == {refund: (2, 70)}
    growing = [_told("succeeded", rank, minor) for rank, minor in ((30, 60), (20, 100), (30, 80))]
    for told in growing:
        told["money"]["tells"] = "total"
    assert money_of(map(_event, growing)) == {refund: (1, 100)}
    released = _event(_told("voided", 40, 90, kind="authorisation"))
    assert money_of([released]) == {("stripe", "EUR.2", "authorisation"): (1, 90)}

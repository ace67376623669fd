"""`payhook payments fold` over whole lives of payments, as providers' documents describe them: in any order, with repetitions, one money.

`lives.jsonl` has a life a line: its requests as `payhook verify` reads them, where they are from, and what they come to (`also_honest`: where the
documents leave the money open, the other right answers).
"""

import json
import os
import random
import subprocess
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIVES = [json.loads(line) for line in (Path(__file__).parent / "lives.jsonl").read_text().splitlines()]
MONEY = ("authorised", "captured", "refunded", "disputed", "paid_out")
BY_PROVIDER = {name: list(lives) for name, lives in groupby(LIVES, key=lambda life: life["provider"])}

Life = dict[str, Any]


@pytest.fixture(scope="module")
def payhook() -> Path:
    """The command line."""
    binary = Path(os.environ.get("PAYHOOK", ROOT / "target/debug/payhook"))
    assert binary.exists(), f"{binary} is missing: make build"
    return binary


def folded(payhook: Path, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The payments of some requests."""
    lines = "".join(
        json.dumps({name: value for name, value in request.items() if name != "label"}) + "\n" for request in requests
    )
    done = subprocess.run([payhook, "payments", "fold"], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def summed(payments: list[dict[str, Any]]) -> dict[str, Any]:
    """A life is one payment; where it stands under several ids their sums count, and the state only of one."""
    total: dict[str, Any] = {}
    for name in MONEY:
        told = [payment[name] for payment in payments]
        total[name] = None if all(amount is None for amount in told) else sum(amount or 0 for amount in told)
    for name in ("currency", "exponent"):
        known = {payment[name] for payment in payments if payment[name] is not None}
        total[name] = known.pop() if len(known) == 1 else None
    total["state"] = payments[0]["state"] if len(payments) == 1 else None
    return total


def agrees(got: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether the money is right: an authorisation that is not told is null or zero."""
    same = (
        got[name] == value
        or (name == "authorised" and not value and not got[name])
        or (name == "state" and got[name] is None)
        for name, value in expected.items()
    )
    return all(same)


def orders(life: Life) -> list[list[dict[str, Any]]]:
    """As told, backwards, twice, and shuffled with repetitions; the same on every day."""
    requests, dice = life["requests"], random.Random(life["case"])
    made = [requests, requests[::-1], requests + requests]
    for _ in range(2):
        order = requests + dice.choices(requests, k=2)
        dice.shuffle(order)
        made.append(order)
    return made


@pytest.mark.parametrize("provider", BY_PROVIDER)
def test_a_life_has_one_money_in_every_order(payhook: Path, provider: str) -> None:
    for life in BY_PROVIDER[provider]:
        answers = [life["expected"], *({**life["expected"], **other} for other in life.get("also_honest") or [])]
        for order in orders(life):
            got = summed(folded(payhook, order))
            assert any(agrees(got, answer) for answer in answers), (life["case"], got)


def test_what_is_not_believed_tells_nothing_and_is_named(payhook: Path) -> None:
    life = BY_PROVIDER["stripe"][0]
    forged = [request | {"secrets": ["whsec_other"]} for request in life["requests"]]
    lines = "".join(json.dumps(request) + "\n" for request in forged) + "no line\n"
    done = subprocess.run([payhook, "payments", "fold"], input=lines, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        *(f"line {n}: signature_mismatch" for n in range(1, len(forged) + 1)),
        f"line {len(forged) + 1}: line is not JSON",
    ]

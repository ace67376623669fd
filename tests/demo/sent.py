"""What money webhooks tell: caught at a server of ours, and read by `payhook verify`, one by one. No cloud has a part in it."""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from infra.local_cloud.ledger import Money
from tests.oracles.captured import Request, catch

# How far a movement is when its money moved and has not come back. What was authorised stays so when it is released.
MOVED = ("succeeded", "open", "lost")
RELEASED = ("authorisation", "voided")

Movement = dict[str, Any]


def sent_money(payhook: Path, secrets_file: Path, options: Sequence[str]) -> Money:
    """The money of the genuine webhooks that `payhook send` sends with these options, a seed among them."""
    caught = catch(str(payhook), json.loads(secrets_file.read_text()), *options)
    return money_of(verified(payhook, caught))


def verified(payhook: Path, requests: Iterable[Request]) -> list[dict[str, Any]]:
    """What `payhook verify` says of each request."""
    lines = "".join(request.line() + "\n" for request in requests)
    result = subprocess.run(
        [str(payhook), "verify"], input=lines, stdout=subprocess.PIPE, text=True, check=True, timeout=300
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


def money_of(answers: Iterable[dict[str, Any]]) -> Money:
    """Sums over every movement that the events tell, each once: as far as it came, with the amount that holds then."""
    joined: dict[tuple[str, str, str, str], Movement] = {}
    for answer in answers:
        for event in answer["events"]:
            for told in event.get("movements", []):
                key = event["provider"], told["payment"], told["kind"], told["id"]
                known = joined.get(key)
                joined[key] = told if known is None else _join(known, told)
    sums: dict[tuple[str, str, str], tuple[int, int]] = {}
    for (provider, _, kind, _), movement in joined.items():
        if movement["state"] not in MOVED and (kind, movement["state"]) != RELEASED:
            continue
        amount = (movement.get("money") or {}).get("amount")
        currency = f"{amount['currency']}.{amount['exponent']}" if amount else "-"
        number, minor = sums.get((provider, currency, kind), (0, 0))
        sums[provider, currency, kind] = number + 1, minor + (int(amount["minor"]) if amount else 0)
    return sums


def _join(one: Movement, other: Movement) -> Movement:
    stage = max(one, other, key=lambda movement: movement["rank"])
    told = [movement["money"] for movement in (one, other) if movement.get("money")]
    return stage | {"money": max(told, key=_place, default=None)}


def _place(money: dict[str, Any]) -> tuple[int, int]:
    """Of two amounts the one of the higher place holds; a total only grows, at whatever stage it is told."""
    return sys.maxsize if money["tells"] == "total" else money["rank"], int(money["amount"]["minor"])

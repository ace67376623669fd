"""What was sent against what the system says became of it. Pure: figures in, table and verdict out."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from infra.local_cloud.ledger import Money
from tests.demo.missed import Missed

# What the kinds of movements come to. Each webhook of the demo is the only one of its payment: a total stands for itself.
SUMS = {
    "captured": {"capture": 1, "capture_total": 1},
    "refunded": {"refund": 1, "refund_total": 1},
    "disputed": {"dispute": 1, "dispute_reversal": -1},
}
NET = {"captured": 1, "refunded": -1, "disputed": -1}


@dataclass
class Outcome:
    """What the system shows from the outside, after the queues are empty."""

    stored: Counter[str] = field(default_factory=Counter)  # records in the table, by provider
    verified: Counter[str] = field(default_factory=Counter)  # events of verified webhooks in the audit log, by provider
    rejected: Counter[str] = field(default_factory=Counter)  # messages in the audit log, by reason
    audited: int = 0  # messages in the audit log
    rejected_queue: int = 0
    duplicates_metric: int = 0
    masked_pans: int = 0
    waiting: int = 0
    dead_letters: int = 0  # of webhook_processor


@dataclass
class Afterwards:
    """What the later functions made of it: counted, archived, sealed; and what proves it."""

    counted: int = 0  # events in the analytics table
    aged: int = 0  # records of long ago that were put into the table
    archived: int = 0  # records in the archive
    left: int = 0  # aged records still in the table
    refused: int = 0  # proofs that ended with another status than 0
    unreadable: int = 0  # in the dead-letter queue of analytics_processor
    money_sent: Money = field(default_factory=dict)  # what the webhooks tell
    money_counted: Money = field(default_factory=dict)  # in the analytics table


def outcome(records: list[dict[str, str]], judged: dict[str, dict[str, Any]]) -> Outcome:
    """The part of the outcome that comes from table and audit log; `judged` has one line per message."""
    found = Outcome(stored=Counter(record["provider"] for record in records), audited=len(judged))
    for line in judged.values():
        if line["verdict"] == "rejected":
            found.rejected[line["reason"]] += 1
        else:
            found.verified[line["provider"]] += len(line["events"])
    return found


def total(sent: dict[str, Any], figure: str) -> int:
    """One figure of `payhook send --json`, over all providers."""
    return sum(provider[figure] for provider in sent["by_provider"].values())


def checks(sent: dict[str, Any], found: Outcome) -> list[tuple[str, int, int]]:
    """What must be equal: what it says, what was sent, what was found."""
    stored, duplicates = found.stored.total(), found.verified.total() - found.stored.total()
    return [
        ("every webhook was accepted", sent["sent"], sent["accepted"]),
        ("every accepted webhook is in the audit log", sent["accepted"], found.audited),
        ("every genuine webhook is stored once", total(sent, "genuine"), stored),
        ("every repetition was seen as one", total(sent, "duplicates"), duplicates),
        ("the metric agrees on repetitions", duplicates, found.duplicates_metric),
        ("every forgery was rejected", total(sent, "forged"), found.rejected["signature_mismatch"]),
        ("every stale webhook was rejected", total(sent, "stale"), found.rejected["timestamp_stale"]),
        ("nothing else was rejected", total(sent, "forged") + total(sent, "stale"), found.rejected.total()),
        ("what was rejected waits in the rejected queue", found.rejected.total(), found.rejected_queue),
        ("stored + duplicates + rejected = accepted", sent["accepted"], stored + duplicates + found.rejected.total()),
        ("every planted card number was masked", 1, int(found.masked_pans >= total(sent, "planted_pan"))),
        ("the webhook queue is empty", 0, found.waiting),
        ("no webhook is in the dead-letter queue", 0, found.dead_letters),
    ]


def later_checks(stored: int, found: Afterwards) -> list[tuple[str, int, int]]:
    """What must be equal once the stream is counted and the archive has run."""
    return [
        ("every stored event is counted once", stored + found.aged, found.counted),
        ("every sum of money is what was sent", *_agreeing(found.money_sent, found.money_counted)),
        ("no record of the stream is in the dead-letter queue", 0, found.unreadable),
        ("every old record is in the archive", found.aged, found.archived),
        ("and no longer in the table", 0, found.left),
        ("recount, seal and reconciliation agree", 0, found.refused),
    ]


def missed_checks(missed: Missed) -> list[tuple[str, int, int]]:
    """What must be equal once the provider's list was compared and what was missing is back."""
    return [
        ("what got lost is found in the provider's list", *_same(missed.lost, missed.found)),
        ("and stored, marked as fetched", *_same(missed.lost, missed.brought_back)),
        ("then nothing is missing", 0, len(missed.left)),
    ]


def _same(wanted: set[str], got: set[str]) -> tuple[int, int]:
    """How many are wanted, and how many are there; with others among them, fewer."""
    return len(wanted), len(wanted & got) - len(got - wanted)


def table(sent: dict[str, Any], found: Outcome) -> str:
    """The table that a person reads."""
    lines = [f"{'provider':<20}{'sent':>8}{'accepted':>10}{'stored':>8}{'duplicates':>12}"]
    for name, figures in sorted(sent["by_provider"].items()):
        duplicates = found.verified[name] - found.stored[name]
        row = f"{name:<20}{figures['sent']:>8,}{figures['accepted']:>10,}{found.stored[name]:>8,}{duplicates:>12,}"
        lines.append(row)
    duplicates = found.verified.total() - found.stored.total()
    lines.append(f"{'all':<20}{sent['sent']:>8,}{sent['accepted']:>10,}{found.stored.total():>8,}{duplicates:>12,}")
    lines.append("")
    for reason, count in sorted(found.rejected.items()):
        lines.append(f"{'rejected: ' + reason:<38}{count:>8,}")
    lines.append(f"{'audit records':<38}{found.audited:>8,}")
    lines.append(f"{'masked card numbers':<38}{found.masked_pans:>8,}")
    lines.append(f"{'dead-letter queue, webhook_processor':<38}{found.dead_letters:>8,}")
    return "\n".join(lines)


def _agreeing(sent: Money, counted: Money) -> tuple[int, int]:
    """How many sums there are, and how many of them are the same on both sides; a sum too many is one that is not."""
    keys = sent.keys() | counted.keys()
    return len(keys), sum(sent.get(key) == counted.get(key) for key in keys)


def money_table(sent: Money, counted: Money) -> str:
    """Money by provider and currency: what was counted, and beside it what was sent."""
    names = (*SUMS, "net")
    heads = (*names, *(f"{name}, sent" for name in names))
    lines = [f"{'provider':<20}{'currency':<10}{'movements':>10}" + "".join(f"{head:>16}" for head in heads)]
    for provider, currency in sorted({key[:2] for key in sent.keys() | counted.keys()}):
        of_row = {key: both for key, both in counted.items() if key[:2] == (provider, currency)}
        cells = _figures(counted, provider, currency) + _figures(sent, provider, currency)
        movements = sum(number for number, _ in of_row.values())
        row = f"{provider:<20}{currency.partition('.')[0]:<10}{movements:>10,}"
        differs = any(sent.get(key) != counted.get(key) for key in of_row | sent if key[:2] == (provider, currency))
        lines.append(row + "".join(f"{cell:>16}" for cell in cells) + ("  NOT as sent" if differs else ""))
    return "\n".join(lines)


def _figures(money: Money, provider: str, currency: str) -> list[str]:
    """Captured, refunded, disputed and net, each with its decimal places; `-` where no amount is told."""
    _, told, exponent = currency.partition(".")
    if not told:
        return ["-"] * (len(SUMS) + 1)
    sums = {
        name: sum(sign * money.get((provider, currency, kind), (0, 0))[1] for kind, sign in kinds.items())
        for name, kinds in SUMS.items()
    }
    sums["net"] = sum(sign * sums[name] for name, sign in NET.items())
    return [f"{Decimal(minor).scaleb(-int(exponent)):,f}" for minor in sums.values()]


def verdict(results: list[tuple[str, int, int]]) -> str:
    """Each check, and how many hold."""
    lines = [
        f"  {'ok ' if wanted == got else 'NOT'}  {text}" + ("" if wanted == got else f": {wanted:,} against {got:,}")
        for text, wanted, got in results
    ]
    failed = sum(wanted != got for _, wanted, got in results)
    lines.append(
        f"The sums agree: {len(results)} of {len(results)}."
        if not failed
        else f"{failed} of {len(results)} sums do not agree."
    )
    return "\n".join(lines)

"""How long the archive takes over a day, by what `make bench` measured: a section of `docs/capacity.md`."""

from dataclasses import dataclass

from infra.lib.limits import CAPACITIES, LIMITS, function_limits

# Into Parquet and read back, a second of one core, and the bench's stand-in for the table: measured 2026-11-28
# (bench/README.md). Written here, so that another machine's run of the bench decides no test.
ITEMS_A_SECOND = 74_000
TABLE_ANSWERS_WITHIN_MS = 6
# A function has a processor for each 1,769 MB, and its share of one below that.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html, read 2026-11-27.
MEMORY_OF_A_PROCESSOR_MB = 1_769
SECONDS_OF_A_DAY = 86_400
# Items of ten webhooks: the event's, and the movements of whole lives of payments (bench/README.md).
ITEMS_OF_TEN_WEBHOOKS = 16
# As in functions/pipeline/src/items.rs: calls of a hundred keys each, eight at a time.
KEYS_A_CALL, CALLS_AT_A_TIME = 100, 8


@dataclass(frozen=True)
class Day:
    """A day at the rate that a setting is called by."""

    items: int
    """Items to archive."""
    processor_hours: float
    """Hours that the function computes for."""
    waiting_hours: float
    """Hours that it waits for the table."""
    invocations: int
    """Invocations, one behind the other, each until its time-out."""


def day(capacity: str) -> Day:
    """How long the archive takes over one day."""
    limits = function_limits("archival_function", capacity)
    share = min(1.0, LIMITS["function"]["memory_mb"] / MEMORY_OF_A_PROCESSOR_MB)
    items = int(capacity) * SECONDS_OF_A_DAY * ITEMS_OF_TEN_WEBHOOKS // 10
    computing = items / (ITEMS_A_SECOND * share)
    waiting = items / KEYS_A_CALL / CALLS_AT_A_TIME * TABLE_ANSWERS_WITHIN_MS / 1_000
    return Day(
        items=items,
        processor_hours=computing / 3_600,
        waiting_hours=waiting / 3_600,
        invocations=-int(-(computing + waiting) // limits["timeout_seconds"]),
    )


HEAD = """
## A day into the archive

At the rate that the setting is called by, all day long, in one chain of invocations of `archival_function` at its size:

| `capacity` | items of a day | computing | waiting for the table | together | invocations |
|---|---|---|---|---|---|
"""

TAIL = f"""
- **items of a day**: {ITEMS_OF_TEN_WEBHOOKS / 10:g} a webhook, its event and what it tells of movements.
- **computing**: by {ITEMS_A_SECOND:,} items a second of one core (`bench/README.md`) and the share of a processor that the function's
  memory brings.
- **waiting for the table**: calls of {KEYS_A_CALL} keys, {CALLS_AT_A_TIME} at a time, that answer within {TABLE_ANSWERS_WITHIN_MS} ms; nothing is
  computed meanwhile, which is more careful than the function is.
- A day must take less than a day, or the archive falls behind and `ArchiveDaysLeft` sinks. Twice the memory is twice the
  processor. What the table reads for it is half a unit an item.
"""


def section() -> str:
    """The section of the page."""
    rows = ""
    for capacity in CAPACITIES:
        found = day(capacity)
        hours = (found.processor_hours, found.waiting_hours, found.processor_hours + found.waiting_hours)
        cells = (f"{found.items:,}", *(f"{value:.1f} h" for value in hours), f"{found.invocations:,}")
        rows += f"| {capacity} | " + " | ".join(cells) + " |\n"
    return HEAD + rows + TAIL

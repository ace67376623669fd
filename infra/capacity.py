"""What each value of the setting `capacity` needs and sustains, as the page `docs/capacity.md`.

The arithmetic is AWS's documented limits, each with its source; the numbers are those of
`infra/limits.json`. `UPDATE_SNAPSHOTS=1` makes `infra/tests/test_capacity.py` write the page anew.
"""

from dataclasses import dataclass
from pathlib import Path

from infra import capacity_archive
from infra.capacity_bounds import section
from infra.lib.limits import CAPACITIES, DEFAULT_CAPACITY, FUNCTIONS, function_limits

PAGE = Path(__file__).resolve().parents[1] / "docs/capacity.md"

# A poller of the provisioned mode takes "up to 1 MB/sec of throughput, up to 10 concurrent invokes,
# or up to 10 Amazon SQS polling API calls per second", and a receive brings up to ten messages. Of the
# standard mode, which the stack uses, nothing of the kind is documented: that it polls as fast for
# each invocation is assumed, and that messages have ten kilobytes at most. Stored copies were read
# 2026-11-28: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html and
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html.
RECEIVES_A_SECOND = 10
MESSAGES_A_RECEIVE = 10
# A new on-demand table takes so many write units a second, and a partition a thousand.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html and
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html, read 2026-11-27.
# That each partition is one shard of the stream is assumed. AWS says that the partitions' activity
# influences in part how shards are made:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.UsageNotes.html, a stored copy
# of which was read 2026-11-28.
NEW_TABLE_WRITE_UNITS = 4_000
PARTITION_WRITE_UNITS = 1_000
# Write units of ten webhooks: a unit for each event's item, and for its movement's up to 1.4 where no
# process remembers it, by whole lives of payments (bench/README.md, 2.35 in all).
WRITE_UNITS_OF_TEN_WEBHOOKS = 24
# What Lambda wants left for functions without a reservation.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html, read 2026-11-27.
UNRESERVED_MIN = 100


@dataclass(frozen=True)
class Sustained:
    """One value of the setting: webhooks a second that each part takes, and what it needs."""

    queue: int
    table: int
    shards: int
    analytics: int
    reserved: int

    @property
    def webhooks(self) -> int:
        """What all parts take together."""
        return min(self.queue, self.table)


def sustained(capacity: str) -> Sustained:
    """What one value of the setting sustains."""
    numbers = CAPACITIES[capacity]
    warm = numbers["warm_throughput"]
    write_units = warm["write_units"] if warm else NEW_TABLE_WRITE_UNITS
    return Sustained(
        queue=numbers["maximum_concurrency"] * RECEIVES_A_SECOND * MESSAGES_A_RECEIVE,
        table=write_units * 10 // WRITE_UNITS_OF_TEN_WEBHOOKS,
        shards=write_units // PARTITION_WRITE_UNITS,
        analytics=function_limits("analytics_processor", capacity)["reserved_concurrency"],
        reserved=sum(function_limits(function, capacity)["reserved_concurrency"] for function in FUNCTIONS),
    )


HEAD = f"""# Capacity

`pulumi config set capacity {list(CAPACITIES)[1]}` sizes a stack for so many webhooks a second: reserved concurrency, how
many invocations the queue starts at a time, and the units that the tables are warm for go together, and
the policy pack's bounds with them. What comes faster waits in the queue, four days at most, and is not
lost. The gateway takes 10,000 requests a second whatever the setting.

Webhooks a second, by AWS's documented limits (sources: `infra/capacity.py`):

| `capacity` | queue | tables | sustained | shards of the stream | reserved for analytics | concurrency that the account needs |
|---|---|---|---|---|---|---|
"""

TAIL = f"""
- **queue**: invocations at a time × {RECEIVES_A_SECOND} receives a second × {MESSAGES_A_RECEIVE}
  messages. AWS documents that rate for a poller of the provisioned mode, which may serve ten
  invocations and takes 1 MB a second at most. The stack uses the standard mode, because only that
  has a maximum concurrency: a throttled poll uses up a receive, and after {{receives}} of them a good
  message is a dead letter. That the standard mode polls as fast for each invocation, and that
  messages have 10 kB at most on average, are assumptions; the alarm on the queue's age rings when
  they are wrong.
- **tables**: write units a second ÷ {WRITE_UNITS_OF_TEN_WEBHOOKS / 10} (an event's item, and the movement that
  it tells). The default has what a new on-demand table takes; the others are warm for theirs, and AWS
  charges for the request that warms them.
- **shards**: a partition takes {PARTITION_WRITE_UNITS:,} units a second; that it is one shard is an assumption. Each
  shard needs an invocation of `analytics_processor` of its own, or it waits for one.
- **concurrency**: what the functions reserve and the {UNRESERVED_MIN} that Lambda wants left. A new account often
  has 10 in all: ask for 1,000 (Service Quotas, Lambda, "Concurrent executions") before the first
  deployment. `payhook doctor before` says whether it is enough.
"""


def page(receives: int) -> str:
    """The page; `receives` is how often a message is tried before it is a dead letter."""
    rows = ""
    for capacity in CAPACITIES:
        found = sustained(capacity)
        name = f"{capacity} (default)" if capacity == DEFAULT_CAPACITY else capacity
        cells = (
            found.queue,
            found.table,
            found.webhooks,
            found.shards,
            found.analytics,
            found.reserved + UNRESERVED_MIN,
        )
        rows += f"| {name} | " + " | ".join(f"{cell:,}" for cell in cells) + " |\n"
    return HEAD + rows + TAIL.replace("{receives}", str(receives)) + section() + capacity_archive.section()

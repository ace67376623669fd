"""What each value of the setting `capacity` asks of the parts that the setting does not change, by AWS's documented limits.

`infra/capacity.py` says what the setting sustains; this says how far the gateway, the queue, the functions, the stream
and the audit log are from their own bounds at that rate. Both are one page, `docs/capacity.md`.
"""

from dataclasses import dataclass

from infra.lib.limits import CAPACITIES, LIMITS, function_limits

# Messages of a standard queue that were received and not yet deleted, about.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html, read 2026-11-28.
IN_FLIGHT_MAX = 120_000
# PUT requests a second of one partitioned prefix, at least.
# https://aws.amazon.com/premiumsupport/knowledge-center/s3-object-key-naming-pattern/, read 2026-11-28.
PUTS_A_SECOND = 3_500
# Records a second that a shard of the stream has at most: one for each write to its partition (see `infra/capacity.py`).
RECORDS_A_SHARD = 1_000


@dataclass(frozen=True)
class Bounds:
    """One value of the setting, at the rate that its name says."""

    gateway: int
    """Requests a second that the gateway takes."""
    batch: int
    """Webhooks in a batch of the queue."""
    invocation_ms: int
    """Milliseconds that an invocation of `webhook_processor` may take on average."""
    in_flight: int
    """Messages in flight if every invocation took until its time-out."""
    shard_batch_ms: int
    """Milliseconds that `analytics_processor` may take for a full batch of a shard that has as many records as it can."""
    puts: int
    """Audit objects a second."""


def bounds(capacity: str) -> Bounds:
    """What one value of the setting asks for."""
    rate, queue, stream = int(capacity), LIMITS["webhook_queue"], LIMITS["stream"]
    pollers = CAPACITIES[capacity]["maximum_concurrency"]
    window = queue["batching_window_seconds"]
    batch = min(queue["batch_size"], rate * window // pollers)
    timeout = function_limits("webhook_processor", capacity)["timeout_seconds"]
    return Bounds(
        gateway=LIMITS["gateway"]["throttle_rate"],
        batch=batch,
        # So many are busy at a time, and each has a batch for as long.
        invocation_ms=pollers * batch * 1_000 // rate,
        # No poller has more than one batch with its function and one that it fills.
        in_flight=min(pollers * 2 * queue["batch_size"], rate * (window + timeout)),
        shard_batch_ms=stream["batch_size"] * 1_000 // RECORDS_A_SHARD,
        puts=rate // batch,
    )


HEAD = f"""
## How far the other parts are from their bounds

At the rate that the setting is called by:

| `capacity` | gateway | webhooks in a batch | an invocation may take | messages in flight at most, of {IN_FLIGHT_MAX:,} | a batch of a full shard may take | audit objects a second, of {PUTS_A_SECOND:,} |
|---|---|---|---|---|---|---|
"""

TAIL = f"""
- **gateway**: `gateway.throttle_rate` of `infra/limits.json`, which is the quota of a regional account.
- **webhooks in a batch**: what comes within the batching window to one of the pollers.
- **an invocation may take**: invocations at a time × webhooks in a batch ÷ rate. If they take longer on average the
  queue grows, and its age rings. `bench/README.md` has what they take.
- **messages in flight**: if every invocation took until its time-out, with the next batch waiting beside it. SQS gives
  out no more than about {IN_FLIGHT_MAX:,} at a time; what is over waits.
- **a batch of a full shard may take**: batches of a shard follow each other, and a shard has {RECORDS_A_SHARD:,} records a second
  at most. A batch that takes longer, and has as many records as it may, falls behind; the stream's age rings.
- **audit objects**: one for each batch, all under the prefix of their hour.
"""


def section() -> str:
    """The section of the page."""
    rows = ""
    for capacity in CAPACITIES:
        found = bounds(capacity)
        cells = (
            f"{found.gateway:,}",
            f"{found.batch:,}",
            f"{found.invocation_ms:,} ms",
            f"{found.in_flight:,}",
            f"{found.shard_batch_ms:,} ms",
            f"{found.puts:,}",
        )
        rows += f"| {capacity} | " + " | ".join(cells) + " |\n"
    return HEAD + rows + TAIL

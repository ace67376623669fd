"""Gap: an SQS event source gives a function at most ten messages and ignores the batching window.

AWS: with a window, up to 10,000 messages are gathered until the batch is full or the window ends.
Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html, read 2026-11-23.
"""

import threading
import time
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import lambda_svc, sqs

WITHOUT_WINDOW_MAX = 10
DEFAULT_VISIBILITY_SECONDS = 30

# When the first message of a batch under way was seen, by queue ARN.
_window_started: dict[str, float] = {}


def wake_later(seconds: float) -> None:
    """Has the event sources look for work again after so many seconds, instead of at their next round."""
    timer = threading.Timer(seconds, esm_wake.set)
    timer.daemon = True
    timer.start()


def _visible(queue: dict[str, Any], most: int) -> int:
    now = time.time()
    count = 0
    for message in queue["messages"]:
        count += message["visible_at"] <= now
        if count >= most:
            break
    return count


def receive(queue_url: str, max_number: int) -> list[Any]:
    """The messages of the next batch, or none while the window is open."""
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        arn = queue["attributes"].get("QueueArn")
        mapping = next((m for m in lambda_svc._esms.values() if m.get("EventSourceArn") == arn), {})
        window = float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        most = int(max_number or 1)
        sqs._expire_retained(queue)
        sqs._dlq_sweep(queue)
        if window:
            have = _visible(queue, most)
            if not have:
                _window_started.pop(arn, None)
                return []
            if arn not in _window_started and have < most:
                _window_started[arn] = time.time()
                wake_later(window)
            if have < most and time.time() - _window_started[arn] < window:
                return []
            _window_started.pop(arn, None)
        visibility = int(queue["attributes"].get("VisibilityTimeout", DEFAULT_VISIBILITY_SECONDS))
        return sqs._collect_msgs(queue, most if window else min(most, WITHOUT_WINDOW_MAX), visibility)


def apply() -> None:
    """Puts the patch in place."""
    sqs._receive_messages_for_esm = receive

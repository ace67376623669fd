"""Tells when something changed: `GET /_payhook/changes` answers as soon as it did.

AWS has no such address and the functions know nothing of it. Whoever looks at tables and objects
from the outside waits here between two looks (`infra.local_cloud.waiting`). It counts what anybody
but the root key causes: requests, invocations, batches, messages, states of alarms. Looks are made
with the root key and so never wake themselves.

It says which functions run, so that a test can kill one in the midst of an invocation, and for how
long nothing will happen by itself. That is known where nothing is under way,
from the event sources and the schedules: a message, a stream's record or a one-time schedule is due
at a known time. Schedules that recur and the periods of alarms are not counted.
"""

import asyncio
import json
import math
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core.concurrency import esm_wake
from ministack.services import cloudwatch, dynamodb, lambda_svc, scheduler, sqs

from infra.local_cloud.emulator import CHANGES_PATH, ROOT_KEY

# How often a request that waits looks at the numbers in this process's memory.
TICK_SECONDS = 0.02
# While something is under way one answer in this time is enough: a look costs more than it tells.
SETTLED_SECONDS = 0.2
WAIT_MAX_SECONDS = 60.0
SIGNED_BY_ROOT = re.compile(rb"Credential=" + ROOT_KEY.encode() + rb"/")
# Threads that run a batch or an asynchronous invocation, with its waits between two tries. The
# emulator names the former, and Python names the latter after the function that they run.
WORKERS = re.compile(r"ministack-esm|ministack-reentrant|ddb-esm|.*\((run|_execute_function_with_config_scope)\)")

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_lock = threading.Lock()
_number = 0
_calls = 0
_of_root: ContextVar[bool] = ContextVar("of_root", default=False)


def _begin() -> None:
    global _calls
    with _lock:
        _calls += 1


def _end(changes: bool) -> None:
    global _calls, _number
    with _lock:
        _calls -= 1
        _number += changes


def changed() -> None:
    """Counts a change, unless the root key's own request makes it."""
    global _number
    if not _of_root.get():
        with _lock:
            _number += 1


def _counted(call: Callable[..., Any], changes: Callable[[Any], bool]) -> Callable[..., Any]:
    """The same call, counted while it is under way and when it has changed something."""

    def run(*arguments: Any, **named: Any) -> Any:
        _begin()
        # A call that fails may have changed something before.
        has_changed = True
        try:
            result = call(*arguments, **named)
            has_changed = changes(result)
            return result
        finally:
            _end(has_changed)

    return run


def _under_way() -> int:
    return _calls + sum(WORKERS.fullmatch(thread.name) is not None for thread in threading.enumerate())


def _sources_due() -> Iterator[tuple[float, int]]:
    """For each event source with work left: when it is due, in Unix seconds, and how much it is."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        arn, uuid = mapping.get("EventSourceArn", ""), mapping["UUID"]
        if not mapping.get("Enabled", True):
            continue
        due, left = 0.0, 0
        if ":sqs:" in arn:
            messages = list((sqs._queue_by_arn(arn) or {}).get("messages", []))
            due, left = min((m["visible_at"] for m in messages), default=0.0), len(messages)
        elif ":dynamodb:" in arn:
            table = arn.split("/stream/")[0].split("/")[-1]
            end = dynamodb.stream_end_position(table, account_id=account, region=region)
            left = end - lambda_svc._dynamodb_stream_positions.get_scoped(account, region, uuid, 0)
        if left > 0:
            yield max(due, lambda_svc._esm_backoff_until.get_scoped(account, region, uuid, 0.0)), left


def _running() -> dict[str, int]:
    """Invocations under way by the function's name."""
    _, by_function = lambda_svc.executions_in_flight()
    return {key.rpartition(":")[2]: number for key, number in by_function.items()}


def _schedules_due() -> Iterator[float]:
    """When each one-time schedule that is still to start is due, in Unix seconds."""
    for key, schedule in list(scheduler._schedules._data.items()):
        at = scheduler._at_time_epoch(schedule.get("ScheduleExpression", ""))
        to_go = schedule.get("ActionAfterCompletion") == "DELETE" or key not in scheduler._schedule_last_fired
        if at is not None and to_go and schedule.get("State") == "ENABLED":
            yield at


def state() -> dict[str, Any]:
    """The number of changes, what is under way, which functions run, what waits in event sources,
    and for how many seconds nothing happens by itself: null when never again.
    """
    number, under_way = _number, _under_way()
    sources = list(_sources_due())
    due = min([at for at, _ in sources] + list(_schedules_due()), default=math.inf)
    rest = max(0.0, due - time.time())
    # What began or ended meanwhile may be missing above.
    if under_way or _under_way() or number != _number:
        rest = 0.0
    return {
        "number": number,
        "under_way": under_way,
        "running": _running(),
        "waiting": sum(left for _, left in sources),
        "rest_seconds": None if rest == math.inf else rest,
    }


async def _state_when(after: int, seconds: float, rest_seconds: float | None) -> dict[str, Any]:
    """The state once the number is above `after`, `seconds` have passed, or nothing will happen
    within `rest_seconds` from the beginning.
    """
    began = time.monotonic()
    while True:
        found, waited = state(), time.monotonic() - began
        moved = found["number"] > after and (not found["under_way"] or waited >= SETTLED_SECONDS)
        rest = math.inf if found["rest_seconds"] is None else found["rest_seconds"]
        rests = rest_seconds is not None and rest > 0 and rest >= rest_seconds - waited
        if moved or rests or waited >= seconds:
            return found
        await asyncio.sleep(TICK_SECONDS)


async def _answer(scope: Scope, send: Send) -> None:
    query = {name: values[-1] for name, values in parse_qs(scope["query_string"].decode()).items()}
    rest_seconds = float(query["rest"]) if "rest" in query else None
    seconds = min(float(query.get("seconds", 0)), WAIT_MAX_SECONDS)
    body = json.dumps(await _state_when(int(query.get("after", -1)), seconds, rest_seconds)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def apply() -> None:
    """Puts it in place, around what the patches have put there."""
    stock, wake = app.app, esm_wake.set

    async def serve(scope: Scope, receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            await stock(scope, receive, send)
        elif scope["path"] == CHANGES_PATH:
            await _answer(scope, send)
        else:
            # In the case in which they were sent (`header_names.py`).
            headers = {name.lower(): value for name, value in scope["headers"]}
            of_root = SIGNED_BY_ROOT.search(headers.get(b"authorization", b"")) is not None
            _of_root.set(of_root)
            _begin()
            try:
                await stock(scope, receive, send)
            finally:
                _end(not of_root)

    def wake_sources() -> None:
        # Whoever puts something into a queue or a stream, or ends a batch, calls this.
        changed()
        wake()

    execute_counted = _counted(lambda_svc._execute_function, lambda _: True)

    def execute(*arguments: Any) -> Any:
        # In a thread of its own, even where the root key asked for it: what follows is not a look.
        _of_root.set(False)
        return execute_counted(*arguments)

    app.app = serve
    esm_wake.set = wake_sources
    lambda_svc._execute_function = execute
    # The calls that look for work, and hold it for a moment before a thread has it.
    lambda_svc._poll_sqs = _counted(lambda_svc._poll_sqs, bool)
    lambda_svc._poll_dynamodb_streams = _counted(lambda_svc._poll_dynamodb_streams, bool)
    scheduler._tick_schedules = _counted(scheduler._tick_schedules, bool)
    cloudwatch._record_history = _counted(cloudwatch._record_history, lambda _: True)

"""Gap: a DynamoDB stream's event source ignores window, retry limit, partial-batch response and on-failure destination; a poison batch
loops for ever.

AWS: a batch is repeated from the first failed record until the retry limit or record age, then its metadata goes to the destination.
Source: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html, read 2026-11-23. Bisecting is left out: the
stack does not use it.
"""

import collections
import json
import time
from typing import Any

from ministack.core.concurrency import esm_wake, spawn_background
from ministack.services import dynamodb, lambda_svc

from infra.local_cloud.emulator.sqs_event_source import wake_later

BACKOFF_FIRST_SECONDS = 0.1
BACKOFF_MAX_SECONDS = 30.0

Batch = list[Any]  # [records, tries]
_jobs: dict[str, tuple[collections.deque[Batch], int]] = {}
_window_started: dict[str, float] = {}
_busy: set[str] = set()


def poll() -> bool:
    """One round over all stream mappings; whether any work was found."""
    worked = False
    for account, region, mapping in lambda_svc._iter_all_esms():
        account_token = lambda_svc._request_account_id.set(account)
        region_token = lambda_svc._request_region.set(region)
        try:
            worked |= _poll_one(mapping)
        finally:
            lambda_svc._request_account_id.reset(account_token)
            lambda_svc._request_region.reset(region_token)
    return worked


def _poll_one(mapping: dict[str, Any]) -> bool:
    arn = mapping.get("EventSourceArn", "")
    uuid = mapping["UUID"]
    idle = not mapping.get("Enabled", True) or ":dynamodb:" not in arn
    if idle or uuid in _busy or lambda_svc._esm_backoff_until.get(uuid, 0) > time.time():
        return False
    table_name = arn.split("/stream/")[0].split("/")[-1]
    table = dynamodb._tables.get(table_name)
    function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    if not table or table.get("LatestStreamArn") != arn or function is None:
        return False
    if uuid not in _jobs and not _take(mapping, table_name):
        return False
    _busy.add(uuid)
    spawn_background(_run, mapping, function, arn, thread_name="ddb-esm")
    return True


def _take(mapping: dict[str, Any], table_name: str) -> bool:
    """Starts a batch when it is full or its window is over."""
    uuid = mapping["UUID"]
    oldest, end = dynamodb.stream_start_position(table_name), dynamodb.stream_end_position(table_name)
    start = oldest if mapping.get("StartingPosition") == "TRIM_HORIZON" else end
    with lambda_svc._dynamodb_stream_positions_lock:
        position = max(lambda_svc._dynamodb_stream_positions.get(uuid, start), oldest)
        lambda_svc._dynamodb_stream_positions[uuid] = position
    size = int(mapping.get("BatchSize", 100))
    records = dynamodb.stream_records_since(table_name, position, size)
    if not records:
        return False
    window = float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
    if window and len(records) < size:
        if uuid not in _window_started:
            _window_started[uuid] = time.time()
            wake_later(window)
        if time.time() - _window_started[uuid] < window:
            return False
    _window_started.pop(uuid, None)
    wanted = lambda_svc._apply_filter_criteria(records, mapping)
    _jobs[uuid] = (collections.deque([[wanted, 0]]), position + len(records))
    return True


def _run(mapping: dict[str, Any], function: Any, arn: str) -> None:
    uuid = mapping["UUID"]
    batches, end = _jobs[uuid]
    try:
        while batches:
            records, tries = batches.popleft()
            if not records:
                continue
            result = lambda_svc._execute_function(function, {"Records": records})
            failed_at = _first_failure(mapping, records, result)
            if failed_at is None:
                mapping["LastProcessingResult"] = "OK"
                continue
            mapping["LastProcessingResult"] = "FAILED"
            rest = records[failed_at:]
            reason = _given_up(mapping, rest, tries)
            if reason:
                lambda_svc._send_ddb_stream_failure_record(mapping, function, rest, arn, result, reason)
                continue
            batches.appendleft([rest, tries + 1])
            wait = min(BACKOFF_MAX_SECONDS, BACKOFF_FIRST_SECONDS * 2**tries)
            lambda_svc._esm_backoff_until[uuid] = time.time() + wait
            wake_later(wait)
            return
        with lambda_svc._dynamodb_stream_positions_lock:
            lambda_svc._dynamodb_stream_positions[uuid] = end
        _jobs.pop(uuid, None)
    finally:
        _busy.discard(uuid)
        esm_wake.set()


def _first_failure(mapping: dict[str, Any], records: list[Any], result: dict[str, Any]) -> int | None:
    """Index of the first record to repeat; None when all went well."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or []):
        return None
    body = result.get("body")
    if isinstance(body, str) and body.startswith("{"):
        body = json.loads(body)
    failures = body.get("batchItemFailures", []) if isinstance(body, dict) else []
    named = {failure.get("itemIdentifier") for failure in failures}
    found = (i for i, record in enumerate(records) if record["dynamodb"]["SequenceNumber"] in named)
    # An identifier that names no record of the batch fails the batch, as on AWS.
    return min(found, default=0 if named else None)


def _given_up(mapping: dict[str, Any], rest: list[Any], tries: int) -> str | None:
    most = mapping.get("MaximumRetryAttempts")
    age_max = int(mapping.get("MaximumRecordAgeInSeconds") or -1)
    created = float(rest[0]["dynamodb"].get("ApproximateCreationDateTime", time.time()))
    if age_max > 0 and time.time() - created > age_max:
        return "MaxRecordAgeExceeded"
    if most is not None and 0 <= int(most) <= tries:
        return "RetryAttemptsExhausted"
    return None


def apply() -> None:
    """Puts the patch in place."""
    lambda_svc._poll_dynamodb_streams = poll

"""Gap: what Lambda and the scheduler do by themselves is done without asking the role they act under.

AWS: a failed event goes to its destination, and a schedule starts its target, only as far as the function's or the schedule's role may; what a schedule
may not start goes to its dead-letter queue, if the role may send there.
Sources: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html,
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html, read 2026-11-25.
"""

import logging
from typing import Any

from ministack.services import eventbridge, lambda_svc, scheduler

from infra.local_cloud.emulator.roles import refusal

# Ten in the stock version: whoever waits for a schedule would only wait longer.
TICK_SECONDS = 1
# Before the second try of a failed event, and twice as long before the third. One in the stock
# version; a minute on AWS: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html,
# read 2026-11-27.
RETRY_SECONDS = 0.1
LAMBDA, SCHEDULER = "lambda.amazonaws.com", "scheduler.amazonaws.com"
log = logging.getLogger(__name__)


def _may_send(role: str, service: str, queue_arn: str) -> bool:
    why = refusal(role, queue_arn.split(":")[4], service, "sqs:SendMessage", queue_arn)
    if why:
        log.warning("not sent: %s", why)
    return why is None


def apply() -> None:
    """Puts the patch in place."""
    async_failure, stream_failure = lambda_svc._route_async_failure, lambda_svc._send_ddb_stream_failure_record
    invoke_target = eventbridge._invoke_target

    def route_async_failure(target_arn: str, name: str, event: Any, result: Any) -> None:
        role = lambda_svc._functions.get(name, {}).get("config", {}).get("Role", "")
        if ":sqs:" not in target_arn or _may_send(role, LAMBDA, target_arn):
            async_failure(target_arn, name, event, result)

    def send_stream_failure(mapping: Any, function: Any, *rest: Any) -> None:
        target = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or ""
        role = (function.get("config") or function).get("Role", "")
        if ":sqs:" not in target or _may_send(role, LAMBDA, target):
            stream_failure(mapping, function, *rest)

    def start_target(target: Any, event: Any, rule: Any, *rest: Any, **named: Any) -> Any:
        arn, role = target.get("Arn", ""), target.get("RoleArn", "")
        if event.get("Source") != "aws.scheduler" or ":lambda:" not in arn:
            return invoke_target(target, event, rule, *rest, **named)
        why = refusal(role, arn.split(":")[4], SCHEDULER, "lambda:InvokeFunction", arn)
        if why is None:
            return invoke_target(target, event, rule, *rest, **named)
        log.warning("not started: %s", why)
        dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn", "")
        if dead_letters and _may_send(role, SCHEDULER, dead_letters):
            async_failure(dead_letters, "", event, {"function_error": "AccessDenied", "body": {"errorMessage": why}})
        return None

    lambda_svc._route_async_failure = route_async_failure
    lambda_svc._send_ddb_stream_failure_record = send_stream_failure
    eventbridge._invoke_target = start_target
    scheduler._SCHEDULE_TICK_INTERVAL = TICK_SECONDS
    lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS = RETRY_SECONDS

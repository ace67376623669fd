"""Gap: a stage's access log is accepted and never written, and logs are switched on although the
account has no role for them.

AWS: one line a request, in the stage's format, into the log group that the stage names; a variable
without a value is a `-`. Source:
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html, read 2026-11-24.
A stage with an access log or with execution logs is refused while the account's setting names no
role: https://github.com/aws-solutions/virtual-waiting-room-on-aws/issues/74, read 2026-11-27.
"""

import re
import time
import uuid
from typing import Any

from ministack.services import apigateway_v1, cloudwatch_logs

from infra.local_cloud.emulator import mapping_templates

VARIABLE = re.compile(r"\$context\.([A-Za-z.]+)")
STREAM = "access"
NO_ROLE = "CloudWatch Logs role ARN must be set in account settings to enable logging"


def line(log_format: str, context: dict[str, Any]) -> str:
    """The format with the values of the request in it."""

    def value(match: re.Match[str]) -> str:
        found: Any = context
        for name in match.group(1).split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return "-" if found is None or found == "" else str(found)

    return VARIABLE.sub(value, log_format)


def write(settings: dict[str, Any], text: str, now_ms: int) -> None:
    """Appends one line to the log group of a stage."""
    group = settings["destinationArn"].partition(":log-group:")[2].removesuffix(":*")
    names = {"logGroupName": group, "logStreamName": STREAM}
    # Answers that the stream exists already, each time but the first.
    cloudwatch_logs._create_log_stream(names)
    cloudwatch_logs._put_log_events({**names, "logEvents": [{"timestamp": now_ms, "message": text}]})


def asks_for_logs(operation: dict[str, Any]) -> bool:
    """Whether a change of a stage switches a log on."""
    path, value = operation.get("path", ""), operation.get("value") or ""
    if path.endswith("/logging/loglevel"):
        return value != "OFF"
    return path == "/accessLogSettings/destinationArn" and bool(value)


def apply() -> None:
    """Puts the patch in place."""
    update_stage = apigateway_v1._update_stage

    def update_stage_with_role(api_id: str, stage_name: str, data: dict[str, Any]) -> Any:
        settings: dict[str, Any] = apigateway_v1._account_settings.get("settings") or {}
        if not settings.get("cloudwatchRoleArn") and any(map(asks_for_logs, data.get("patchOperations", []))):
            return apigateway_v1._v1_error("BadRequestException", NO_ROLE, 400)
        return update_stage(api_id, stage_name, data)

    apigateway_v1._update_stage = update_stage_with_role
    handle = apigateway_v1._handle_execute_in_scope

    async def handle_and_log(api_id: str, stage_name: str, method: str, path: str, *rest: Any) -> Any:
        mapping_templates.forget_request()
        began = time.time()
        response = await handle(api_id, stage_name, method, path, *rest)
        stage = apigateway_v1._stages_v1.get(api_id, {}).get(stage_name) or {}
        settings = stage.get("accessLogSettings") or {}
        if settings.get("destinationArn"):
            now = time.time()
            status, _, body = response
            context = {
                # What the templates saw, when the request came that far.
                "requestId": str(uuid.uuid4()),
                "extendedRequestId": mapping_templates.extended_request_id(),
                **mapping_templates.request_context(),
                "httpMethod": method,
                "path": path,
                "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(began)),
                "status": status,
                "responseLength": len(body or b""),
                "responseLatency": round((now - began) * 1000),
            }
            write(settings, line(settings["format"], context), round(now * 1000))
        return response

    apigateway_v1._handle_execute_in_scope = handle_and_log

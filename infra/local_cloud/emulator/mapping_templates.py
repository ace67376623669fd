"""Gap: mapping templates know no `#if`, no `$context` and no `$input.params(name)` of a path;
responses cannot override the status.

AWS: Apache Velocity with `$input`, `$context`, `$util`, `$stageVariables`, and
`$context.responseOverride`. Header names are compared exactly, in the case in which they arrived
(`header_names.py`). `tests/velocity` compares what is rendered by `velocity.py` with the real
engine.
Sources, read 2026-11-27:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html (header names)
"""

import base64
import contextvars
import os
import time
import uuid
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import apigateway_v1

from infra.local_cloud.emulator import header_names, velocity

_request: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("request", default=None)


def forget_request() -> None:
    """Before a request: nothing is known of it."""
    _request.set(None)


def request_context() -> dict[str, Any]:
    """`$context` of the request that templates were rendered for last; empty when it did not come
    so far.
    """
    return (_request.get() or {}).get("context") or {}


def render(template: str, body: str, params: dict[str, Any], context: dict[str, Any] | None = None) -> str:
    """Renders a request or response template."""
    request = _request.get() or {
        "path": {},
        "query": {},
        "headers": params,
        "context": context or {},
        "stage_variables": {},
    }
    return velocity.render(template, body, request)


def extended_request_id() -> str:
    """A new one, in AWS's form: Base64 of eleven bytes."""
    return base64.b64encode(os.urandom(11)).decode()


def _single(values: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value[0] if isinstance(value, list | tuple) else value for name, value in (values or {}).items()}


def describe_request(
    api_id: str,
    stage_name: str,
    stage: dict[str, Any] | None,
    resource: dict[str, Any] | None,
    request_path: str,
    method: str,
    headers: dict[str, Any],
    query: dict[str, Any],
    path: dict[str, Any],
    account: str,
) -> dict[str, Any]:
    """What templates can read of a request."""
    now = time.time()
    flat_headers = _single(headers)
    as_sent = header_names.of_the_request()
    context = {
        # "Clients can override this request ID", the other one they cannot:
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
        "requestId": flat_headers.get("x-amzn-requestid") or str(uuid.uuid4()),
        "extendedRequestId": extended_request_id(),
        "accountId": account,
        "apiId": api_id,
        "stage": stage_name,
        "httpMethod": method,
        "resourcePath": (resource or {}).get("path", ""),
        "path": request_path,
        "requestTimeEpoch": int(now * 1000),
        "identity": {
            "sourceIp": iam_evaluator._request_origin.get()[0],
            "userAgent": flat_headers.get("user-agent", ""),
        },
        "responseOverride": {},
    }
    return {
        "path": dict(path or {}),
        "query": _single(query),
        # Without that patch: as the server hands them on.
        "headers": flat_headers if as_sent is None else as_sent,
        "stage_variables": (stage or {}).get("variables") or {},
        "context": context,
    }


def apply() -> None:
    """Puts the patch in place."""
    invoke, respond = apigateway_v1._invoke_sqs_v1, apigateway_v1._service_integration_response

    async def invoke_sqs(
        integration: Any, api_id: str, stage_name: str, stage: Any, resource: Any, request_path: str, method: str,
        headers: Any, body: Any, query: Any, path: Any, **rest: Any,
    ) -> Any:  # fmt: skip
        account = rest.get("owner_account_id") or ""
        _request.set(
            describe_request(api_id, stage_name, stage, resource, request_path, method, headers, query, path, account)
        )
        return await invoke(
            integration, api_id, stage_name, stage, resource, request_path, method, headers, body, query, path, **rest
        )

    def response(*arguments: Any, **rest: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = respond(*arguments, **rest)
        override = ((_request.get() or {}).get("context") or {}).get("responseOverride") or {}
        return int(override.get("status") or status), headers, body

    apigateway_v1._render_request_template_v1 = render
    apigateway_v1._invoke_sqs_v1 = invoke_sqs
    apigateway_v1._service_integration_response = response

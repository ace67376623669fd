"""Gap: mapping templates know no `#if`, no `$context` and no `$input.params(name)` of a path; responses cannot override the status.

AWS: the Velocity language with `$input`, `$context`, `$util`, `$stageVariables`, and `$context.responseOverride`.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html, read 2026-11-23.
"""

import base64
import contextvars
import functools
import json
import time
import urllib.parse
import uuid
from typing import Any

import airspeed
from jsonpath_ng import parse as parse_path
from ministack.core import iam_evaluator
from ministack.services import apigateway_v1

_request: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar("request", default=None)


def forget_request() -> None:
    """Before a request: nothing is known of it."""
    _request.set(None)


def request_context() -> dict[str, Any]:
    """`$context` of the request that templates were rendered for last; empty when it did not come so far."""
    return (_request.get() or {}).get("context") or {}


class _Input:
    """`$input`."""

    def __init__(self, body: str, request: dict[str, Any]) -> None:
        self.body = body
        self._request = request

    def path(self, expression: str) -> Any:
        try:
            document = json.loads(self.body or "{}")
        except ValueError:
            return ""
        found = parse_path(expression).find(document)
        return found[0].value if found else ""

    def json(self, expression: str) -> str:
        return json.dumps(self.path(expression), separators=(",", ":"), ensure_ascii=False)

    def params(self, name: str | None = None) -> Any:
        if name is None:
            return {
                "path": self._request["path"],
                "querystring": self._request["query"],
                "header": self._request["headers"],
            }
        # Path, then query string, then headers, as documented.
        for part, fold in (("path", False), ("query", False), ("headers", True)):
            for key, value in self._request[part].items():
                if key == name or (fold and key.lower() == name.lower()):
                    return value
        return ""


class _Util:
    """`$util`."""

    def urlEncode(self, text: Any) -> str:  # noqa: N802 (the name is Velocity's)
        return urllib.parse.quote_plus(str(text or ""), safe="*").replace("~", "%7E")

    def urlDecode(self, text: str) -> str:  # noqa: N802
        return urllib.parse.unquote_plus(text)

    def base64Encode(self, text: str) -> str:  # noqa: N802
        return base64.b64encode((text or "").encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        return base64.b64decode(text).decode()

    def parseJson(self, text: str) -> Any:  # noqa: N802
        return json.loads(text)


class _Body(str):
    """A body whose `contains` and `endsWith` are Java's."""

    def contains(self, part: str) -> bool:
        return part in self

    def endsWith(self, end: str) -> bool:  # noqa: N802
        return self.endswith(end)


@functools.lru_cache(maxsize=64)
def _template(text: str) -> airspeed.Template:
    return airspeed.Template(text)


def render(template: str, body: str, params: dict[str, Any], context: dict[str, Any] | None = None) -> str:
    """Renders a request or response template."""
    request = _request.get() or {
        "path": {},
        "query": {},
        "headers": params,
        "context": context or {},
        "stage_variables": {},
    }
    names = {
        "input": _Input(_Body(body), request),
        "util": _Util(),
        "context": request["context"],
        "stageVariables": request["stage_variables"],
    }
    return _template(template).merge(names)


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
    request_id = str(uuid.uuid4())
    flat_headers = _single(headers)
    context = {
        "requestId": request_id,
        "extendedRequestId": request_id,
        "accountId": account,
        "apiId": api_id,
        "stage": stage_name,
        "httpMethod": method,
        "resourcePath": (resource or {}).get("path", ""),
        "path": _Body(request_path),
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
        "headers": flat_headers,
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

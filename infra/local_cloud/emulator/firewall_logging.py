"""Gap: a web ACL cannot be told where to log: PutLoggingConfiguration and GetLoggingConfiguration are missing.

AWS: one destination per ACL, whose name starts with `aws-waf-logs-`. Here the configuration is kept and given back; nothing is ever blocked, so nothing is logged.
Source: https://docs.aws.amazon.com/waf/latest/APIReference/API_PutLoggingConfiguration.html, read 2026-11-25.
"""

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import waf

DESTINATION = ":log-group:aws-waf-logs-"


def apply() -> None:
    """Puts the patch in place."""
    stock = waf.handle_request
    kept: dict[str, dict[str, Any]] = {}

    def put(data: dict[str, Any]) -> Any:
        configuration = data["LoggingConfiguration"]
        _, error = waf._resolve_local_web_acl(configuration["ResourceArn"])
        if error:
            return error
        destinations = configuration["LogDestinationConfigs"]
        if len(destinations) != 1 or DESTINATION not in destinations[0]:
            return waf._waf_err("WAFInvalidParameterException", "one destination, whose name starts with aws-waf-logs-")
        kept[configuration["ResourceArn"]] = configuration
        return json_response({"LoggingConfiguration": configuration})

    def get(data: dict[str, Any]) -> Any:
        configuration = kept.get(data["ResourceArn"])
        if configuration is None:
            return waf._waf_err("WAFNonexistentItemException", "the web ACL has no logging configuration")
        return json_response({"LoggingConfiguration": configuration})

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        answer = {"PutLoggingConfiguration": put, "GetLoggingConfiguration": get}.get(action)
        return answer(json.loads(body)) if answer else await stock(method, path, headers, body, query_params)

    waf.handle_request = handle

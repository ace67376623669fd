"""Gap: a web ACL cannot be told where to log: PutLoggingConfiguration, GetLoggingConfiguration and DeleteLoggingConfiguration are missing.

AWS: one destination per ACL, whose name starts with `aws-waf-logs-`. Here the configuration is kept and given back; nothing is ever blocked, so nothing is logged.
Sources: https://docs.aws.amazon.com/waf/latest/APIReference/API_PutLoggingConfiguration.html, read 2026-11-25,
https://docs.aws.amazon.com/waf/latest/APIReference/API_DeleteLoggingConfiguration.html, read 2026-11-27.
"""

import json
from typing import Any

from ministack.core.responses import json_response
from ministack.services import waf

DESTINATION = ":log-group:aws-waf-logs-"
ABSENT = "the web ACL has no logging configuration"


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
            return waf._waf_err("WAFNonexistentItemException", ABSENT)
        return json_response({"LoggingConfiguration": configuration})

    def delete(data: dict[str, Any]) -> Any:
        if kept.pop(data["ResourceArn"], None) is None:
            return waf._waf_err("WAFNonexistentItemException", ABSENT)
        return json_response({})

    actions = {
        "PutLoggingConfiguration": put,
        "GetLoggingConfiguration": get,
        "DeleteLoggingConfiguration": delete,
    }

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        answer = actions.get(action)
        return answer(json.loads(body)) if answer else await stock(method, path, headers, body, query_params)

    waf.handle_request = handle

"""Gap: log groups have no data protection policies: PutDataProtectionPolicy, GetDataProtectionPolicy and DeleteDataProtectionPolicy are missing.

AWS: finds and masks card data in what is logged. Here the policy is kept and given back, and masks nothing on purpose: the demo and the tests look for card numbers in the logs, and
a net under the functions' own masking would hide its holes from them.
Sources: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutDataProtectionPolicy.html, read 2026-11-25,
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteDataProtectionPolicy.html, read 2026-11-27.
"""

import json
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudwatch_logs

OPERATIONS = {"Audit", "Deidentify"}


def is_whole(document: str) -> bool:
    """AWS takes only a policy that both finds and masks, and the same identifiers."""
    statements = json.loads(document)["Statement"]
    operations = {operation for statement in statements for operation in statement["Operation"]}
    identifiers = {json.dumps(statement["DataIdentifier"]) for statement in statements}
    return operations == OPERATIONS and len(identifiers) == 1


def apply() -> None:
    """Puts the patch in place."""
    stock = cloudwatch_logs.handle_request
    kept: dict[str, str] = {}

    def unknown(group: str) -> Any:
        return error_response_json("ResourceNotFoundException", f"The specified log group does not exist: {group}", 400)

    def put(data: dict[str, Any]) -> Any:
        group = data["logGroupIdentifier"]
        if group not in cloudwatch_logs._log_groups:
            return unknown(group)
        if not is_whole(data["policyDocument"]):
            return error_response_json(
                "InvalidParameterException", "Audit and Deidentify, with the same identifiers", 400
            )
        kept[group] = data["policyDocument"]
        return json_response({"logGroupIdentifier": group, "policyDocument": kept[group]})

    def get(data: dict[str, Any]) -> Any:
        group = data["logGroupIdentifier"]
        return json_response({"logGroupIdentifier": group, "policyDocument": kept.get(group, "")})

    def delete(data: dict[str, Any]) -> Any:
        group = data["logGroupIdentifier"]
        if group not in cloudwatch_logs._log_groups:
            return unknown(group)
        kept.pop(group, None)
        return json_response({})

    actions = {
        "PutDataProtectionPolicy": put,
        "GetDataProtectionPolicy": get,
        "DeleteDataProtectionPolicy": delete,
    }

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        answer = actions.get(action)
        return answer(json.loads(body)) if answer else await stock(method, path, headers, body, query_params)

    cloudwatch_logs.handle_request = handle

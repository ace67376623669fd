"""Gap: a gateway integration sends to its queue or asks its function, and an event source reads
from its queue or stream, whatever their roles allow; the account's logging role is taken whoever
may assume it.

AWS: the integration's role needs sqs:SendMessage or lambda:InvokeFunction; making an event source
fails unless the function's role may read the source. Source of what a stream needs:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/iam-policy-example-lamda-process-dynamodb-streams.html,
read 2026-11-27. Lambda's own refusal names dynamodb:ListStreams too:
https://github.com/serverless/serverless/issues/1441, read 2026-11-27.
"""

import json
from typing import Any

from ministack.services import apigateway_v1, lambda_svc

from infra.local_cloud.emulator.roles import not_assumed, refusal

GATEWAY = "apigateway.amazonaws.com"
SQS_READS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
STREAM_READS = ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream", "dynamodb:ListStreams")
UNTRUSTED = "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway and add the required role policy."


def apply() -> None:
    """Puts the patch in place, around the mapping-template patch's call."""
    invoke, create, ask = apigateway_v1._invoke_sqs_v1, lambda_svc._create_esm, apigateway_v1._invoke_lambda_proxy_v1
    update_account = apigateway_v1._update_account

    def set_logging_role(data: dict[str, Any]) -> Any:
        # AWS tries the role before it takes it:
        # https://github.com/aws-cloudformation/rain/issues/163, read 2026-11-27.
        for operation in data.get("patchOperations", []):
            role = operation.get("value") or ""
            # An empty one resets the setting, as the provider does when it destroys it.
            if (
                operation.get("path") == "/cloudwatchRoleArn"
                and role
                and not_assumed(role, apigateway_v1.get_account_id(), GATEWAY)
            ):
                return apigateway_v1._v1_error("BadRequestException", UNTRUSTED, 400)
        return update_account(data)

    async def invoke_sqs(integration: dict[str, Any], *rest: Any, **named: Any) -> Any:
        account = named.get("owner_account_id") or apigateway_v1.get_account_id()
        parsed: Any = apigateway_v1._parse_service_integration_uri(integration.get("uri", ""))
        region, _, _, path = parsed
        queue = path.strip("/").split("/")[-1]
        arn = f"arn:aws:sqs:{region or named.get('owner_region')}:{account}:{queue}"
        role = integration.get("credentials") or ""
        if not_assumed(role, account, GATEWAY):
            return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
        why = refusal(role, account, GATEWAY, "sqs:SendMessage", arn)
        if why is None:
            return await invoke(integration, *rest, **named)
        body = json.dumps({"Error": {"Code": "AccessDenied", "Message": why}})
        return apigateway_v1._service_integration_response(integration, 403, body, "application/json", {}, {})

    async def ask_function(integration: dict[str, Any], *rest: Any, **named: Any) -> Any:
        account = named.get("owner_account_id") or apigateway_v1.get_account_id()
        function = integration.get("uri", "").partition("/functions/")[2].removesuffix("/invocations")
        role = integration.get("credentials") or ""
        if refusal(role, account, GATEWAY, "lambda:InvokeFunction", function):
            return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
        return await ask(integration, *rest, **named)

    def create_event_source(data: dict[str, Any]) -> Any:
        arn = data.get("EventSourceArn", "")
        resolved: Any = lambda_svc._resolve_existing_esm_function(data.get("FunctionName", ""))
        name, qualifier, error = resolved
        if not error:
            record, config = lambda_svc._get_func_record_for_qualifier(name, qualifier)
            role = ((record or {}).get("config") or config or {}).get("Role", "")
            for action in SQS_READS if ":sqs:" in arn else STREAM_READS:
                if refusal(role, arn.split(":")[4], "lambda.amazonaws.com", action, arn):
                    return lambda_svc._invalid_parameter_value(
                        f"The provided execution role does not have permissions to call {action} on {arn}"
                    )
        return create(data)

    apigateway_v1._invoke_sqs_v1 = invoke_sqs
    apigateway_v1._invoke_lambda_proxy_v1 = ask_function
    lambda_svc._create_esm = create_event_source
    apigateway_v1._update_account = set_logging_role

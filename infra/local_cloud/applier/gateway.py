"""The REST API and its parts."""

from typing import Any

from infra.local_cloud.applier.shapes import present, whole
from infra.local_cloud.clients import REGION, Clients

Made = tuple[str, dict[str, Any]]


def rest_api(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.RestApi."""
    types = inputs["endpointConfiguration"]["types"]
    made = clients.apigateway.create_rest_api(
        name=inputs["name"],
        description=inputs["description"],
        endpointConfiguration={"types": [types] if isinstance(types, str) else types},
        apiKeySource=inputs["apiKeySource"],
        securityPolicy=inputs["securityPolicy"],
        endpointAccessMode=inputs["endpointAccessMode"],
        tags=inputs.get("tags", {}),
    )
    items = clients.apigateway.get_resources(restApiId=made["id"])["items"]
    root = next(item["id"] for item in items if item["path"] == "/")
    return made["id"], {"rootResourceId": root, "arn": f"arn:aws:apigateway:{REGION}::/restapis/{made['id']}"}


def resource(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.Resource."""
    made = clients.apigateway.create_resource(
        restApiId=inputs["restApi"], parentId=inputs["parentId"], pathPart=inputs["pathPart"]
    )
    return made["id"], {"path": made["path"]}


def _of_method(inputs: dict[str, Any]) -> dict[str, str]:
    return {"restApiId": inputs["restApi"], "resourceId": inputs["resourceId"], "httpMethod": inputs["httpMethod"]}


def _method_id(kind: str, inputs: dict[str, Any]) -> str:
    parts = [kind, inputs["restApi"], inputs["resourceId"], inputs["httpMethod"], inputs.get("statusCode", "")]
    return "-".join(part for part in parts if part)


def method(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.Method."""
    clients.apigateway.put_method(
        **_of_method(inputs),
        authorizationType=inputs["authorization"],
        apiKeyRequired=inputs["apiKeyRequired"],
        requestParameters=inputs.get("requestParameters") or {},
    )
    return _method_id("agm", inputs), {}


def method_response(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.MethodResponse."""
    clients.apigateway.put_method_response(
        **_of_method(inputs), statusCode=inputs["statusCode"], responseModels=inputs.get("responseModels") or {}
    )
    return _method_id("agmr", inputs), {}


def integration(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.Integration."""
    clients.apigateway.put_integration(
        **_of_method(inputs),
        type=inputs["type"],
        integrationHttpMethod=inputs["integrationHttpMethod"],
        uri=inputs["uri"],
        credentials=inputs["credentials"],
        requestParameters=inputs.get("requestParameters") or {},
        requestTemplates=inputs.get("requestTemplates") or {},
        **present(
            passthroughBehavior=inputs.get("passthroughBehavior"), timeoutInMillis=inputs.get("timeoutMilliseconds")
        ),
    )
    return _method_id("agi", inputs), {}


def integration_response(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.IntegrationResponse."""
    clients.apigateway.put_integration_response(
        **_of_method(inputs),
        statusCode=inputs["statusCode"],
        **present(selectionPattern=inputs.get("selectionPattern")),
        responseTemplates=inputs.get("responseTemplates") or {},
    )
    return _method_id("agir", inputs), {}


def gateway_response(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.Response."""
    clients.apigateway.put_gateway_response(
        restApiId=inputs["restApiId"],
        responseType=inputs["responseType"],
        responseTemplates=inputs["responseTemplates"],
        **present(statusCode=inputs.get("statusCode")),
    )
    return f"aggr-{inputs['restApiId']}-{inputs['responseType']}", {}


def deployment(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.Deployment."""
    made = clients.apigateway.create_deployment(restApiId=inputs["restApi"])
    return made["id"], {}


def stage(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.Stage."""
    names = {"restApiId": inputs["restApi"], "stageName": inputs["stageName"]}
    clients.apigateway.create_stage(**names, deploymentId=inputs["deployment"], tags=inputs.get("tags", {}))
    log = inputs["accessLogSettings"]
    operations = [
        {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": log["destinationArn"]},
        {"op": "replace", "path": "/accessLogSettings/format", "value": log["format"]},
    ]
    clients.apigateway.update_stage(**names, patchOperations=operations)
    # What AWS would give; the way in from this machine is the emulator's own.
    url = f"https://{inputs['restApi']}.execute-api.{REGION}.amazonaws.com/{inputs['stageName']}"
    return f"ags-{inputs['restApi']}-{inputs['stageName']}", {"invokeUrl": url}


SETTINGS = {
    "dataTraceEnabled": "logging/dataTrace",
    "loggingLevel": "logging/loglevel",
    "metricsEnabled": "metrics/enabled",
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
}


def method_settings(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.MethodSettings."""

    def text(value: Any) -> str:
        return str(value).lower() if isinstance(value, bool) else str(whole(value))

    operations = [
        {"op": "replace", "path": f"/{inputs['methodPath']}/{SETTINGS[name]}", "value": text(value)}
        for name, value in inputs["settings"].items()
    ]
    clients.apigateway.update_stage(
        restApiId=inputs["restApi"], stageName=inputs["stageName"], patchOperations=operations
    )
    return f"{inputs['restApi']}-{inputs['stageName']}-{inputs['methodPath']}", {}


def account(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.Account."""
    operation = {"op": "replace", "path": "/cloudwatchRoleArn", "value": inputs["cloudwatchRoleArn"]}
    clients.apigateway.update_account(patchOperations=[operation])
    return "api-gateway-account", {}


def api_key(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.ApiKey."""
    made = clients.apigateway.create_api_key(
        name=inputs["name"], enabled=inputs.get("enabled", True), tags=inputs.get("tags", {})
    )
    return made["id"], {"value": made["value"]}


def _planned(stage: dict[str, Any]) -> dict[str, Any]:
    limits = {
        limit["path"]: {"rateLimit": float(limit["rateLimit"]), "burstLimit": int(limit["burstLimit"])}
        for limit in stage.get("throttles", [])
    }
    return {"apiId": stage["apiId"], "stage": stage["stage"], "throttle": limits}


def usage_plan(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.UsagePlan."""
    throttle = inputs["throttleSettings"]
    made = clients.apigateway.create_usage_plan(
        name=inputs["name"],
        apiStages=[_planned(stage) for stage in inputs["apiStages"]],
        throttle={"burstLimit": int(throttle["burstLimit"]), "rateLimit": float(throttle["rateLimit"])},
        tags=inputs.get("tags", {}),
    )
    return made["id"], {}


def usage_plan_key(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.apigateway.UsagePlanKey."""
    made = clients.apigateway.create_usage_plan_key(
        usagePlanId=inputs["usagePlanId"], keyId=inputs["keyId"], keyType=inputs["keyType"]
    )
    return made["id"], {}


MAKERS = {
    "aws:apigateway/account:Account": account,
    "aws:apigateway/apiKey:ApiKey": api_key,
    "aws:apigateway/deployment:Deployment": deployment,
    "aws:apigateway/integration:Integration": integration,
    "aws:apigateway/integrationResponse:IntegrationResponse": integration_response,
    "aws:apigateway/method:Method": method,
    "aws:apigateway/methodResponse:MethodResponse": method_response,
    "aws:apigateway/methodSettings:MethodSettings": method_settings,
    "aws:apigateway/resource:Resource": resource,
    "aws:apigateway/response:Response": gateway_response,
    "aws:apigateway/restApi:RestApi": rest_api,
    "aws:apigateway/stage:Stage": stage,
    "aws:apigateway/usagePlan:UsagePlan": usage_plan,
    "aws:apigateway/usagePlanKey:UsagePlanKey": usage_plan_key,
}

"""Gap: the requests to a REST API make no metrics.

AWS: Count has a sample for each request; 4XXError and 5XXError count the answers with such a status,
the gateway's own among them, and their average is the share of the requests. The dimensions are the
name of the API, alone and together with the stage.
Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html,
read 2026-11-27. AWS sends them each minute; here they are there at once.
"""

from typing import Any

from ministack.services import apigateway_v1, cloudwatch

NAMESPACE = "AWS/ApiGateway"


def record(api_name: str, stage_name: str, status: int) -> None:
    """Records the metrics of one request that was answered with this status."""
    values = {"Count": 1, "4XXError": int(400 <= status < 500), "5XXError": int(500 <= status < 600)}
    for dimensions in ({"ApiName": api_name}, {"ApiName": api_name, "Stage": stage_name}):
        for name, value in values.items():
            cloudwatch.record_metric(NAMESPACE, name, value, "Count", dimensions)


def apply() -> None:
    """Puts the patch in place."""
    handle = apigateway_v1._handle_execute_in_scope

    async def handle_and_record(api_id: str, stage_name: str, *rest: Any) -> Any:
        response = await handle(api_id, stage_name, *rest)
        api = apigateway_v1._rest_apis.get(api_id)
        if api:
            record(api["name"], stage_name, response[0])
        return response

    apigateway_v1._handle_execute_in_scope = handle_and_record

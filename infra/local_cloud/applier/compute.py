"""Functions, what starts them, and the schedule."""

from pathlib import Path
from typing import Any

from infra.local_cloud.applier.shapes import capitalised, present
from infra.local_cloud.clients import Clients

Made = tuple[str, dict[str, Any]]
FUNCTION = "aws:lambda/function:Function"


def function(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.lambda_.Function. The zip holds the binary for this machine's processor: the emulator runs it as it is."""
    path = Path(inputs["code"]["path"])
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: make build")
    made = clients.lambda_.create_function(
        FunctionName=inputs["name"],
        Runtime=inputs["runtime"],
        Architectures=inputs["architectures"],
        Role=inputs["role"],
        Handler=inputs["handler"],
        Code={"ZipFile": path.read_bytes()},
        MemorySize=int(inputs["memorySize"]),
        Timeout=int(inputs["timeout"]),
        Environment={"Variables": inputs["environment"]["variables"]},
        KMSKeyArn=inputs["kmsKeyArn"],
        LoggingConfig=capitalised(inputs["loggingConfig"]),
        Tags=inputs.get("tags", {}),
    )
    clients.lambda_.put_function_concurrency(
        FunctionName=inputs["name"], ReservedConcurrentExecutions=int(inputs["reservedConcurrentExecutions"])
    )
    return inputs["name"], {"arn": made["FunctionArn"]}


def event_source(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.lambda_.EventSourceMapping."""
    names = (
        "batchSize",
        "bisectBatchOnFunctionError",
        "eventSourceArn",
        "filterCriteria",
        "functionName",
        "functionResponseTypes",
        "maximumBatchingWindowInSeconds",
        "maximumRecordAgeInSeconds",
        "maximumRetryAttempts",
        "parallelizationFactor",
        "scalingConfig",
        "startingPosition",
    )
    arguments = capitalised({name: inputs[name] for name in names if name in inputs})
    if "destinationConfig" in inputs:
        # Pulumi says destinationArn here where Lambda says Destination.
        on_failure = inputs["destinationConfig"]["onFailure"]["destinationArn"]
        arguments["DestinationConfig"] = {"OnFailure": {"Destination": on_failure}}
    made = clients.lambda_.create_event_source_mapping(**arguments, Tags=inputs.get("tags", {}))
    return made["UUID"], {"uuid": made["UUID"]}


def invoke_config(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.lambda_.FunctionEventInvokeConfig."""
    clients.lambda_.put_function_event_invoke_config(
        FunctionName=inputs["functionName"],
        MaximumRetryAttempts=int(inputs["maximumRetryAttempts"]),
        MaximumEventAgeInSeconds=int(inputs["maximumEventAgeInSeconds"]),
        DestinationConfig=capitalised(inputs["destinationConfig"]),
    )
    return inputs["functionName"], {}


def recursion_config(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.lambda_.FunctionRecursionConfig."""
    clients.lambda_.put_function_recursion_config(
        FunctionName=inputs["functionName"], RecursiveLoop=inputs["recursiveLoop"]
    )
    return inputs["functionName"], {}


def schedule(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.scheduler.Schedule."""
    made = clients.scheduler.create_schedule(
        Name=inputs["name"],
        ScheduleExpression=inputs["scheduleExpression"],
        FlexibleTimeWindow=capitalised(inputs["flexibleTimeWindow"]),
        Target=capitalised(inputs["target"]),
        **present(
            Description=inputs.get("description"),
            KmsKeyArn=inputs.get("kmsKeyArn"),
            ScheduleExpressionTimezone=inputs.get("scheduleExpressionTimezone"),
        ),
    )
    return inputs["name"], {"arn": made["ScheduleArn"]}


MAKERS = {
    FUNCTION: function,
    "aws:lambda/eventSourceMapping:EventSourceMapping": event_source,
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": invoke_config,
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": recursion_config,
    "aws:scheduler/schedule:Schedule": schedule,
}

"""What Pulumi's engine hands to the pack: recordings, and the evaluated graph in the same shapes.

engine/new_stack.jsonl.xz and engine/deployed_stack.jsonl.xz are recordings of this project's own stack: the preview of a stack that
does not exist yet, and of one that is deployed as the program says. They were made on 2026-11-26 with the CLI 3.248.0, the Python
SDK of the same version and the AWS provider 7.34.0 against the local cloud. A line is one resource, as the analyzer shapes it for a
rule: first what `Analyze` was asked (the inputs, which the provider has checked), then what `AnalyzeStack` was asked (the outputs).
"""

import copy
import json
import lzma
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from infra.evaluation import evaluated
from tests.policy.mutation import Resource

FOLDER = Path(__file__).resolve().parent / "engine"
REGION = "us-east-2"


@dataclass(frozen=True)
class Recorded:
    """The inputs, for the rules about one resource, and the outputs, for the rules about the stack."""

    analyze: list[Resource]
    stack: list[Resource]


def recorded(name: str) -> Recorded:
    """A recording, without what has left the program since, with today's values of `CHANGED`, its
    alarms and what it has besides.
    """
    with lzma.open(FOLDER / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        resources: list[Resource] = [json.loads(line) for line in lines]
    resources = [resource for resource in resources if resource["__name"] not in LEFT]
    half = len(resources) // 2
    update(resources[:half], with_defaults)
    update(resources[half:], with_unset)
    added = todays(resources)
    found = Recorded(
        [*without_alarms(resources[:half]), *map(checked, added)],
        [*without_alarms(resources[half:]), *map(outputs, added)],
    )
    if urns(found.analyze) != urns(found.stack):
        raise ValueError(f"{name} does not hold every resource twice")
    return found


def urns(resources: Iterable[Resource]) -> list[str]:
    """Sorted: the two calls come in different orders."""
    return sorted(resource["__urn"] for resource in resources)


# What has left the program since the recordings: the account's setting for the gateway's logs, and its
# role, are the bootstrap's.
LEFT = frozenset({"webhook_api_account", "webhook_api_logging_role", "webhook_api_logging_policy"})
# What the program has changed since the recordings, by type. Nothing of it is computed or secret, so
# that the engine's shapes of today's values are known.
CHANGED = {
    "aws:apigateway/integration:Integration": ("requestTemplates",),
    "aws:apigateway/methodSettings:MethodSettings": ("settings",),
    "aws:apigateway/restApi:RestApi": ("endpointAccessMode", "securityPolicy"),
    "aws:apigateway/stage:Stage": ("accessLogSettings",),
    "aws:cloudwatch/logDelivery:LogDelivery": ("s3DeliveryConfigurations",),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": ("deliveryDestinationConfiguration",),
    "aws:dynamodb/table:Table": ("attributes", "streamViewType"),
    "aws:iam/role:Role": ("assumeRolePolicy",),
    "aws:iam/rolePolicy:RolePolicy": ("policy",),
    "aws:kms/key:Key": ("policy",),
    "aws:lambda/eventSourceMapping:EventSourceMapping": (
        "filterCriteria",
        "maximumRecordAgeInSeconds",
        "maximumRetryAttempts",
    ),
    "aws:lambda/function:Function": ("environment", "reservedConcurrentExecutions"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ("rules",),
    "aws:sqs/queue:Queue": ("maxMessageSize",),
    # The signature headers are those of the whole catalogue.
    "aws:wafv2/webAcl:WebAcl": ("dataProtectionConfig",),
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": ("redactedFields",),
}
# What the program has taken away since the recordings, by type.
GONE = {"aws:dynamodb/table:Table": ("globalSecondaryIndexes",)}


ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"


SECRET = "aws:secretsmanager/secret:Secret"


def todays_graph(resources: list[Resource]) -> list[Resource]:
    """The graph of today's program for the stack that these resources were recorded of, with the
    providers of that stack: the catalogue has more today.
    """
    stack = resources[0]["__urn"].removeprefix("urn:pulumi:").split("::")[0]
    secrets = {resource["__name"] for resource in resources if resource["__type"] == SECRET}
    providers = ",".join(sorted(name.removeprefix("webhook_secret_") for name in secrets))
    graph = evaluated(config={"payhook:environment_suffix": stack, "payhook:providers": providers}).graph()
    return json.loads(json.dumps(graph).replace("urn:pulumi:preview::", f"urn:pulumi:{stack}::"))


# Types of today's program that the recordings do not have.
NEW_TYPES = {"aws:lambda/functionRecursionConfig:FunctionRecursionConfig"}


def todays(resources: list[Resource]) -> list[Resource]:
    """The alarms of today's program, which has others than the recorded one, and what is of a new
    type. Nothing of them is computed, so the engine's shapes of them are known.
    """
    return [resource for resource in todays_graph(resources) if resource["type"] in {ALARM, *NEW_TYPES}]


def without_alarms(resources: list[Resource]) -> list[Resource]:
    """The recorded resources that are no alarms."""
    return [resource for resource in resources if resource["__type"] != ALARM]


def update(resources: list[Resource], shape: Callable[[Any], Any]) -> None:
    """Replaces the properties of `CHANGED` by those of today's program, in the engine's shape, and drops those of `GONE`."""
    graph = todays_graph(resources)
    today = {(resource["type"], resource["name"]): resource["properties"] for resource in graph}
    for resource in resources:
        for name in CHANGED.get(resource["__type"], ()):
            value = today.get((resource["__type"], resource["__name"]), {}).get(name)
            if value is not None:
                resource[name] = resource["__properties"][name] = shape(value)
        for name in GONE.get(resource["__type"], ()):
            resource.pop(name, None)
            resource["__properties"].pop(name, None)


def checked(resource: Resource, secret: bool | None = None) -> Resource:
    """A resource of the graph as `Analyze` gets it: `__defaults` inside, and secrets.

    With `secret` every property is one; where nobody says, those of every second resource that have
    something below them.
    """
    properties = {key: with_defaults(value) for key, value in resource["properties"].items()}
    return shaped(resource, with_secrets(resource, properties, secret))


def outputs(resource: Resource, secret: bool | None = None) -> Resource:
    """A resource of the graph as `AnalyzeStack` gets it: nulls, empty lists, sets in another order, and secrets."""
    properties: dict[str, Any] = {key: with_unset(value) for key, value in resource["properties"].items()}
    return shaped(resource, with_secrets(resource, properties, secret) | {"notSet": None, "notFilled": []})


def with_secrets(resource: Resource, properties: dict[str, Any], secret: bool | None) -> dict[str, Any]:
    """The properties, all of them as secrets, or none, or some."""
    if secret or (secret is None and len(resource["name"]) % 2):
        return {key: as_secret(value) if secret or is_nested(value) else value for key, value in properties.items()}
    return properties


# What stands in the evaluated graph for a value that AWS makes (`infra.graph.PreviewMocks`).
PLACEHOLDER = re.compile(r"arn:preview:|https://preview/|^secret:|^\w+-(id|root)$|^\w+\.preview$|webhook_api-id\b")
# The header `webhook-id` is no placeholder.
HEADER_NAMES = {"fieldKeys", "singleHeader"}
# A value that is not known yet, as a text: it becomes the engine's shape of it in the end.
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def of_new_stack(resource: Resource) -> Resource:
    """A resource of the graph as a preview of a new stack knows it: what AWS makes is unknown."""
    return resource | {"properties": with_unknown(resource["properties"])}


def with_unknown(value: Any) -> Any:
    """Each text that has a placeholder in it is unknown as a whole."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: item if key in HEADER_NAMES else with_unknown(item) for key, item in entries.items()}
    if isinstance(value, list):
        return [with_unknown(item) for item in cast("list[Any]", value)]
    return UNKNOWN_TEXT if isinstance(value, str) and PLACEHOLDER.search(value) else value


def with_shape_of_unknown(value: Any) -> Any:
    """The engine's shape of each unknown value; inside a secret it is the same."""
    if isinstance(value, dict):
        return {key: with_shape_of_unknown(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [with_shape_of_unknown(item) for item in cast("list[Any]", value)]
    return {"Element": {"V": ""}} if value == UNKNOWN_TEXT else value


def shaped(resource: Resource, properties: dict[str, Any]) -> Resource:
    """Adds what surrounds the properties. The engine passes on neither retainOnDelete nor dependencies."""
    properties = with_shape_of_unknown(properties)
    given = resource["options"]
    metadata: dict[str, Any] = {
        "type": resource["type"],
        "urn": resource["urn"],
        "name": resource["name"],
        "properties": properties,
        "provider": resource["provider"] or provider(resource),
        "options": {
            "protect": given["protect"],
            "ignoreChanges": given["ignoreChanges"] or None,
            "deleteBeforeReplace": None,
            "customTimeouts": {"create": 0, "update": 0, "delete": 0},
            "parent": given.get("parent", ""),
        },
    }
    return metadata | properties | {f"__{key}": value for key, value in copy.deepcopy(metadata).items()}


def provider(resource: Resource) -> dict[str, Any]:
    """The default provider of its package; only that of AWS has a region."""
    package = resource["type"].split(":")[0]
    if package not in ("aws", "random"):
        return {}
    settings = {"version": "1.2.3"} | ({"region": REGION} if package == "aws" else {})
    name = f"pulumi:providers:{package}"
    return {"type": name, "name": "default", "urn": f"urn:pulumi:dev::payhook::{name}::default", "properties": settings}


def is_nested(value: Any) -> bool:
    """Whether anything lies below it."""
    return bool(value) and isinstance(value, dict | list)


def with_defaults(value: Any) -> Any:
    """Each object with the names of the defaults that the provider filled in."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: with_defaults(item) for key, item in entries.items()} | {
            "__defaults": ["filledIn"] if entries else []
        }
    if isinstance(value, list):
        return [with_defaults(item) for item in cast("list[Any]", value)]
    return value


def with_unset(value: Any) -> Any:
    """Each object with what nobody set; objects in a list the other way round, as a set may be."""
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value)
        return {key: with_unset(item) for key, item in entries.items()} | {"notSet": None, "notFilled": []}
    if isinstance(value, list):
        items = [with_unset(item) for item in cast("list[Any]", value)]
        return items[::-1] if any(isinstance(item, dict) for item in items) else items
    return value


def as_secret(value: Any) -> dict[str, Any]:
    """A property that has a secret somewhere in it."""
    return {"Element": below_secret(value)}


def below_secret(value: Any) -> dict[str, Any]:
    """A value inside such a property."""
    if isinstance(value, dict):
        value = {key: below_secret(item) for key, item in cast("dict[str, Any]", value).items()}
    elif isinstance(value, list):
        value = [below_secret(item) for item in cast("list[Any]", value)]
    return {"V": value}

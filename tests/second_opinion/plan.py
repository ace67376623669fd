"""The stack's resource graph in the form of a Terraform plan, which scanners read. Pure: graph in, plan out.

pulumi-aws is made from the Terraform provider: its types and properties are that provider's with other spelling (`aws:sqs/queue:Queue` is `aws_sqs_queue`, `kmsMasterKeyId` is
`kms_master_key_id`), so this is a spelling and no translation. Two things are not in the graph and are put back: a block of which there is one is an object there and a list here, and
a list of blocks is named in the singular here. Form: https://developer.hashicorp.com/terraform/internals/json-format, read 2026-11-25.
"""

import re
from typing import Any, cast

Graph = list[dict[str, Any]]

MODULES = {"apigateway": "api_gateway"}
TYPES = {
    "aws:apigateway/response:Response": "aws_api_gateway_gateway_response",
    "aws:cloudtrail/trail:Trail": "aws_cloudtrail",
}
# Objects that are maps and not blocks.
MAPS = frozenset(
    [
        "dimensions",
        "parameters",
        "requestParameters",
        "requestTemplates",
        "responseParameters",
        "responseTemplates",
        "tags",
        "variables",
    ]
)
# Lists of blocks, named in the singular.
BLOCKS = {
    "advancedEventSelectors": "advanced_event_selector",
    "attributes": "attribute",
    "conditions": "condition",
    "dataProtections": "data_protection",
    "fieldSelectors": "field_selector",
    "filters": "filter",
    "metricQueries": "metric_query",
    "redactedFields": "redacted_field",
    "requestBodies": "request_body",
    "ruleActionOverrides": "rule_action_override",
    "ruleLabels": "rule_label",
    "rules": "rule",
    "statements": "statement",
    "textTransformations": "text_transformation",
    "transitions": "transition",
}
# What the graph's mocks give where the provider would give an id or an ARN.
REFERENCE = re.compile(r"arn:preview:(\w+)|(\w+)-id")


def snake(name: str) -> str:
    """`kmsMasterKeyId` is `kms_master_key_id`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def terraform_type(token: str) -> str:
    """`aws:sqs/queue:Queue` is `aws_sqs_queue`."""
    module, name = token.split(":")[1].split("/")[0], token.rsplit(":", 1)[1]
    return TYPES.get(token, f"aws_{MODULES.get(module, module)}_{snake(name)}")


def address(resource: dict[str, Any]) -> str:
    """Type and name, as a plan names a resource."""
    return f"{terraform_type(resource['type'])}.{resource['name']}"


def spelled(properties: dict[str, Any]) -> dict[str, Any]:
    """Properties as the Terraform provider spells them."""
    return {BLOCKS.get(name, snake(name)): _value(name, value) for name, value in properties.items()}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        block = cast("dict[str, Any]", value)
        return block if name in MAPS else [spelled(block)]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [spelled(block) for block in cast("list[dict[str, Any]]", value)]
    return value


def references(value: Any, addresses: dict[str, list[str]]) -> list[str]:
    """The resources that a value names."""
    if isinstance(value, dict):
        return [found for item in cast("dict[str, Any]", value).values() for found in references(item, addresses)]
    if isinstance(value, list):
        return [found for item in cast("list[Any]", value) for found in references(item, addresses)]
    match = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    return [f"{place}.id" for place in addresses.get(match[1] or match[2], [])] if match else []


def as_plan(graph: Graph) -> dict[str, Any]:
    """The plan that would make every resource of the graph."""
    addresses: dict[str, list[str]] = {}
    for resource in graph:
        addresses.setdefault(resource["name"], []).append(address(resource))
    planned: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    configured: list[dict[str, Any]] = []
    for resource in graph:
        head = {
            "address": address(resource),
            "mode": "managed",
            "type": terraform_type(resource["type"]),
            "name": resource["name"],
        }
        values = spelled(resource["properties"])
        named = {BLOCKS.get(n, snake(n)): references(v, addresses) for n, v in resource["properties"].items()}
        planned.append(head | {"provider_name": "aws", "schema_version": 0, "values": values})
        change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {}}
        changes.append(head | {"provider_name": "aws", "change": change})
        expressions = {name: {"references": found} for name, found in named.items() if found}
        configured.append(head | {"provider_config_key": "aws", "expressions": expressions, "schema_version": 0})
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": configured}},
    }

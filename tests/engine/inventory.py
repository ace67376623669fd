"""What there is in the local cloud, so that a test can say that nothing is left."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.local_cloud.clients import Clients

EDGE_REGION = "us-east-1"


@dataclass(frozen=True)
class Listing:
    """A call that lists resources: where in its answer they stand, and what each is called."""

    service: str
    operation: str
    path: str
    name: str = ""
    arguments: tuple[tuple[str, Any], ...] = ()
    region: str = ""
    keep: Callable[[Any, str], bool] = lambda _client, _name: True


def is_live_key(client: Any, key: str) -> bool:
    """A key is never gone at once: it waits for its deletion."""
    return client.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion"


LISTINGS = (
    Listing("apigateway", "get_api_keys", "items", "id"),
    Listing("apigateway", "get_rest_apis", "items", "id"),
    Listing("apigateway", "get_usage_plans", "items", "id"),
    Listing("cloudfront", "list_distributions", "DistributionList.Items", "Id"),
    Listing("cloudfront", "list_functions", "FunctionList.Items", "Name"),
    Listing("cloudtrail", "describe_trails", "trailList", "Name"),
    Listing("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    Listing("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    Listing("dynamodb", "list_tables", "TableNames"),
    Listing("glue", "get_databases", "DatabaseList", "Name"),
    Listing("iam", "list_roles", "Roles", "RoleName"),
    Listing("kms", "list_aliases", "Aliases", "AliasName"),
    Listing("kms", "list_keys", "Keys", "KeyId", keep=is_live_key),
    Listing("lambda", "list_event_source_mappings", "EventSourceMappings", "UUID"),
    Listing("lambda", "list_functions", "Functions", "FunctionName"),
    Listing("logs", "describe_deliveries", "deliveries", "id", region=EDGE_REGION),
    Listing("logs", "describe_delivery_destinations", "deliveryDestinations", "name", region=EDGE_REGION),
    Listing("logs", "describe_delivery_sources", "deliverySources", "name", region=EDGE_REGION),
    Listing("logs", "describe_log_groups", "logGroups", "logGroupName"),
    Listing("logs", "describe_resource_policies", "resourcePolicies", "policyName"),
    Listing("s3", "list_buckets", "Buckets", "Name"),
    Listing("scheduler", "list_schedules", "Schedules", "Name"),
    Listing("secretsmanager", "list_secrets", "SecretList", "Name"),
    Listing("sns", "list_topics", "Topics", "TopicArn"),
    Listing("sqs", "list_queues", "QueueUrls"),
    Listing("wafv2", "list_web_acls", "WebACLs", "Id", arguments=(("Scope", "REGIONAL"),)),
)


def inventory(clients: Clients) -> set[str]:
    """Every resource that has a name or an id of its own, as `service operation name`."""
    return {f"{of.service} {of.operation} {name}" for of in LISTINGS for name in listed(clients, of)}


def listed(clients: Clients, of: Listing) -> list[str]:
    """The names of all, page by page where the client pages."""
    client = clients.in_region(of.service, of.region) if of.region else getattr(clients, of.service)
    arguments = dict(of.arguments)
    if client.can_paginate(of.operation):
        answers = list(client.get_paginator(of.operation).paginate(**arguments))
    else:
        answers = [getattr(client, of.operation)(**arguments)]
    found: list[str] = []
    for answer in answers:
        entries = answer
        for key in of.path.split("."):
            entries = entries.get(key) or {}
        found += [entry[of.name] if of.name else entry for entry in entries]
    return [name for name in found if of.keep(client, name)]

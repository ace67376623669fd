"""Faults of whole resources: tags, options, names, what is missing, what must not be there."""

import copy
from collections.abc import Iterator
from typing import Any

from tests.policy.mutation import DROP, Mutation, Resource, by_alarm, changed, rules, short

SUFFIX = "dev"
# The property that holds a type's physical name, where it is not `name`.
NAME_PROPERTIES = {
    "aws:cloudfront/distribution:Distribution": "comment",
    "aws:cloudwatch/dashboard:Dashboard": "dashboardName",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyName",
    "aws:s3/bucket:Bucket": "bucket",
}


def all_of(graph: list[Resource]) -> Iterator[Mutation]:
    """Every fault of this file."""
    for resource in graph:
        yield from tags(resource)
        yield from options(resource)
        yield from names(resource)
        yield from removal(resource)
    yield from additions(graph)


def tags(resource: Resource) -> Iterator[Mutation]:
    """Each tag taken away, blank and other; all taken away."""
    given = resource["properties"].get("tags")
    if not given:
        return
    missing, different = "deny_tag_missing", "deny_tag_value stack_deny_tags_differ"
    for key in given:
        for kind, to, by in (
            ("tag removed", DROP, missing),
            ("tag changed", "", missing),
            ("tag changed", "other", different),
        ):
            form = key + ("" if to is DROP else f" = {to!r}")
            put = changed(resource, ("properties", "tags", key), to)
            yield Mutation(kind, f"{short(resource)} {form}", form, rules(by), (put,))
    put = changed(resource, ("properties", "tags"), DROP)
    yield Mutation("tag removed", f"{short(resource)} all", "all", rules(missing), (put,))


def options(resource: Resource) -> Iterator[Mutation]:
    """What would keep a resource when its stack is destroyed, or hide a change; a provider of another region."""

    def mutation(what: str, by: str, path: tuple[str, ...], to: Any) -> Mutation:
        return Mutation("option set", f"{short(resource)} {what}", what, rules(by), (changed(resource, path, to),))

    for option in ("protect", "retainOnDelete"):
        yield mutation(option, "deny_protected", ("options", option), True)
    yield mutation("ignoreChanges", "deny_changes_ignored", ("options", "ignoreChanges"), ["policy"])
    provider = {"type": "pulumi:providers:aws", "name": "other", "urn": "urn:p", "properties": {"region": "eu-west-1"}}
    yield mutation("provider", "deny_region_provider", ("provider",), provider)
    yield mutation("region", "deny_region_foreign deny_edge_region", ("properties", "region"), "eu-west-1")


def names(resource: Resource) -> Iterator[Mutation]:
    """A physical name that is absent, without the suffix of the environment, or with that of another one."""
    key = NAME_PROPERTIES.get(resource["type"], "name")
    name = resource["properties"].get(key)
    if not isinstance(name, str) or SUFFIX not in name:
        return
    bare = name.removesuffix(SUFFIX).rstrip("_-")
    suffix = rules("stack_deny_name_suffix")
    put = changed(resource, ("properties", key), DROP)
    yield Mutation("name lost", short(resource), key, rules("deny_name_absent"), (put,))
    for form, other in (("no suffix", bare), ("suffix of another environment", f"{bare}_prod")):
        put = changed(resource, ("properties", key), other)
        yield Mutation("name without suffix", f"{short(resource)} = {other}", form, suffix, (put,))


# Which rule misses a resource, by module and, where it matters, the start of the name. The first that fits counts.
MISSED = (
    ("apigateway/", "stack_deny_part_missing stack_deny_stage_part stack_deny_provider_key"),
    ("cloudfront/function", "deny_edge_function"),
    ("cloudfront/", "stack_deny_edge_target"),
    ("cloudwatch/logDelivery", "stack_deny_edge_target"),
    ("cloudtrail/", "stack_deny_bucket_part stack_deny_part_missing stack_deny_trail"),
    ("cloudwatch/logDataProtectionPolicy", "stack_deny_log_unprotected"),
    (
        "cloudwatch/logGroup",
        "stack_deny_function_log_group stack_deny_stage_log_group stack_deny_stage_execution_log stack_deny_waf_missing",
    ),
    ("cloudwatch/metricAlarm", "{alarm}"),
    ("dynamodb/", "stack_deny_part_missing stack_deny_mapping_missing"),
    ("iam/role", "stack_deny_part_missing stack_deny_role_"),
    ("kms/", "stack_deny_alias_lost stack_deny_key_foreign stack_deny_part_missing"),
    ("lambda/eventSourceMapping", "stack_deny_mapping_missing"),
    ("lambda/functionEventInvokeConfig", "stack_deny_async_missing"),
    ("lambda/functionRecursionConfig", "stack_deny_recursion"),
    ("lambda/", "stack_deny_part_missing"),
    ("s3/bucketPolicy", "stack_deny_bucket_part stack_deny_tls_missing"),
    ("s3/", "stack_deny_bucket_part stack_deny_part_missing stack_deny_bucket_encryption stack_deny_bucket_lifecycle"),
    ("scheduler/", "stack_deny_schedule_missing"),
    ("secretsmanager/", "stack_deny_secret_missing"),
    ("sns/", "stack_deny_part_missing stack_deny_alarm_topic stack_deny_tls_missing"),
    ("sqs/queuePolicy", "stack_deny_tls_missing"),
    ("sqs/", "stack_deny_part_missing stack_deny_function_dead_letter stack_deny_queue_redrive"),
    ("wafv2/", "stack_deny_waf_missing"),
)


ANSWER = "what the door answers is a matter of tests/e2e/test_door.py: without it a sender gets AWS's own answer, and nothing is let in"
# What no rule asks for, and why. By module.
UNASKED = {
    "apigateway/integrationResponse": ANSWER,
    "apigateway/methodResponse": ANSWER,
    "apigateway/response": ANSWER,
    "apigateway/resource": "AWS refuses a method without its resource: the deploy fails",
    "cloudtrail/trail": "an option of the stack: stack_warn_bucket_access_log says that nobody writes down who uses the bucket",
    "cloudfront/distribution": "an option of the stack: the API key is asked for with and without it",
    "cloudfront/function": "the distribution names it by its ARN: the deploy fails",
    "cloudwatch/dashboard": "it shows figures; what must be noticed is in alarms",
    "index/randomPassword": "the distribution and the firewall name its value: the deploy fails",
}


def removal(resource: Resource) -> Iterator[Mutation]:
    """The resource is not there."""
    module = resource["type"].split(":")[1]
    by = next((names for start, names in MISSED if module.startswith(start)), "stack_deny_part_missing")
    by = by_alarm(resource) if by == "{alarm}" else by
    why = next((why for start, why in UNASKED.items() if module.startswith(f"{start}")), "")
    # The rules ask for resources by name, so each of them is a class of its own.
    yield Mutation(
        "resource removed", short(resource), resource["name"], rules(by), remove=(resource["urn"],), justified=why
    )


def _added(graph: list[Resource], type_token: str, properties: dict[str, Any]) -> Resource:
    like = copy.deepcopy(graph[0])
    prefix = like["urn"].split("::")
    tagged = {"tags": next(r["properties"]["tags"] for r in graph if "tags" in r["properties"])} | properties
    return like | {
        "type": type_token,
        "name": "added",
        "urn": f"{prefix[0]}::{prefix[1]}::{type_token}::added",
        "properties": tagged,
    }


FORBIDDEN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("aws:iam/user:User", {"name": "operator_dev"}),
    ("aws:iam/accessKey:AccessKey", {"user": "operator_dev"}),
    ("aws:iam/group:Group", {"name": "operators_dev"}),
    ("aws:iam/userPolicy:UserPolicy", {"user": "operator_dev", "policy": "{}"}),
    ("aws:iam/policy:Policy", {"name": "more_dev", "policy": "{}"}),
    ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", {"url": "https://example.com"}),
    ("aws:apigateway/account:Account", {"cloudwatchRoleArn": "arn:aws:iam::000000000000:role/webhook_api_role_dev"}),
    ("aws:ec2/instance:Instance", {"ami": "ami-1", "instanceType": "t4g.nano"}),
    ("aws:ec2/securityGroup:SecurityGroup", {"ingress": [{"cidrBlocks": ["0.0.0.0/0"]}]}),
    ("aws:rds/instance:Instance", {"publiclyAccessible": True}),
    ("aws:lambda/functionUrl:FunctionUrl", {"functionName": "webhook_processor_dev", "authorizationType": "NONE"}),
    (
        "aws:lambda/permission:Permission",
        {"function": "webhook_processor_dev", "action": "lambda:InvokeFunction", "principal": "*"},
    ),
    ("aws:lambda/layerVersion:LayerVersion", {"layerName": "more_dev"}),
    ("aws:s3/bucketAclV2:BucketAclV2", {"bucket": "audit-id", "acl": "public-read"}),
    ("aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration", {"bucket": "audit-id"}),
    ("aws:s3/bucketObject:BucketObject", {"bucket": "audit-id", "key": "audit/forged"}),
    ("aws:secretsmanager/secretVersion:SecretVersion", {"secretId": "webhook_secret_stripe_dev", "secretString": "x"}),
    ("aws:kms/grant:Grant", {"keyId": "key-id", "operations": ["Decrypt"]}),
    (
        "aws:sns/topicSubscription:TopicSubscription",
        {"topic": "arn:preview:alarms", "protocol": "http", "endpoint": "http://example.com"},
    ),
    ("aws:ssm/parameter:Parameter", {"name": "secret_dev", "type": "String", "value": "x"}),
    ("aws:apigateway/authorizer:Authorizer", {"name": "open_dev", "restApi": "webhook_api-id"}),
    ("random:index/randomId:RandomId", {"byteLength": 8}),
)


def additions(graph: list[Resource]) -> Iterator[Mutation]:
    """What has no place in the stack; and a second bucket, queue, topic, role, function, method and log group without what theirs need."""
    refused = rules("deny_type_refused deny_type_unlisted deny_subscription_plain")
    for type_token, properties in FORBIDDEN:
        yield Mutation("resource added", type_token, "forbidden", refused, (_added(graph, type_token, properties),))
    for type_token, properties, by in (
        (
            "aws:s3/bucket:Bucket",
            {"bucket": "more-dev", "forceDestroy": True},
            "stack_deny_bucket_part stack_deny_bucket_encryption",
        ),
        ("aws:sqs/queue:Queue", {"name": "more_dev"}, "deny_encryption_key stack_deny_tls_missing"),
        ("aws:sns/topic:Topic", {"name": "more_dev", "kmsMasterKeyId": "arn:preview:key"}, "stack_deny_tls_missing"),
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"role": "webhook_processor_role_dev", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            "deny_managed_policy",
        ),
        (
            "aws:cloudwatch/logGroup:LogGroup",
            {"name": "/aws/lambda/more_dev"},
            "deny_log_retention deny_encryption_key",
        ),
        ("aws:lambda/function:Function", {"name": "more_dev"}, "deny_function_memory stack_deny_function_dead_letter"),
        ("aws:dynamodb/table:Table", {"name": "more_dev"}, "deny_table_billing deny_encryption_key"),
        ("aws:secretsmanager/secret:Secret", {"name": "more_dev"}, "deny_encryption_key"),
        ("random:index/randomPassword:RandomPassword", {"length": 48, "special": False}, "deny_edge_secret"),
        ("aws:cloudfront/distribution:Distribution", {"comment": "more_dev"}, "deny_edge_tls deny_edge_cache"),
        ("aws:kms/key:Key", {"description": "more"}, "deny_key_rotation deny_document_unreadable"),
    ):
        yield Mutation(
            "resource added", f"{type_token} bare", "bare", rules(by), (_added(graph, type_token, properties),)
        )

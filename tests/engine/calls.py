"""How each type of resource is looked up and deleted: one AWS call each, as the provider makes it.

What makes a resource is the local cloud's applier (`infra/local_cloud/applier`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.local_cloud.clients import Clients
from tests.engine.wire import Properties

# The arguments of a call, made of the resource's id and its properties.
Arguments = Callable[[str, Properties], dict[str, Any]]
# What AWS's services answer about what is not there.
ABSENT = (
    "NoSuch",
    "NotFound",
    "NonExistent",
    "ResourceNotFoundException",
    "WAFNonexistentItemException",
    "404",
)


class UnknownResourceTypeError(Exception):
    """The program has a resource that cannot be looked up or deleted here."""


@dataclass(frozen=True)
class Call:
    """One operation of a client."""

    operation: str
    arguments: Arguments


@dataclass(frozen=True)
class Life:
    """How one type of resource is looked up and deleted.

    `delete` is absent where AWS has no such call, because the resource ends with the one it belongs
    to. `listed` says where the answer to `read` lists the resource, where it lists many.
    """

    service: str
    read: Call
    delete: Call | None = None
    listed: Callable[[dict[str, Any], str, Properties], bool] = lambda _answer, _id, _properties: True
    before_delete: Callable[[Any, str, Properties], None] = lambda _client, _id, _properties: None


def by(**names: str) -> Arguments:
    """Arguments that are properties, or the id (`id`)."""
    return lambda id_, properties: {
        argument: id_ if name == "id" else properties[name] for argument, name in names.items()
    }


def simple(service: str, read: str, delete: str | None, **names: str) -> Life:
    """Both calls take the same arguments."""
    return Life(service, Call(read, by(**names)), Call(delete, by(**names)) if delete else None)


def bucket_part(read: str, delete: str) -> Life:
    """A setting of a bucket."""
    return simple("s3", read, delete, Bucket="bucket")


OF_METHOD = {"restApiId": "restApi", "resourceId": "resourceId", "httpMethod": "httpMethod"}
OF_STAGE = {"restApiId": "restApi", "stageName": "stageName"}


def _usage_plan_stages(client: Any, id_: str, properties: Properties) -> None:
    """A plan that still has stages cannot be deleted."""
    for stage in properties["apiStages"]:
        operation = {"op": "remove", "path": "/apiStages", "value": f"{stage['apiId']}:{stage['stage']}"}
        client.update_usage_plan(usagePlanId=id_, patchOperations=[operation])


def _disable(client: Any, id_: str, _properties: Properties) -> None:
    """A distribution is disabled before it is deleted."""
    answer = client.get_distribution_config(Id=id_)
    client.update_distribution(
        Id=id_, DistributionConfig=answer["DistributionConfig"] | {"Enabled": False}, IfMatch=answer["ETag"]
    )


def _versions(client: Any, id_: str, properties: Properties) -> None:
    """A bucket is emptied before it is deleted, where it says `forceDestroy`."""
    if not properties.get("forceDestroy"):
        return
    for page in client.get_paginator("list_object_versions").paginate(Bucket=id_):
        for entry in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            client.delete_object(Bucket=id_, Key=entry["Key"], VersionId=entry["VersionId"])


def _named(key: str, name: str, wanted: str) -> Callable[[dict[str, Any], str, Properties], bool]:
    """Whether the answer lists something under the property's value."""
    return lambda answer, id_, properties: any(
        entry.get(name) == (id_ if wanted == "id" else properties[wanted]) for entry in answer.get(key) or ()
    )


LIVES: dict[str, Life] = {
    "aws:apigateway/account:Account": Life("apigateway", Call("get_account", lambda _id, _properties: {})),
    "aws:apigateway/apiKey:ApiKey": simple("apigateway", "get_api_key", "delete_api_key", apiKey="id"),
    "aws:apigateway/deployment:Deployment": simple(
        "apigateway", "get_deployment", "delete_deployment", restApiId="restApi", deploymentId="id"
    ),
    "aws:apigateway/integration:Integration": simple(
        "apigateway", "get_integration", "delete_integration", **OF_METHOD
    ),
    "aws:apigateway/integrationResponse:IntegrationResponse": simple(
        "apigateway", "get_integration_response", "delete_integration_response", **OF_METHOD, statusCode="statusCode"
    ),
    "aws:apigateway/method:Method": simple("apigateway", "get_method", "delete_method", **OF_METHOD),
    "aws:apigateway/methodResponse:MethodResponse": simple(
        "apigateway", "get_method_response", "delete_method_response", **OF_METHOD, statusCode="statusCode"
    ),
    # The settings end with their stage.
    "aws:apigateway/methodSettings:MethodSettings": Life("apigateway", Call("get_stage", by(**OF_STAGE))),
    "aws:apigateway/resource:Resource": simple(
        "apigateway", "get_resource", "delete_resource", restApiId="restApi", resourceId="id"
    ),
    "aws:apigateway/response:Response": simple(
        "apigateway",
        "get_gateway_response",
        "delete_gateway_response",
        restApiId="restApiId",
        responseType="responseType",
    ),
    "aws:apigateway/restApi:RestApi": simple("apigateway", "get_rest_api", "delete_rest_api", restApiId="id"),
    "aws:apigateway/stage:Stage": simple("apigateway", "get_stage", "delete_stage", **OF_STAGE),
    "aws:apigateway/usagePlan:UsagePlan": Life(
        "apigateway",
        Call("get_usage_plan", by(usagePlanId="id")),
        Call("delete_usage_plan", by(usagePlanId="id")),
        before_delete=_usage_plan_stages,
    ),
    "aws:apigateway/usagePlanKey:UsagePlanKey": simple(
        "apigateway", "get_usage_plan_key", "delete_usage_plan_key", usagePlanId="usagePlanId", keyId="keyId"
    ),
    "aws:cloudfront/distribution:Distribution": Life(
        "cloudfront",
        Call("get_distribution", by(Id="id")),
        Call("delete_distribution", by(Id="id")),
        before_delete=_disable,
    ),
    "aws:cloudfront/function:Function": Life(
        "cloudfront",
        Call("describe_function", lambda id_, _properties: {"Name": id_, "Stage": "DEVELOPMENT"}),
        Call("delete_function", by(Name="id")),
    ),
    "aws:cloudtrail/trail:Trail": simple("cloudtrail", "get_trail", "delete_trail", Name="name"),
    "aws:cloudwatch/dashboard:Dashboard": Life(
        "cloudwatch",
        Call("get_dashboard", by(DashboardName="dashboardName")),
        Call("delete_dashboards", lambda _id, properties: {"DashboardNames": [properties["dashboardName"]]}),
    ),
    "aws:cloudwatch/logDelivery:LogDelivery": simple("logs", "get_delivery", "delete_delivery", id="id"),
    "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination": simple(
        "logs", "get_delivery_destination", "delete_delivery_destination", name="name"
    ),
    "aws:cloudwatch/logDeliverySource:LogDeliverySource": simple(
        "logs", "get_delivery_source", "delete_delivery_source", name="name"
    ),
    # The policy is a part of its log group and ends with it. The local cloud has no call that
    # deletes it alone.
    "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy": Life(
        "logs", Call("get_data_protection_policy", by(logGroupIdentifier="logGroupName"))
    ),
    "aws:cloudwatch/logGroup:LogGroup": Life(
        "logs",
        Call("describe_log_groups", by(logGroupNamePrefix="name")),
        Call("delete_log_group", by(logGroupName="name")),
        listed=_named("logGroups", "logGroupName", "name"),
    ),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Life(
        "logs",
        Call("describe_resource_policies", lambda _id, _properties: {}),
        Call("delete_resource_policy", by(policyName="policyName")),
        listed=_named("resourcePolicies", "policyName", "policyName"),
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Life(
        "cloudwatch",
        Call("describe_alarms", lambda id_, _properties: {"AlarmNames": [id_]}),
        Call("delete_alarms", lambda id_, _properties: {"AlarmNames": [id_]}),
        listed=_named("MetricAlarms", "AlarmName", "id"),
    ),
    "aws:dynamodb/table:Table": simple("dynamodb", "describe_table", "delete_table", TableName="name"),
    "aws:glue/catalogDatabase:CatalogDatabase": simple("glue", "get_database", "delete_database", Name="name"),
    "aws:glue/catalogTable:CatalogTable": simple(
        "glue", "get_table", "delete_table", DatabaseName="databaseName", Name="name"
    ),
    "aws:iam/role:Role": simple("iam", "get_role", "delete_role", RoleName="name"),
    "aws:iam/rolePolicy:RolePolicy": simple(
        "iam", "get_role_policy", "delete_role_policy", RoleName="role", PolicyName="name"
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Life(
        "iam",
        Call("list_attached_role_policies", by(RoleName="role")),
        Call("detach_role_policy", by(RoleName="role", PolicyArn="policyArn")),
        listed=_named("AttachedPolicies", "PolicyArn", "policyArn"),
    ),
    "aws:kms/alias:Alias": Life(
        "kms",
        Call("list_aliases", by(KeyId="targetKeyId")),
        Call("delete_alias", by(AliasName="name")),
        listed=_named("Aliases", "AliasName", "name"),
    ),
    "aws:kms/key:Key": Life(
        "kms",
        Call("describe_key", by(KeyId="id")),
        Call("schedule_key_deletion", by(KeyId="id", PendingWindowInDays="deletionWindowInDays")),
    ),
    "aws:lambda/eventSourceMapping:EventSourceMapping": simple(
        "lambda", "get_event_source_mapping", "delete_event_source_mapping", UUID="id"
    ),
    "aws:lambda/function:Function": simple("lambda", "get_function", "delete_function", FunctionName="name"),
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": simple(
        "lambda",
        "get_function_event_invoke_config",
        "delete_function_event_invoke_config",
        FunctionName="functionName",
    ),
    "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": simple(
        # It ends with its function: AWS has no call that takes it away.
        "lambda",
        "get_function_recursion_config",
        None,
        FunctionName="functionName",
    ),
    "aws:s3/bucket:Bucket": Life(
        "s3", Call("head_bucket", by(Bucket="id")), Call("delete_bucket", by(Bucket="id")), before_delete=_versions
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": bucket_part(
        "get_bucket_lifecycle_configuration", "delete_bucket_lifecycle"
    ),
    # A bucket that was made with Object Lock keeps it until its end.
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": Life(
        "s3", Call("get_object_lock_configuration", by(Bucket="bucket"))
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": bucket_part(
        "get_bucket_ownership_controls", "delete_bucket_ownership_controls"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": bucket_part("get_bucket_policy", "delete_bucket_policy"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucket_part(
        "get_public_access_block", "delete_public_access_block"
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": bucket_part(
        "get_bucket_encryption", "delete_bucket_encryption"
    ),
    # A bucket that had versions keeps the setting until its end.
    "aws:s3/bucketVersioning:BucketVersioning": Life("s3", Call("get_bucket_versioning", by(Bucket="bucket"))),
    "aws:scheduler/schedule:Schedule": simple("scheduler", "get_schedule", "delete_schedule", Name="name"),
    "aws:secretsmanager/secret:Secret": Life(
        "secretsmanager",
        Call("describe_secret", by(SecretId="id")),
        Call(
            "delete_secret",
            lambda id_, properties: {
                "SecretId": id_,
                "ForceDeleteWithoutRecovery": properties.get("recoveryWindowInDays") == 0,
            },
        ),
    ),
    "aws:sns/topic:Topic": simple("sns", "get_topic_attributes", "delete_topic", TopicArn="id"),
    # A topic without a policy of its own has AWS's; it ends with the topic.
    "aws:sns/topicPolicy:TopicPolicy": Life("sns", Call("get_topic_attributes", by(TopicArn="id"))),
    "aws:sqs/queue:Queue": Life(
        "sqs",
        Call("get_queue_attributes", lambda id_, _properties: {"QueueUrl": id_, "AttributeNames": ["All"]}),
        Call("delete_queue", by(QueueUrl="id")),
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Life(
        "sqs",
        Call("get_queue_attributes", lambda id_, _properties: {"QueueUrl": id_, "AttributeNames": ["Policy"]}),
        Call("set_queue_attributes", lambda id_, _properties: {"QueueUrl": id_, "Attributes": {"Policy": ""}}),
        listed=lambda answer, _id, _properties: bool(answer.get("Attributes", {}).get("Policy")),
    ),
    "aws:wafv2/webAcl:WebAcl": Life(
        "wafv2",
        Call("get_web_acl", by(Id="id", Name="name", Scope="scope")),
        Call("delete_web_acl", by(Id="id", Name="name", Scope="scope")),
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Life(
        "wafv2",
        Call("get_web_acl_for_resource", by(ResourceArn="resourceArn")),
        Call("disassociate_web_acl", by(ResourceArn="resourceArn")),
        listed=lambda answer, _id, _properties: bool(answer.get("WebACL")),
    ),
    # The same holds for the configuration of a web ACL's log.
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": Life(
        "wafv2", Call("get_logging_configuration", by(ResourceArn="resourceArn"))
    ),
}
# These calls ask for the state that they change: the token or tag that reading it gives.
LOCKS = {
    ("wafv2", "delete_web_acl"): ("LockToken", "LockToken"),
    ("cloudfront", "delete_function"): ("IfMatch", "ETag"),
    ("cloudfront", "delete_distribution"): ("IfMatch", "ETag"),
}


def life(kind: str) -> Life:
    """How a type of resource lives. Raises UnknownResourceTypeError for one that is not known."""
    try:
        return LIVES[kind]
    except KeyError:
        raise UnknownResourceTypeError(f"{kind} is not known here: add it to tests/engine/calls.py") from None


def client_of(clients: Clients, of: Life, properties: Properties) -> Any:
    """The client of the resource's service, in the region that the resource names."""
    region = properties.get("region")
    return clients.in_region(of.service, region) if region else getattr(clients, of.service)


def exists(clients: Clients, kind: str, id_: str, properties: Properties) -> bool:
    """Whether the resource is there. Raises ClientError for any answer but that it is not."""
    of = life(kind)
    try:
        answer = getattr(client_of(clients, of, properties), of.read.operation)(**of.read.arguments(id_, properties))
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if any(absent in code for absent in ABSENT):
            return False
        raise
    return of.listed(answer, id_, properties)


def delete(clients: Clients, kind: str, id_: str, properties: Properties) -> None:
    """Deletes the resource. Raises ClientError where AWS refuses."""
    of = life(kind)
    if of.delete is None:
        return
    client = client_of(clients, of, properties)
    of.before_delete(client, id_, properties)
    arguments = of.delete.arguments(id_, properties)
    if (of.service, of.delete.operation) in LOCKS:
        argument, token = LOCKS[of.service, of.delete.operation]
        arguments[argument] = getattr(client, of.read.operation)(**of.read.arguments(id_, properties))[token]
    getattr(client, of.delete.operation)(**arguments)

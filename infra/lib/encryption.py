"""The stack's own keys: one encrypts everything at rest, one signs the seals of the audit log.

Who may use them is said here, in the keys' policies, by role name; so no role's policy needs a key id, which a preview could not know.
"""

from typing import Any

import pulumi
import pulumi_aws as aws

from lib.limits import FUNCTIONS, LIMITS
from lib.policies import Statement, document
from lib.settings import Settings

# What administers the key, written out: no wildcard, and nothing that the account's own IAM policies do not also have to allow.
ADMINISTRATION = [
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:DeleteAlias", "kms:DescribeKey",
    "kms:DisableKey", "kms:EnableKey", "kms:EnableKeyRotation", "kms:Encrypt", "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListGrants", "kms:ListKeyPolicies",
    "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RevokeGrant", "kms:ScheduleKeyDeletion",
    "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
]  # fmt: skip
USE = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
ROLES = (*tuple(f"{function}_role" for function in FUNCTIONS), "webhook_api_role", "archive_schedule_role")
# A signing key: what administers it, and what checks a seal. Who seals is the archival function alone. The provider reads the rotation
# status of every key whose material is KMS's own, asymmetric ones too, and `pulumi up` stops where it may not:
# https://github.com/hashicorp/terraform-provider-aws/blob/v6.50.0/internal/service/kms/key.go (findKeyInfo), read 2026-11-27.
SEAL_ADMINISTRATION = [
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey", "kms:EnableKey",
    "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:GetPublicKey", "kms:ListKeyPolicies", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription", "kms:Verify",
]  # fmt: skip
SEAL = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"]
EXECUTION_LOGS = "API-Gateway-Execution-Logs_*"


def statement(
    sid: str, principal: dict[str, Any], actions: list[str], condition: dict[str, Any] | None = None
) -> Statement:
    """A statement of a key's policy; `*` there is the key itself."""
    result: Statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
    return result | ({"Condition": condition} if condition else {})


def seal_key_policy(settings: Settings) -> str:
    """The account administers and checks; the archival function signs."""
    return document(
        statement("Administration", {"AWS": f"arn:aws:iam::{settings.account_id}:root"}, SEAL_ADMINISTRATION),
        statement("Seal", {"AWS": [settings.role_arn("archival_function_role")]}, SEAL),
    )


def key_policy(settings: Settings) -> str:
    """The account administers; the roles and the services that act for them use."""
    groups = [settings.log_group(function) for function in FUNCTIONS]
    groups += [settings.access_log_group, EXECUTION_LOGS]
    if settings.firewall:
        groups.append(settings.firewall_log_group)
    # CloudTrail asks for Decrypt where the bucket has a key of its own for many objects.
    # Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html, read 2026-11-25.
    access_record = statement(
        "AccessRecord",
        {"Service": "cloudtrail.amazonaws.com"},
        USE,
        {"StringEquals": {"aws:SourceArn": settings.trail_arn}},
    )
    # Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html, read 2026-11-25.
    # Its example gives Encrypt and ReEncrypt, too. A put asks for GenerateDataKey, a multipart
    # upload for Decrypt besides; that the delivery asks for no more is not confirmed. Source, a
    # stored copy of which was read 2026-11-28:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html.
    edge_log = statement(
        "EdgeLog",
        {"Service": "delivery.logs.amazonaws.com"},
        USE,
        {
            "StringEquals": {"aws:SourceAccount": settings.account_id},
            "ArnLike": {"aws:SourceArn": settings.edge_log_source_arn},
        },
    )
    return document(
        statement("Administration", {"AWS": f"arn:aws:iam::{settings.account_id}:root"}, ADMINISTRATION),
        statement("Roles", {"AWS": [settings.role_arn(role) for role in ROLES]}, USE),
        statement(
            "Logs",
            {"Service": f"logs.{settings.region}.amazonaws.com"},
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [settings.log_group_arn(group) for group in groups]}},
        ),
        statement(
            "AlarmsToTopic",
            {"Service": "cloudwatch.amazonaws.com"},
            ["kms:Decrypt", "kms:GenerateDataKey"],
            {"StringEquals": {"aws:SourceAccount": settings.account_id}},
        ),
        *([access_record] if settings.access_record else []),
        *([edge_log] if settings.edge else []),
    )


class Encryption(pulumi.ComponentResource):
    """The keys and their aliases."""

    def __init__(
        self, settings: Settings, roles: list[pulumi.Resource], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:Encryption", "encryption", None, opts)
        # KMS refuses a policy that names a role which does not exist yet.
        self.key = aws.kms.Key(
            "key",
            description=f"payhook {settings.environment_suffix}: everything at rest",
            policy=key_policy(settings),
            enable_key_rotation=True,
            deletion_window_in_days=LIMITS["kms"]["deletion_window_days"],
            tags=settings.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=roles),
        )
        self.alias = aws.kms.Alias(
            "alias",
            name=f"alias/{settings.name('payhook')}",
            target_key_id=self.key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # KMS does not rotate asymmetric keys: https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html, read 2026-11-24.
        self.seal_key = aws.kms.Key(
            "seal_key",
            description=f"payhook {settings.environment_suffix}: seals the audit log",
            key_usage="SIGN_VERIFY",
            customer_master_key_spec="ECC_NIST_P256",
            policy=seal_key_policy(settings),
            deletion_window_in_days=LIMITS["kms"]["deletion_window_days"],
            tags=settings.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=roles),
        )
        self.seal_alias = aws.kms.Alias(
            "seal_alias",
            name=settings.seal_key_alias,
            target_key_id=self.seal_key.key_id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"key_arn": self.key.arn})

"""The stack's own key: everything at rest is encrypted with it.

Who may use it is said here, in the key's policy, by role name; so no role's policy needs a key id, which a preview could not know.
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
EXECUTION_LOGS = "API-Gateway-Execution-Logs_*"


def key_policy(settings: Settings) -> str:
    """The account administers; the roles and the services that act for them use."""

    def statement(
        sid: str, principal: dict[str, Any], actions: list[str], condition: dict[str, Any] | None = None
    ) -> Statement:
        result: Statement = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": "*"}
        return result | ({"Condition": condition} if condition else {})

    groups = [settings.log_group(function) for function in FUNCTIONS]
    groups += [f"/aws/apigateway/{settings.name('webhook_api')}", EXECUTION_LOGS]
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
    )


class Encryption(pulumi.ComponentResource):
    """The key and its alias."""

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
        self.register_outputs({"key_arn": self.key.arn})

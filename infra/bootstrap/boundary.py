"""The most that any role of the deployed stack may do, whatever policy it is given.

Who deploys may write roles; without a bound that would be the right to do everything. The bound is the union of the rights in the reviewed
snapshot of the stack: a new right is reviewed there first, and then an administrator runs the bootstrap again.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from bootstrap.account import Account
from lib.policies import Statement, document

SNAPSHOT = Path(__file__).resolve().parents[1] / "snapshots/stack_dev.json"
SNAPSHOT_ACCOUNT = "000000000000"
SNAPSHOT_SUFFIX = re.compile(r"(?<=[_-])dev(?![a-z0-9])")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, read 2026-11-25; white space does not count.
MANAGED_POLICY_CHARACTERS_MAX = 6144
# What AmazonAPIGatewayPushToCloudWatchLogs gives the gateway's logging role, less reading: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonAPIGatewayPushToCloudWatchLogs.html, read 2026-11-25.
GATEWAY_LOGS = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
# What the keys' own policies give to roles (lib/encryption.py); a bound holds for those grants too.
KEY_USE = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GetPublicKey", "kms:Sign"]


def _here(account: Account, text: str) -> str:
    """A name or ARN of the snapshot, as it is in this account and environment."""
    return SNAPSHOT_SUFFIX.sub(account.environment_suffix, text.replace(SNAPSHOT_ACCOUNT, account.account_id))


def reviewed_rights(account: Account) -> list[Statement]:
    """The rights of all roles of the snapshot, one statement for each set of resources."""
    actions: dict[str, set[str]] = defaultdict(set)
    resources: dict[str, tuple[list[str], Any]] = {}
    for resource in json.loads(SNAPSHOT.read_text()):
        if resource["type"] != "aws:iam/rolePolicy:RolePolicy":
            continue
        for statement in json.loads(_here(account, resource["properties"]["policy"]))["Statement"]:
            on = (sorted(statement["Resource"]), statement.get("Condition"))
            key = json.dumps(on)
            resources[key] = on
            actions[key] |= set(statement["Action"])
    merged: list[Statement] = []
    for key in sorted(actions):
        named, condition = resources[key]
        statement: Statement = {"Effect": "Allow", "Action": sorted(actions[key]), "Resource": named}
        merged.append(statement | ({"Condition": condition} if condition else {}))
    return merged


def boundary_document(account: Account) -> str:
    """The boundary."""
    deployed = account.deployed
    gateway = [
        deployed.log_group_arn(f"/aws/apigateway/{deployed.name('webhook_api')}:*"),
        deployed.log_group_arn("API-Gateway-Execution-Logs_*"),
    ]
    return document(
        *reviewed_rights(account),
        {"Effect": "Allow", "Action": GATEWAY_LOGS, "Resource": gateway},
        {"Effect": "Allow", "Action": ["logs:DescribeLogGroups"], "Resource": [deployed.log_group_arn("*")]},
        {
            "Effect": "Allow",
            "Action": KEY_USE,
            "Resource": [deployed.arn("kms", "key/*")],
            "Condition": account.own_tags_only,
        },
    )

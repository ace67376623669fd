"""The most that any role of the deployed stack may do, whatever policy it is given.

Who deploys may write roles; without a bound that would be the right to do everything. The bound is
the union of the rights in the reviewed snapshot of the stack: a new right is reviewed there first,
and then an administrator runs the bootstrap again.

What only the code of a function calls is bound to the stack's functions, too. Lambda puts the ARN
of the function into the credentials that its code has, so credentials that anybody else gets by
taking the role open nothing of it. It does not put it into what it calls itself outside the code,
which is to read queues and streams and to send what failed: those rights have no such condition.
Source, a stored copy of which was read 2026-11-27:
https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html.

The providers' secrets are one pattern: all that have its form are the stack's, and a document that
named each would soon be longer than IAM takes.

A role has one boundary, and a boundary is one document, so it cannot be split as the deploy role's
rights are (`policies.py`). Statements are merged until they say each action and each ARN once.
"""

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from bootstrap.account import Account
from lib.functions import READ_STREAM, gap_check_statements
from lib.limits import FUNCTIONS
from lib.policies import Statement, document

SNAPSHOT = Path(__file__).resolve().parents[1] / "snapshots/stack_dev.json"
SNAPSHOT_ACCOUNT = "000000000000"
SNAPSHOT_SUFFIX = re.compile(r"(?<=[_-])dev(?![a-z0-9])")
# What the keys' own policies give to roles (lib/encryption.py); a bound holds for those grants too.
# A new key's tags may take five minutes until they count, and until then no role can use it:
# webhooks of the first minutes after a first deployment are answered with 503 and sent again.
# Source, a stored copy of which was read 2026-11-27:
# https://docs.aws.amazon.com/kms/latest/developerguide/tag-authorization.html.
KEY_USE = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GetPublicKey", "kms:Sign"]


# What the functions' code calls, and no other role and no service for a function does. An action of
# these services that stands beside, in another role, makes `reviewed_rights` fail.
OF_CODE = ("dynamodb:", "logs:FilterLogEvents", "s3:", "secretsmanager:")
OF_LAMBDA = frozenset(READ_STREAM)
FUNCTION_POLICIES = frozenset(f"{function}_policy" for function in FUNCTIONS)


SECRET = re.compile(r"arn:aws:secretsmanager:[^*]+:secret:webhook_secret_[^*]+-\?{6}")
ARCHIVE_POLICY = "archival_function_policy"


def every_secret(account: Account) -> str:
    """Every provider's secret of the stack."""
    return account.deployed.arn("secretsmanager", f"secret:{account.deployed.secret('*')}-??????")


def of_code(action: str) -> bool:
    """Whether only a function's code makes the call."""
    return action.startswith(OF_CODE) and action not in OF_LAMBDA


def _here(account: Account, text: str) -> str:
    """A name or ARN of the snapshot, as it is in this account and environment."""
    return SNAPSHOT_SUFFIX.sub(account.environment_suffix, text.replace(SNAPSHOT_ACCOUNT, account.account_id))


def reviewed_rights(account: Account) -> list[Statement]:
    """The rights of all roles of the snapshot. Actions on the same resources under the same
    condition are one statement, and so are the resources of the same actions.
    """
    actions: dict[str, set[str]] = defaultdict(set)
    for resource in json.loads(SNAPSHOT.read_text()):
        if resource["type"] != "aws:iam/rolePolicy:RolePolicy":
            continue
        statements = json.loads(_here(account, resource["properties"]["policy"]))["Statement"]
        if resource["name"] == ARCHIVE_POLICY:
            # The snapshot is of a stack without a gap check, which may have one any day.
            statements += gap_check_statements(account.deployed, [account.deployed.api_secret("*")])
        for statement in statements:
            condition = statement.get("Condition")
            if from_code := [action for action in statement["Action"] if of_code(action)]:
                if from_code != statement["Action"] or condition or resource["name"] not in FUNCTION_POLICIES:
                    raise ValueError(f"{statement['Sid']} of {resource['name']} is not what a function's code calls")
                condition = {"ArnLike": {"lambda:SourceFunctionArn": account.deployed.function_arn("*")}}
            for arn in statement["Resource"]:
                on = every_secret(account) if SECRET.fullmatch(arn) else arn
                actions[json.dumps([on, condition])] |= set(statement["Action"])
    resources: dict[str, list[str]] = defaultdict(list)
    for on, allowed in sorted(actions.items()):
        arn, condition = json.loads(on)
        resources[json.dumps([sorted(allowed), condition])].append(arn)
    merged: list[Statement] = []
    for what, arns in sorted(resources.items()):
        allowed, condition = json.loads(what)
        statement: Statement = {"Effect": "Allow", "Action": allowed, "Resource": arns}
        merged.append(statement | ({"Condition": condition} if condition else {}))
    return merged


def services(statement: Statement) -> set[str]:
    """The services whose actions a statement names."""
    return {action.partition(":")[0] for action in statement["Action"]}


def across_services(statements: list[Statement]) -> list[Statement]:
    """The same rights in fewer statements. An action means something for resources of its own
    service only, so statements of different services under the same condition can be one.
    """
    merged: list[Statement] = []
    for statement in statements:
        condition = statement.get("Condition")
        same = (
            kept for kept in merged if kept.get("Condition") == condition and not services(kept) & services(statement)
        )
        other: dict[str, Any] | None = next(same, None)
        if other is None:
            merged.append({**statement, "Action": [*statement["Action"]], "Resource": [*statement["Resource"]]})
        else:
            other["Action"] += statement["Action"]
            other["Resource"] += statement["Resource"]
    return merged


def boundary_document(account: Account) -> str:
    """The boundary."""
    deployed = account.deployed
    return document(
        *across_services(reviewed_rights(account)),
        {
            "Effect": "Allow",
            "Action": KEY_USE,
            "Resource": [deployed.arn("kms", "key/*")],
            "Condition": account.own_tags_only,
        },
    )

"""IAM documents as plain data: every statement names its actions and its resources."""

import json
from typing import Any

Statement = dict[str, Any]


def allow(actions: list[str], resources: list[str], sid: str, conditions: dict[str, Any] | None = None) -> Statement:
    """A statement of a role's policy."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    if conditions:
        statement["Condition"] = conditions
    return statement


def document(*statements: Statement) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(service: str, account_id: str, source_arn: str | None = None) -> str:
    """Who may assume a role: one service, for this account, and for one resource where the service says which (confused deputy).

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html, read 2026-11-23. Lambda does not send these keys when it
    assumes an execution role, so a function's role has no condition.
    """
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    if service != "lambda.amazonaws.com":
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
        if source_arn:
            statement["Condition"]["ArnLike"] = {"aws:SourceArn": source_arn}
    return document(statement)


def deny_roles(role_arns: list[str], actions: list[str], resources: list[str], sid: str) -> Statement:
    """Refuses some actions to some roles, whatever their own policies say.

    By a condition and not by naming the roles as principals: a principal must exist when the policy is written, and IAM keeps its unique id, so that a role
    that is made again under its name would no longer be refused. The key holds the role's ARN, not the session's.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn, read 2026-11-25.
    """
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": {"ArnEquals": {"aws:PrincipalArn": role_arns}},
    }


def deny_without_tls(service: str, resources: list[str]) -> Statement:
    """Refuses every call that is not made over TLS (PCI DSS v4.0.1, 4.2.1)."""
    return {
        "Sid": "DenyWithoutTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"{service}:*",
        "Resource": resources,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }

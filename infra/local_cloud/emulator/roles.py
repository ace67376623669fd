"""Asks the emulator's own IAM evaluator what a role may do. Used by the patches that enforce what
the stock version does not.
"""

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from infra.lib.policies import KEYS_SENT

REGION = "us-east-2"


def _sent(service: str, account: str) -> dict[str, str]:
    """The condition keys of a request with which `service` assumes a role; the sources are beside
    `KEYS_SENT`.
    """
    values = {
        "aws:SourceAccount": account,
        # The scheduler says the schedule's group, the one service here whose trust asks for it.
        "aws:SourceArn": f"arn:aws:scheduler:{REGION}:{account}:schedule-group/default",
    }
    return {key.lower(): values[key] for key in KEYS_SENT.get(service, frozenset())}


def not_assumed(role_arn: str, account: str, service: str) -> str | None:
    """Why `service` may not assume the role by its trust policy, conditions included; None when it
    may.
    """
    name = role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        return f"role {role_arn} does not exist"
    trust = role.get("AssumeRolePolicyDocument")
    document: dict[str, Any] = json.loads(trust) if isinstance(trust, str) else trust
    request = iam_evaluator.EvalContext(
        principal_arn=service,
        principal_type="AssumedRole",
        principal_account=account,
        action="sts:AssumeRole",
        resource_arn=role_arn,
        region=REGION,
        service_context=_sent(service, account),
    )
    allowed = [
        statement
        for statement in document.get("Statement", [])
        if statement.get("Effect") == "Allow"
        and service in str(statement.get("Principal"))
        and iam_evaluator._conditions_met(statement.get("Condition") or {}, request)
    ]
    return None if allowed else f"{service} may not assume {name}"


def refusal(role_arn: str, account: str, service: str, action: str, resource: str) -> str | None:
    """Why `service`, acting as the role, may not do `action` on `resource`; None when it may."""
    why = not_assumed(role_arn, account, service)
    if why:
        return why
    name = role_arn.rsplit("/", 1)[-1]
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/session"
    context = iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region="",
    )
    decision = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(name, account)).decision
    return (
        None
        if decision == "Allow"
        else f"User: {principal} is not authorized to perform: {action} on resource: {resource}"
    )

"""Asks the emulator's own IAM evaluator what a role may do. Used by the patches that enforce what the stock version does not."""

import json

from ministack.core import iam_evaluator
from ministack.services import iam


def refusal(role_arn: str, account: str, service: str, action: str, resource: str) -> str | None:
    """Why `service`, acting as the role, may not do `action` on `resource`; None when it may."""
    name = role_arn.rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, name)
    if role is None:
        return f"role {role_arn} does not exist"
    trust = role.get("AssumeRolePolicyDocument")
    trust = json.loads(trust) if isinstance(trust, str) else trust
    allowed = [
        s for s in trust.get("Statement", []) if s.get("Effect") == "Allow" and service in str(s.get("Principal"))
    ]
    if not allowed:
        return f"{service} may not assume {name}"
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

"""IAM's decision about one request, as far as the documents of bootstrap and stack go: statements
that allow or refuse, with actions and resources that are listed or `service:*`, and the operators
of conditions that they have. Within one account a request is allowed that one policy allows, the
role's or the resource's, and none refuses:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html,
a stored copy of which was read 2026-11-27.
"""

import re
from dataclasses import dataclass, field
from typing import Any

Statement = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """One action on one resource, and the condition keys that are in the request. Keys that are
    absent from `context` are absent from the request.
    """

    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` and `?` covers the text."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def _met(operator: str, key: str, wanted: Any, context: dict[str, str]) -> bool:
    values = wanted if isinstance(wanted, list) else [wanted]
    if operator == "Null":
        return (key not in context) == (values == ["true"])
    if key not in context:
        return False
    if operator == "StringEquals":
        return context[key] in values
    if operator == "Bool":
        return context[key] in values
    if operator in ("ArnEquals", "ArnLike", "StringLike"):
        return any(matches(value, context[key]) for value in values)
    raise ValueError(f"{operator} is not known here")


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _principal(statement: Statement, caller: str) -> bool:
    """Whether a resource's policy speaks of the caller; a role's own policy names nobody."""
    principal = statement.get("Principal", "*")
    if principal == "*":
        return True
    named = _listed(principal.get("AWS", []))
    account = caller.split(":")[4] if caller else ""
    return caller in named or f"arn:aws:iam::{account}:root" in named


def _applies(statement: Statement, request: Request) -> bool:
    return (
        any(matches(action, request.action) for action in _listed(statement["Action"]))
        and any(matches(pattern, request.resource) for pattern in _listed(statement["Resource"]))
        and _principal(statement, request.context.get("aws:PrincipalArn", ""))
        and all(
            _met(operator, key, wanted, request.context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def allowed(statements: list[Statement], request: Request) -> bool:
    """Whether one of the statements allows the request and none refuses it."""
    effects = {statement["Effect"] for statement in statements if _applies(statement, request)}
    return effects == {"Allow"}

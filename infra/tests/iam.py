"""IAM's decision about one request, as far as the bootstrap's documents go: statements that allow,
with actions and resources that are listed, and four operators of conditions.
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
    if operator in ("ArnLike", "StringLike"):
        return any(matches(value, context[key]) for value in values)
    raise ValueError(f"{operator} is not known here")


def allowed(statements: list[Statement], request: Request) -> bool:
    """Whether one of the statements allows the request."""
    for statement in statements:
        if statement["Effect"] != "Allow":
            raise ValueError("only statements that allow are known here")
        if (
            request.action in statement["Action"]
            and any(matches(pattern, request.resource) for pattern in statement["Resource"])
            and all(
                _met(operator, key, wanted, request.context)
                for operator, keys in statement.get("Condition", {}).items()
                for key, wanted in keys.items()
            )
        ):
            return True
    return False

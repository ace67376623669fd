"""Gap: for a role's session the condition key aws:PrincipalArn holds the session's ARN.

AWS: it holds the role's ARN, so that a policy can speak of the role.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn, read 2026-11-25.
"""

import re
from typing import Any

from ministack.core import iam_evaluator

# The stack's roles have no path.
SESSION = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/.+")


def apply() -> None:
    """Puts the patch in place."""
    stock = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: iam_evaluator.EvalContext) -> Any:
        session = SESSION.fullmatch(context.principal_arn)
        if key.lower() == "aws:principalarn" and session:
            return f"arn:aws:iam::{session[1]}:role/{session[2]}"
        return stock(key, context)

    iam_evaluator._resolve_condition_key = resolve

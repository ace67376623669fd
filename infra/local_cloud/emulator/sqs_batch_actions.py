"""Gap: a batch call to a queue is authorised under an action that does not exist on AWS.

AWS: SendMessageBatch needs sqs:SendMessage, and so on for the other two.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html, read 2026-11-24.
"""

from typing import Any

from ministack.core import iam_actions

SINGLE = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}


def apply() -> None:
    """Puts the patch in place."""
    stock = iam_actions.extract_iam_action

    def extract(*arguments: Any, **named: Any) -> str | None:
        action = stock(*arguments, **named)
        return SINGLE.get(action or "", action)

    iam_actions.extract_iam_action = extract

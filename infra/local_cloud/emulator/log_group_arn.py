"""Gap: a policy about a log group's events is compared with the group's ARN without its end.

AWS: in IAM policies a log group's ARN ends in `:*` for every action but tagging.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
("Log group", "Use the second version, with the trailing :*"), read 2026-11-27.
"""

from typing import Any

from ministack.core import iam_actions

TAGGING = ("TagResource", "UntagResource", "ListTagsForResource")


def apply() -> None:
    """Puts the patch in place."""
    stock = iam_actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: dict[str, Any], *rest: Any, **named: Any) -> Any:
        arn = stock(service, method, path, headers, *rest, **named)
        action = str(headers.get("x-amz-target", "")).rpartition(".")[2]
        if service != "logs" or action in TAGGING or ":log-group:" not in str(arn):
            return arn
        return f"{str(arn).removesuffix(':*')}:*"

    iam_actions.extract_resource_arn = resource_arn

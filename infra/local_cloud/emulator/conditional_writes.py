"""Gap: a put has no condition key s3:if-none-match, so a bucket's policy cannot ask for the header.

AWS: the key has the header's value, and is absent without it. Source, a stored copy of which was
read 2026-11-27:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html.
"""

from typing import Any

from ministack.core import iam_actions

HEADER = "if-none-match"


def apply() -> None:
    """Puts the patch in place."""
    stock = iam_actions.s3_service_context

    def context(
        action: str, query: dict[str, Any] | None, path: str = "", headers: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        value = (headers or {}).get(HEADER)
        own = {f"s3:{HEADER}": value} if action == "s3:PutObject" and value else {}
        return stock(action, query, path, headers) | own

    # It is imported where it is called.
    iam_actions.s3_service_context = context

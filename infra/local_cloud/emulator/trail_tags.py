"""Gap: CreateTrail drops the trail's tags.

AWS: `TagsList` is kept, and ListTags gives it back.
Sources, read 2026-11-27:
https://docs.aws.amazon.com/sdk-for-kotlin/api/latest/cloudtrail/aws.sdk.kotlin.services.cloudtrail.model/-create-trail-request/tags-list.html
https://boto3.amazonaws.com/v1/documentation/api/latest/reference/services/cloudtrail/client/list_tags.html
"""

import json
from typing import Any

from ministack.services import cloudtrail


def apply() -> None:
    """Puts the patch in place."""
    create = cloudtrail._DISPATCH["CreateTrail"]

    def create_trail(body: dict[str, Any]) -> Any:
        answer = create(body)
        status, _, made = answer
        if status == 200 and body.get("TagsList"):
            cloudtrail._add_tags({"ResourceId": json.loads(made)["TrailARN"], "TagsList": body["TagsList"]})
        return answer

    cloudtrail._DISPATCH["CreateTrail"] = create_trail

"""Gap: CreateTrail drops the trail's tags.

AWS: `TagsList` is kept, and ListTags gives it back.
Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html, read 2026-11-27.
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

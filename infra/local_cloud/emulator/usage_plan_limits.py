"""Gap: a usage plan without a quota or a throttle is given back with empty ones.

AWS: what was not set is not there. The provider takes a quota that is there for one with the limit
0, and asks for its removal at every update:
https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/apigateway/usage_plan.go,
read 2026-11-27.
"""

import json
from typing import Any

from ministack.services import apigateway_v1

LIMITS = ("quota", "throttle")


def apply() -> None:
    """Puts the patch in place."""
    create = apigateway_v1._create_usage_plan

    def create_usage_plan(data: dict[str, Any]) -> Any:
        _, _, body = create(data)
        plan = apigateway_v1._usage_plans[json.loads(body)["id"]]
        for name in LIMITS:
            if not plan[name]:
                del plan[name]
        return apigateway_v1._v1_response(plan, 201)

    apigateway_v1._create_usage_plan = create_usage_plan

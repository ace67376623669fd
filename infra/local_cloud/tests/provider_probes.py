"""Probes of what only Pulumi's provider asks: they need nothing of the stack."""

import uuid
from collections.abc import Callable
from typing import Any

from infra.local_cloud.cloud import LocalCloud

TAGS = [{"Key": "Environment", "Value": "probe"}]
BODY_LIMIT = {"RequestBody": {"API_GATEWAY": {"DefaultSizeInspectionLimit": "KB_64"}}}
HIDDEN = {"DataProtections": [{"Field": {"FieldType": "BODY"}, "Action": "SUBSTITUTION"}]}
SETTINGS: dict[str, Any] = {"AssociationConfig": BODY_LIMIT, "DataProtectionConfig": HIDDEN}


def _name() -> str:
    return f"probe-{uuid.uuid4().hex[:8]}"


def an_empty_value_makes_one(cloud: LocalCloud) -> bool:
    """Of an API key."""
    gateway = cloud.clients.apigateway
    try:
        made = gateway.create_api_key(name=_name(), value="")
    except gateway.exceptions.BadRequestException:
        return False
    return len(gateway.get_api_key(apiKey=made["id"], includeValue=True)["value"]) >= 20


def limits_that_were_not_set_are_absent(cloud: LocalCloud) -> bool:
    """From a usage plan; those that were set are there."""
    gateway, quota = cloud.clients.apigateway, {"limit": 5, "period": "DAY"}
    plans = [gateway.create_usage_plan(name=_name(), **more) for more in ({}, {"quota": quota})]
    bare, limited = (gateway.get_usage_plan(usagePlanId=plan["id"]) for plan in plans)
    assert limited["quota"]["limit"] == 5
    return not {"quota", "throttle"} & set(bare) and "throttle" not in limited


def a_trail_keeps_its_tags(cloud: LocalCloud) -> bool:
    """Those that it was made with."""
    trails = cloud.clients.cloudtrail
    arn = trails.create_trail(Name=_name(), S3BucketName="any", TagsList=TAGS)["TrailARN"]
    (listed,) = trails.list_tags(ResourceIdList=[arn])["ResourceTagList"]
    return listed["TagsList"] == TAGS


def a_web_acl_keeps_its_settings(cloud: LocalCloud) -> bool:
    """Those that it was made with, and after an update those of the update."""
    waf, scope = cloud.clients.wafv2, {"Name": _name(), "Scope": "REGIONAL"}
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "probe"}
    whole: dict[str, Any] = {**scope, "DefaultAction": {"Allow": {}}, "VisibilityConfig": seen}
    named = scope | {"Id": waf.create_web_acl(**whole, **SETTINGS)["Summary"]["Id"]}

    def settings() -> dict[str, Any]:
        acl = waf.get_web_acl(**named)["WebACL"]
        return {name: acl[name] for name in SETTINGS if name in acl}

    made = settings()
    token = waf.get_web_acl(**named)["LockToken"]
    waf.update_web_acl(**whole, Id=named["Id"], LockToken=token, Rules=[], AssociationConfig=BODY_LIMIT)
    return made == SETTINGS and settings() == {"AssociationConfig": BODY_LIMIT}


PROVIDER_PROBES: dict[str, Callable[[LocalCloud], bool]] = {
    "api_key_value": an_empty_value_makes_one,
    "usage_plan_limits": limits_that_were_not_set_are_absent,
    "trail_tags": a_trail_keeps_its_tags,
    "web_acl_settings": a_web_acl_keeps_its_settings,
}

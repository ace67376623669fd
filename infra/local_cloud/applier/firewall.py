"""The web application firewall. The emulator keeps it and never blocks; that the request is one that AWS takes is what is checked here."""

from typing import Any

from infra.local_cloud.applier.shapes import capitalised
from infra.local_cloud.clients import Clients, tag_list

Made = tuple[str, dict[str, Any]]
# Where WAF's own names are not Pulumi's with a capital letter.
SPELLINGS = {"CloudwatchMetricsEnabled": "CloudWatchMetricsEnabled", "ForwardedIpConfig": "ForwardedIPConfig"}


def as_waf_spells(value: Any) -> Any:
    """Pulumi's form of a rule as WAF takes it: its names, and a negation of one statement instead of a list of one."""
    if isinstance(value, list):
        return [as_waf_spells(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {SPELLINGS.get(key, key): as_waf_spells(item) for key, item in capitalised(value).items()}
    if "NotStatement" in made:
        (negated,) = made["NotStatement"]["Statements"]
        made["NotStatement"] = {"Statement": negated}
    return made


def web_acl(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.wafv2.WebAcl."""
    (body,) = inputs["associationConfig"]["requestBodies"]
    made = clients.wafv2.create_web_acl(
        Name=inputs["name"],
        Description=inputs["description"],
        Scope=inputs["scope"],
        DefaultAction=as_waf_spells(inputs["defaultAction"]),
        Rules=as_waf_spells(inputs["rules"]),
        VisibilityConfig=as_waf_spells(inputs["visibilityConfig"]),
        AssociationConfig={"RequestBody": {"API_GATEWAY": as_waf_spells(body["apiGateway"])}},
        DataProtectionConfig=as_waf_spells(inputs["dataProtectionConfig"]),
        Tags=tag_list(inputs.get("tags")),
    )["Summary"]
    return made["Id"], {"arn": made["ARN"]}


def association(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.wafv2.WebAclAssociation."""
    clients.wafv2.associate_web_acl(WebACLArn=inputs["webAclArn"], ResourceArn=inputs["resourceArn"])
    return f"{inputs['webAclArn']},{inputs['resourceArn']}", {}


def logging(clients: Clients, inputs: dict[str, Any]) -> Made:
    """aws.wafv2.WebAclLoggingConfiguration."""
    clients.wafv2.put_logging_configuration(
        LoggingConfiguration={
            "ResourceArn": inputs["resourceArn"],
            "LogDestinationConfigs": inputs["logDestinationConfigs"],
            "RedactedFields": as_waf_spells(inputs["redactedFields"]),
            "LoggingFilter": as_waf_spells(inputs["loggingFilter"]),
        }
    )
    return inputs["resourceArn"], {}


MAKERS = {
    "aws:wafv2/webAcl:WebAcl": web_acl,
    "aws:wafv2/webAclAssociation:WebAclAssociation": association,
    "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": logging,
}

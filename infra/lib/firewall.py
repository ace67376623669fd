"""The web application firewall before the gateway's stage (PCI DSS v4.0.1, 6.4.2): blocks by address, address rate, path, query and headers; watches bodies.

No rule blocks by what is in a body. A body is signed, opaque JSON of up to 64 KB and more: nothing renders it, no shell, template, XML reader or SQL sees it, and nothing is done with it before
its signature was verified. But its texts (names, descriptions, addresses of web sites) are written by payers: whoever buys something under the name `${jndi:…}` or `<script>` would
make a body rule refuse the provider's genuine webhook, again and again, until the provider gives up and the payment is missing. So the rules about bodies count instead; a
match gets a label, a line in the log and an alarm, which is the other way that 6.4.2 allows: "generate an alert that is immediately investigated".
WAF ignores an override of a rule that does not exist, so the names are compared with AWS's list in the tests. The groups follow AWS's default version: a body rule that AWS adds later
blocks until it is named here, and the alarm on blocked requests is what tells.
Sources: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html,
https://docs.aws.amazon.com/waf/latest/APIReference/API_RuleActionOverride.html, read 2026-11-25.

How much one address may send. Providers send from few addresses, the gateway takes 10,000 a second and 5,000 at once: in sixty seconds no sender gets more than
60 x 10,000 + 5,000 = 605,000 requests through, so 10 % above, 665,500, never stops a provider, and an address that sends more than the gateway takes is cut off before it
uses up what the others need. Who sends no API key is no provider: 1,000 in five minutes, three a second, are enough for a mistake and too few for a search.

How much of a body is watched: 64 KB, the most. The first 16 KB are in the price; each further 16 KB that a body really has costs 0.30 USD per million such requests, and most webhooks
have less than 16 KB. Longer bodies are watched up to there and let through (managed groups continue with what they see).
Source: https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-setting-body-inspection-limit.html, read 2026-11-25.
The rules use 700 + 200 + 25 WCU and a few: below the 1,500 of the basic price.

Behind the edge every request comes from one of CloudFront's addresses. So the first rule blocks whatever does not carry the edge's secret, and the rules that
count by address take it from the header in which the edge writes it, which nobody else can set. Amazon's list of bad addresses knows only the address of the
connection: with the edge it sees CloudFront's and finds nothing.

What is kept: a line for each blocked request and each suspicious body. WAF's lines have no bodies but what a rule matched in one, and headers: both are replaced, as are the query string and every
header that proves a sender. No requests are sampled. What is let through is in the gateway's access log.
"""

from typing import Any

import pulumi
import pulumi_aws as aws
from pulumi_aws import wafv2

from lib.catalogue import read_catalogue
from lib.limits import LIMITS
from lib.policies import document
from lib.protected_log import ProtectedLog
from lib.settings import Settings

NAME = "webhook_firewall"
CORE = "AWSManagedRulesCommonRuleSet"
KNOWN_BAD = "AWSManagedRulesKnownBadInputsRuleSet"
REPUTATION = "AWSManagedRulesAmazonIpReputationList"
# Rules that only count, by group. Not every sender of webhooks names itself in User-Agent.
COUNTED = {
    CORE: (
        "CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY", "NoUserAgent_HEADER",
        "SizeRestrictions_BODY",
    ),
    KNOWN_BAD: ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"),
    REPUTATION: (),
}  # fmt: skip
# What those of them that find an attack put on a request. Large bodies and missing names are everyday.
ATTACK_LABELS = (
    *(f"awswaf:managed:aws:core-rule-set:{rule}_Body" for rule in
      ("CrossSiteScripting", "EC2MetaDataSSRF", "GenericLFI", "GenericRFI")),
    *(f"awswaf:managed:aws:known-bad-inputs:{rule}_Body" for rule in ("JavaDeserializationRCE", "Log4JRCE", "ReactJSRCE")),
)  # fmt: skip
# The rules' names are also the names of their metrics.
ADDRESS_RATE = "rate_per_address"
KEYLESS_RATE = "rate_without_key"
SUSPICIOUS_BODY = "suspicious_body"
KEY_HEADER = "x-api-key"
PAST_EDGE = "past_the_edge"
SECRET_HEADER = "x-origin-secret"
VIEWER_HEADER = "x-viewer-ip"


def secret_headers() -> list[str]:
    """Headers whose values prove who sends: never in a log."""
    signatures = {header for provider in read_catalogue() for header in provider.forwarded_headers}
    return sorted({KEY_HEADER, SECRET_HEADER, "authorization", "cookie"} | signatures)


def visibility(name: str) -> wafv2.WebAclRuleVisibilityConfigArgs:
    """Metrics, and no samples: what is redacted in a log is not redacted in a sample."""
    return wafv2.WebAclRuleVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )


def managed_group(name: str, priority: int) -> wafv2.WebAclRuleArgs:
    """A group of rules that AWS maintains, with the ones that only count."""
    count = wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
        count=wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
    )
    return wafv2.WebAclRuleArgs(
        name=name,
        priority=priority,
        override_action=wafv2.WebAclRuleOverrideActionArgs(none=wafv2.WebAclRuleOverrideActionNoneArgs()),
        statement=wafv2.WebAclRuleStatementArgs(
            managed_rule_group_statement=wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                vendor_name="AWS",
                name=name,
                rule_action_overrides=[
                    wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
                        name=rule, action_to_use=count
                    )
                    for rule in COUNTED[name]
                ]
                or None,
            )
        ),
        visibility_config=visibility(name),
    )


def without_key() -> Any:
    """Requests whose API key is missing or empty: a header that is not there matches nothing, so this is "has one", negated.

    In the provider's own spelling: the package's types for rules are shared with `WebAclRule`, which knows no negation here.
    Source: https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-fields.html, read 2026-11-25.
    """
    has_key = {
        "fieldToMatch": {"singleHeader": {"name": KEY_HEADER}},
        "comparisonOperator": "GE",
        "size": 1,
        "textTransformations": [{"priority": 0, "type": "NONE"}],
    }
    return {"notStatement": {"statements": [{"sizeConstraintStatement": has_key}]}}


def past_edge(priority: int, secrets: list[pulumi.Input[str]]) -> wafv2.WebAclRuleArgs:
    """Blocks what does not carry a secret of the edge, in the provider's own spelling as above."""

    def carries(secret: pulumi.Input[str]) -> Any:
        return {
            "byteMatchStatement": {
                "fieldToMatch": {"singleHeader": {"name": SECRET_HEADER}},
                "positionalConstraint": "EXACTLY",
                "searchString": secret,
                "textTransformations": [{"priority": 0, "type": "NONE"}],
            }
        }

    one_of = [carries(secret) for secret in secrets]
    known: Any = one_of[0] if len(one_of) == 1 else {"orStatement": {"statements": one_of}}
    statement: Any = {"notStatement": {"statements": [known]}}
    return wafv2.WebAclRuleArgs(
        name=PAST_EDGE,
        priority=priority,
        action=wafv2.WebAclRuleActionArgs(block=wafv2.WebAclRuleActionBlockArgs()),
        statement=statement,
        visibility_config=visibility(PAST_EDGE),
    )


def rate(
    name: str,
    priority: int,
    limit: int,
    window_seconds: int,
    edge: bool,
    scope: Any = None,
) -> wafv2.WebAclRuleArgs:
    """Blocks an address for as long as it is over the limit; one that cannot be read counts as over."""
    forwarded = wafv2.WebAclRuleStatementRateBasedStatementForwardedIpConfigArgs(
        header_name=VIEWER_HEADER, fallback_behavior="MATCH"
    )
    return wafv2.WebAclRuleArgs(
        name=name,
        priority=priority,
        action=wafv2.WebAclRuleActionArgs(block=wafv2.WebAclRuleActionBlockArgs()),
        statement=wafv2.WebAclRuleStatementArgs(
            rate_based_statement=wafv2.WebAclRuleStatementRateBasedStatementArgs(
                aggregate_key_type="FORWARDED_IP" if edge else "IP",
                forwarded_ip_config=forwarded if edge else None,
                limit=limit,
                evaluation_window_sec=window_seconds,
                scope_down_statement=scope,
            )
        ),
        visibility_config=visibility(name),
    )


def suspicious_body(priority: int) -> wafv2.WebAclRuleArgs:
    """Counts and labels what the groups' body rules found: WAF gives the counting rules of a managed group no metric of this ACL.

    Source: https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html, read 2026-11-25.
    """
    return wafv2.WebAclRuleArgs(
        name=SUSPICIOUS_BODY,
        priority=priority,
        action=wafv2.WebAclRuleActionArgs(count=wafv2.WebAclRuleActionCountArgs()),
        statement=wafv2.WebAclRuleStatementArgs(
            or_statement=wafv2.WebAclRuleStatementOrStatementArgs(
                statements=[
                    wafv2.WebAclRuleStatementArgs(
                        label_match_statement=wafv2.WebAclRuleStatementLabelMatchStatementArgs(scope="LABEL", key=label)
                    )
                    for label in ATTACK_LABELS
                ]
            )
        ),
        rule_labels=[wafv2.WebAclRuleRuleLabelArgs(name=SUSPICIOUS_BODY)],
        visibility_config=visibility(SUSPICIOUS_BODY),
    )


def rules(edge_secrets: list[pulumi.Input[str]] | None = None) -> list[wafv2.WebAclRuleArgs]:
    """In the order in which WAF asks them: what came past the edge first, by address then, by content, the labels of the groups last."""
    limits = LIMITS["firewall"]
    edge = edge_secrets is not None
    return [
        *([past_edge(0, edge_secrets)] if edge_secrets else []),
        managed_group(REPUTATION, 1),
        rate(KEYLESS_RATE, 2, limits["keyless_requests"], limits["keyless_window_seconds"], edge, without_key()),
        rate(ADDRESS_RATE, 3, limits["address_requests"], limits["address_window_seconds"], edge),
        managed_group(CORE, 4),
        managed_group(KNOWN_BAD, 5),
        suspicious_body(6),
    ]


def protected(field_type: str, keys: list[str] | None = None) -> wafv2.WebAclDataProtectionConfigDataProtectionArgs:
    """A part of requests that WAF replaces in everything it keeps."""
    return wafv2.WebAclDataProtectionConfigDataProtectionArgs(
        field=wafv2.WebAclDataProtectionConfigDataProtectionFieldArgs(field_type=field_type, field_keys=keys),
        action="SUBSTITUTION",
    )


class Firewall(pulumi.ComponentResource):
    """The web ACL, its association with the stage, and its log."""

    def __init__(
        self,
        settings: Settings,
        stage: aws.apigateway.Stage,
        key_arn: pulumi.Input[str],
        edge_secrets: list[pulumi.Input[str]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payhook:index:Firewall", "firewall", None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        name = settings.name(NAME)
        self.acl = wafv2.WebAcl(
            NAME,
            name=name,
            description="Before the webhooks of payment providers",
            scope="REGIONAL",
            # What no rule stops goes on: the API key and the signature decide.
            default_action=wafv2.WebAclDefaultActionArgs(allow=wafv2.WebAclDefaultActionAllowArgs()),
            rules=rules(edge_secrets),
            association_config=wafv2.WebAclAssociationConfigArgs(
                request_bodies=[
                    wafv2.WebAclAssociationConfigRequestBodyArgs(
                        api_gateway=wafv2.WebAclAssociationConfigRequestBodyApiGatewayArgs(
                            default_size_inspection_limit=f"KB_{LIMITS['firewall']['body_inspected_kb']}"
                        )
                    )
                ]
            ),
            data_protection_config=wafv2.WebAclDataProtectionConfigArgs(
                data_protections=[
                    protected("SINGLE_HEADER", secret_headers()),
                    protected("QUERY_STRING"),
                    protected("BODY"),
                ]
            ),
            visibility_config=wafv2.WebAclVisibilityConfigArgs(
                cloudwatch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
            ),
            tags=settings.tags,
            opts=self._child,
        )
        wafv2.WebAclAssociation(
            f"{NAME}_stage",
            resource_arn=pulumi.Output.concat(
                f"arn:aws:apigateway:{settings.region}::/restapis/", stage.rest_api, "/stages/", stage.stage_name
            ),
            web_acl_arn=self.acl.arn,
            # The ARN holds the API's id only: the stage must be there, too.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[stage]),
        )
        self._log(settings, key_arn)
        self.register_outputs({})

    def _log(self, settings: Settings, key_arn: pulumi.Input[str]) -> None:
        group_arn = settings.log_group_arn(settings.firewall_log_group)
        log = ProtectedLog(f"{NAME}_log", settings, settings.firewall_log_group, key_arn, self._child)
        # Without it WAF writes one itself, which `pulumi destroy` would leave behind. An account has room for ten in a region.
        # Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html, read 2026-11-25.
        writer = aws.cloudwatch.LogResourcePolicy(
            f"{NAME}_log_policy",
            policy_name=settings.name("firewall_logs"),
            policy_document=document(
                {
                    "Sid": "FirewallWrites",
                    "Effect": "Allow",
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                    "Resource": f"{group_arn}:log-stream:*",
                    "Condition": {
                        "StringEquals": {"aws:SourceAccount": settings.account_id},
                        "ArnLike": {"aws:SourceArn": settings.arn("logs", "*")},
                    },
                }
            ),
            opts=self._child,
        )
        labels = f"awswaf:{settings.account_id}:webacl:{settings.name(NAME)}"
        condition = wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionArgs
        action = wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionActionConditionArgs
        label = wafv2.WebAclLoggingConfigurationLoggingFilterFilterConditionLabelNameConditionArgs
        redacted = wafv2.WebAclLoggingConfigurationRedactedFieldArgs
        single_header = wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs
        wafv2.WebAclLoggingConfiguration(
            f"{NAME}_logging",
            resource_arn=self.acl.arn,
            log_destination_configs=[group_arn],
            logging_filter=wafv2.WebAclLoggingConfigurationLoggingFilterArgs(
                default_behavior="DROP",
                filters=[
                    wafv2.WebAclLoggingConfigurationLoggingFilterFilterArgs(
                        behavior="KEEP",
                        requirement="MEETS_ANY",
                        conditions=[
                            condition(action_condition=action(action="BLOCK")),
                            condition(label_name_condition=label(label_name=f"{labels}:{SUSPICIOUS_BODY}")),
                        ],
                    )
                ],
            ),
            # The ACL's data protection replaces them already; this is for whoever looks for it here.
            redacted_fields=[
                *[redacted(single_header=single_header(name=name)) for name in secret_headers()],
                redacted(query_string=wafv2.WebAclLoggingConfigurationRedactedFieldQueryStringArgs()),
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[log, writer]),
        )

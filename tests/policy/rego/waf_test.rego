package payhook_test

import rego.v1

# The rules of the good ACL by name, and one of them changed.
acl_with(name, change) := array.concat(acl_without(name), [with_keys(rule, change) |
	some rule in named("webhook_firewall").properties.rules
	rule.name == name
])

acl_without(name) := [rule | some rule in named("webhook_firewall").properties.rules; rule.name != name]

group(overrides) := {"statement": {"managedRuleGroupStatement": {
	"vendorName": "AWS",
	"name": "AWSManagedRulesCommonRuleSet",
	"ruleActionOverrides": [{"name": name, "actionToUse": {"count": {}}} | some name in overrides],
}}}

vendor(name) := {"statement": {"managedRuleGroupStatement": object.union(group(["SizeRestrictions_BODY"]).statement.managedRuleGroupStatement, {"vendorName": name})}}

rate_of(change) := {"statement": {"rateBasedStatement": object.union({"limit": 665500, "aggregateKeyType": "IP"}, change)}}

core := "AWSManagedRulesCommonRuleSet"

rows contains row if {
	some row in [
		["deny_waf_scope", "webhook_firewall", {"/scope": "CLOUDFRONT"}],
		["deny_waf_scope", "webhook_firewall", {"/scope": absent}],
		["deny_waf_scope", "webhook_firewall", {"/defaultAction": {"block": {}}}],
		["deny_waf_scope", "webhook_firewall", {"/defaultAction": absent}],
		["deny_waf_managed", "webhook_firewall", {"/rules": absent}],
		["deny_waf_managed", "webhook_firewall", {"/rules": acl_with(core, vendor("Somebody"))}],
		["deny_waf_managed", "webhook_firewall", {"/rules": acl_without(core)}],
		["deny_waf_managed", "webhook_firewall", {"/rules": acl_without("AWSManagedRulesKnownBadInputsRuleSet")}],
		["deny_waf_managed", "webhook_firewall", {"/rules": acl_without("suspicious_body")}],
		["deny_waf_managed", "webhook_firewall", {"/rules": acl_with(core, {"overrideAction": {"count": {}}})}],
		["deny_waf_managed", "webhook_firewall", {"/rules": acl_with(core, {"overrideAction": {}})}],
		["deny_waf_managed", "webhook_firewall", {"/rules": acl_with(core, group(["SizeRestrictions_BODY", "GenericLFI_QUERYARGUMENTS"]))}],
		["deny_waf_managed", "webhook_firewall", {"/rules": acl_with(core, group([]))}],
		["deny_waf_rate", "webhook_firewall", {"/rules": acl_without("rate_per_address")}],
		["deny_waf_rate", "webhook_firewall", {"/rules": acl_without("rate_without_key")}],
		["deny_waf_rate", "webhook_firewall", {"/rules": acl_with("rate_per_address", {"action": {"count": {}}})}],
		["deny_waf_rate", "webhook_firewall", {"/rules": acl_with("rate_per_address", rate_of({"limit": 100000000}))}],
		["deny_waf_rate", "webhook_firewall", {"/rules": acl_with("rate_per_address", rate_of({"aggregateKeyType": "CONSTANT"}))}],
		["deny_waf_rate", "webhook_firewall", {"/rules": acl_with("rate_per_address", rate_of({"scopeDownStatement": {"geoMatchStatement": {}}}))}],
		["deny_waf_rate", "webhook_firewall", {"/rules": acl_with("rate_without_key", {"action": {"count": {}}})}],
		["deny_waf_rate", "webhook_firewall", {"/rules": acl_with("rate_per_address", rate_of({"evaluationWindowSec": 600}))}],
		["deny_waf_body", "webhook_firewall", {"/associationConfig": absent}],
		["deny_waf_body", "webhook_firewall", {"/associationConfig/requestBodies": [{"apiGateway": {"defaultSizeInspectionLimit": "KB_16"}}]}],
		["deny_waf_data", "webhook_firewall", {"/dataProtectionConfig": absent}],
		["deny_waf_data", "webhook_firewall", {"/dataProtectionConfig/dataProtections": [{"action": "SUBSTITUTION", "field": {"fieldType": "BODY"}}]}],
		["deny_waf_data", "webhook_firewall", {"/visibilityConfig/sampledRequestsEnabled": true}],
		["deny_waf_data", "webhook_firewall", {"/visibilityConfig/sampledRequestsEnabled": absent}],
		["deny_waf_metrics", "webhook_firewall", {"/visibilityConfig/cloudwatchMetricsEnabled": false}],
		["deny_waf_metrics", "webhook_firewall", {"/rules": acl_with(core, {"visibilityConfig": {"cloudwatchMetricsEnabled": false}})}],
		["deny_waf_log", "webhook_firewall_logging", {"/redactedFields": absent}],
		["deny_waf_log", "webhook_firewall_logging", {"/redactedFields": [{"singleHeader": {"name": "user-agent"}}]}],
		["deny_waf_log", "webhook_firewall_logging", {"/logDestinationConfigs": []}],
		["deny_waf_log", "webhook_firewall_logging", {"/loggingFilter/filters": []}],
		["stack_deny_waf_headers", "webhook_firewall", {"/dataProtectionConfig": absent}],
		["stack_deny_waf_headers", "webhook_firewall_logging", {"/redactedFields": [{"singleHeader": {"name": "x-api-key"}}]}],
		["stack_deny_waf_missing", "webhook_firewall_stage", "gone"],
		["stack_deny_waf_missing", "webhook_firewall_stage", {"/resourceArn": "arn:preview:other_stage"}],
		["stack_deny_waf_missing", "webhook_firewall_stage", {"/resourceArn": absent}],
		["stack_deny_waf_missing", "webhook_firewall_stage", {"/webAclArn": "arn:preview:other_acl"}],
		["stack_deny_waf_missing", "webhook_firewall", "gone"],
		["stack_deny_waf_missing", "webhook_firewall_logging", "gone"],
		["stack_deny_waf_missing", "webhook_firewall_log", "gone"],
		["stack_deny_alarm_firewall", "firewall_blocked", "gone"],
		["stack_deny_alarm_firewall", "firewall_suspicious_bodies", "gone"],
		["stack_deny_alarm_firewall", "firewall_blocked", {"/threshold": 10001}],
		["stack_deny_alarm_firewall", "firewall_blocked", {"/dimensions/Rule": "rate_per_address"}],
	]
}

# The stage by its real ARN is the same stage.
test_waf_by_stage_arn if {
	arn := "arn:aws:apigateway:us-east-2::/restapis/webhook_api-id/stages/live"
	not fires(["stack_deny_waf_missing", "webhook_firewall_stage", {"/resourceArn": arn}])
	fires(["stack_deny_waf_missing", "webhook_firewall_stage", {"/resourceArn": replace(arn, "webhook_api-id", "other-id")}])
}

package payhook

import rego.v1

acl_type := "aws:wafv2/webAcl:WebAcl"

acl_rules(acl) := as_list(value_or_null(acl, ["rules"]))

# METADATA
# title: The web ACL works for the region and lets its rules decide
# description: >-
#   API Gateway takes ACLs of the scope REGIONAL only. What no rule stops is let in by an allowing default: the API key decides about it. Never
#   computed: absent is a violation.
# scope: rule
# custom:
#   fix: set scope to REGIONAL and default_action to allow
#   pci: ["6.4.2", "2.2.6"]
deny_waf_scope contains message if {
	input.__type == acl_type
	wrong := not_exactly(subject, ["scope"], "REGIONAL")
	message := say(subject, wrong, "make it REGIONAL")
}

deny_waf_scope contains message if {
	input.__type == acl_type
	not allows_by_default(subject)
	message := say(subject, sprintf("defaultAction is %s", [shown(subject, ["defaultAction"])]), "allow what no rule stops")
}

allows_by_default(acl) if object.keys(value(acl, ["defaultAction"])) == {"allow"}

# The groups of rules that AWS maintains and that must act.
required_groups := {
	"AWSManagedRulesAmazonIpReputationList",
	"AWSManagedRulesCommonRuleSet",
	"AWSManagedRulesKnownBadInputsRuleSet",
}

# Rules of those groups that may only count: what is in a body, which payers write, and a header that not every sender has.
countable_rules := {"NoUserAgent_HEADER"}

may_count(name) if endswith(name, "_BODY")

may_count(name) if name in countable_rules

# METADATA
# title: The web ACL stops known attacks
# description: >-
#   The common rules, the known bad inputs and the list of bad addresses act. Only rules about bodies may count instead of blocking: payers write what
#   is in a body, and a rule that took it for an attack would stop a provider's genuine webhook. The rule about large bodies must count, because
#   webhooks of 64 KB are no attack, and what the counting rules find is labelled by a rule of the ACL, so that an alarm can see it. Never computed:
#   absent is a violation.
# scope: rule
# custom:
#   fix: keep the managed rule groups of infra/lib/firewall.py
#   pci: ["6.4.2", "6.2.4"]
deny_waf_managed contains message if {
	input.__type == acl_type
	some wrong in managed_faults
	message := say(subject, wrong, "let AWS's rules act")
}

managed_group(rule) := rule.statement.managedRuleGroupStatement

managed_faults contains sprintf("%s is not among its rules", [name]) if {
	some name in (required_groups - {managed_group(rule).name | some rule in acl_rules(subject)})
}

managed_faults contains sprintf("rule %s only counts", [json.marshal(rule.name)]) if {
	some rule in acl_rules(subject)
	managed_group(rule)
	not acts(rule)
}

managed_faults contains sprintf("%s of %s does not block", [override.name, managed_group(rule).name]) if {
	some rule in acl_rules(subject)
	some override in managed_group(rule).ruleActionOverrides
	not may_count(override.name)
}

managed_faults contains sprintf("rule %s is a group of somebody else", [json.marshal(rule.name)]) if {
	some rule in acl_rules(subject)
	managed_group(rule)
	object.get(managed_group(rule), "vendorName", null) != "AWS"
}

managed_faults contains "SizeRestrictions_BODY stops large bodies" if {
	some rule in acl_rules(subject)
	managed_group(rule).name == "AWSManagedRulesCommonRuleSet"
	not counts_large(rule)
}

managed_faults contains "no rule labels what the counting rules find" if count(counting_rules(subject)) == 0

acts(rule) if object.keys(rule.overrideAction) == {"none"}

counts_large(rule) if {
	some override in managed_group(rule).ruleActionOverrides
	override.name == "SizeRestrictions_BODY"
	object.keys(override.actionToUse) in [{"count"}, {"allow"}]
}

# The ACL's own rules that count what the groups have labelled.
counting_rules(acl) := [rule |
	some rule in acl_rules(acl)
	object.keys(rule.action) == {"count"}
	count(rule.ruleLabels) > 0
	contains(json.marshal(rule.statement), "awswaf:managed:aws:")
]

# METADATA
# title: One address cannot flood the API, nor search it without a key
# description: >-
#   A rule over all requests limits those of one address and blocks what is above; another, far lower, limits those that bring no API key. Never
#   computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep the rate rules of infra/lib/firewall.py
#   pci: ["6.4.2", "2.2.6", "8.3.4"]
deny_waf_rate contains message if {
	input.__type == acl_type
	not limits_everybody(subject)
	message := say(subject, "no rule limits and blocks a single address", "add a rate rule that blocks")
}

deny_waf_rate contains message if {
	input.__type == acl_type
	not limits_keyless(subject)
	message := say(subject, "no rule limits an address that sends no API key", "add a rate rule for requests without x-api-key")
}

limits_everybody(acl) if count(rate_rules(acl)) > 0

# The rules that cut off an address whatever it sends.
rate_rules(acl) := [rule |
	some rule in acl_rules(acl)
	some rate in blocking_rates(acl)
	rule.statement.rateBasedStatement == rate
	not rate.scopeDownStatement
	is_between(rate.limit, address_limit_min, address_limit_max)
]

limits_keyless(acl) if {
	some rate in blocking_rates(acl)
	contains(json.marshal(rate.scopeDownStatement), "x-api-key")
	is_between(rate.limit, address_limit_min, keyless_limit_max)
}

blocking_rates(acl) := [rule.statement.rateBasedStatement |
	some rule in acl_rules(acl)
	object.keys(rule.action) == {"block"}
	rule.statement.rateBasedStatement.aggregateKeyType in {"IP", "FORWARDED_IP"}
	object.get(rule.statement.rateBasedStatement, "evaluationWindowSec", 300) in {60, 120, 300}
]

# METADATA
# title: The WAF reads as much of a body as it can
# description: >-
#   By default it reads the first 16 KB of a body at API Gateway; 64 KB is the most, and what lies beyond is not inspected. Never computed: absent is
#   the default and a violation.
# scope: rule
# custom:
#   fix: set the association's inspection limit for API Gateway to KB_64 (infra/lib/firewall.py)
#   pci: ["6.4.2"]
deny_waf_body contains message if {
	input.__type == acl_type
	not reads_large_bodies(subject)
	message := say(subject, "it does not inspect 64 KB of a body", "set the inspection limit to KB_64")
}

reads_large_bodies(acl) if {
	some body in as_list(value_or_null(acl, ["associationConfig", "requestBodies"]))
	body.apiGateway.defaultSizeInspectionLimit == "KB_64"
}

# METADATA
# title: The WAF keeps neither bodies nor keys
# description: >-
#   Whatever the ACL keeps of a request, bodies, queries and what proves a caller are replaced in it, and it takes no samples: samples show what logs
#   redact. Never computed; AWS's default is to keep, so absent is a violation.
# scope: rule
# custom:
#   fix: keep the data protection of infra/lib/firewall.py and sampled_requests_enabled=False
#   pci: ["3.3.1", "3.5.1", "8.3.2"]
deny_waf_data contains message if {
	input.__type == acl_type
	some wrong in waf_data_faults
	message := say(subject, wrong, "keep neither bodies nor keys")
}

waf_data_faults contains sprintf("%s is not replaced", [kind]) if {
	some kind in {"BODY", "QUERY_STRING"}
	not replaces_field(subject, kind)
}

waf_data_faults contains sprintf("the header %s is not replaced", [name]) if {
	some name in secret_headers
	not replaces_header(subject, name)
}

waf_data_faults contains sprintf("%s takes samples", [name]) if {
	some name, visibility in acl_visibility
	object.get(visibility, "sampledRequestsEnabled", null) != false
}

# Headers that prove a caller. The signature headers of the providers are stack_deny_waf_headers'.
secret_headers := {"authorization", "cookie", "x-api-key"}

replaced(acl) := [protection.field |
	some protection in as_list(value_or_null(acl, ["dataProtectionConfig", "dataProtections"]))
	protection.action in {"SUBSTITUTION", "HASH"}
]

replaces_field(acl, kind) if {
	some field in replaced(acl)
	field.fieldType == kind
}

replaces_header(acl, name) if {
	some field in replaced(acl)
	field.fieldType == "SINGLE_HEADER"
	name in field.fieldKeys
}

# METADATA
# title: The WAF is measured
# description: >-
#   The ACL and each of its rules count what they stop; without metrics nobody sees an attack. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: set cloudwatch_metrics_enabled to True in every visibility_config
#   pci: ["6.4.2", "10.7.2", "11.5.1"]
deny_waf_metrics contains message if {
	input.__type == acl_type
	some name, visibility in acl_visibility
	object.get(visibility, "cloudwatchMetricsEnabled", null) != true
	message := say(subject, sprintf("%s has no metrics", [name]), "count what it stops")
}

# The settings of the ACL and of each of its rules, by a name for messages.
acl_visibility := object.union(
	{"the ACL": object.get(subject.__properties, "visibilityConfig", {})},
	{name: object.get(rule, "visibilityConfig", {}) |
		some rule in acl_rules(subject)
		name := sprintf("rule %s", [json.marshal(rule.name)])
	},
)

waf_log_type := "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"

# METADATA
# title: The WAF logs without keys
# description: >-
#   Its log has no bodies, but headers: the API key's is redacted. A filter, where there is one, keeps what was blocked. A destination is given. Where
#   a preview may leave the ACL unknown, the dependency says so; the destination is built from a name.
# scope: rule
# custom:
#   fix: redact the header x-api-key and name the log group
#   pci: ["6.4.2", "8.3.2", "10.2.1"]
deny_waf_log contains message if {
	input.__type == waf_log_type
	some wrong in waf_log_faults
	message := say(subject, wrong, "log to the stack's group, without keys")
}

waf_log_faults contains "it has no destination" if count(object.get(subject.__properties, "logDestinationConfigs", [])) == 0

waf_log_faults contains sprintf("the header %s is not redacted", [name]) if {
	some name in secret_headers
	not redacts(subject, name)
}

waf_log_faults contains "its filter drops what was blocked" if {
	has_value(subject, ["loggingFilter"])
	not keeps_blocked(subject)
}

keeps_blocked(logging) if value(logging, ["loggingFilter", "defaultBehavior"]) == "KEEP"

keeps_blocked(logging) if {
	some kept in value(logging, ["loggingFilter", "filters"])
	kept.behavior == "KEEP"
	kept.requirement == "MEETS_ANY"
	some condition in kept.conditions
	condition.actionCondition.action == "BLOCK"
}

redacts(logging, name) if {
	some field in as_list(value_or_null(logging, ["redactedFields"]))
	field.singleHeader.name == name
}

# METADATA
# title: No signature of a provider stays in the WAF's log
# description: >-
#   Every header that the API's templates hand to the verification proves who sent a webhook. Each is replaced in what the ACL keeps and redacted in
#   its log. The headers are read from the templates, which are text in every preview.
# scope: rule
# custom:
#   fix: keep secret_headers() of infra/lib/firewall.py
#   pci: ["3.3.1", "8.3.2"]
stack_deny_waf_headers contains message if {
	some acl in of_type(acl_type)
	some header in template_headers
	not replaces_header(acl, header)
	message := say(acl, sprintf("the header %s is not replaced", [header]), "replace it in what is kept")
}

stack_deny_waf_headers contains message if {
	some logging in of_type(waf_log_type)
	some header in template_headers
	not redacts(logging, header)
	message := say(logging, sprintf("the header %s is not redacted", [header]), "redact it")
}

template_headers contains header if {
	some integration in of_type("aws:apigateway/integration:Integration")
	some template in value(integration, ["requestTemplates"])
	some match in regex.find_all_string_submatch_n(wanted_headers, template, -1)
	some header in split(match[1], ",")
}

# METADATA
# title: A web application firewall stands before the stage
# description: >-
#   Each stage is associated with a web ACL of this stack, and that ACL logs to a log group of this stack. Where a preview may leave unknown which
#   stage or ACL is meant, the dependency says so.
# scope: rule
# custom:
#   fix: associate the web ACL with the stage and give it a logging configuration
#   pci: ["6.4.2", "10.2.1", "11.5.1"]
stack_deny_waf_missing contains message if {
	some stage in stages
	not is_guarded(stage)
	message := say(stage, "no web ACL that logs is associated with it", "associate one")
}

is_guarded(stage) if {
	some association in of_type("aws:wafv2/webAclAssociation:WebAclAssociation")
	guards(association, stage)
	some acl in of_type(acl_type)
	may_link(association, ["webAclArn"], acl)
	some logging in of_type(waf_log_type)
	may_link(logging, ["resourceArn"], acl)
	some destination in as_list(value_or_null(logging, ["logDestinationConfigs"]))
	writes_to_stack(destination)
}

guards(association, stage) if may_link(association, ["resourceArn"], stage)

# The ARN of a stage has the API's id in it: arn:aws:apigateway:{region}::/restapis/{api}/stages/{stage}.
guards(association, stage) if {
	end := sprintf("::/restapis/%s/stages/%s", [value(stage, ["restApi"]), value(stage, ["stageName"])])
	endswith(value(association, ["resourceArn"]), end)
}

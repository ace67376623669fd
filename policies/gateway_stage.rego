package payhook

import rego.v1

api_type := "aws:apigateway/restApi:RestApi"

stage_type := "aws:apigateway/stage:Stage"

settings_type := "aws:apigateway/methodSettings:MethodSettings"

usage_plan_type := "aws:apigateway/usagePlan:UsagePlan"

# What PCI DSS v4.0.1, 10.2.2 asks of a log line: who, what, when, whether it worked, from where, on what.
# `$context.requestId` is in neither list: a sender can choose it.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html,
# read 2026-11-27.
access_log_fields := {
	"$context.extendedRequestId",
	"$context.requestTime",
	"$context.identity.sourceIp",
	"$context.httpMethod",
	"$context.resourcePath",
	"$context.status",
	"$context.identity.apiKeyId",
}

# What else may stand there. Not listed, and so refused: bodies, headers and query strings, the key itself, what an authorizer said, what a caller's certificate holds.
access_log_extras := {
	"$context.apiId",
	"$context.error.responseType",
	"$context.integration.latency",
	"$context.integration.requestId",
	"$context.integration.status",
	"$context.protocol",
	"$context.responseLatency",
	"$context.responseLength",
	"$context.stage",
	"$context.wafResponseCode",
	"$context.waf.status",
	"$context.webaclArn",
}

# METADATA
# title: The API writes an access log without bodies or keys
# description: >-
#   Each request leaves a JSON line with who, what, when, from where and with what result; the key's id, never the key; no body, header or query.
#   Destination and format are text in every preview: absent or unreadable is a violation.
# scope: rule
# custom:
#   fix: keep ACCESS_LOG of infra/lib/gateway.py
#   pci: ["10.2.1", "10.2.1.4", "10.2.2", "3.3.1", "8.3.2"]
deny_stage_access_log contains message if {
	input.__type == stage_type
	some wrong in access_log_faults
	message := say(subject, wrong, "log each request, without its body")
}

access_log_path := ["accessLogSettings", "format"]

access_log_faults contains not_given(subject, ["accessLogSettings", "destinationArn"])

access_log_faults contains not_given(subject, access_log_path)

access_log_faults contains "the format of the access log is not JSON" if {
	has_value(subject, access_log_path)
	not is_json(subject, access_log_path)
}

access_log_faults contains sprintf("the access log does not have %s", [field]) if {
	some field in (access_log_fields - access_log_held)
}

access_log_faults contains sprintf("the access log has %s", [json.marshal(found)]) if {
	some found in (access_log_held - (access_log_fields | access_log_extras))
}

access_log_held contains found if some found in parsed(subject, access_log_path)

# METADATA
# title: A stage keeps no copy of what passes
# description: >-
#   A cache keeps answers, a canary sends part of the payments to an untested deployment, and tracing keeps what it sees for a month. Absent is off
#   and right.
# scope: rule
# custom:
#   fix: remove the cache, the canary and the tracing
#   pci: ["3.2.1", "3.5.1", "6.5.1"]
deny_stage_extras contains message if {
	input.__type == stage_type
	some property in {"cacheClusterEnabled", "xrayTracingEnabled"}
	value(subject, [property]) == true
	message := say(subject, sprintf("%s is true", [property]), "switch it off")
}

deny_stage_extras contains message if {
	input.__type == stage_type
	has_value(subject, ["canarySettings"])
	message := say(subject, "it has a canary", "deploy one version")
}

# METADATA
# title: Bodies are never traced
# description: >-
#   Data trace writes whole requests, card data included, into the execution log. It is off explicitly, for all methods at once, and so is the cache.
#   Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: set data_trace_enabled to False for */* (infra/lib/gateway.py)
#   pci: ["3.3.1", "3.5.1", "10.3.1"]
deny_method_trace contains message if {
	input.__type == settings_type
	some wrong in trace_faults
	message := say(subject, wrong, "keep no bodies")
}

trace_faults contains not_exactly(subject, ["settings", "dataTraceEnabled"], false)

trace_faults contains "settings.cachingEnabled is true" if value(subject, ["settings", "cachingEnabled"]) == true

# METADATA
# title: The API is measured and logged
# description: >-
#   Metrics feed the alarm on 5XX answers; the execution log at INFO or ERROR says why a request was refused. Never computed; AWS's default is OFF, so
#   absent is a violation.
# scope: rule
# custom:
#   fix: set metrics_enabled to True and logging_level to INFO or ERROR (infra/lib/gateway.py)
#   pci: ["10.2.1", "10.2.1.4", "10.7.2"]
deny_method_logging contains message if {
	input.__type == settings_type
	some wrong in logging_faults
	message := say(subject, wrong, "measure and log every method")
}

logging_faults contains not_exactly(subject, ["settings", "metricsEnabled"], true)

logging_faults contains sprintf("settings.loggingLevel is %s", [shown(subject, ["settings", "loggingLevel"])]) if {
	not value_or_null(subject, ["settings", "loggingLevel"]) in {"INFO", "ERROR"}
}

logging_faults contains not_exactly(subject, ["methodPath"], "*/*")

# METADATA
# title: Ten thousand requests a second, no more
# description: >-
#   The limit that was agreed, on the stage and in the usage plan, and a burst within the account's quota. Without it one caller uses up the quota of
#   the whole account and region. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: take the throttle from infra/limits.json (gateway)
#   pci: ["2.2.6", "6.4.1"]
deny_throttle contains message if {
	some wrong in throttle_faults
	message := say(subject, wrong, "keep the limit that was agreed")
}

throttle_paths := {
	settings_type: {"rate": ["settings", "throttlingRateLimit"], "burst": ["settings", "throttlingBurstLimit"]},
	usage_plan_type: {"rate": ["throttleSettings", "rateLimit"], "burst": ["throttleSettings", "burstLimit"]},
}

throttle_faults contains not_exactly(subject, throttle_paths[input.__type].rate, throttle_rate)

throttle_faults contains not_between(subject, throttle_paths[input.__type].burst, 1, throttle_burst_max)

# METADATA
# title: The access log goes to a log group of the stack
# description: >-
#   A destination elsewhere has another key, another retention and other readers. The ARN is built from the group's name and known in every preview.
# scope: rule
# custom:
#   fix: pass the ARN of the stack's log group (infra/lib/gateway.py)
#   pci: ["10.2.1", "10.3.2"]
stack_deny_stage_log_group contains message if {
	some stage in stages
	destination := value_or_null(stage, ["accessLogSettings", "destinationArn"])
	not writes_to_stack(destination)
	wrong := sprintf("its access log goes to %s, no log group of this stack", [shown(stage, ["accessLogSettings", "destinationArn"])])
	message := say(stage, wrong, "name the stack's log group")
}

writes_to_stack(destination) if {
	some group in log_groups
	endswith(destination, sprintf(":log-group:%s", [physical_name(group)]))
}

writes_to_stack(destination) if {
	some group in log_groups
	is_handle(destination, group)
}

# METADATA
# title: A stage has method settings
# description: >-
#   Method settings for all methods: limits and logs are theirs. Where a preview may leave unknown which stage is meant, the dependency says so.
# scope: rule
# custom:
#   fix: keep the parts of infra/lib/gateway.py
#   pci: ["2.2.6", "8.2.2", "10.2.1"]
stack_deny_stage_part contains message if {
	some stage in stages
	not has_settings(stage)
	message := say(stage, "it has no method settings", "give it some")
}

has_settings(stage) if {
	some settings in of_type(settings_type)
	value(settings, ["stageName"]) == value(stage, ["stageName"])
	some api in apis_of(stage)
	may_link(settings, ["restApi"], api)
}

# The APIs of a stage: one, in this stack.
apis_of(stage) := [api | some api in of_type(api_type); may_link(stage, ["restApi"], api)]

plans(plan, stage) if {
	some planned in value(plan, ["apiStages"])
	planned.stage == value(stage, ["stageName"])
	some api in apis_of(stage)
	points_at(planned.apiId, api)
}

plans(plan, stage) if {
	some planned in value(plan, ["apiStages"])
	planned.stage == value(stage, ["stageName"])
	is_item_unknown(plan, object.get(planned, "apiId", null))
	some api in apis_of(stage)
	may_plan(plan, api)
}

may_plan(plan, api) if comes_from(plan, "apiStages", api)

# Where the engine does not say what the property is made of, the stage's name must do.
may_plan(plan, _) if {
	not is_evaluated(plan)
	not plan.propertyDependencies.apiStages
}

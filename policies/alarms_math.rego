package payhook

import rego.v1

# The four metrics of the rate: Lambda's own, and the records that a partial batch response reports while Lambda's Errors stay at zero.
rate_metrics := [
	{"namespace": "AWS/Lambda", "metricName": "Errors", "dimension": "FunctionName"},
	{"namespace": "AWS/Lambda", "metricName": "Invocations", "dimension": "FunctionName"},
	{"namespace": "payhook", "metricName": "FailedRecords", "dimension": "function_name"},
	{"namespace": "payhook", "metricName": "Records", "dimension": "function_name"},
]

# METADATA
# title: More than one percent of failures rings, failed records included
# description: >-
#   Every function has an alarm whose metric math holds its errors, its invocations, its failed records and its records, in percent, with the
#   threshold 1 or less. Errors alone would stay at zero while every record of every batch fails. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm {function}_error_rate of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2", "12.10.5"]
stack_deny_alarm_error_rate contains message if {
	some function in functions
	name := physical_name(function)
	not has_rate_alarm(name)
	wrong := sprintf("no alarm rings above %d percent of errors and failed records", [error_rate_max_percent])
	message := say(function, wrong, "add {function}_error_rate")
}

has_rate_alarm(name) if {
	some alarm in alarms
	is_prompt(alarm, error_rate_max_percent)
	expression := returned_expression(alarm)
	contains(expression, "100 *")
	every metric in rate_metrics {
		uses(alarm, expression, metric, name)
	}
}

# The one expression that the alarm looks at.
returned_expression(alarm) := returned[0].expression if {
	returned := [query | some query in value(alarm, ["metricQueries"]); query.returnData == true]
	count(returned) == 1
}

uses(alarm, expression, wanted, name) if {
	some query in value(alarm, ["metricQueries"])
	query.metric.namespace == wanted.namespace
	query.metric.metricName == wanted.metricName
	query.metric.dimensions == {wanted.dimension: name}
	counts_in(query, expression)
}

# The sum of a short period, named in the expression.
counts_in(query, expression) if {
	query.metric.stat == "Sum"
	is_between(query.metric.period, alarm_period_min_seconds, alarm_period_max_seconds)
	regex.match(`^[a-z][A-Za-z0-9_]*$`, query.id)
	regex.match(sprintf(`(^|[^A-Za-z0-9_])%s([^A-Za-z0-9_]|$)`, [query.id]), expression)
}

# The ids of the operands that are this metric with exactly these dimensions, in this statistic.
operands(alarm, metric) := {query.id |
	some query in value(alarm, ["metricQueries"])
	query.metric.namespace == metric.namespace
	query.metric.metricName == metric.name
	query.metric.dimensions == metric.dimensions
	query.metric.stat == metric.stat
}

# The one period of all operands, in seconds: CloudWatch refuses operands with different ones.
period_seconds(alarm) := min(periods) if {
	metrics := [query.metric | some query in value(alarm, ["metricQueries"])]
	every metric in metrics {
		is_number(metric.period)
	}
	periods := {metric.period | some metric in metrics}
	count(periods) == 1
}

# The numbers after ">= " in an expression that has exactly this form, in their order.
numbers_in(expression, form) := [to_number(found[1]) |
	regex.match(form, expression)
	some found in regex.find_all_string_submatch_n(`>= ([0-9]+)`, expression, -1)
]

# At most an hour, and from the first point on.
rings_within_the_hour(alarm) if {
	is_prompt(alarm, 1)
	value(alarm, ["evaluationPeriods"]) == 1
	is_between(period_seconds(alarm), alarm_period_max_seconds, hour_seconds)
}

has_rejected_alarm(dimensions) if {
	some alarm in alarms
	some rejected in operands(alarm, {"namespace": "payhook", "name": "Rejected", "dimensions": dimensions, "stat": "Sum"})
	some stored in operands(alarm, {"namespace": "payhook", "name": "Stored", "dimensions": dimensions, "stat": "Sum"})
	some duplicates in operands(alarm, {"namespace": "payhook", "name": "Duplicates", "dimensions": dimensions, "stat": "Sum"})
	rings_within_the_hour(alarm)
	form := sprintf(
		`^IF\(FILL\(%s, 0\) >= [0-9]+, 1, IF\(FILL\(%s, 0\) >= [0-9]+, IF\(FILL\(%s, 0\) \+ FILL\(%s, 0\) < 1, 1, 0\), 0\)\)$`,
		[rejected, rejected, stored, duplicates],
	)
	[spike, few] := numbers_in(returned_expression(alarm), form)
	is_between(spike, 1, rejected_alarm_max)
	is_between(few, 1, rejected_alone_max)
}

# METADATA
# title: A gateway that refuses much rings
# description: >-
#   Every stage has an alarm on the share of 4XX answers among at least some requests: a
#   provider that is told 4XX may stop sending, and each of its webhooks is lost without a word.
#   Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm gateway_4xx_share of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2", "12.10.5"]
stack_deny_alarm_refused contains message if {
	some stage in stages
	some api in apis_of(stage)
	not has_refused_alarm({"ApiName": physical_name(api), "Stage": value_or_null(stage, ["stageName"])})
	wrong := sprintf("no alarm rings above %d percent of 4XX answers", [client_error_max_percent])
	message := say(stage, wrong, "add gateway_4xx_share")
}

has_refused_alarm(where) if {
	some alarm in alarms
	is_prompt(alarm, client_error_max_percent)
	is_between(period_seconds(alarm), alarm_period_min_seconds, client_error_window_max_seconds)
	refused := {"namespace": "AWS/ApiGateway", "name": "4XXError", "dimensions": where, "stat": "Sum"}
	requests := {"namespace": "AWS/ApiGateway", "name": "Count", "dimensions": where, "stat": "SampleCount"}
	computes_share(alarm, refused, requests, client_error_requests_max)
}

# True if the alarm looks at the percentage that one metric is of another, from at most so many of
# the other on.
computes_share(alarm, part_metric, whole_metric, whole_min_max) if {
	some part in operands(alarm, part_metric)
	some whole in operands(alarm, whole_metric)
	form := sprintf(`^IF\(FILL\(%s, 0\) >= [0-9]+, 100 \* FILL\(%s, 0\) / FILL\(%s, 0\), 0\)$`, [whole, part, whole])
	[least] := numbers_in(returned_expression(alarm), form)
	is_between(least, 1, whole_min_max)
}

# METADATA
# title: Events that lack facts ring
# description: >-
#   What is verified is stored, even if its amount, its time or its id is missing. A provider that
#   changes its format would leave payments without money, and nothing would fail. So there is an
#   alarm on the share of such events among all that are stored. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm incomplete_share of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2"]
stack_deny_alarm_incomplete contains message if {
	some function in functions
	base_name(function) == "webhook_processor"
	not has_incomplete_alarm({"function_name": physical_name(function)})
	wrong := sprintf("no alarm rings above %d percent of events that lack facts", [incomplete_max_percent])
	message := say(function, wrong, "add incomplete_share")
}

has_incomplete_alarm(where) if {
	some alarm in alarms
	is_prompt(alarm, incomplete_max_percent)
	is_between(period_seconds(alarm), alarm_period_min_seconds, hour_seconds)
	incomplete := {"namespace": "payhook", "name": "Incomplete", "dimensions": where, "stat": "Sum"}
	stored := {"namespace": "payhook", "name": "Stored", "dimensions": where, "stat": "Sum"}
	computes_share(alarm, incomplete, stored, incomplete_stored_max)
}

# The functions that count contradictions: of one movement when it is stored, of a whole payment when its day is over.
contradiction_counters := {"webhook_processor", "archival_function"}

# METADATA
# title: Events that contradict each other about money ring
# description: >-
#   What is verified is stored, even if its amount, its currency or a total is another than an event before it told, or more is given back than was
#   taken. The payment names the problem and nothing fails, so there is an alarm on the first one within an hour. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm money_contradicted of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2"]
stack_deny_alarm_contradicted contains message if {
	some function in functions
	base_name(function) in contradiction_counters
	not has_contradicted_alarm({"function_name": physical_name(function)})
	message := say(function, "no alarm rings when events contradict each other about money", "add it to money_contradicted")
}

has_contradicted_alarm(where) if {
	some alarm in alarms
	rings_within_the_hour(alarm)
	some found in operands(alarm, {"namespace": "payhook", "name": "Contradicted", "dimensions": where, "stat": "Sum"})
	expression := returned_expression(alarm)
	regex.match(`^FILL\([a-z]+, 0\)( \+ FILL\([a-z]+, 0\))*$`, expression)
	contains(expression, sprintf("FILL(%s, 0)", [found]))
}

# METADATA
# title: A card number in a log rings
# description: >-
#   Every log group with a data protection policy has an alarm on its findings, from the first one on: masked or not, it should never have been
#   logged. One alarm may add up several groups. The name of the API's execution log is unknown in a first preview, and then nothing asks for it.
# scope: rule
# custom:
#   fix: keep the alarm card_data_in_logs of infra/lib/alarms.py
#   pci: ["3.5.1", "10.4.1.1", "12.10.5", "12.10.7"]
stack_deny_alarm_card_data contains message if {
	some group in log_groups
	has_protection(group)
	name := physical_name(group)
	not is_watched_for_cards(name)
	message := say(group, "no alarm rings when a card number is found in it", "add it to card_data_in_logs")
}

watched_for_cards contains name if {
	some alarm in alarms
	is_prompt(alarm, 1)
	expression := returned_expression(alarm)
	some query in value(alarm, ["metricQueries"])
	query.metric.namespace == "AWS/Logs"
	query.metric.metricName == "LogEventsWithFindings"
	name := query.metric.dimensions.LogGroupName
	query.metric.dimensions == {"DataProtectionOperation": "Audit", "LogGroupName": name}
	counts_in(query, expression)
}

is_watched_for_cards(name) if name in watched_for_cards

# One query over all log groups of the account. A WHERE would leave some out.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-metrics-insights-querylanguage.html, read 2026-11-25.
is_watched_for_cards(_) if {
	some alarm in alarms
	is_prompt(alarm, 1)
	returned_expression(alarm) == `SELECT SUM(LogEventsWithFindings) FROM "AWS/Logs"`
	some query in value(alarm, ["metricQueries"])
	query.returnData == true
	is_between(query.period, alarm_period_min_seconds, alarm_period_max_seconds)
}

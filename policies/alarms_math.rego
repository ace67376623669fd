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

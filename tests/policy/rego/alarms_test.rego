package payhook_test

import rego.v1

rate := "webhook_processor_error_rate"

rows contains row if {
	some row in [
		["deny_alarm_silent", "gateway_5xx", {"/alarmActions": []}],
		["deny_alarm_silent", "gateway_5xx", {"/alarmActions": absent}],
		["deny_alarm_silent", "gateway_5xx", {"/actionsEnabled": false}],
		["deny_alarm_gap", "gateway_5xx", {"/treatMissingData": "ignore"}],
		["deny_alarm_gap", "gateway_5xx", {"/treatMissingData": absent}],
		["stack_deny_alarm_topic", "gateway_5xx", {"/alarmActions": ["arn:aws:sns:us-east-2:000000000000:somebody_dev"]}],
		["stack_deny_alarm_topic", "gateway_5xx", {"/okActions": ["arn:aws:sns:us-east-2:000000000000:somebody_dev"]}],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", "gone"],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", {"/metricName": "NumberOfMessagesSent"}],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", {"/dimensions/QueueName": "webhook_processor_dlq_dev"}],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", {"/threshold": 2}],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", {"/threshold": 0}],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", {"/comparisonOperator": "LessThanThreshold"}],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", {"/evaluationPeriods": 10}],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", {"/period": 3600}],
		["stack_deny_alarm_dead_letter", "archival_function_dlq_depth", {"/statistic": "Minimum"}],
		["stack_deny_alarm_throttles", "archival_function_throttles", "gone"],
		["stack_deny_alarm_throttles", "archival_function_throttles", {"/dimensions": absent}],
		["stack_deny_alarm_queue_age", "webhook_queue_age", "gone"],
		["stack_deny_alarm_queue_age", "webhook_queue_age", {"/threshold": 901}],
		["stack_deny_alarm_iterator_age", "stream_iterator_age", "gone"],
		["stack_deny_alarm_iterator_age", "stream_iterator_age", {"/threshold": 900001}],
		["stack_deny_alarm_gateway", "gateway_5xx", "gone"],
		["stack_deny_alarm_gateway", "gateway_5xx", {"/dimensions/Stage": "other"}],
		["stack_deny_alarm_rejected", "rejected_spike", "gone"],
		["stack_deny_alarm_rejected", "rejected_spike_stripe", "gone"],
		["stack_deny_alarm_rejected", "rejected_spike", {"/threshold": 1001}],
		["stack_deny_alarm_archive", "archive_not_run", "gone"],
		["stack_deny_alarm_archive", "archive_not_run", {"/treatMissingData": "notBreaching"}],
		["stack_deny_alarm_archive", "archive_not_run", {"/comparisonOperator": "GreaterThanThreshold"}],
		["stack_deny_alarm_archive", "archive_not_run", {"/evaluationPeriods": 2}],
		["stack_deny_alarm_archive", "archive_not_run", {"/threshold": 0}],
		["stack_deny_alarm_card_data", "card_data_in_logs", "gone"],
		["stack_deny_alarm_card_data", "card_data_in_logs", {"/threshold": 100}],
		["stack_deny_alarm_card_data", "card_data_in_logs", {"/metricQueries/0": absent}],
		["stack_deny_alarm_card_data", "card_data_in_logs", {"/metricQueries/6/expression": "FILL(group0, 0)"}],
		["stack_deny_alarm_error_rate", rate, "gone"],
		["stack_deny_alarm_error_rate", rate, {"/threshold": 5}],
		["stack_deny_alarm_error_rate", rate, {"/comparisonOperator": "LessThanThreshold"}],
		["stack_deny_alarm_error_rate", rate, {"/metricQueries/2": absent}],
		["stack_deny_alarm_error_rate", rate, {"/metricQueries/0/metric/dimensions/FunctionName": "archival_function_dev"}],
		["stack_deny_alarm_error_rate", rate, {"/metricQueries/0/metric/stat": "Average"}],
		["stack_deny_alarm_error_rate", rate, {"/metricQueries/0/metric/period": 3600}],
		["stack_deny_alarm_error_rate", rate, {"/metricQueries/4/expression": "100 * errors / invocations"}],
		["stack_deny_alarm_error_rate", rate, {"/metricQueries/4/expression": "(errors + failed) / (invocations + records)"}],
		["stack_deny_alarm_error_rate", rate, {"/metricQueries/4/returnData": false}],
		["stack_deny_alarm_error_rate", rate, {"/metricQueries": absent}],
	]
}

# One query over all log groups is as good as a sum of theirs, unless it leaves some out or is read too rarely.
insight(change) := object.union({"expression": `SELECT SUM(LogEventsWithFindings) FROM "AWS/Logs"`, "id": "found", "period": 300, "returnData": true}, change)

test_card_data_by_one_query if {
	rule := "stack_deny_alarm_card_data"
	not fires([rule, "card_data_in_logs", {"/metricQueries": [insight({})]}])
	fires([rule, "card_data_in_logs", {"/metricQueries": [insight({"expression": `SELECT SUM(LogEventsWithFindings) FROM "AWS/Logs" WHERE LogGroupName = 'x'`})]}])
	fires([rule, "card_data_in_logs", {"/metricQueries": [insight({"period": 3600})]}])
}

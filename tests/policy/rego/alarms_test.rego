package payhook_test

import rego.v1

rate := "webhook_processor_error_rate"

# The expressions of the good stack, with what a row puts in their place.
rejected_form := "IF(FILL(rejected, 0) >= %d, 1, IF(FILL(rejected, 0) >= %d, IF(FILL(stored, 0) + FILL(%s, 0) < 1, 1, 0), 0))"

refused_form := "IF(FILL(requests, 0) >= %d, 100 * FILL(%s, 0) / FILL(requests, 0), 0)"

incomplete_form := "IF(FILL(stored, 0) >= %d, 100 * FILL(%s, 0) / FILL(stored, 0), 0)"

all_rejected_form := "IF(FILL(rejected, 0) >= %d, IF(FILL(stored, 0) + FILL(duplicates, 0) < 1, 1, 0), 0)"

# A band in the place of the gap, over a window that is as long, and what a row changes in it.
banded(change) := object.union(
	{
		"/threshold": absent,
		"/thresholdMetricId": "band",
		"/comparisonOperator": "LessThanLowerThreshold",
		"/evaluationPeriods": 3,
		"/metricQueries/0/metric/period": 300,
		"/metricQueries/1/metric/period": 300,
		"/metricQueries/3": {"expression": "ANOMALY_DETECTION_BAND(genuine, 3)", "id": "band", "returnData": true},
	},
	change,
)

rows contains row if {
	some row in [
		["deny_alarm_silent", "gateway_5xx", {"/alarmActions": []}],
		["deny_alarm_silent", "gateway_5xx", {"/alarmActions": absent}],
		["deny_alarm_silent", "gateway_5xx", {"/actionsEnabled": false}],
		["deny_alarm_gap", "gateway_5xx", {"/treatMissingData": "ignore"}],
		["deny_alarm_gap", "gateway_5xx", {"/treatMissingData": absent}],
		["deny_alarm_runbook", "gateway_5xx", {"/alarmDescription": absent}],
		["deny_alarm_runbook", "gateway_5xx", {"/alarmDescription": "Providers are told to send again."}],
		["deny_alarm_runbook", "gateway_5xx", {"/alarmDescription": concat("", [concat("", [" too long" | some _ in numbers.range(1, 120)]), " Runbook: docs/runbooks/gateway_5xx.md"])}],
		["deny_alarm_runbook", "gateway_5xx", {"/alarmDescription": "Runbook: docs/runbooks/gateway_5xx.md"}],
		["deny_alarm_runbook", "gateway_5xx", {"/alarmDescription": "Providers are told to send again. Runbook: docs/runbooks/gateway_5xx.md and more"}],
		["deny_alarm_runbook", "gateway_5xx", {"/alarmDescription": "Providers are told to send again. Runbook: http://example.com/docs/runbooks/gateway_5xx.md"}],
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
		["stack_deny_alarm_throttles", "webhook_processor_throttles", "gone"],
		["stack_deny_alarm_throttles", "webhook_processor_throttles", {"/dimensions": absent}],
		["stack_deny_alarm_queue_age", "webhook_queue_age", "gone"],
		["stack_deny_alarm_queue_age", "webhook_queue_age", {"/threshold": 901}],
		["stack_deny_alarm_iterator_age", "stream_iterator_age", "gone"],
		["stack_deny_alarm_iterator_age", "stream_iterator_age", {"/threshold": 900001}],
		["stack_deny_alarm_gateway", "gateway_5xx", "gone"],
		["stack_deny_alarm_gateway", "gateway_5xx", {"/dimensions/Stage": "other"}],
		["stack_deny_alarm_rejected", "rejected_spike", "gone"],
		["stack_deny_alarm_rejected", "rejected_spike", {"/threshold": 1001}],
		["stack_deny_alarm_rejected", "rejected_stripe", "gone"],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/threshold": 2}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/evaluationPeriods": 2}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/2": absent}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/1/metric/dimensions/provider": "adyen"}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/1/metric/period": 300}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/0/metric/period": absent}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/3/expression": sprintf(rejected_form, [1001, 3, "duplicates"])}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/3/expression": sprintf(rejected_form, [50, 11, "duplicates"])}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/3/expression": sprintf(rejected_form, [50, 0, "duplicates"])}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/3/expression": sprintf(rejected_form, [50, 3, "stored"])}],
		["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/3/expression": "IF(FILL(rejected, 0) >= 50, 1, 0)"}],
		["stack_deny_alarm_gaps", "archival_function", {"/environment/variables/GAP_CHECK_PROVIDERS": "stripe"}],
		["stack_deny_alarm_refused", "gateway_4xx_share", "gone"],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/threshold": 51}],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/comparisonOperator": "LessThanThreshold"}],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/metricQueries/0/metric/dimensions/Stage": "other"}],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/metricQueries/0/metric/period": 3600, "/metricQueries/1/metric/period": 3600}],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/metricQueries/1/metric/metricName": "5XXError"}],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/metricQueries/1/metric/stat": "Average"}],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/metricQueries/0/metric/period": absent}],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/metricQueries/2/expression": sprintf(refused_form, [101, "refused"])}],
		["stack_deny_alarm_refused", "gateway_4xx_share", {"/metricQueries/2/expression": sprintf(refused_form, [20, "requests"])}],
		["stack_deny_alarm_incomplete", "incomplete_share", "gone"],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/threshold": 21}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/comparisonOperator": "LessThanThreshold"}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/evaluationPeriods": 4}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/0/metric/dimensions/provider": "stripe"}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/0/metric/metricName": "Duplicates"}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/0/metric/period": 86400, "/metricQueries/1/metric/period": 86400}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/1/metric/period": absent}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/1/metric/metricName": "Rejected"}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/1/metric/stat": "Average"}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/2/expression": sprintf(incomplete_form, [101, "incomplete"])}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/2/expression": sprintf(incomplete_form, [0, "incomplete"])}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/2/expression": sprintf(incomplete_form, [20, "stored"])}],
		["stack_deny_alarm_incomplete", "incomplete_share", {"/metricQueries/2/returnData": false}],
		["stack_deny_alarm_contradicted", "money_contradicted", "gone"],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/threshold": 2}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/comparisonOperator": "LessThanThreshold"}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/evaluationPeriods": 2}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/metricQueries/0/metric/dimensions/provider": "stripe"}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/metricQueries/1/metric/dimensions/function_name": "webhook_processor_dev"}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/metricQueries/0/metric/metricName": "Incomplete"}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/metricQueries/1/metric/stat": "Average"}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/metricQueries/0/metric/period": 86400, "/metricQueries/1/metric/period": 86400}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/metricQueries/2/expression": "FILL(stored, 0)"}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/metricQueries/2/expression": "FILL(stored, 0) - FILL(judged, 0)"}],
		["stack_deny_alarm_contradicted", "money_contradicted", {"/metricQueries/2/returnData": false}],
		["stack_deny_alarm_unknown_type", "unknown_event_type", "gone"],
		["stack_deny_alarm_unknown_type", "unknown_event_type", {"/threshold": 2}],
		["stack_deny_alarm_unknown_type", "unknown_event_type", {"/comparisonOperator": "LessThanThreshold"}],
		["stack_deny_alarm_unknown_type", "unknown_event_type", {"/period": 86400}],
		["stack_deny_alarm_unknown_type", "unknown_event_type", {"/statistic": "Average"}],
		["stack_deny_alarm_unknown_type", "unknown_event_type", {"/dimensions/provider": "stripe"}],
		["stack_deny_alarm_quiet", "gateway_quiet", "gone"],
		["stack_deny_alarm_quiet", "gateway_quiet", {"/treatMissingData": "notBreaching"}],
		["stack_deny_alarm_quiet", "gateway_quiet", {"/comparisonOperator": "GreaterThanThreshold"}],
		["stack_deny_alarm_quiet", "gateway_quiet", {"/threshold": 0}],
		["stack_deny_alarm_quiet", "gateway_quiet", {"/evaluationPeriods": 169}],
		["stack_deny_alarm_quiet", "gateway_quiet", {"/metricQueries/0/metric/dimensions/ApiName": "other_dev"}],
		["stack_deny_alarm_quiet", "gateway_quiet", {"/metricQueries/1/expression": "requests"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", "gone"],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", "gone"],
		["stack_deny_alarm_provider_silence", "webhook_secret_stripe", "gone"],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/treatMissingData": "notBreaching"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/comparisonOperator": "GreaterThanThreshold"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/threshold": 0}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/evaluationPeriods": 2}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/metricQueries/0/metric/period": 1800, "/metricQueries/1/metric/period": 1800}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/metricQueries/0/metric/dimensions/provider": "adyen"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/metricQueries/1/metric/metricName": "Rejected"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/metricQueries/1/metric/stat": "Average"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/metricQueries/2/expression": "FILL(stored, 0)"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/metricQueries/2/expression": "stored + duplicates"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", {"/metricQueries/2/returnData": false}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/threshold": 2}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/comparisonOperator": "LessThanThreshold"}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/evaluationPeriods": 2}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/metricQueries/0/metric/metricName": "Incomplete"}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/metricQueries/2/metric/dimensions/provider": "adyen"}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/metricQueries/0/metric/period": 300}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/metricQueries/3/expression": sprintf(all_rejected_form, [11])}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/metricQueries/3/expression": sprintf(all_rejected_form, [0])}],
		["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/metricQueries/3/expression": "IF(FILL(rejected, 0) >= 1, 1, 0)"}],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/treatMissingData": "notBreaching"})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/comparisonOperator": "GreaterThanUpperThreshold"})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/thresholdMetricId": "genuine"})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/evaluationPeriods": 1})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/evaluationPeriods": 13})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/metricQueries/0/metric/dimensions/provider": "adyen"})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/metricQueries/2/returnData": false})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/metricQueries/3/expression": "ANOMALY_DETECTION_BAND(genuine, 11)"})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/metricQueries/3/expression": "ANOMALY_DETECTION_BAND(genuine, 0)"})],
		["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/metricQueries/3/expression": "ANOMALY_DETECTION_BAND(stored, 3)"})],
		["stack_deny_alarm_archive", "archive_not_run", "gone"],
		["stack_deny_alarm_archive", "archive_not_run", {"/treatMissingData": "notBreaching"}],
		["stack_deny_alarm_archive", "archive_not_run", {"/comparisonOperator": "GreaterThanThreshold"}],
		["stack_deny_alarm_archive", "archive_not_run", {"/evaluationPeriods": 24}],
		["stack_deny_alarm_archive", "archive_not_run", {"/evaluationPeriods": 26}],
		["stack_deny_alarm_archive", "archive_not_run", {"/threshold": 0}],
		["stack_deny_alarm_archive", "archive_not_run", {"/metricQueries/0/metric/dimensions/FunctionName": "webhook_processor_dev"}],
		["stack_deny_alarm_archive", "archive_not_run", {"/metricQueries/1/metric/dimensions/QueueName": "rejected_queue_dev"}],
		["stack_deny_alarm_archive", "archive_not_run", {"/metricQueries/1/metric/stat": "Sum"}],
		["stack_deny_alarm_archive", "archive_not_run", {"/metricQueries/0/metric/period": absent}],
		["stack_deny_alarm_archive", "archive_not_run", {"/metricQueries/2/expression": "FILL(invocations, 0)"}],
		["stack_deny_alarm_behind", "archive_behind", "gone"],
		["stack_deny_alarm_behind", "archive_behind", {"/threshold": 29}],
		["stack_deny_alarm_behind", "archive_behind", {"/threshold": 49}],
		["stack_deny_alarm_behind", "archive_behind", {"/comparisonOperator": "GreaterThanThreshold"}],
		["stack_deny_alarm_behind", "archive_behind", {"/statistic": "Maximum"}],
		["stack_deny_alarm_behind", "archive_behind", {"/metricName": "ExpiryStopped"}],
		["stack_deny_alarm_behind", "archive_behind", {"/dimensions/function_name": "webhook_processor_dev"}],
		["stack_deny_alarm_behind", "archive_behind", {"/datapointsToAlarm": absent}],
		["stack_deny_alarm_behind", "archive_behind", {"/evaluationPeriods": 25}],
		["stack_deny_alarm_behind", "archive_behind", {"/evaluationPeriods": 49}],
		["stack_deny_alarm_behind", "archive_behind", {"/period": 300}],
		["stack_deny_alarm_expiry", "expiry_stopped", "gone"],
		["stack_deny_alarm_expiry", "expiry_stopped", {"/threshold": 2}],
		["stack_deny_alarm_expiry", "expiry_stopped", {"/threshold": 0}],
		["stack_deny_alarm_expiry", "expiry_stopped", {"/comparisonOperator": "LessThanThreshold"}],
		["stack_deny_alarm_expiry", "expiry_stopped", {"/statistic": "Minimum"}],
		["stack_deny_alarm_expiry", "expiry_stopped", {"/namespace": "AWS/Lambda"}],
		["stack_deny_alarm_expiry", "expiry_stopped", {"/datapointsToAlarm": 26}],
		["stack_deny_alarm_expiry", "expiry_stopped", {"/evaluationPeriods": 1}],
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

# A repository with a public address has it in front of the runbooks.
test_a_runbook_at_an_address if {
	not fires(["deny_alarm_runbook", "gateway_5xx", {"/alarmDescription": "Providers are told to send again. Runbook: https://example.com/payhook/docs/runbooks/gateway_5xx.md"}])
}

# A shorter or longer silence, and other numbers within the bounds.
test_alarms_with_other_numbers if {
	not fires(["stack_deny_alarm_quiet", "gateway_quiet", {"/evaluationPeriods": 1, "/metricQueries/0/metric/period": 900}])
	not fires(["stack_deny_alarm_quiet", "gateway_quiet", {"/evaluationPeriods": 168}])
	not fires(["stack_deny_alarm_rejected", "rejected_stripe", {"/metricQueries/3/expression": sprintf(rejected_form, [1000, 10, "duplicates"])}])
	not fires(["stack_deny_alarm_refused", "gateway_4xx_share", {"/threshold": 50, "/metricQueries/2/expression": sprintf(refused_form, [100, "refused"])}])
}

test_a_band_is_as_good_as_a_gap if {
	not fires(["stack_deny_alarm_provider_silence", "silence_stripe", banded({})])
	not fires(["stack_deny_alarm_provider_silence", "silence_stripe", banded({"/metricQueries/3/expression": "ANOMALY_DETECTION_BAND(genuine, 10)"})])
	not fires(["stack_deny_alarm_provider_silence", "all_rejected_stripe", {"/metricQueries/3/expression": sprintf(all_rejected_form, [10])}])
}

test_alarms_on_what_lacks_facts_with_other_numbers if {
	not fires(["stack_deny_alarm_incomplete", "incomplete_share", {"/threshold": 20, "/metricQueries/2/expression": sprintf(incomplete_form, [100, "incomplete"])}])
	not fires(["stack_deny_alarm_unknown_type", "unknown_event_type", {"/period": 300}])
}

# The good stack has no alarm on the throttles of the functions that no queue calls.
test_only_a_queue_asks_for_an_alarm_on_throttles if {
	names := {resource.name | some resource in good; resource.type == "aws:cloudwatch/metricAlarm:MetricAlarm"}
	{name | some name in names; endswith(name, "_throttles")} == {"webhook_processor_throttles"}
}

# One query over all log groups is as good as a sum of theirs, unless it leaves some out or is read too rarely.
insight(change) := object.union({"expression": `SELECT SUM(LogEventsWithFindings) FROM "AWS/Logs"`, "id": "found", "period": 300, "returnData": true}, change)

test_card_data_by_one_query if {
	rule := "stack_deny_alarm_card_data"
	not fires([rule, "card_data_in_logs", {"/metricQueries": [insight({})]}])
	fires([rule, "card_data_in_logs", {"/metricQueries": [insight({"expression": `SELECT SUM(LogEventsWithFindings) FROM "AWS/Logs" WHERE LogGroupName = 'x'`})]}])
	fires([rule, "card_data_in_logs", {"/metricQueries": [insight({"period": 3600})]}])
}

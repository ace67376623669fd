package payhook

import rego.v1

# Alarms that ring because nothing comes. CloudWatch looks at older points where some are missing,
# and would ring late or never: the expressions fill them with 0.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html,
# read 2026-11-27.

# True if the alarm rings when its expression is 0 for the whole window of so many seconds.
rings_in_silence(alarm, least_seconds, most_seconds) if {
	value(alarm, ["comparisonOperator"]) == "LessThanThreshold"
	value(alarm, ["threshold"]) == 1
	value(alarm, ["treatMissingData"]) == "breaching"
	is_between(period_seconds(alarm) * value(alarm, ["evaluationPeriods"]), least_seconds, most_seconds)
}

# METADATA
# title: A gateway that nobody reaches rings
# description: >-
#   Every stage has an alarm that rings when no request came for some time, seven days at most:
#   a lost name, an expired certificate or a firewall that blocks everybody makes no error
#   anywhere. No data is no request. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm gateway_quiet of infra/lib/alarms.py
#   pci: ["10.7.2", "12.10.5"]
stack_deny_alarm_quiet contains message if {
	some stage in stages
	some api in apis_of(stage)
	not notices_no_request({"ApiName": physical_name(api), "Stage": value_or_null(stage, ["stageName"])})
	message := say(stage, "no alarm rings when no request comes", "add gateway_quiet")
}

notices_no_request(where) if {
	some alarm in alarms
	some requests in operands(alarm, {"namespace": "AWS/ApiGateway", "name": "Count", "dimensions": where, "stat": "SampleCount"})
	rings_in_silence(alarm, quiet_min_seconds, quiet_max_seconds)
	returned_expression(alarm) == sprintf("FILL(%s, 0)", [requests])
}

# METADATA
# title: An archive that does not run rings
# description: >-
#   The archival function starts at least once a day; silence is the alarm, within 26 hours of
#   the last start. The same run seals the audit log. Hours in which the webhook queue made no
#   metric count as if it had run: the stack was not there. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm archive_not_run of infra/lib/alarms.py
#   pci: ["10.3.4", "10.7.2", "11.5.2"]
stack_deny_alarm_archive contains message if {
	some function in functions
	base_name(function) == "archival_function"
	not notices_silence(physical_name(function))
	message := say(function, "no alarm rings when it did not start for a day", "add archive_not_run")
}

notices_silence(name) if {
	some alarm in alarms
	some starts in operands(alarm, {"namespace": "AWS/Lambda", "name": "Invocations", "dimensions": {"FunctionName": name}, "stat": "Sum"})
	period_seconds(alarm) == hour_seconds
	rings_in_silence(alarm, archive_silence_min_seconds, archive_silence_max_seconds)
	some queue in queues
	some alive in operands(alarm, {
		"namespace": "AWS/SQS",
		"name": "ApproximateNumberOfMessagesVisible",
		"dimensions": {"QueueName": physical_name(queue)},
		"stat": "SampleCount",
	})
	base_name(queue) == "webhook_queue"
	returned_expression(alarm) == sprintf("IF(FILL(%s, 0) > 0, FILL(%s, 0), 1)", [alive, starts])
}

package payhook_test

import rego.v1

rows contains row if {
	some row in [
		["deny_schedule_failure", "archive_schedule", {"/target/deadLetterConfig": absent}],
		["deny_schedule_failure", "archive_schedule", {"/target/retryPolicy": absent}],
		["deny_schedule_failure", "archive_schedule", {"/target/retryPolicy/maximumRetryAttempts": 0}],
		["deny_schedule_failure", "archive_schedule", {"/target/retryPolicy/maximumEventAgeInSeconds": 86401}],
		["deny_schedule_failure", "archive_schedule", {"/target/roleArn": absent}],
		["deny_schedule_disabled", "archive_schedule", {"/state": "DISABLED"}],
		["stack_deny_schedule_missing", "archive_schedule", "gone"],
		["stack_deny_schedule_missing", "archive_schedule", {"/target/arn": "arn:preview:webhook_processor"}],
		["stack_deny_schedule_missing", "archive_schedule", {"/target/arn": absent}],
		["stack_deny_schedule_missing", "archive_schedule", {"/scheduleExpression": "rate(7 days)"}],
		["stack_deny_schedule_missing", "archive_schedule", {"/scheduleExpression": "cron(20 0 1 * ? *)"}],
		["deny_async_failure", "archive_failures", {"/destinationConfig": absent}],
		["deny_async_failure", "archive_failures", {"/maximumRetryAttempts": absent}],
		["deny_async_failure", "archive_failures", {"/maximumRetryAttempts": 3}],
		["deny_async_failure", "archive_failures", {"/maximumEventAgeInSeconds": absent}],
		["stack_deny_async_missing", "archive_failures", "gone"],
		["stack_deny_async_missing", "archive_failures", {"/functionName": "webhook_processor_dev"}],
		["stack_deny_async_missing", "archive_failures", {"/functionName": absent}],
		["stack_deny_failure_lost", "archive_failures", {"/destinationConfig/onFailure/destination": webhook_queue_arn}],
		["stack_deny_failure_lost", "stream", {"/destinationConfig/onFailure/destinationArn": "arn:aws:sqs:us-east-2:000000000000:other"}],
		["stack_deny_failure_lost", "archive_schedule", {"/target/deadLetterConfig/arn": "arn:aws:sns:us-east-2:000000000000:alarms_dev"}],
		["stack_deny_archive_location", "archive_table", {"/storageDescriptor/location": "s3://somebody/archive/"}],
		["stack_deny_archive_location", "archive_table", {"/storageDescriptor": absent}],
		["stack_deny_archive_location", "archive_table", {"/parameters/storage.location.template": "s3://payhook-audit-000000000000-dev/audit/"}],
	]
}

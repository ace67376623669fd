package payhook_test

import rego.v1

webhook_queue_arn := "arn:aws:sqs:us-east-2:000000000000:webhook_queue_dev"

rows contains row if {
	some row in [
		["deny_dead_letter_retention", "webhook_processor_dlq", {"/messageRetentionSeconds": 345600}],
		["deny_dead_letter_retention", "archival_function_dlq", {"/messageRetentionSeconds": absent}],
		["deny_dead_letter_retention", "rejected_queue", {"/messageRetentionSeconds": 60}],
		["deny_queue_key_reuse", "webhook_queue", {"/kmsDataKeyReusePeriodSeconds": 86400}],
		["stack_deny_rejected_size", "rejected_queue", {"/maxMessageSize": 1024}],
		["stack_deny_dead_letter_size", "webhook_processor_dlq", {"/maxMessageSize": 262144}],
		["stack_deny_dead_letter_size", "archival_function_dlq", {"/maxMessageSize": absent}],
		["stack_deny_rejected_size", "rejected_queue", {"/maxMessageSize": absent}],
		["stack_deny_rejected_size", "webhook_queue", {"/maxMessageSize": 1048576}],
		["stack_deny_rejected_size", "webhook_queue", {"/maxMessageSize": absent}],
		["deny_dead_letter_open", "webhook_processor_dlq", {"/redriveAllowPolicy": absent}],
		["deny_dead_letter_open", "webhook_processor_dlq", {"/redriveAllowPolicy": "{"}],
		["deny_dead_letter_open", "webhook_processor_dlq", {"redriveAllowPolicy:/redrivePermission": "allowAll"}],
		["deny_dead_letter_open", "webhook_processor_dlq", {"redriveAllowPolicy:/sourceQueueArns": []}],
		["deny_dead_letter_open", "webhook_processor_dlq", {"redriveAllowPolicy:/sourceQueueArns": ["*"]}],
		["deny_queue_receives", "webhook_queue", {"redrivePolicy:/maxReceiveCount": 4}],
		["deny_queue_receives", "webhook_queue", {"redrivePolicy:/maxReceiveCount": "5"}],
		["deny_queue_receives", "webhook_queue", {"redrivePolicy:/maxReceiveCount": absent}],
		["deny_queue_receives", "webhook_queue", {"redrivePolicy:/deadLetterTargetArn": absent}],
		["deny_queue_receives", "webhook_queue", {"/redrivePolicy": "{"}],
		["stack_deny_queue_redrive", "webhook_queue", {"/redrivePolicy": absent}],
		["stack_deny_queue_redrive", "webhook_queue", {"redrivePolicy:/deadLetterTargetArn": "arn:aws:sqs:us-east-2:000000000000:analytics_processor_dlq_dev"}],
		["stack_deny_queue_redrive", "webhook_queue", {"/messageRetentionSeconds": 1209600}],
		["stack_deny_queue_redrive", "webhook_queue", {"/messageRetentionSeconds": absent}],
		["stack_deny_queue_redrive", "webhook_processor_dlq", "gone"],
		["stack_deny_function_dead_letter", "webhook_processor_dlq", "gone"],
		["stack_deny_function_dead_letter", "webhook_queue", {"/redrivePolicy": absent}],
		["stack_deny_function_dead_letter", "stream", {"/destinationConfig": absent}],
		["stack_deny_function_dead_letter", "archive_failures", "gone"],
		["stack_deny_function_dead_letter", "archive_failures", {"/functionName": absent}],
		["stack_deny_dead_letter_source", "webhook_processor_dlq", {"redriveAllowPolicy:/sourceQueueArns": [webhook_queue_arn, "arn:aws:sqs:us-east-2:000000000000:other_dev"]}],
		["stack_deny_dead_letter_source", "webhook_queue", {"/redrivePolicy": absent}],
	]
}

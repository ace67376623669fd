package payhook_test

import rego.v1

rows contains row if {
	some row in [
		["deny_log_retention", "webhook_processor_logs", {"/retentionInDays": 14}],
		["deny_log_retention", "webhook_api_access_log", {"/retentionInDays": 365}],
		["deny_log_retention", "webhook_api_execution_log", {"/retentionInDays": absent}],
		["deny_log_retention", "webhook_firewall_log", {"/retentionInDays": 0}],
		["deny_log_class", "webhook_processor_logs", {"/logGroupClass": "INFREQUENT_ACCESS"}],
		["deny_log_protection", "webhook_processor_logs_protection", {"/policyDocument": absent}],
		["deny_log_protection", "webhook_processor_logs_protection", {"/policyDocument": "{"}],
		["deny_log_protection", "webhook_processor_logs_protection", {"policyDocument:/Statement/1": absent}],
		["deny_log_protection", "webhook_processor_logs_protection", {"policyDocument:/Statement/0": absent}],
		["deny_log_protection", "webhook_processor_logs_protection", {"policyDocument:/Statement/1/DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"]}],
		["stack_deny_function_log_group", "webhook_processor_logs", "gone"],
		["stack_deny_function_log_group", "webhook_processor_logs", {"/name": "/aws/lambda/other_dev"}],
		["stack_deny_function_log_group", "webhook_processor", {"/loggingConfig": absent}],
		["deny_function_log_group", "webhook_processor", {"/loggingConfig/logGroup": "/aws/lambda/analytics_processor_dev"}],
		["deny_function_log_group", "webhook_processor", {"/loggingConfig": absent}],
		["stack_deny_stage_execution_log", "webhook_api_execution_log", "gone"],
		["stack_deny_stage_execution_log", "webhook_api_execution_log", {"/name": "API-Gateway-Execution-Logs_webhook_api-id/other"}],
		["stack_deny_stage_execution_log", "webhook_api_execution_log", {"/name": absent}],
		["stack_deny_log_unprotected", "webhook_processor_logs_protection", "gone"],
		["stack_deny_log_unprotected", "webhook_api_access_log_protection", "gone"],
		["stack_deny_log_unprotected", "archival_function_logs_protection", {"/logGroupName": "/aws/lambda/webhook_processor_dev"}],
		["stack_deny_log_unprotected", "archival_function_logs_protection", {"/logGroupName": absent}],
	]
}

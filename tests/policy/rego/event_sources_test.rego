package payhook_test

import rego.v1

stored(names, record_type) := {"pattern": json.marshal({
	"eventName": names,
	"dynamodb": {"NewImage": {"record_type": {"S": [record_type]}}},
})}

events := stored(["INSERT"], "event")

movements := stored(["MODIFY", "INSERT"], "movement")

anything := [events, movements, {"pattern": json.marshal({"dynamodb": {}})}]

rows contains row if {
	some row in [
		["deny_mapping_responses", "webhooks", {"/functionResponseTypes": []}],
		["deny_mapping_responses", "stream", {"/functionResponseTypes": absent}],
		["deny_mapping_disabled", "webhooks", {"/enabled": false}],
		["deny_stream_batch", "stream", {"/batchSize": 101}],
		["deny_stream_batch", "stream", {"/batchSize": absent}],
		["deny_stream_destination", "stream", {"/destinationConfig": absent}],
		["deny_stream_destination", "stream", {"/destinationConfig/onFailure/destinationArn": absent}],
		["deny_stream_filter", "stream", {"/filterCriteria": absent}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": []}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": [events]}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": [movements]}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": [events, events, movements]}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": [stored(["INSERT", "MODIFY"], "event"), movements]}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": [events, stored(["INSERT"], "movement")]}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": [events, stored(["INSERT", "MODIFY", "REMOVE"], "movement")]}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": [events, movements, stored(["REMOVE"], "event")]}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": anything}],
		["deny_stream_filter", "stream", {"/filterCriteria/filters": [{"pattern": "{"}]}],
		["deny_stream_retry", "stream", {"/maximumRetryAttempts": -1}],
		["deny_stream_retry", "stream", {"/maximumRetryAttempts": 10}],
		["deny_stream_retry", "stream", {"/maximumRetryAttempts": absent}],
		["deny_stream_retry", "stream", {"/maximumRecordAgeInSeconds": -1}],
		["deny_stream_retry", "stream", {"/maximumRecordAgeInSeconds": 3600}],
		["deny_stream_retry", "stream", {"/maximumRecordAgeInSeconds": 86400}],
		["deny_stream_retry", "stream", {"/maximumRecordAgeInSeconds": absent}],
		["deny_stream_retry", "stream", {"/startingPosition": "LATEST"}],
		["deny_stream_retry", "stream", {"/startingPosition": absent}],
		["deny_stream_retry", "stream", {"/bisectBatchOnFunctionError": true}],
		["deny_queue_concurrency", "webhooks", {"/scalingConfig/maximumConcurrency": 1}],
		["deny_queue_concurrency", "webhooks", {"/scalingConfig/maximumConcurrency": 5}],
		["deny_queue_concurrency", "webhooks", {"/scalingConfig": absent}],
		["deny_queue_concurrency", "webhooks", {"/scalingConfig/maximumConcurrency": 40, "/tags/Capacity": "2000"}],
		["stack_deny_queue_concurrency", "webhook_processor", {"/reservedConcurrentExecutions": 4}],
		["stack_deny_queue_concurrency", "webhooks", {"/scalingConfig/maximumConcurrency": 5}],
		["stack_deny_queue_visibility", "webhook_queue", {"/visibilityTimeoutSeconds": 90}],
		["stack_deny_queue_visibility", "webhook_queue", {"/visibilityTimeoutSeconds": absent}],
		["stack_deny_queue_visibility", "webhook_processor", {"/timeout": 16}],
		["stack_deny_queue_visibility", "webhooks", {"/maximumBatchingWindowInSeconds": 20}],
		["stack_deny_mapping_missing", "webhooks", "gone"],
		["stack_deny_mapping_missing", "stream", "gone"],
		["stack_deny_mapping_missing", "webhooks", {"/functionName": "arn:preview:analytics_processor"}],
		["stack_deny_mapping_missing", "webhooks", {"/functionName": absent}],
		["stack_deny_mapping_missing", "webhooks", {"/eventSourceArn": "arn:preview:rejected_queue"}],
		["stack_deny_mapping_foreign", "webhooks", {"/eventSourceArn": "arn:aws:sqs:us-east-2:000000000000:other"}],
		["stack_deny_mapping_foreign", "webhooks", {"/eventSourceArn": absent}],
		["stack_deny_mapping_foreign", "stream", {"/functionName": "arn:preview:somebody"}],
	]
}

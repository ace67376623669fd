package payhook_test

import rego.v1

copies := [{"regionName": "us-west-2"}]

rows contains row if {
	some row in [
		["deny_type_refused", another("aws:ec2/instance:Instance", "server", {}), "added"],
		["deny_type_refused", another("aws:iam/accessKey:AccessKey", "key", {}), "added"],
		["deny_type_refused", another("aws:iam/user:User", "person", {}), "added"],
		["deny_type_refused", another("aws:iam/policyAttachment:PolicyAttachment", "spread", {}), "added"],
		["deny_type_refused", another("aws:apigateway/account:Account", "setting", {}), "added"],
		["deny_type_refused", another("aws:rds/instance:Instance", "database", {}), "added"],
		["deny_type_refused", another("aws:lambda/functionUrl:FunctionUrl", "url", {}), "added"],
		["deny_type_refused", another("aws:lambda/permission:Permission", "everybody", {"principal": "*"}), "added"],
		["deny_type_refused", another("aws:secretsmanager/secretVersion:SecretVersion", "value", {}), "added"],
		["deny_type_unlisted", another("aws:kinesis/stream:Stream", "stream", {}), "added"],
		["deny_type_unlisted", another("random:index/randomId:RandomId", "random", {}), "added"],
		["deny_tag_missing", "webhook_queue", {"/tags": absent}],
		["deny_tag_missing", "webhook_queue", {"/tags/CostCenter": absent}],
		["deny_tag_missing", "transactions", {"/tags/Environment": ""}],
		["deny_tag_missing", "webhook_api_stage", {"/tags/Project": absent}],
		["deny_tag_value", "webhook_queue", {"/tags/Project": "other"}],
		["deny_tag_value", "webhook_queue", {"/tags/Environment": "Dev"}],
		["deny_tag_value", "webhook_queue", {"/tags/Environment": "a-suffix-that-is-too-long"}],
		["stack_deny_tags_differ", "webhook_queue", {"/tags/Environment": "prod"}],
		["stack_deny_tags_differ", "transactions", {"/tags/CostCenter": "marketing"}],
		["deny_name_absent", "webhook_queue", {"/name": absent}],
		["deny_name_absent", "audit", {"/bucket": absent}],
		["deny_name_absent", "webhook_api_execution_log", {"/name": absent}],
		["stack_deny_name_suffix", "webhook_queue", {"/name": "webhook_queue"}],
		["stack_deny_name_suffix", "webhook_queue", {"/name": "webhook_queue_prod"}],
		["stack_deny_name_suffix", "audit", {"/bucket": "payhook-audit-000000000000"}],
		["stack_deny_name_suffix", "alias", {"/name": "alias/payhook-dev"}],
		["deny_region_foreign", "gateway_5xx", {"/alarmActions": ["arn:aws:sns:us-east-1:000000000000:alarms_dev"]}],
		["deny_region_foreign", "webhook_processor_policy", {"policy:/Statement/1/Resource": "arn:aws:sqs:ap-northeast-1:000000000000:webhook_queue_dev"}],
		["deny_region_foreign", "webhook_processor", {"/environment/variables/REJECTED_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/000000000000/rejected_queue_dev"}],
		["deny_region_foreign", "transactions", {"/region": "us-west-2"}],
		["deny_region_provider", "default", {"/region": "us-east-1"}],
		["deny_region_provider", "default", {"/region": absent}],
		["deny_region_provider", "webhook_queue", {"provider:": {"properties": {"region": "eu-west-1"}}}],
		["deny_region_provider", "webhook_queue", {"provider:": {"properties": {"profile": "somebody"}}}],
		["deny_region_replica", "transactions", {"/replicas": copies}],
		["deny_region_replica", "webhook_secret_stripe", {"/replicas": copies}],
		["stack_deny_account_foreign", "gateway_5xx", {"/alarmActions": ["arn:aws:sns:us-east-2:999999999999:alarms_dev"]}],
		["stack_deny_account_foreign", "webhook_processor", {"/environment/variables/REJECTED_QUEUE_URL": "https://sqs.us-east-2.amazonaws.com/999999999999/rejected_queue_dev"}],
		["stack_deny_account_foreign", "webhook_processor_policy", {"policy:/Statement/1/Resource": "arn:aws:sqs:us-east-2:999999999999:webhook_queue_dev"}],
		["deny_protected", "audit", {"options:/protect": true}],
		["deny_protected", "transactions", {"options:/retainOnDelete": true}],
		["deny_changes_ignored", "webhook_processor_policy", {"options:/ignoreChanges": ["policy"]}],
		["deny_undestroyable", "audit", {"/forceDestroy": false}],
		["deny_undestroyable", "audit", {"/forceDestroy": absent}],
		["deny_undestroyable", "transactions", {"/deletionProtectionEnabled": true}],
		["deny_undestroyable", "webhook_secret_stripe", {"/recoveryWindowInDays": 30}],
		["deny_undestroyable", "webhook_secret_stripe", {"/recoveryWindowInDays": absent}],
		["deny_undestroyable", "webhook_processor_logs", {"/skipDestroy": true}],
		["stack_deny_part_missing", "rejected_queue", "gone"],
		["stack_deny_part_missing", "webhook_processor", "gone"],
		["stack_deny_part_missing", "key", "gone"],
		["stack_deny_part_missing", "webhook_firewall", "gone"],
		["stack_deny_part_missing", "webhook_firewall_log_policy", "gone"],
		["stack_deny_part_missing", "transactions", {"/name": "payments_dev"}],
	]
}

# A stack with nothing in it breaks the inventory: no rule about resources would notice.
test_empty_stack_is_refused if {
	said := data.payhook.stack_deny_part_missing with input as {"resources": []}
	count(said) > 0
}

# A message names the resource, the value found and what to do.
test_message if {
	said := says(["deny_function_memory", "webhook_processor", {"/memorySize": 128}])
	said == {"webhook_processor: memorySize is 128, not 512; give it 512 MB"}
}

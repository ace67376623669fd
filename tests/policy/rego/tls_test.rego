package payhook_test

import rego.v1

rows contains row if {
	some row in [
		["deny_tls_optional", "audit_policy", {"policy:/Statement/0/Effect": "Allow"}],
		["deny_tls_optional", "audit_policy", {"policy:/Statement/0/Action": "s3:GetObject"}],
		["deny_tls_optional", "audit_policy", {"policy:/Statement/0/Principal": {"AWS": "arn:aws:iam::000000000000:root"}}],
		["deny_tls_optional", "audit_policy", {"policy:/Statement/0/Condition": absent}],
		["deny_tls_optional", "audit_policy", {"policy:/Statement/0/Condition/Bool/aws:SecureTransport": "true"}],
		["deny_tls_optional", "audit_policy", {"policy:/Statement/0/Condition/StringEquals": {"aws:SourceVpc": "vpc-1"}}],
		["deny_tls_optional", "audit_policy", {"/policy": absent}],
		["deny_tls_optional", "webhook_queue_policy", {"policy:/Statement/0/Action": "sqs:SendMessage"}],
		["deny_tls_optional", "webhook_queue_policy", {"policy:/Statement/0/Condition": absent}],
		["deny_tls_optional", "alarms_policy", {"policy:/Statement/1": absent}],
		["stack_deny_tls_missing", "audit_policy", "gone"],
		["stack_deny_tls_missing", "audit_policy", {"policy:/Statement/0/Resource": [audit_bucket_arn]}],
		["stack_deny_tls_missing", "audit_policy", {"policy:/Statement/0/Resource": [sprintf("%s/*", [audit_bucket_arn])]}],
		["stack_deny_tls_missing", "webhook_queue_policy", "gone"],
		["stack_deny_tls_missing", "webhook_queue_policy", {"/queueUrl": "https://preview/rejected_queue"}],
		["stack_deny_tls_missing", "webhook_queue_policy", {"/queueUrl": absent}],
		["stack_deny_tls_missing", "webhook_queue_policy", {"policy:/Statement/0/Resource": ["arn:aws:sqs:us-east-2:000000000000:rejected_queue_dev"]}],
		["stack_deny_tls_missing", "alarms_policy", "gone"],
		["stack_deny_tls_missing", "alarms_policy", {"policy:/Statement/1/Resource": "arn:aws:sns:us-east-2:000000000000:other_dev"}],
		["deny_domain_tls", "domain", {"/securityPolicy": "TLS_1_0"}],
		["deny_domain_tls", "domain", {"/securityPolicy": absent}],
		["deny_subscription_plain", "alarms_email", {"/protocol": "http"}],
		["deny_subscription_plain", "alarms_email", {"/protocol": absent}],
	]
}

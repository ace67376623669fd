package payhook_test

import rego.v1

worker := "webhook_processor_policy"

worker_role := "webhook_processor_role"

audit_bucket_arn := "arn:aws:s3:::payhook-audit-000000000000-dev"

nobody := {"Service": "ec2.amazonaws.com"}

two_services := {"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}

open_lambda := {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}

own_account := {"StringEquals": {"aws:SourceAccount": "000000000000"}}

attachment_type := "aws:iam/rolePolicyAttachment:RolePolicyAttachment"

# What the account's role for the gateway's logs has: no role of a stack is that one.
gateway_logs_policy := "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"

public_read := {"Sid": "Public", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": sprintf("%s/audit/*", [audit_bucket_arn])}

rows contains row if {
	some row in [
		["deny_document_unreadable", worker, {"/policy": absent}],
		["deny_document_unreadable", worker, {"/policy": "{"}],
		["deny_document_unreadable", worker, {"/policy": "[]"}],
		["deny_document_unreadable", worker, {"policy:/Version": absent}],
		["deny_document_unreadable", worker, {"policy:/Version": "2008-10-17"}],
		["deny_document_unreadable", worker, {"policy:/Statement": []}],
		["deny_document_unreadable", worker, {"policy:/Statement": ["Allow"]}],
		["deny_document_unreadable", worker, {"policy:/Statement": absent}],
		["deny_document_unreadable", worker, {"policy:/Statement/0/Effect": "allow"}],
		["deny_document_unreadable", worker, {"policy:/Statement/0/Effect": absent}],
		["deny_document_unreadable", worker, {"policy:/Statement/0/action": "*"}],
		["deny_document_unreadable", worker, {"policy:/Statement/0/Action": absent}],
		["deny_document_unreadable", worker, {"policy:/Statement/0/Resource": absent}],
		["deny_document_unreadable", worker, {"policy:/Statement/0/Action": [1]}],
		["deny_document_unreadable", worker, {"policy:/Statement/0/Resource": {}}],
		["deny_document_unreadable", worker, {"policy:/Statement/0/Principal": "*"}],
		["deny_document_unreadable", worker_role, {"/assumeRolePolicy": absent}],
		["deny_document_unreadable", worker_role, {"assumeRolePolicy:/Statement/0/Principal": absent}],
		["deny_document_unreadable", "audit_policy", {"/policy": absent}],
		["deny_document_unreadable", "webhook_queue_policy", {"/policy": "not json"}],
		["deny_document_unreadable", "alarms_policy", {"policy:/Statement/0/Principal": absent}],
		["deny_document_unreadable", "key", {"/policy": absent}],
		["deny_action_wildcard", worker, {"policy:/Statement/0/Action": "*"}],
		["deny_action_wildcard", worker, {"policy:/Statement/0/Action": ["logs:PutLogEvents", "logs:*"]}],
		["deny_action_wildcard", worker, {"policy:/Statement/1/Action": ["sqs:Receive?essage"]}],
		["deny_action_wildcard", "key", {"policy:/Statement/1/Action": ["kms:*"]}],
		["deny_action_wildcard", "alarms_policy", {"policy:/Statement/0/Action": "sns:*"}],
		["deny_resource_wildcard", worker, {"policy:/Statement/0/Resource": "*"}],
		["deny_resource_wildcard", worker, {"policy:/Statement/0/Resource": "arn:aws:logs:us-east-2:000000000000:log-group:*"}],
		["deny_resource_wildcard", worker, {"policy:/Statement/0/Resource": "arn:aws:logs:us-east-2:000000000000:log-group:/aws/lambda/*:log-stream:*"}],
		["deny_resource_wildcard", worker, {"policy:/Statement/1/Resource": "arn:aws:sqs:us-east-2:000000000000:*"}],
		["deny_resource_wildcard", worker, {"policy:/Statement/2/Resource": "arn:aws:dynamodb:us-east-2:000000000000:table/*"}],
		["deny_resource_wildcard", worker, {"policy:/Statement/3/Resource": sprintf("%s/*", [audit_bucket_arn])}],
		["deny_resource_wildcard", worker, {"policy:/Statement/3/Resource": "arn:aws:s3:::*/audit/*"}],
		["deny_resource_wildcard", worker, {"policy:/Statement/5/Resource": "arn:aws:secretsmanager:us-east-2:000000000000:secret:webhook_secret_stripe_dev-*"}],
		["deny_resource_wildcard", worker, {"policy:/Statement/5/Resource": "arn:aws:secretsmanager:us-east-2:000000000000:secret:webhook_secret_*-??????"}],
		["deny_resource_wildcard", "analytics_processor_policy", {"policy:/Statement/1/Resource": "arn:aws:dynamodb:us-east-2:000000000000:table/*/stream/*"}],
		["deny_resource_wildcard", "alarms_policy", {"policy:/Statement/0/Resource": "*"}],
		["deny_not_elements", worker, {"policy:/Statement/0/NotAction": "iam:*"}],
		["deny_not_elements", worker, {"policy:/Statement/0/NotResource": "arn:aws:sqs:us-east-2:000000000000:other"}],
		["deny_not_elements", "audit_policy", {"policy:/Statement/0/NotPrincipal": {"AWS": "arn:aws:iam::000000000000:root"}}],
		["deny_principal_public", "audit_policy", {"policy:/Statement/1": public_read}],
		["deny_principal_public", "audit_policy", {"policy:/Statement/1": object.union(public_read, {"Principal": {"AWS": ["*"]}})}],
		["deny_principal_public", "audit_policy", {"policy:/Statement/1": object.union(public_read, {"Principal": {"AWS": "arn:aws:iam::000000000000:root"}})}],
		["deny_principal_public", "audit_policy", {"policy:/Statement/1": object.union(public_read, {"Principal": {"AWS": "arn:aws:iam::000000000000:role/*"}})}],
		["deny_principal_public", "audit_policy", {"policy:/Statement/1": object.union(public_read, {"Principal": {"CanonicalUser": "79a59df9"}})}],
		["deny_principal_public", "audit_policy", {"policy:/Statement/1": object.union(public_read, {"Condition": {"StringEquals": {"aws:SourceAccount": "000000000000"}}})}],
		["deny_principal_public", "key", {"policy:/Statement/1/Principal": "*"}],
		["deny_principal_public", "key", {"policy:/Statement/1/Principal": {"AWS": "arn:aws:iam::000000000000:user/somebody"}}],
		["deny_principal_public", "alarms_policy", {"policy:/Statement/0/Principal": {"Service": "*"}}],
		["deny_principal_public", "webhook_queue_policy", {"policy:/Statement/0/Effect": "Allow"}],
		["deny_service_unconditioned", "alarms_policy", {"policy:/Statement/0/Condition": absent}],
		["deny_service_unconditioned", "alarms_policy", {"policy:/Statement/0/Condition": {"Bool": {"aws:SecureTransport": "true"}}}],
		["deny_service_unconditioned", "key", {"policy:/Statement/3/Condition": absent}],
		["deny_service_unconditioned", "key", {"policy:/Statement/2/Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": []}}}],
		["deny_condition_open", "alarms_policy", {"policy:/Statement/0/Condition/ArnLike/aws:SourceArn": "*"}],
		["deny_condition_open", "alarms_policy", {"policy:/Statement/0/Condition/ArnLike/aws:SourceArn": "arn:aws:*"}],
		["deny_condition_open", "key", {"policy:/Statement/2/Condition/ArnLike/kms:EncryptionContext:aws:logs:arn": ["arn:*"]}],
		["deny_trust_service", worker_role, {"assumeRolePolicy:/Statement/0/Principal": nobody}],
		["deny_trust_service", worker_role, {"assumeRolePolicy:/Statement/0/Principal": two_services}],
		["deny_trust_service", worker_role, {"assumeRolePolicy:/Statement/0/Principal": "*"}],
		["deny_trust_service", worker_role, {"assumeRolePolicy:/Statement/0/Principal": {"AWS": "arn:aws:iam::000000000000:root"}}],
		["deny_trust_service", worker_role, {"assumeRolePolicy:/Statement/0/Action": ["sts:AssumeRole", "sts:TagSession"]}],
		["deny_trust_service", worker_role, {"assumeRolePolicy:/Statement": [open_lambda, open_lambda]}],
		["deny_trust_source", "archive_schedule_role", {"assumeRolePolicy:/Statement/0/Condition": absent}],
		["deny_trust_source", "archive_schedule_role", {"assumeRolePolicy:/Statement/0/Condition/StringEquals/aws:SourceAccount": "*"}],
		["deny_trust_source", "archive_schedule_role", {"assumeRolePolicy:/Statement/0/Condition": {"StringLike": {"aws:SourceAccount": "000000000000"}}}],
		["deny_trust_source", "archive_schedule_role", {"assumeRolePolicy:/Statement/0/Condition/ArnLike": absent}],
		["deny_trust_source", "archive_schedule_role", {"assumeRolePolicy:/Statement/0/Condition/ArnLike/aws:SourceArn": "arn:aws:scheduler:us-east-2:000000000000:*"}],
		["deny_trust_key_unsent", "webhook_api_role", {"assumeRolePolicy:/Statement/0/Condition": own_account}],
		["deny_trust_key_unsent", worker_role, {"assumeRolePolicy:/Statement/0/Condition": own_account}],
		["deny_trust_key_unsent", "archive_schedule_role", {"assumeRolePolicy:/Statement/0/Condition/StringEquals/aws:SourceOrgID": "o-1"}],
		["deny_managed_policy", another(attachment_type, "wide", {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}), "added"],
		["deny_managed_policy", another(attachment_type, "wide", {"policyArn": gateway_logs_policy}), "added"],
		["deny_managed_policy", another(attachment_type, "wide", {"role": "webhook_processor_role_dev"}), "added"],
		["deny_role_inline", worker_role, {"/inlinePolicies": [{"name": "hidden", "policy": "{}"}]}],
		["deny_role_inline", worker_role, {"/managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}],
		["deny_right_unlisted", worker, {"policy:/Statement/3/Action": ["s3:PutObject", "s3:DeleteObject"]}],
		["deny_right_unlisted", worker, {"policy:/Statement/3/Resource": sprintf("%s/seal/*", [audit_bucket_arn])}],
		["deny_right_unlisted", worker, {"policy:/Statement/2/Resource": "arn:aws:dynamodb:us-east-2:000000000000:table/analytics_dev"}],
		["deny_right_unlisted", worker, {"/role": absent}],
		["deny_right_unlisted", worker, {"/role": "somebody_role_dev"}],
		["deny_use_unlisted", "key", {"policy:/Statement/0/Action": ["kms:Decrypt", "kms:ReplicateKey"]}],
		["deny_use_unlisted", "key", {"policy:/Statement/1/Action": "kms:PutKeyPolicy"}],
		["deny_use_unlisted", "key", {"policy:/Statement/1/Principal": {"AWS": "*"}}],
		["deny_use_unlisted", "key", {"policy:/Statement/1/Principal": {"AWS": [1]}}],
		["deny_use_unlisted", "key", {"policy:/Statement/2/Principal/Service": "logs.eu-west-1.amazonaws.com"}],
		["deny_use_unlisted", "seal_key", {"policy:/Statement/0/Action": "kms:Sign"}],
		["deny_use_unlisted", "alarms_policy", {"policy:/Statement/0/Principal": nobody}],
		["deny_use_unlisted", "alarms_policy", {"policy:/Statement/0/Principal": "*"}],
		["deny_use_unlisted", "alarms_policy", {"policy:/Statement/0/Action": ["sns:Publish", "sns:AddPermission"]}],
		["deny_use_unlisted", "audit_policy", {"policy:/Statement/0": {"Effect": "Allow", "Principal": {"CanonicalUser": "79a5"}, "Action": "s3:GetObject"}}],
		["deny_use_unlisted", "webhook_queue_policy", {"policy:/Statement/0/Effect": "Allow"}],
		["deny_secret_policy", "webhook_secret_stripe", {"/policy": "{}"}],
		["stack_deny_secret_missing", "webhook_secret_stripe", "gone"],
		["stack_deny_secret_missing", worker, {"policy:/Statement/5/Resource": "arn:aws:secretsmanager:us-east-2:000000000000:secret:webhook_secret_other_dev-??????"}],
		["stack_deny_role_shared", "webhook_processor", {"/role": "arn:aws:iam::000000000000:role/analytics_processor_role_dev"}],
		["stack_deny_role_foreign", "webhook_processor", {"/role": "arn:aws:iam::000000000000:role/somebody_dev"}],
		["stack_deny_role_foreign", "webhook_processor", {"/role": "arn:aws:iam::000000000000:role/webhook_api_role_dev"}],
		["stack_deny_role_foreign", "webhook_processor", {"/role": absent}],
		["stack_deny_role_foreign", "webhook_provider_queue", {"/credentials": "arn:aws:iam::*:user/*"}],
		["stack_deny_role_foreign", "webhook_provider_queue", {"/credentials": absent}],
		["stack_deny_role_foreign", "archive_schedule", {"/target/roleArn": "arn:aws:iam::000000000000:role/webhook_processor_role_dev"}],
		["stack_deny_role_foreign", "archive_schedule", {"/target/roleArn": absent}],
		["stack_warn_role_unused", another("aws:iam/role:Role", "spare", {"name": "spare_role_dev"}), "added"],
		["stack_warn_role_unused", "archive_schedule", "gone"],
	]
}

package payhook_test

import rego.v1

aes := [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]

without_key := [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]

aws_key := [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "alias/aws/s3"}}]

foreign_key := [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "arn:preview:other"}}]

rows contains row if {
	some row in [
		["deny_encryption_key", "transactions", {"/serverSideEncryption/kmsKeyArn": absent}],
		["deny_encryption_key", "transactions", {"/serverSideEncryption/kmsKeyArn": "alias/aws/dynamodb"}],
		["deny_encryption_key", "webhook_queue", {"/kmsMasterKeyId": absent}],
		["deny_encryption_key", "webhook_queue", {"/kmsMasterKeyId": "alias/aws/sqs"}],
		["deny_encryption_key", "rejected_queue", {"/kmsMasterKeyId": ""}],
		["deny_encryption_key", "rejected_queue", {"/kmsMasterKeyId": {"Element": {"V": ""}}}],
		["deny_encryption_key", "rejected_queue", {"/kmsMasterKeyId": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}],
		["deny_encryption_key", "alarms", {"/kmsMasterKeyId": absent}],
		["deny_encryption_key", "alarms", {"/kmsMasterKeyId": "alias/aws/sns"}],
		["deny_encryption_key", "webhook_processor_logs", {"/kmsKeyId": absent}],
		["deny_encryption_key", "webhook_secret_stripe", {"/kmsKeyId": absent}],
		["deny_encryption_key", "webhook_secret_stripe", {"/kmsKeyId": "aws/secretsmanager"}],
		["deny_encryption_key", "webhook_processor", {"/kmsKeyArn": absent}],
		["deny_encryption_key", "webhook_processor", {"/kmsKeyArn": 1}],
		["deny_encryption_key", "archive_schedule", {"/kmsKeyArn": absent}],
		["deny_encryption_key", "audit_access", {"/kmsKeyId": absent}],
		["stack_deny_bucket_encryption", "audit_encryption", {"/rules": aes}],
		["stack_deny_bucket_encryption", "audit_encryption", {"/rules": without_key}],
		["stack_deny_bucket_encryption", "audit_encryption", {"/rules": aws_key}],
		["stack_deny_bucket_encryption", "audit_encryption", {"/rules": []}],
		["stack_deny_bucket_encryption", "audit_encryption", {"/rules": absent}],
		["stack_deny_bucket_encryption", "access_record_encryption", {"/rules": aes}],
		["stack_deny_bucket_encryption", "access_record_logging", "gone"],
		["stack_deny_key_foreign", "transactions", {"/serverSideEncryption/kmsKeyArn": "arn:preview:other"}],
		["stack_deny_key_foreign", "alarms", {"/kmsMasterKeyId": "arn:preview:seal_key"}],
		["stack_deny_key_foreign", "webhook_queue", {"/kmsMasterKeyId": "alias/somebody"}],
		["stack_deny_key_foreign", "audit_encryption", {"/rules": foreign_key}],
		["deny_key_rotation", "key", {"/enableKeyRotation": false}],
		["deny_key_rotation", "key", {"/enableKeyRotation": absent}],
		["deny_key_window", "key", {"/deletionWindowInDays": 6}],
		["deny_key_window", "key", {"/deletionWindowInDays": 31}],
		["deny_key_window", "seal_key", {"/deletionWindowInDays": absent}],
		["deny_key_spec", "seal_key", {"/customerMasterKeySpec": absent}],
		["deny_key_spec", "seal_key", {"/customerMasterKeySpec": "RSA_2048"}],
		["deny_key_spec", "seal_key", {"/keyUsage": absent}],
		["deny_key_spec", "key", {"/keyUsage": "GENERATE_VERIFY_MAC"}],
		["deny_key_state", "key", {"/isEnabled": false}],
		["deny_key_state", "key", {"/multiRegion": true}],
		["deny_key_state", "seal_key", {"/bypassPolicyLockoutSafetyCheck": true}],
		["deny_key_service", "key", {"policy:/Statement/2/Principal": {"Service": "glue.amazonaws.com"}}],
		["deny_key_service", "key", {"policy:/Statement/2/Principal": {"Service": "logs.us-west-2.amazonaws.com"}}],
		["deny_seal_principal", "seal_key", {"policy:/Statement/1/Principal": {"AWS": "arn:aws:iam::000000000000:role/webhook_processor_role_dev"}}],
		["deny_seal_principal", "seal_key", {"policy:/Statement/0/Action": ["kms:Sign"]}],
		["deny_seal_principal", "seal_key", {"policy:/Statement/1/Principal": {"Service": "lambda.amazonaws.com"}}],
		["stack_deny_alias_lost", "alias", "gone"],
		["stack_deny_alias_lost", "alias", {"/targetKeyId": "other-id"}],
		["stack_deny_alias_lost", "seal_alias", {"/targetKeyId": absent}],
	]
}

# The alias of the stack's key is as good as its ARN.
test_key_by_alias if {
	changes := {"/kmsMasterKeyId": "alias/payhook_dev"}
	not fires(["stack_deny_key_foreign", "webhook_queue", changes])
	not fires(["deny_encryption_key", "webhook_queue", changes])
}

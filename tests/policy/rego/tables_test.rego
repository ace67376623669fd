package payhook_test

import rego.v1

rows contains row if {
	some row in [
		["deny_table_recovery", "transactions", {"/pointInTimeRecovery/enabled": false}],
		["deny_table_recovery", "transactions", {"/pointInTimeRecovery/enabled": null}],
		["deny_table_recovery", "analytics", {"/pointInTimeRecovery": absent}],
		["deny_table_billing", "transactions", {"/billingMode": "PROVISIONED"}],
		["deny_table_billing", "analytics", {"/billingMode": absent}],
		["deny_table_stream", "transactions", {"/streamEnabled": false}],
		["deny_table_stream", "transactions", {"/streamEnabled": absent}],
		["deny_table_stream", "transactions", {"/streamViewType": "KEYS_ONLY"}],
		["deny_table_stream", "transactions", {"/streamViewType": "NEW_IMAGE"}],
		["deny_table_stream", "transactions", {"/streamViewType": absent}],
		["deny_table_expiry", "transactions", {"/ttl/enabled": false}],
		["deny_table_expiry", "transactions", {"/ttl/attributeName": "created_at"}],
		["deny_table_expiry", "analytics", {"/ttl": absent}],
		["deny_table_keys", "transactions", {"/hashKey": "message_id"}],
		["deny_table_index", "transactions", {"/globalSecondaryIndexes": [{"name": "by_receipt", "projectionType": "ALL"}]}],
		["deny_table_index", "analytics", {"/localSecondaryIndexes": [{"name": "by_receipt", "projectionType": "KEYS_ONLY"}]}],
		["deny_record_deleted", "archival_function_policy", {"/policy": may("dynamodb:DeleteItem", "transactions_dev")}],
		["deny_record_deleted", "archival_function_policy", {"/policy": may("dynamodb:BatchWriteItem", "transactions_dev")}],
		["deny_record_deleted", "webhook_processor_policy", {"/policy": may("dynamodb:PutItem", "transactions_dev")}],
		["deny_record_deleted", "webhook_processor_policy", {"/policy": may("dynamodb:PartiQLDelete", "transactions_dev")}],
		["deny_table_keys", "transactions", {"/rangeKey": absent}],
		["deny_table_keys", "analytics", {"/hashKey": absent}],
		["deny_table_encryption", "transactions", {"/serverSideEncryption/enabled": false}],
		["deny_table_encryption", "analytics", {"/serverSideEncryption": absent}],
	]
}

# A role's document with one right on one table.
may(action, table) := json.marshal({"Version": "2012-10-17", "Statement": [{
	"Sid": "Table",
	"Effect": "Allow",
	"Action": [action],
	"Resource": [sprintf("arn:aws:dynamodb:us-east-2:000000000000:table/%s", [table])],
}]})

test_a_blank_list_is_no_index if {
	not fires(["deny_table_index", "transactions", {"/globalSecondaryIndexes": []}])
}

test_a_record_may_be_inserted_and_raised_and_a_counter_written if {
	not fires(["deny_record_deleted", "webhook_processor_policy", {"/policy": may("dynamodb:PartiQLUpdate", "transactions_dev")}])
	not fires(["deny_record_deleted", "analytics_processor_policy", {"/policy": may("dynamodb:PutItem", "analytics_dev")}])
}

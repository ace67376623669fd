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
		["deny_table_index", "transactions", {"/globalSecondaryIndexes": absent}],
		["deny_table_index", "transactions", {"/globalSecondaryIndexes/0/projectionType": "KEYS_ONLY"}],
		["deny_table_index", "transactions", {"/globalSecondaryIndexes/0/keySchemas/1": absent}],
		["deny_table_keys", "transactions", {"/rangeKey": absent}],
		["deny_table_keys", "analytics", {"/hashKey": absent}],
		["deny_table_encryption", "transactions", {"/serverSideEncryption/enabled": false}],
		["deny_table_encryption", "analytics", {"/serverSideEncryption": absent}],
	]
}

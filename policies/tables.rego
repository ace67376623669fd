package payhook

import rego.v1

table_type := "aws:dynamodb/table:Table"

# METADATA
# title: A table can be restored to any second
# description: >-
#   A deleted or damaged record of a payment must be recoverable, and point-in-time recovery is the only backup of the tables. Never computed: absent
#   is a violation.
# scope: rule
# custom:
#   fix: set point_in_time_recovery to enabled on the table (infra/lib/tables.py)
#   pci: ["10.3.3", "12.10.1"]
deny_table_recovery contains message if {
	input.__type == table_type
	wrong := not_exactly(subject, ["pointInTimeRecovery", "enabled"], true)
	message := say(subject, wrong, "enable point-in-time recovery")
}

# METADATA
# title: A table is paid by request
# description: >-
#   Provisioned capacity throttles a peak of webhooks, and a throttled insert is a payment event that waits. On-demand capacity has no such limit to
#   forget. The provider's default is PROVISIONED, so absent is a violation.
# scope: rule
# custom:
#   fix: set billing_mode to PAY_PER_REQUEST (infra/lib/tables.py)
#   pci: ["2.2.1"]
deny_table_billing contains message if {
	input.__type == table_type
	wrong := not_exactly(subject, ["billingMode"], "PAY_PER_REQUEST")
	message := say(subject, wrong, "make the table on-demand")
}

# METADATA
# title: The transactions stream out as they were written
# description: >-
#   The analytics are computed from the stream of the transactions table: events from what was inserted, money from what a movement's two images
#   differ in. Only NEW_AND_OLD_IMAGES carries both without a second read. The table is known by its name. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: set stream_enabled to True and stream_view_type to NEW_AND_OLD_IMAGES (infra/lib/tables.py)
#   pci: ["2.2.1"]
deny_table_stream contains message if {
	input.__type == table_type
	startswith(physical_name(subject), "transactions_")
	some property, wanted in {"streamEnabled": true, "streamViewType": "NEW_AND_OLD_IMAGES"}
	wrong := not_exactly(subject, [property], wanted)
	message := say(subject, wrong, "let the table stream its records as they are and as they were")
}

# METADATA
# title: A table forgets what it need not keep
# description: >-
#   Every record of a payment carries a time of expiry, long after the archive has a verified copy of it; counts of a minute and markers carry one, too.
#   Nobody else deletes anything: without the TTL all of it stays for ever, against the retention that was decided. Never computed: absent is a
#   violation.
# scope: rule
# custom:
#   fix: set ttl to enabled on the attribute expires_at (infra/lib/tables.py)
#   pci: ["3.2.1"]
deny_table_expiry contains message if {
	input.__type == table_type
	some property, wanted in {"enabled": true, "attributeName": "expires_at"}
	wrong := not_exactly(subject, ["ttl", property], wanted)
	message := say(subject, wrong, "let DynamoDB delete what has expired")
}

# The keys of each table, by the table's name without suffix.
table_keys := {
	"transactions_": {"hashKey": "transaction_id", "rangeKey": "timestamp"},
	"analytics_": {"hashKey": "aggregate", "rangeKey": "bucket"},
}

# METADATA
# title: A table has the keys by which nothing is counted twice
# description: >-
#   An insert that refuses an existing key is the whole of deduplication; under another key a redelivered webhook would be a second payment. Never
#   computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep hash_key and range_key of infra/lib/tables.py
#   pci: ["6.2.4", "10.3.2"]
deny_table_keys contains message if {
	input.__type == table_type
	some start, wanted_keys in table_keys
	startswith(physical_name(subject), start)
	some property, wanted in wanted_keys
	wrong := not_exactly(subject, [property], wanted)
	message := say(subject, wrong, "keep the table's keys")
}

# METADATA
# title: A table has no index
# description: >-
#   An index is written with every insert, which doubles what an insert costs, and it is a second copy of payments. The keys of one day in one index
#   are few, and throttle the whole table when all webhooks go to them. Records are found by the audit log, which names their keys. Absent is right.
# scope: rule
# custom:
#   fix: read by key what the audit log names, and remove the index
#   pci: ["2.2.1", "3.2.1"]
deny_table_index contains message if {
	input.__type == table_type
	some property in {"globalSecondaryIndexes", "localSecondaryIndexes"}
	count(as_list(value(subject, [property]))) > 0
	message := say(subject, sprintf("it has %s", [property]), "remove it")
}

# What takes a record away, or puts another in its place. A transaction is allowed by the right to each of its writes:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html, read 2026-11-28.
takes_records_away := {"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PartiQLDelete", "dynamodb:PutItem"}

# METADATA
# title: Nobody deletes or replaces a record of a payment
# description: >-
#   Records leave the table when they expire, and in no other way, so that no fault of a function can take one away before its copy is verified. No role
#   holds a right that deletes an item of the transactions table or writes over one. The names in the documents are known in every preview.
# scope: rule
# custom:
#   fix: remove the right
#   pci: ["3.2.1", "7.2.5", "10.3.2"]
deny_record_deleted contains message if {
	input.__type == "aws:iam/rolePolicy:RolePolicy"
	some statement in allowing(subject)
	some action in actions(statement)
	action in takes_records_away
	some target in targets(statement)
	contains(target, ":table/transactions_")
	message := say(subject, in_statement(statement, sprintf("%s on %s deletes or replaces records", [action, target])), "remove the right")
}

package payhook

import rego.v1

# The variables by which each function finds what it works on. A kind says what the value must name.
function_variables := {
	"webhook_processor": {
		"TRANSACTIONS_TABLE": "table",
		"AUDIT_BUCKET": "bucket",
		"REJECTED_QUEUE_URL": "queue",
		"ENVIRONMENT_SUFFIX": "suffix",
		"METRICS_NAMESPACE": "namespace",
	},
	"analytics_processor": {
		"ANALYTICS_TABLE": "table",
		"DEAD_LETTER_QUEUE_URL": "queue",
		"ENVIRONMENT_SUFFIX": "suffix",
		"METRICS_NAMESPACE": "namespace",
	},
	"archival_function": {
		"TRANSACTIONS_TABLE": "table",
		"ANALYTICS_TABLE": "table",
		"AUDIT_BUCKET": "bucket",
		"SEAL_KEY_ALIAS": "alias",
		"LOG_GROUPS": "logs",
		"ENVIRONMENT_SUFFIX": "suffix",
		"METRICS_NAMESPACE": "namespace",
	},
}

# METADATA
# title: A function works on the stack's own resources
# description: >-
#   Table, bucket, queue, key and the namespace of its metrics come to a function as variables. Each names a resource of this stack: payments written
#   into another's table, or an audit log into another's bucket, would be gone. Values are built from names and known in every preview: absent is a
#   violation.
# scope: rule
# custom:
#   fix: keep environment() of infra/lib/functions.py
#   pci: ["6.5.3", "10.2.1", "12.5.2"]
stack_deny_function_target contains message if {
	some function in functions
	some variable, kind in function_variables[base_name(function)]
	path := ["environment", "variables", variable]
	found := value_or_null(function, path)
	not is_own(kind, found)
	message := say(function, sprintf("%s is %s, no %s of this stack", [variable, shown(function, path), kind]), "name the stack's own")
}

is_own("suffix", found) if found == suffix

# Where the alarms look: metrics elsewhere would ring nowhere.
is_own("namespace", found) if found == project

is_own("table", found) if {
	some table in tables
	physical_name(table) == found
}

is_own("bucket", found) if {
	some bucket in buckets
	physical_name(bucket) == found
}

is_own("alias", found) if {
	some alias in of_type("aws:kms/alias:Alias")
	physical_name(alias) == found
}

# Every log of the stack but the gateway's execution log, which tells of faults alone and has no name before the API has an id.
is_own("logs", found) if {
	copied := {group | some part in split(found, ","); group := split(part, "=")[1]}
	wanted := {name |
		some group in of_type("aws:cloudwatch/logGroup:LogGroup")
		name := physical_name(group)
		not startswith(name, "API-Gateway-Execution-Logs_")
	}
	copied == wanted
}

is_own("queue", found) if {
	startswith(found, "https://")
	some queue in queues
	points_at(found, queue)
}

package payhook

import rego.v1

# What a stack has in any case, by the names that the program gives.
required_names := {
	"aws:apigateway/restApi:RestApi": {"webhook_api"},
	"aws:cloudwatch/logGroup:LogGroup": {
		"/aws/apigateway/webhook_api",
		"/aws/lambda/webhook_processor",
		"/aws/lambda/analytics_processor",
		"/aws/lambda/archival_function",
	},
	"aws:dynamodb/table:Table": {"transactions", "analytics"},
	"aws:glue/catalogDatabase:CatalogDatabase": {"payhook"},
	"aws:glue/catalogTable:CatalogTable": {"transactions_archive"},
	"aws:iam/role:Role": {
		"webhook_processor_role",
		"analytics_processor_role",
		"archival_function_role",
		"webhook_api_role",
		"archive_schedule_role",
	},
	"aws:iam/rolePolicy:RolePolicy": {
		"webhook_processor_policy",
		"analytics_processor_policy",
		"archival_function_policy",
		"webhook_api_policy",
		"archive_schedule_policy",
	},
	"aws:kms/alias:Alias": {"alias/payhook", "alias/payhook_seal"},
	"aws:lambda/function:Function": function_names,
	"aws:scheduler/schedule:Schedule": {"archive_schedule"},
	"aws:sns/topic:Topic": {"alarms"},
	"aws:sqs/queue:Queue": {
		"webhook_queue",
		"rejected_queue",
		"webhook_processor_dlq",
		"analytics_processor_dlq",
		"archival_function_dlq",
	},
}

# And of types without a fixed name, how many at least.
required_counts := {
	"aws:apigateway/deployment:Deployment": 1,
	"aws:apigateway/integration:Integration": 3,
	"aws:apigateway/method:Method": 3,
	"aws:apigateway/methodSettings:MethodSettings": 1,
	"aws:apigateway/stage:Stage": 1,
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy": 1,
	"aws:kms/key:Key": 2,
	"aws:lambda/eventSourceMapping:EventSourceMapping": 2,
	"aws:s3/bucket:Bucket": 1,
	"aws:secretsmanager/secret:Secret": 1,
	"aws:sns/topicPolicy:TopicPolicy": 1,
	"aws:wafv2/webAcl:WebAcl": 1,
}

# METADATA
# title: A stack has all its parts
# description: >-
#   Rules about resources say nothing about a resource that is not there, and would find an empty stack perfect. This list is the inventory of what
#   payhook is made of; what is missing is refused by name. Names are known in every preview.
# scope: rule
# custom:
#   fix: put the part back, or take it off the list in policies/parts.rego with a reason
#   pci: ["12.5.1", "12.5.2", "2.2.1"]
stack_deny_part_missing contains message if {
	some type, names in required_names
	some name in names
	not has_named(type, name)
	message := sprintf("stack: there is no %s with the name %s; put it back", [type, name])
}

stack_deny_part_missing contains message if {
	some type, least in required_counts
	found := count(of_type(type))
	found < least
	message := sprintf("stack: there are %d of %s, fewer than %d; put back what is missing", [found, type, least])
}

has_named(type, name) if {
	some resource in of_type(type)
	base_name(resource) == name
}

# METADATA
# title: A key has an alias in the stack, and an alias a key
# description: >-
#   People and functions find a key by its alias: the seal is verified with the key behind alias/payhook_seal. Every alias points at a key of this
#   stack; where a preview may leave unknown which, the dependency says so.
# scope: rule
# custom:
#   fix: keep the aliases of infra/lib/encryption.py
#   pci: ["3.7.2", "12.3.3"]
stack_deny_alias_lost contains message if {
	some alias in of_type("aws:kms/alias:Alias")
	every key in keys {
		not may_link(alias, ["targetKeyId"], key)
	}
	message := say(alias, sprintf("targetKeyId is %s, no key of this stack", [shown(alias, ["targetKeyId"])]), "point it at the stack's key")
}

stack_deny_alias_lost contains message if {
	some key in keys
	not has_alias(key)
	message := say(key, "it has no alias", "give it one")
}

has_alias(key) if {
	some alias in of_type("aws:kms/alias:Alias")
	may_link(alias, ["targetKeyId"], key)
}

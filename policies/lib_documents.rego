package payhook

import rego.v1

# IAM documents are JSON text in a property. What cannot be read is refused by deny_document_unreadable; every other rule looks at the
# statements of what could be read.

# The property that holds the document, and whether its statements must say for whom (policies of resources) or must not (policies of roles).
documents := {
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {"path": "policyDocument", "principal": true},
	"aws:iam/role:Role": {"path": "assumeRolePolicy", "principal": true},
	"aws:iam/rolePolicy:RolePolicy": {"path": "policy", "principal": false},
	"aws:kms/key:Key": {"path": "policy", "principal": true},
	"aws:s3/bucketPolicy:BucketPolicy": {"path": "policy", "principal": true},
	"aws:sns/topicPolicy:TopicPolicy": {"path": "policy", "principal": true},
	"aws:sqs/queuePolicy:QueuePolicy": {"path": "policy", "principal": true},
}

document_path(resource) := [documents[resource.__type].path]

# The JSON object in a text property; an empty one when the text holds none.
parsed(resource, path) := document if {
	text := value(resource, path)
	is_string(text)
	json.is_valid(text)
	document := json.unmarshal(text)
	is_object(document)
} else := {}

is_json(resource, path) if {
	text := value(resource, path)
	is_string(text)
	json.is_valid(text)
	is_object(json.unmarshal(text))
}

statements(resource) := [statement |
	some statement in as_list(object.get(parsed(resource, document_path(resource)), "Statement", []))
	is_object(statement)
]

allowing(resource) := [statement |
	some statement in statements(resource)
	statement.Effect == "Allow"
]

# A statement by its Sid for a message, or by its actions where it has none.
statement_name(statement) := statement.Sid

statement_name(statement) := json.marshal(object.get(statement, "Action", null)) if not statement.Sid

in_statement(statement, wrong) := sprintf("statement %s: %s", [statement_name(statement), wrong])

actions(statement) := as_list(object.get(statement, "Action", []))

targets(statement) := as_list(object.get(statement, "Resource", []))

# Principals of a kind ("AWS", "Service", …) as a list; "*" counts as every AWS principal.
principals(statement, kind) := as_list(object.get(statement.Principal, kind, [])) if is_object(statement.Principal)

principals(statement, "AWS") := [statement.Principal] if is_string(statement.Principal)

# Every value of every condition of a statement.
condition_values(statement) := [text |
	some tests in object.get(statement, "Condition", {})
	some held in tests
	some text in as_list(held)
]

has_wildcard(text) if regex.match(`[*?]`, text)

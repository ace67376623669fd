package payhook

import rego.v1

statement_elements := {
	"Sid",
	"Effect",
	"Principal",
	"NotPrincipal",
	"Action",
	"NotAction",
	"Resource",
	"NotResource",
	"Condition",
}

# METADATA
# title: Every IAM document can be read
# description: >-
#   A document that is absent, not JSON, of an older version, or with elements that IAM does not know cannot be judged by the other rules, so it is
#   refused whole. The documents of this stack are built from names and therefore known in every preview: absent is a violation. A key without a
#   policy would get AWS's default one, which gives the whole account everything.
# scope: rule
# custom:
#   fix: build the document with infra/lib/policies.py
#   pci: ["7.2.1", "7.3.1"]
deny_document_unreadable contains message if {
	some wrong in document_faults
	message := say(subject, wrong, "write the document with infra/lib/policies.py")
}

document_faults contains not_given(subject, document_path(subject)) if documents[input.__type]

document_faults contains sprintf("%s is not JSON", [concat(".", path)]) if {
	path := document_path(subject)
	has_value(subject, path)
	not is_json(subject, path)
}

document_faults contains sprintf("its Version is %s, not \"2012-10-17\"", [json.marshal(version)]) if {
	is_json(subject, document_path(subject))
	version := object.get(parsed(subject, document_path(subject)), "Version", null)
	version != "2012-10-17"
}

document_faults contains "it has no statements" if {
	is_json(subject, document_path(subject))
	count(statements(subject)) == 0
}

document_faults contains "a statement is not an object" if {
	some statement in as_list(object.get(parsed(subject, document_path(subject)), "Statement", []))
	not is_object(statement)
}

document_faults contains in_statement(statement, sprintf("IAM knows no element %s", [element])) if {
	some statement in statements(subject)
	some element in (object.keys(statement) - statement_elements)
}

document_faults contains in_statement(statement, "its Effect is neither Allow nor Deny") if {
	some statement in statements(subject)
	not object.get(statement, "Effect", null) in {"Allow", "Deny"}
}

document_faults contains in_statement(statement, sprintf("it has no %s", [element])) if {
	some statement in allowing(subject)
	some element in required_elements
	not statement[element]
}

document_faults contains in_statement(statement, sprintf("its %s is not a list of texts", [element])) if {
	some statement in statements(subject)
	some element in {"Action", "Resource"}
	statement[element]
	not are_texts(as_list(statement[element]))
}

document_faults contains in_statement(statement, "a role's policy takes no Principal") if {
	documents[input.__type].principal == false
	some statement in statements(subject)
	statement.Principal
}

are_texts(list) if {
	count(list) > 0
	every text in list {
		is_string(text)
	}
}

required_elements contains "Action"

required_elements contains "Resource" if input.__type != "aws:iam/role:Role"

required_elements contains "Principal" if documents[input.__type].principal == true

# METADATA
# title: No wildcard in an action
# description: >-
#   An action with * or ? grants what nobody looked at, and what AWS adds later. Least privilege names each action. Deny statements may use wildcards:
#   they take away.
# scope: rule
# custom:
#   fix: name each action that the code calls
#   pci: ["7.2.2", "7.2.5"]
deny_action_wildcard contains message if {
	some statement in allowing(subject)
	some action in actions(statement)
	has_wildcard(action)
	message := say(subject, in_statement(statement, sprintf("the action %s has a wildcard", [action])), "name each action")
}

# The forms that have no alternative:
# a key under a prefix of a bucket (keys are made at run time);
# the streams of one log group (Lambda names them at run time);
# one log group, whose ARN ends in `:*` in every statement about its events,
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html, read 2026-11-27;
# the six characters that Secrets Manager appends to a secret's name, https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#secret_arn,
# read 2026-11-25;
# the label of a table's stream, a time that DynamoDB chooses.
wildcard_forms := {
	`^arn:aws:s3:::[a-z0-9.-]+/([A-Za-z0-9_=-]+/)+\*$`,
	`^arn:aws:logs:[a-z0-9-]+:[0-9]{12}:log-group:[A-Za-z0-9_/.#-]+:log-stream:\*$`,
	`^arn:aws:logs:[a-z0-9-]+:[0-9]{12}:log-group:[A-Za-z0-9_/.#-]+:\*$`,
	`^arn:aws:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9_/+=.@-]+-\?\?\?\?\?\?$`,
	`^arn:aws:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+/stream/\*$`,
}

# METADATA
# title: No wildcard in a resource but the forms that have no alternative
# description: >-
#   A right holds for resources that are named. Allowed are an S3 key under a prefix, one log group and its streams, the random end of a secret's ARN
#   and the label of a table's stream. In a key's own policy "*" means that key and nothing else, by KMS's definition.
# scope: rule
# custom:
#   fix: name the resource by its ARN, built from its name
#   pci: ["7.2.2", "7.2.5"]
deny_resource_wildcard contains message if {
	some statement in allowing(subject)
	some target in targets(statement)
	has_wildcard(target)
	not is_own_key(target)
	every form in wildcard_forms {
		not regex.match(form, target)
	}
	message := say(subject, in_statement(statement, sprintf("the resource %s has a wildcard", [target])), "name the resource")
}

is_own_key("*") if input.__type == "aws:kms/key:Key"

# METADATA
# title: No NotAction, NotResource or NotPrincipal
# description: >-
#   What is allowed must be listed: everything but a list grants what AWS adds later. NotPrincipal is refused in Deny statements too, where a
#   forgotten session ARN locks out the wrong people or nobody.
# scope: rule
# custom:
#   fix: list what is allowed instead
#   pci: ["7.2.2", "7.3.3"]
deny_not_elements contains message if {
	some statement in allowing(subject)
	some element in {"NotAction", "NotResource"}
	statement[element]
	message := say(subject, in_statement(statement, sprintf("it allows by %s", [element])), "list what is allowed")
}

deny_not_elements contains message if {
	some statement in statements(subject)
	statement.NotPrincipal
	message := say(subject, in_statement(statement, "it uses NotPrincipal"), "list the principals")
}

# METADATA
# title: No public or account-wide principal
# description: >-
#   Nobody outside the stack is let in: no "*", no wildcard in a principal, no federated or canonical user, and no whole account, except in a key's
#   policy, where KMS needs the account's root so that the key stays manageable. A condition does not redeem a wildcard: conditions are forgotten
#   first.
# scope: rule
# custom:
#   fix: name the roles or the one service that need it
#   pci: ["1.4.4", "7.2.2", "7.3.3"]
deny_principal_public contains message if {
	some statement in allowing(subject)
	some kind in object.keys(principal_kinds(statement))
	some principal in principals(statement, kind)
	is_too_wide(kind, principal)
	message := say(
		subject,
		in_statement(statement, sprintf("the principal %s is not one role or service", [json.marshal(principal)])),
		"name the role or service",
	)
}

principal_kinds(statement) := {"AWS": statement.Principal} if is_string(statement.Principal)

principal_kinds(statement) := statement.Principal if is_object(statement.Principal)

is_too_wide(_, principal) if has_wildcard(principal)

is_too_wide(kind, _) if not kind in {"AWS", "Service"}

is_too_wide("AWS", principal) if {
	input.__type != "aws:kms/key:Key"
	not regex.match(`^arn:aws:iam::[0-9]{12}:role/`, principal)
}

is_too_wide("AWS", principal) if {
	input.__type == "aws:kms/key:Key"
	not regex.match(`^arn:aws:iam::[0-9]{12}:(role/.+|root)$`, principal)
}

# METADATA
# title: A service acts only for this account
# description: >-
#   A service that is let in by name works for every AWS account. Conditions on the source's account or ARN, or on the encryption context that names
#   the source, make sure that it acts for this stack (confused deputy, https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html, read
#   2026-11-25). Trust policies of roles have a rule of their own.
# scope: rule
# custom:
#   fix: add aws:SourceAccount, and aws:SourceArn where the service sends it
#   pci: ["7.2.5", "7.3.2"]
deny_service_unconditioned contains message if {
	documents[input.__type].principal == true
	input.__type != "aws:iam/role:Role"
	some statement in allowing(subject)
	some service in principals(statement, "Service")
	not names_source(statement)
	message := say(
		subject,
		in_statement(statement, sprintf("%s may act for any account", [service])),
		"add a condition on aws:SourceAccount",
	)
}

source_operators := {"StringEquals", "ArnEquals", "ArnLike"}

source_keys := {"aws:SourceAccount", "aws:SourceArn", "kms:EncryptionContext:aws:logs:arn"}

names_source(statement) if {
	some operator in source_operators
	some key in source_keys
	count(as_list(statement.Condition[operator][key])) > 0
}

# METADATA
# title: A condition of an Allow says something
# description: >-
#   A condition that every request meets ("*", "arn:aws:*") looks like a restriction and is none.
# scope: rule
# custom:
#   fix: put the account or the ARN that is meant into the condition
#   pci: ["7.2.2"]
deny_condition_open contains message if {
	some statement in allowing(subject)
	some text in condition_values(statement)
	is_string(text)
	regex.match(`^(\*|\?)+$|^arn:(aws)?[*:?]*$`, text)
	message := say(
		subject,
		in_statement(statement, sprintf("its condition value %s holds for every request", [text])),
		"name the account or ARN",
	)
}

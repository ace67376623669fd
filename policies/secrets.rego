package payhook

import rego.v1

# METADATA
# title: Every secret that a role may read is in the stack
# description: >-
#   A right to read a secret that nobody made here is a right to read what somebody else makes later under that name, with another key and another
#   owner. The names in the documents are known in every preview.
# scope: rule
# custom:
#   fix: make the secret (infra/lib/provider_secrets.py) or remove the right
#   pci: ["7.2.2", "7.2.5", "8.3.2"]
stack_deny_secret_missing contains message if {
	some policy in of_type("aws:iam/rolePolicy:RolePolicy")
	some statement in allowing(policy)
	some target in targets(statement)
	some match in regex.find_all_string_submatch_n(`:secret:([A-Za-z0-9_/+=.@-]+)-[?]{6}$`, target, -1)
	not has_secret(match[1])
	message := say(policy, in_statement(statement, sprintf("the secret %s is not in the stack", [match[1]])), "make it or remove the right")
}

# METADATA
# title: Only roles read a secret
# description: >-
#   A policy of the secret itself would let in whom no role's policy shows. Who may read which secret is in the roles' documents alone. Absent is right.
# scope: rule
# custom:
#   fix: remove policy from the secret
#   pci: ["7.2.2", "7.3.1", "8.3.2"]
deny_secret_policy contains message if {
	input.__type == "aws:secretsmanager/secret:Secret"
	has_value(subject, ["policy"])
	message := say(subject, "it has a policy of its own", "give the right to a role instead")
}

has_secret(name) if {
	some secret in of_type("aws:secretsmanager/secret:Secret")
	physical_name(secret) == name
}

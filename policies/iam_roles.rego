package payhook

import rego.v1

# The services that act in this stack, and the condition keys that each sends when it assumes a role. The sources stand beside the same
# table in infra/lib/policies.py (KEYS_SENT); infra/tests/test_trust.py compares the two.
trusted_services := {
	"lambda.amazonaws.com": {"source": set()},
	"apigateway.amazonaws.com": {"source": set()},
	"cloudtrail.amazonaws.com": {"source": {"aws:SourceAccount", "aws:SourceArn"}},
	"scheduler.amazonaws.com": {"source": {"aws:SourceAccount", "aws:SourceArn"}},
}

# METADATA
# title: A role is assumed by one service and nobody else
# description: >-
#   Each role belongs to one service: Lambda, API Gateway, the scheduler or CloudTrail, by the single action sts:AssumeRole. No person, no other
#   account, no second service. The document is text in every preview: absent is a violation (deny_document_unreadable).
# scope: rule
# custom:
#   fix: use trust() of infra/lib/policies.py
#   pci: ["7.2.5", "7.3.2", "8.6.1"]
deny_trust_service contains message if {
	input.__type == "aws:iam/role:Role"
	some statement in allowing(subject)
	wrong := trust_fault(statement)
	message := say(subject, in_statement(statement, wrong), "let exactly one service assume the role")
}

deny_trust_service contains message if {
	input.__type == "aws:iam/role:Role"
	count(allowing(subject)) > 1
	message := say(subject, "more than one statement lets somebody assume it", "let exactly one service assume the role")
}

trust_fault(statement) := sprintf("its principal is %s", [json.marshal(principal)]) if {
	principal := object.get(statement, "Principal", null)
	not is_trusted(principal)
}

trust_fault(statement) := sprintf("its action is %s", [json.marshal(actions(statement))]) if {
	is_trusted(object.get(statement, "Principal", null))
	actions(statement) != ["sts:AssumeRole"]
}

is_trusted(principal) if {
	is_object(principal)
	object.keys(principal) == {"Service"}
	services := as_list(principal.Service)
	count(services) == 1
	trusted_services[services[0]]
}

# METADATA
# title: A role is assumed for this account only
# description: >-
#   A service works for every account. Where it says for which one it assumes a role, the trust policy must ask: for the scheduler and CloudTrail
#   aws:SourceAccount by StringEquals with the twelve digits, and aws:SourceArn. Lambda and API Gateway say neither.
# scope: rule
# custom:
#   fix: use trust() of infra/lib/policies.py
#   pci: ["7.2.5", "7.3.2"]
deny_trust_source contains message if {
	input.__type == "aws:iam/role:Role"
	some statement in allowing(subject)
	some service in principals(statement, "Service")
	some key in trusted_services[service].source
	not asks_source(statement, key)
	message := say(
		subject,
		in_statement(statement, sprintf("%s may assume it whatever %s is", [service, key])),
		sprintf("add a condition on %s", [key]),
	)
}

asks_source(statement, "aws:SourceAccount") if {
	accounts := as_list(statement.Condition.StringEquals["aws:SourceAccount"])
	count(accounts) == 1
	regex.match(`^[0-9]{12}$`, accounts[0])
}

asks_source(statement, "aws:SourceArn") if {
	some operator in {"ArnLike", "ArnEquals"}
	sources := as_list(statement.Condition[operator]["aws:SourceArn"])
	count(sources) > 0
	every source in sources {
		regex.match(`^arn:aws:[a-z0-9-]+:[a-z0-9-]+:[0-9]{12}:[a-z0-9-]+[/:][^*?]+`, source)
	}
}

# METADATA
# title: A trust policy asks only for what the service sends
# description: >-
#   A condition on a key that is not in the request never matches, so nobody can assume the role: API Gateway then answers every webhook with 500.
#   Lambda sends no condition key, API Gateway none, the scheduler and CloudTrail aws:SourceAccount and aws:SourceArn.
# scope: rule
# custom:
#   fix: use trust() of infra/lib/policies.py, or add the key to its table with the page that says that the service sends it
#   pci: ["2.2.1", "7.2.5"]
deny_trust_key_unsent contains message if {
	input.__type == "aws:iam/role:Role"
	some statement in allowing(subject)
	some service in principals(statement, "Service")
	some tests in object.get(statement, "Condition", {})
	some key, _ in tests

	# A service that is not on the list is deny_trust_service's. The engines do not agree on `not` of what is undefined.
	sent := trusted_services[service].source
	not key in sent
	message := say(
		subject,
		in_statement(statement, sprintf("%s sends no %s when it assumes a role, so it never could", [service, key])),
		"remove the condition",
	)
}

# METADATA
# title: No managed policy
# description: >-
#   AWS's managed policies are wide and change without us, and one of the account's own is judged by no rule here. The role of the account's
#   gateway logs, which needs one, is the bootstrap's and in no stack.
# scope: rule
# custom:
#   fix: write the rights into the role's own policy
#   pci: ["7.2.2", "7.2.5"]
deny_managed_policy contains message if {
	input.__type == "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	message := say(
		subject,
		sprintf("policyArn is %s for the role %s", [shown(subject, ["policyArn"]), shown(subject, ["role"])]),
		"write the rights into the role's own policy",
	)
}

# The role that a policy belongs to, without its end "_role_{suffix}".
role_base(resource) := split(value(resource, ["role"]), "_role_")[0]

# METADATA
# title: A role's rights are where they are read
# description: >-
#   Rights hidden in the role's own inlinePolicies or managedPolicyArns would pass the rules that read RolePolicy resources. Absent is right here.
# scope: rule
# custom:
#   fix: use a RolePolicy resource
#   pci: ["7.2.1"]
deny_role_inline contains message if {
	input.__type == "aws:iam/role:Role"
	some property in {"inlinePolicies", "managedPolicyArns"}
	count(value(subject, [property])) > 0
	message := say(subject, sprintf("it has %s", [property]), "use a RolePolicy resource instead")
}

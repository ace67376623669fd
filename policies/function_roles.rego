package payhook

import rego.v1

# METADATA
# title: One role per function
# description: >-
#   A role that two functions share gives each what the other needs. The role's ARN is built from its name and known in every preview; whether it is
#   there and whose it is says stack_deny_role_foreign.
# scope: rule
# custom:
#   fix: give the function a role of its own (infra/lib/functions.py)
#   pci: ["7.2.2", "7.2.5", "8.2.2"]
stack_deny_role_shared contains message if {
	some function in functions
	some other in functions
	function.__urn != other.__urn
	value(function, ["role"]) == value(other, ["role"])
	message := say(function, sprintf("it shares its role with %s", [other.__name]), "give it a role of its own")
}

# Where each resource names its role, and the service that takes it on.
role_users := {
	"aws:apigateway/integration:Integration": {"path": ["credentials"], "service": "apigateway.amazonaws.com"},
	"aws:cloudtrail/trail:Trail": {"path": ["cloudWatchLogsRoleArn"], "service": "cloudtrail.amazonaws.com"},
	"aws:lambda/function:Function": {"path": ["role"], "service": "lambda.amazonaws.com"},
	"aws:scheduler/schedule:Schedule": {"path": ["target", "roleArn"], "service": "scheduler.amazonaws.com"},
}

# What works without a role: a trail that writes to its bucket alone, an integration that only answers.
works_without_role(resource) if resource.__type == "aws:cloudtrail/trail:Trail"

works_without_role(resource) if value(resource, ["type"]) == "MOCK"

# METADATA
# title: What acts in the stack has a role of this stack, for its service
# description: >-
#   A function, integration or schedule with a role from elsewhere has rights that no rule here reads. The role is in this stack
#   and trusts the service that takes it on. ARNs of roles are built from names and known in every preview: absent is a violation, but for a trail and
#   a mocked integration, which work without.
# scope: rule
# custom:
#   fix: pass settings.role_arn() of the resource's own role
#   pci: ["7.2.2", "7.2.5", "8.6.1"]
stack_deny_role_foreign contains message if {
	some type, user in role_users
	some resource in of_type(type)
	not has_role(resource, user)
	not is_without_role(resource, user)
	wrong := sprintf("%s is %s, no role of this stack for %s", [concat(".", user.path), shown(resource, user.path), user.service])
	message := say(resource, wrong, "give it a role of its own")
}

has_role(resource, user) if {
	some role in roles
	points_at(value(resource, user.path), role)
	some statement in allowing(role)
	principals(statement, "Service") == [user.service]
}

is_without_role(resource, user) if {
	works_without_role(resource)
	not has_value(resource, user.path)
}

# METADATA
# title: A role that nothing uses is removed
# description: >-
#   Rights without a user are rights for whoever finds them. A role is used by a function, an integration, a schedule or a trail
#   that names it.
# scope: rule
# custom:
#   fix: remove the role and its policy
#   pci: ["7.2.5", "7.2.5.1"]
#   severity: advisory
stack_warn_role_unused contains message if {
	some role in roles
	count([1 | some found in used_roles; points_at(found, role)]) == 0
	message := say(role, "nothing uses it", "remove it")
}

used_roles contains found if {
	some type, user in role_users
	some resource in of_type(type)
	found := value(resource, user.path)
}

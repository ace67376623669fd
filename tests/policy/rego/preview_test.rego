package payhook_test

import rego.v1

preview := {"warn_preview_unknown": {"enabled": true}}

# Every property that a first preview cannot know, on one resource of the good stack.
unknowns contains [name, pointer] if {
	some type, path_texts in data.payhook.computed_properties
	some path_text in path_texts
	path := split(path_text, ".")
	pointer := concat("", ["/", concat("/", path)])
	name := min({resource.name |
		some resource in good
		resource.type == type
		object.get(resource.properties, path, null) != null

		# Of the names of log groups only this one is unknown to anybody.
		[pointer, startswith(object.get(resource.properties, "name", ""), "API-Gateway-")] != ["/name", false]
	})
}

without_value(pair) := changed(named(pair[0]), {pair[1]: absent})

resource_says(resource) := {text |
	some policy in resource_policies
	startswith(policy, "deny_")
	some text in said_of(policy, shaped(resource))
}

stack_says(resources) := {text |
	some policy in stack_policies
	startswith(policy, "stack_deny_")
	some text in said_of(policy, resources)
}

is_refused(resource) if count(resource_says(resource)) > 0

else if count(stack_says(stack(resource.name, [resource]))) > 0

test_there_are_unknowns if count(unknowns) >= 30

# Not configured: what is absent is refused, whatever the reason.
test_absent_is_refused if {
	passing := {pair | some pair in unknowns; not is_refused_without(pair)}
	passing == set()
}

is_refused_without(pair) if is_refused(without_value(pair))

# Configured for a preview: let through, and said.
test_unknown_is_let_through_in_a_preview if {
	refused := {pair | some pair in unknowns; not passes_in_preview_without(pair)}
	refused == set()
}

passes_in_preview_without(pair) if {
	said := resource_says(without_value(pair)) with data.config as preview
	said == set()
}

test_unknown_is_said[name] if {
	some pair in unknowns
	name := concat(" ", pair)
	said := data.payhook.warn_preview_unknown with input as shaped(without_value(pair)) with data.config as preview
	count(said) == 1
}

# All of them at once, as in the first preview of an environment.
test_first_preview if {
	resources := {"resources": [shaped(result) |
		some resource in good
		result := changed(resource, {pair[1]: absent | some pair in unknowns; pair[0] == resource.name})
	]}
	said := stack_says(resources) with data.config as preview
	said == set()
	count(stack_says(resources)) > 10
}

# Values inside lists are as unknown as the others.
inner_unknowns := [
	["stack_deny_bucket_encryption", "audit_encryption", {"/rules": without_key}],
	["stack_deny_provider_key", "webhook_usage_plan_stripe", {"/apiStages/0/apiId": absent}],
]

test_inner_unknowns[name] if {
	some row in inner_unknowns
	name := row[1]
	resource := changed(named(row[1]), row[2])
	said := says(row) with data.config as preview
	said == set()
	warned := data.payhook.warn_preview_unknown with input as shaped(resource) with data.config as preview
	count(warned) == 1
	fires(row)
}

# A preview excuses only what AWS computes: anything else that is absent stays refused.
test_preview_excuses_nothing_else if {
	said := says(["deny_table_recovery", "transactions", {"/pointInTimeRecovery": absent}]) with data.config as preview
	count(said) == 1
}

# Anything but true is no permission.
test_preview_needs_true if {
	text := {"warn_preview_unknown": {"enabled": "true"}}
	said := says(["deny_encryption_key", "webhook_queue", {"/kmsMasterKeyId": absent}]) with data.config as text
	count(said) == 1
}

# The row of this rule, which speaks only where it is configured.
rows contains ["warn_preview_unknown", "webhook_queue", "preview"]

says(["warn_preview_unknown", "webhook_queue", "preview"]) := texts if {
	resource := changed(named("webhook_queue"), {"/kmsMasterKeyId": absent})
	texts := data.payhook.warn_preview_unknown with input as shaped(resource) with data.config as preview
}

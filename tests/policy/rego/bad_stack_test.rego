package payhook_test

import rego.v1

# One deliberately bad stack that breaks every rule of the pack: a rule that can never fire is found here, also one that nobody wrote a row for.

shaped_bad := [shaped(resource) | some resource in data.bad_stack]

broken contains name if {
	some resource in shaped_bad
	some name in resource_policies
	count(said_of(name, resource)) > 0
}

# The one rule that speaks only where it is configured.
broken contains "warn_preview_unknown" if {
	some resource in shaped_bad
	said := data.payhook.warn_preview_unknown with input as resource with data.config as preview
	count(said) > 0
}

broken contains name if {
	some name in stack_policies
	count(said_of(name, {"resources": shaped_bad})) > 0
}

test_every_policy_is_broken if policies - broken == set()

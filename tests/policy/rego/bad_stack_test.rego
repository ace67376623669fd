package payhook_test

import rego.v1

# One deliberately bad stack that breaks every rule of the pack: a rule that can never fire is found here, also one that nobody wrote a row for.

shaped_bad := [shaped(resource) | some resource in data.bad_stack]

broken contains name if {
	some resource in shaped_bad
	said := data.payhook with input as resource
	some name, texts in said
	regex.match(`^(deny|warn)_`, name)
	count(texts) > 0
}

# The one rule that speaks only where it is configured.
broken contains "warn_preview_unknown" if {
	some resource in shaped_bad
	said := data.payhook.warn_preview_unknown with input as resource with data.config as preview
	count(said) > 0
}

broken contains name if {
	said := data.payhook with input as {"resources": shaped_bad}
	some name, texts in said
	regex.match(`^stack_(deny|warn)_`, name)
	count(texts) > 0
}

test_every_policy_is_broken[name] if {
	some name in policies
	name in broken
}

package payhook

import rego.v1

api_key_type := "aws:apigateway/apiKey:ApiKey"

usage_plan_key_type := "aws:apigateway/usagePlanKey:UsagePlanKey"

# Slot a lives from the start, slot b is its spare until somebody rotates (`payhook keys rotate`).
key_slots := {"a", "b"}

# METADATA
# title: An API key works and is made by AWS
# description: >-
#   A disabled key shuts its provider out, the spare excepted, which waits in slot b; a key whose value the program sets is in the program or in
#   Pulumi's state. Absent is enabled and made by AWS, and right.
# scope: rule
# custom:
#   fix: remove enabled and value (infra/lib/api_keys.py)
#   pci: ["8.3.2", "8.6.2"]
deny_api_key contains message if {
	input.__type == api_key_type
	value(subject, ["enabled"]) == false
	not endswith(input.__name, "_b")
	message := say(subject, "enabled is false", "enable it")
}

deny_api_key contains message if {
	input.__type == api_key_type
	has_value(subject, ["value"])
	message := say(subject, "its value is set by the program", "let AWS make it")
}

# METADATA
# title: A usage plan lets few handshakes through
# description: >-
#   A handshake wakes the function that webhooks wait for, and it has five environments at most. Limits of one method stand in the plan's stage; never
#   computed, so absent is a violation.
# scope: rule
# custom:
#   fix: take the limits from infra/limits.json (gateway)
#   pci: ["2.2.6", "6.4.1"]
deny_handshake_throttle contains message if {
	input.__type == usage_plan_type
	some planned in value(subject, ["apiStages"])
	not limits_handshakes(planned)
	message := say(subject, sprintf("it has no limit for %s", [handshake_path]), "limit it")
}

handshake_path := "/webhook/{provider}/GET"

limits_handshakes(planned) if {
	some limit in planned.throttles
	limit.path == handshake_path
	limit.rateLimit > 0
	limit.rateLimit <= handshake_rate_max
	limit.burstLimit > 0
	limit.burstLimit <= handshake_burst_max
}

# METADATA
# title: Every provider has its own usage plan with two keys
# description: >-
#   One key for all could not be taken from one of them, and with a single one a new address would work only after the old one stopped. A provider is
#   whoever has a secret. The plan holds the stage; where a preview may leave unknown which stage, plan or key is meant, the dependency says so.
# scope: rule
# custom:
#   fix: make the keys from the same list as the secrets (infra/lib/api_keys.py)
#   pci: ["7.2.5", "8.2.2", "8.6.3"]
stack_deny_provider_key contains message if {
	some provider, secret in provider_secrets
	not has_plan(provider)
	message := say(secret, sprintf("%s has no usage plan", [provider]), "give it one")
}

stack_deny_provider_key contains message if {
	some provider, secret in provider_secrets
	some slot in key_slots
	not has_key(provider, slot)
	message := say(secret, sprintf("%s has no API key in slot %s of its usage plan", [provider, slot]), "give it one")
}

# The other way round: a key of nobody opens the door, too.
stack_deny_provider_key contains message if {
	some api_key in of_type(api_key_type)
	not api_key.__name in provider_key_names
	message := say(api_key, "it is the key of no provider that has a secret", "remove it, or make the secret")
}

stack_deny_provider_key contains message if {
	some member in of_type(usage_plan_key_type)
	not serves_its_provider(member)
	message := say(member, "its key and its plan are not of one provider", "put each key into the plan of its provider")
}

provider_secrets[provider] := secret if {
	some secret in of_type("aws:secretsmanager/secret:Secret")
	name := base_name(secret)
	startswith(name, "webhook_secret_")
	provider := trim_prefix(name, "webhook_secret_")
}

key_name(provider, slot) := sprintf("webhook_api_key_%s_%s", [provider, slot])

provider_key_names contains key_name(provider, slot) if {
	some provider, _ in provider_secrets
	some slot in key_slots
}

has_plan(provider) if {
	some plan in plans_of(provider)
	some stage in stages
	plans(plan, stage)
}

has_key(provider, slot) if {
	name := key_name(provider, slot)
	some api_key in of_type(api_key_type)
	api_key.__name == name
	some member in of_type(usage_plan_key_type)
	is_member(member, ["keyId"], api_key, [provider, slot])
	some plan in plans_of(provider)
	is_member(member, ["usagePlanId"], plan, [provider, slot])
}

# While nothing tells which key and which plan are meant, the logical name does.
is_member(member, path, target, _) if links(member, path, target)

is_member(member, path, _, place) if {
	is_open(member, path)
	member.__name == sprintf("webhook_usage_plan_key_%s_%s", place)
}

serves_its_provider(member) if {
	some api_key in of_type(api_key_type)
	some provider, _ in provider_secrets
	some slot in key_slots
	api_key.__name == key_name(provider, slot)
	is_member(member, ["keyId"], api_key, [provider, slot])
	some plan in plans_of(provider)
	is_member(member, ["usagePlanId"], plan, [provider, slot])
}

plans_of(provider) := [plan |
	some plan in of_type(usage_plan_type)
	plan.__name == sprintf("webhook_usage_plan_%s", [provider])
]

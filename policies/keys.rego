package payhook

import rego.v1

key_type := "aws:kms/key:Key"

is_symmetric(key) if object.get(key.__properties, "keyUsage", "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"

# METADATA
# title: An encryption key is rotated
# description: >-
#   KMS makes new key material once a year and keeps the old for what was encrypted with it. It does not rotate asymmetric keys
#   (https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html, read 2026-11-25), so the signing key is exempt by its keyUsage. Never
#   computed: absent is a violation.
# scope: rule
# custom:
#   fix: set enable_key_rotation to True (infra/lib/encryption.py)
#   pci: ["3.7.4", "12.3.3"]
deny_key_rotation contains message if {
	input.__type == key_type
	is_symmetric(subject)
	wrong := not_exactly(subject, ["enableKeyRotation"], true)
	message := say(subject, wrong, "let KMS rotate the key")
}

# METADATA
# title: A deleted key can be called back
# description: >-
#   Deleting a key makes everything unreadable that was encrypted with it. KMS waits for seven to thirty days; the window is written down so that
#   destroying an environment and keeping the chance to call it back are both deliberate. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: set deletion_window_in_days to 7 to 30 (infra/limits.json, kms)
#   pci: ["3.7.5"]
deny_key_window contains message if {
	input.__type == key_type
	wrong := not_between(subject, ["deletionWindowInDays"], key_deletion_days_min, key_deletion_days_max)
	message := say(subject, wrong, "set the window")
}

# What a key may be: symmetric AES-256, or a signing key on a NIST curve.
key_specs := {
	"ENCRYPT_DECRYPT": {"SYMMETRIC_DEFAULT"},
	"SIGN_VERIFY": {"ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521"},
}

# METADATA
# title: A key is of a kind that the inventory of cryptography knows
# description: >-
#   Symmetric keys are AES-256, signing keys are on a NIST curve. Other uses and older specifications need a decision first. Absent means KMS's
#   defaults, ENCRYPT_DECRYPT and SYMMETRIC_DEFAULT, which are right for an encryption key; a signing key must say its curve.
# scope: rule
# custom:
#   fix: set key_usage and customer_master_key_spec to a pair of policies/keys.rego
#   pci: ["3.7.1", "12.3.3"]
deny_key_spec contains message if {
	input.__type == key_type
	usage := object.get(subject.__properties, "keyUsage", "ENCRYPT_DECRYPT")
	spec := object.get(subject.__properties, "customerMasterKeySpec", "SYMMETRIC_DEFAULT")
	not is_known_kind(usage, spec)
	message := say(subject, sprintf("it is a key for %s of the kind %s", [json.marshal(usage), json.marshal(spec)]), "use AES-256 to encrypt or a NIST curve to sign")
}

is_known_kind(usage, spec) if spec in key_specs[usage]

# METADATA
# title: A key is usable, in one region, and cannot be locked out
# description: >-
#   A disabled key stops everything; a multi-region key leaves the region; skipping the lock-out check lets a policy shut everybody out for good.
#   Absent is KMS's default and right for all three.
# scope: rule
# custom:
#   fix: remove is_enabled, multi_region and bypass_policy_lockout_safety_check
#   pci: ["3.6.1", "3.7.3"]
deny_key_state contains message if {
	input.__type == key_type
	some property, wanted in {"isEnabled": true, "multiRegion": false, "bypassPolicyLockoutSafetyCheck": false}
	found := value(subject, [property])
	found != wanted
	message := say(subject, sprintf("%s is %s", [property, json.marshal(found)]), sprintf("it must be %s", [json.marshal(wanted)]))
}

# METADATA
# title: Only the archival function seals
# description: >-
#   The seal of the audit log proves that nobody changed it afterwards. Whoever else may call kms:Sign could seal a changed log: not the account's
#   administrators, not another function.
# scope: rule
# custom:
#   fix: give kms:Sign to the role of the archival function alone (infra/lib/encryption.py)
#   pci: ["10.3.2", "10.3.4", "3.6.1.3"]
deny_seal_principal contains message if {
	input.__type == key_type
	some statement in allowing(subject)
	"kms:Sign" in actions(statement)
	some kind in object.keys(principal_kinds(statement))
	some principal in principals(statement, kind)
	not regex.match(`^arn:aws:iam::[0-9]{12}:role/archival_function_role_`, principal)
	message := say(subject, in_statement(statement, sprintf("%s may sign", [principal])), "let only the archival function sign")
}

# METADATA
# title: Only known principals use a key
# description: >-
#   Administration is the account's; use is for the roles of this stack and for the services that act for it. A service that may use the key could
#   decrypt for whoever owns the data it holds.
# scope: rule
# custom:
#   fix: remove the principal, or add the service to key_services in policies/keys.rego
#   pci: ["3.6.1.3", "7.2.2"]
deny_key_service contains message if {
	input.__type == key_type
	some statement in allowing(subject)
	some service in principals(statement, "Service")
	not is_key_service(service)
	message := say(subject, in_statement(statement, sprintf("%s may use the key", [service])), "remove the service")
}

key_services := {"cloudwatch.amazonaws.com", "cloudtrail.amazonaws.com", "delivery.logs.amazonaws.com"}

is_key_service(service) if service in key_services

is_key_service(service) if service == sprintf("logs.%s.amazonaws.com", [region])

package payhook

import rego.v1

# METADATA
# title: Nothing is protected or retained
# description: >-
#   An environment must disappear whole, or its remains, with data and without an owner, outlive it. Pulumi's runtime shows protect; retainOnDelete
#   only the evaluated graph shows.
# scope: rule
# custom:
#   fix: remove protect and retain_on_delete from the resource's options
#   pci: ["3.2.1", "12.5.1"]
deny_protected contains message if {
	some option in {"protect", "retainOnDelete"}
	input.__options[option] == true
	message := say(subject, sprintf("its option %s is true", [option]), "let it be destroyed with the stack")
}

# METADATA
# title: No change is ignored
# description: >-
#   ignoreChanges tells Pulumi to leave what somebody changed by hand: the deployed stack would no longer be the reviewed one. An API key's switch is
#   the operator's: a deploy that turned a retired key on again would let in whoever has it.
# scope: rule
# custom:
#   fix: remove ignore_changes from the resource's options
#   pci: ["6.5.1", "11.5.2"]
deny_changes_ignored contains message if {
	ignored := {property |
		some property in as_list(object.get(input.__options, "ignoreChanges", null))
		not property in object.get(switched_by_hand, input.__type, set())
	}
	count(ignored) > 0
	message := say(subject, sprintf("it ignores changes of %s", [concat(", ", sort(ignored))]), "let Pulumi see every change")
}

# What `payhook keys` changes.
switched_by_hand := {"aws:apigateway/apiKey:ApiKey": {"enabled", "description"}}

# What keeps a resource from being destroyed, by type.
destruction := {
	"aws:cloudwatch/logGroup:LogGroup": {"skipDestroy": false},
	"aws:dynamodb/table:Table": {"deletionProtectionEnabled": false},
	"aws:s3/bucket:Bucket": {"forceDestroy": true},
	"aws:secretsmanager/secret:Secret": {"recoveryWindowInDays": 0},
}

# Where AWS's or Pulumi's default is right, absent is right too. A bucket with Object Lock, an option of the stack, is not emptied: its objects are locked on purpose.
destruction_defaults := {"skipDestroy", "deletionProtectionEnabled"}

# METADATA
# title: A resource can be destroyed with its contents
# description: >-
#   Buckets are emptied, secrets go at once so that their names are free again, tables have no deletion protection, log groups are not left behind.
#   forceDestroy and recoveryWindowInDays have other defaults, so absent is a violation; the others default to what is wanted.
# scope: rule
# custom:
#   fix: set force_destroy=True on buckets and recovery_window_in_days=0 on secrets; remove deletion protection and skip_destroy
#   pci: ["3.2.1"]
deny_undestroyable contains message if {
	some property, wanted in destruction[input.__type]
	not is_excused(subject, property)
	wrong := not_exactly(subject, [property], wanted)
	message := say(subject, wrong, "let it be destroyed with the stack")
}

is_excused(resource, property) if {
	property in destruction_defaults
	not has_value(resource, [property])
}

is_excused(resource, "forceDestroy") if value(resource, ["objectLockEnabled"]) == true

package payhook

import rego.v1

# METADATA
# title: A resource has the name that its documents use
# description: >-
#   Without a name AWS or Pulumi invents one: every IAM document, alarm and log group that is built from the name would then speak of something else.
#   Names are never computed, but for the execution log of the API, whose name holds the API's id: absent is a violation unless warn_preview_unknown
#   is configured for previews.
# scope: rule
# custom:
#   fix: pass name=settings.name(…)
#   pci: ["12.5.1"]
deny_name_absent contains message if {
	property := types[input.__type].name
	wrong := not_given(subject, [property])
	message := say(subject, wrong, "name it")
}

# METADATA
# title: A name ends in the environment's suffix
# description: >-
#   {resource_type}_{suffix}, with a hyphen where S3 forbids the underscore: two environments in one account never meet, and a name says where it
#   belongs. The suffix is the Environment tag of the stack. Only API Gateway's execution log has a name that AWS prescribes.
# scope: rule
# custom:
#   fix: pass name=settings.name(…)
#   pci: ["12.5.1", "6.5.3"]
stack_deny_name_suffix contains message if {
	some resource in resources
	name := physical_name(resource)
	not has_suffix(resource, name)
	not startswith(name, "API-Gateway-Execution-Logs_")
	message := say(resource, sprintf("its name %s does not end in the suffix %s", [name, suffix]), "name it {resource_type}_{suffix}")
}

has_suffix(resource, name) if {
	resource.__type != bucket_type
	endswith(name, sprintf("_%s", [suffix]))
}

has_suffix(resource, name) if {
	resource.__type == bucket_type
	endswith(name, sprintf("-%s", [suffix]))
}

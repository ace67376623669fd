package payhook

import rego.v1

tag_keys := {"Environment", "Project", "CostCenter"}

# METADATA
# title: Three tags on everything that takes tags
# description: >-
#   The inventory of what belongs to the environment in scope is made from the tags Environment, Project and CostCenter; what carries none is in
#   nobody's inventory. Tags are never computed: an absent or blank one is a violation. Types without tags at AWS are marked in lib_types.rego.
# scope: rule
# custom:
#   fix: pass tags=settings.tags to the resource
#   pci: ["12.5.1", "12.5.2"]
deny_tag_missing contains message if {
	types[input.__type].tags
	some key in tag_keys
	not has_value(subject, ["tags", key])
	message := say(subject, sprintf("the tag %s is not set", [key]), "give it the three tags of the stack")
}

# METADATA
# title: The tags say what is true
# description: >-
#   Project is payhook, and Environment has the form of an environment suffix. A tag that says something else takes the resource out of the inventory
#   as surely as none.
# scope: rule
# custom:
#   fix: pass tags=settings.tags to the resource
#   pci: ["12.5.1", "12.5.2"]
deny_tag_value contains message if {
	types[input.__type].tags
	found := value(subject, ["tags", "Project"])
	found != project
	message := say(subject, sprintf("the tag Project is %s, not %s", [json.marshal(found), project]), "give it the three tags of the stack")
}

deny_tag_value contains message if {
	types[input.__type].tags
	found := value(subject, ["tags", "Environment"])
	not is_suffix(found)
	wrong := sprintf("the tag Environment is %s, which is no environment suffix", [json.marshal(found)])
	message := say(subject, wrong, "give it the three tags of the stack")
}

is_suffix(text) if regex.match(suffix_form, text)

# METADATA
# title: The whole stack has the same tags
# description: >-
#   One stack is one environment and one cost centre. The value that most resources carry is taken as the stack's; who differs is named. A difference
#   means a resource of another environment, or a typing error that loses it from the inventory.
# scope: rule
# custom:
#   fix: pass tags=settings.tags to the resource
#   pci: ["12.5.1", "12.5.2"]
stack_deny_tags_differ contains message if {
	some key in {"Environment", "CostCenter"}
	wanted := most_common(tag_values(key))
	some resource in resources
	types[resource.__type].tags
	found := value(resource, ["tags", key])
	found != wanted
	wrong := sprintf("the tag %s is %s where the stack has %s", [key, json.marshal(found), json.marshal(wanted)])
	message := say(resource, wrong, "give it the three tags of the stack")
}

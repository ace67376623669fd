package payhook

import rego.v1

# METADATA
# title: What a preview could not know is said
# description: >-
#   A preview lets properties through that only AWS can name (computed_properties in
#   lib_types.rego): those that the engine marks as unknown, and those that are absent where the
#   rule is configured with {"enabled": true}. Each one is named here, so that a preview never looks
#   better than it is. Of the evaluated graph, which is judged before a deployment without that
#   configuration, nothing is let through.
# scope: rule
# custom:
#   fix: evaluate the whole graph before the deployment, where everything is known
#   pci: ["6.5.1"]
#   severity: advisory
warn_preview_unknown contains message if {
	some path_text in computed_properties[input.__type]
	is_unjudged(path_text)
	message := say(subject, sprintf("%s is not known yet and was not judged", [path_text]), "evaluate the whole graph before deploying")
}

is_unjudged(path_text) if {
	not listed[path_text]
	let_through(subject, path_text)
	not has_value(subject, split(path_text, "."))
}

is_unjudged(path_text) if {
	some item in listed[path_text]
	property := split(path_text, ".")[1]
	is_item_unknown(subject, object.get(item, property, null))
}

# Where the property stands inside a list: the items that must have it.
listed := {
	"rules.kmsMasterKeyId": [rule |
		input.__type == bucket_encryption_type
		some rule in bucket_encryption_rules(subject)
		rule.sseAlgorithm == "aws:kms"
	],
	"apiStages.apiId": [planned |
		input.__type == usage_plan_type
		some planned in value(subject, ["apiStages"])
	],
}

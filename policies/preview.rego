package payhook

import rego.v1

# METADATA
# title: What a preview could not know is said
# description: >-
#   Configured with {"enabled": true} for previews, the pack lets properties through that only AWS can name (computed_properties in lib_types.rego),
#   where otherwise absent is a violation. Each one that was let through is named here, so that a preview never looks better than it is. Not
#   configured, as before a deployment, nothing is let through and this rule has nothing to say.
# scope: rule
# custom:
#   fix: evaluate the whole graph before the deployment, where everything is known
#   pci: ["6.5.1"]
#   severity: advisory
warn_preview_unknown contains message if {
	in_preview == true
	some path_text in computed_properties[input.__type]
	is_open(path_text)
	message := say(input, sprintf("%s is not known yet and was not judged", [path_text]), "evaluate the whole graph before deploying")
}

is_open(path_text) if {
	not listed[path_text]
	not has_value(input, split(path_text, "."))
}

is_open(path_text) if {
	some item in listed[path_text]
	property := split(path_text, ".")[1]
	not is_known(object.get(item, property, null))
}

# Where the property stands inside a list: the items that must have it.
listed := {
	"rules.kmsMasterKeyId": [rule |
		input.__type == bucket_encryption_type
		some rule in bucket_encryption_rules(input)
		rule.sseAlgorithm == "aws:kms"
	],
	"apiStages.apiId": [planned |
		input.__type == usage_plan_type
		some planned in value(input, ["apiStages"])
	],
}

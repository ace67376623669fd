package payhook

import rego.v1

# Looking things up in the whole stack: which resource another one names.

of_type(type) := [input.resources[position] | some position in positions[type]] if stack_is_evaluated

else := [plain(input.resources[position]) | some position in positions[type]]

# Where the resources of a type are, so that the stack is gone through once and not for every question.
positions[type] contains position if {
	some position, resource in input.resources
	type := resource.__type
}

functions := of_type("aws:lambda/function:Function")

queues := of_type("aws:sqs/queue:Queue")

topics := of_type("aws:sns/topic:Topic")

buckets := of_type("aws:s3/bucket:Bucket")

tables := of_type("aws:dynamodb/table:Table")

log_groups := of_type("aws:cloudwatch/logGroup:LogGroup")

keys := of_type("aws:kms/key:Key")

roles := of_type("aws:iam/role:Role")

alarms := of_type("aws:cloudwatch/metricAlarm:MetricAlarm")

mappings := of_type("aws:lambda/eventSourceMapping:EventSourceMapping")

stages := of_type("aws:apigateway/stage:Stage")

# Outputs by which one resource may name another, where the input has them.
output_names := {"arn", "bucket", "id", "keyId", "name", "streamArn", "url"}

# Before anything is made, the graph has placeholders that name their resource (infra/graph.py).
placeholder_forms := {"%s-id", "%s-root", "arn:preview:%s", "arn:preview:%s/stream", "https://preview/%s"}

# Is this text one of the resource's outputs, or one of its placeholders?
is_handle(text, target) if {
	is_known(text)
	some key in output_names
	target.__properties[key] == text
}

is_handle(text, target) if {
	# Nearly every question ends here, before anything is built to compare with.
	contains(text, target.__name)
	some form in placeholder_forms
	text == sprintf(form, [target.__name])
}

# Does this text name that resource: as one of its handles, or as an ARN or address that ends in its name?
points_at(text, target) if is_handle(text, target)

points_at(text, target) if endswith(text, sprintf(":%s", [physical_name(target)]))

points_at(text, target) if endswith(text, sprintf("/%s", [physical_name(target)]))

# Does the property name that resource? Where a preview may leave it unknown (lib_resource.rego), what the engine knows of the property stands for it: the
# resources whose outputs it is made of.
links(resource, path, target) if points_at(value(resource, path), target)

links(resource, path, target) if {
	not has_value(resource, path)
	let_through(resource, concat(".", path))
	comes_from(resource, path[0], target)
}

# True if the engine does not know the value and does not say on which resources it depends. The
# property may then name any resource that the rule considers possible.
is_open(resource, path) if {
	is_unknown(resource, path)
	concat(".", path) in computed_properties[resource.__type]
	not resource.propertyDependencies[path[0]]
}

may_link(resource, path, target) if links(resource, path, target)

else if {
	# Nearly every question ends here.
	object.get(resource.__properties, path, null) == unknown_text
	is_open(resource, path)
}

comes_from(resource, property, target) if target.__urn in resource.propertyDependencies[property]

tag_values(key) := [tag |
	some resource in resources
	types[resource.__type].tags
	tag := value(resource, ["tags", key])
]

# The one suffix of the stack: the Environment tag that most resources have. stack_deny_tags_differ names the others.
suffix := most_common(tag_values("Environment"))

# The value that occurs most often in a list, the first in order of several; undefined for none.
most_common(list) := min({text | some text, times in occurrences(list); times == max(object_values(occurrences(list)))})

occurrences(list) := {text: count([1 | some other in list; other == text]) | some text in {item | some item in list}}

object_values(counted) := [found | some found in counted]

# The name that the program gives a function, a queue or a table, without the suffix.
base_name(resource) := trim_suffix(physical_name(resource), sprintf("_%s", [suffix]))

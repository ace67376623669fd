package payhook_test

import rego.v1

# What Pulumi's engine hands over: tests/policy/engine has recordings of it, and these are its shapes one by one.

# The engine's options: no retainOnDelete, and null for what the program did not give.
engine_options := {"protect": false, "ignoreChanges": null, "deleteBeforeReplace": null, "parent": ""}

handed_over(resource, properties) := with_keys(
	object.remove(shaped(resource), ["dependencies", "propertyDependencies"]),
	{"__options": engine_options, "__properties": properties},
)

# A resource as the rules read it, from properties as the engine hands them over.
read(properties) := subject.__properties if {
	subject := data.payhook.subject with input as {"__options": engine_options, "__properties": properties}
}

unknown := {"Element": {"V": ""}}

unknown_text := "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

# What the engine hands over, and what the rules read.
shapes := {
	"nothing": [{}, {}],
	"plain": [{"name": "a", "rules": [{"on": true, "days": 0}]}, {"name": "a", "rules": [{"on": true, "days": 0}]}],
	"defaults": [
		{"a": {"__defaults": ["c"], "b": [{"__defaults": [], "c": 1}, {"__defaults": [], "c": {}}]}},
		{"a": {"b": [{"c": 1}, {"c": {}}]}},
	],
	"defaults alone": [{"defaultAction": {"__defaults": [], "allow": {"__defaults": []}}}, {"defaultAction": {"allow": {}}}],
	"null": [{"a": null, "b": {"c": null, "d": false}}, {"b": {"d": false}}],
	"empty list": [{"a": [], "b": [{"c": [], "d": ""}]}, {"b": [{"d": ""}]}],
	"items keep their places": [{"a": [null, [], "b"]}, {"a": [null, [], "b"]}],
	"keys with a slash": [{"templates": {"application/json": null, "a/b~c": {"__defaults": [], "d": 1}}}, {"templates": {"a/b~c": {"d": 1}}}],
	"secret": [{"password": {"Element": {"V": "hunter2"}}}, {"password": "hunter2"}],
	"secret list": [
		{"a": {"Element": {"V": [{"V": {"b": {"V": 1}, "c": {"V": [{"V": "d"}, {"V": "e"}]}}}, {"V": {"b": {"V": 2}}}]}}, "f": "g"},
		{"a": [{"b": 1, "c": ["d", "e"]}, {"b": 2}], "f": "g"},
	],
	"defaults and null in a secret": [
		{"a": {"Element": {"V": {"__defaults": {"V": [{"V": "b"}]}, "b": {"V": null}, "c": {"V": []}, "d": {"V": {"__defaults": {"V": []}}}}}}},
		{"a": {"d": {}}},
	],
	"unknown": [{"a": unknown, "b": {"c": [unknown]}}, {"a": unknown_text, "b": {"c": [unknown_text]}}],
	"unknown secret": [{"a": {"Element": {"V": unknown}}}, {"a": unknown_text}],
	"unknown in a secret": [{"a": {"Element": {"V": [{"V": {"b": {"V": unknown}}}]}}}, {"a": [{"b": unknown_text}]}],
	"keys of the program": [{"variables": {"V": "1"}, "tags": {"Element": "2"}}, {"variables": {"V": "1"}, "tags": {"Element": "2"}}],
	"text of the program": [
		{"policy": `{"Element":{"V":""}} "__defaults": {"Element":{"V":[null]}}`},
		{"policy": `{"Element":{"V":""}} "__defaults": {"Element":{"V":[null]}}`},
	],
}

test_shapes[name] if {
	some name, [given, wanted] in shapes
	read(given) == wanted
}

# The evaluated graph is read as it is: it has no shapes, and a value that looks like one is the program's fault.
test_the_evaluated_graph_is_read_as_it_is[name] if {
	some name, [given, _] in shapes
	resource := {"__options": {"retainOnDelete": false}, "__properties": given}
	subject := data.payhook.subject with input as resource
	subject == resource
}

test_the_stack_is_read_by_type if {
	given := {"resources": [
		{"__type": "aws:sqs/queue:Queue", "__options": engine_options, "__properties": {"name": "a", "policy": null}},
		{"__type": "aws:sns/topic:Topic", "__options": engine_options, "__properties": {"name": {"Element": {"V": "b"}}}},
	]}
	queues := data.payhook.queues with input as given
	[queue.__properties | some queue in queues] == [{"name": "a"}]
	resources := data.payhook.resources with input as given
	[resource.__properties | some resource in resources] == [{"name": "a"}, {"name": "b"}]
}

# A trail's selectors are a set: the engine hands them over in an order of its own.
test_order if {
	trail := named("audit_access")
	reversed := object.union(trail.properties, {"advancedEventSelectors": [with_keys(selector, {"fieldSelectors": parts}) |
		some selector in trail.properties.advancedEventSelectors
		parts := array.reverse([object.union(part, {"endsWiths": [], "notEquals": object.get(part, "notEquals", null)}) |
			some part in selector.fieldSelectors
		])
	]})
	resources := {"resources": array.concat(
		[handed_over(resource, resource.properties) | some resource in good; resource.name != trail.name],
		[handed_over(trail, reversed)],
	)}
	said := data.payhook.stack_deny_trail_events with input as resources
	said == set()
	without := object.remove(reversed, ["advancedEventSelectors"])
	other := data.payhook.stack_deny_trail_events with input as {"resources": array.concat(
		[handed_over(resource, resource.properties) | some resource in good; resource.name != trail.name],
		[handed_over(trail, without)],
	)}
	count(other) > 0
}

# Null options are no options, and only the provider of AWS has a region.
test_options_and_providers if {
	queue := named("webhook_queue")
	ignored := data.payhook.deny_changes_ignored with input as handed_over(queue, queue.properties)
	ignored == set()
	random := with_keys(handed_over(queue, {}), {
		"__type": "random:index/randomPassword:RandomPassword",
		"__provider": {"type": "pulumi:providers:random", "properties": {"version": "4.21.0"}},
	})
	said := data.payhook.deny_region_provider with input as random
	said == set()
}

handed_queue(key) := handed_over(queue, with_keys(queue.properties, {"kmsMasterKeyId": key})) if queue := named("webhook_queue")

# The engine's unknown value needs no configuration: it exists in previews only. It is named.
test_unknown_is_let_through_and_named if {
	every key in [unknown, {"Element": {"V": unknown}}] {
		refused := data.payhook.deny_encryption_key with input as handed_queue(key)
		refused == set()
		warned := data.payhook.warn_preview_unknown with input as handed_queue(key)
		count(warned) == 1
	}
}

test_absent_null_and_foreign_keys_are_refused_as_ever if {
	every key in [null, [], {}, "alias/aws/sqs", {"Element": {"V": "alias/aws/sqs"}}] {
		refused := data.payhook.deny_encryption_key with input as handed_queue(key)
		count(refused) == 1
	}
}

# Only what AWS alone can know is let through.
test_unknown_elsewhere_is_refused if {
	table := named("transactions")
	properties := object.union(table.properties, {"pointInTimeRecovery": {"enabled": true}})
	fine := data.payhook.deny_table_recovery with input as handed_over(table, properties)
	fine == set()
	open := with_keys(properties, {"pointInTimeRecovery": unknown})
	refused := data.payhook.deny_table_recovery with input as handed_over(table, open)
	count(refused) == 1
}

# Two unknown values are not the same value: the secret of the edge is let through because it is unknown, not because it is equal.
test_an_unknown_secret_is_known_by_nobody if {
	header := {"name": "x-origin", "value": unknown_text}
	match := {"searchString": unknown_text}
	not data.payhook.knows([match], {"__options": {"retainOnDelete": false}}, header)
	data.payhook.knows([match], {"__options": engine_options}, header)
	not data.payhook.knows([match], {"__options": engine_options}, {"name": "x-origin", "value": "other"})
}

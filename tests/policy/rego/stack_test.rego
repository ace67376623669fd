package payhook_test

import rego.v1

# How a rule is tested. A row names a rule, a resource of the good stack, and what to change in it; the good stack passes every rule, so a rule that
# fires on the changed one fires because of the change.
#
# A change is {pointer: value}: into the properties ("/timeout"), into the JSON text of a property ("policy:/Statement/0/Action") or into the
# options ("options:/protect"). The value `absent` removes, and a row with "gone" instead of a change removes the resource.

absent := "(absent)"

good := data.good_stack

# The input as the runtime shapes it: https://github.com/pulumi/pulumi-policy-opa, buildOPAInput, read 2026-11-25.
shaped(resource) := {
	"__type": resource.type,
	"__name": resource.name,
	"__urn": resource.urn,
	"__options": resource.options,
	"__provider": object.get(resource, "provider", {}),
	"__properties": resource.properties,
	"dependencies": object.get(resource.options, "dependencies", []),
	"propertyDependencies": object.get(resource.options, "propertyDependencies", {}),
}

shaped_good := [shaped(resource) | some resource in good]

named(name) := [resource | some resource in good; resource.name == name][0]

operation(pointer, to) := {"op": "remove", "path": pointer} if to == absent

operation(pointer, to) := {"op": "add", "path": pointer, "value": to} if to != absent

# What a change does to one resource.
changed(resource, change) := json.patch(resource, array.concat(plain(change), inside(resource, change)))

plain(change) := [operation(full_pointer(key), to) | some key, to in change; full_pointer(key)]

full_pointer(key) := concat("", ["/properties", key]) if startswith(key, "/")

full_pointer(key) := concat("", ["/options", trim_prefix(key, "options:")]) if startswith(key, "options:/")

full_pointer(key) := concat("", ["/provider", trim_prefix(key, "provider:")]) if startswith(key, "provider:")

inside(resource, change) := [{"op": "replace", "path": concat("", ["/properties/", property]), "value": json.marshal(document)} |
	some property in {split(key, ":")[0] | some key, _ in change; not full_pointer(key)}
	operations := [operation(trim_prefix(key, sprintf("%s:", [property])), to) |
		some key, to in change
		startswith(key, sprintf("%s:/", [property]))
	]
	document := json.patch(json.unmarshal(resource.properties[property]), operations)
]

# The good stack without a resource, and with others instead.
stack(without, instead) := {"resources": array.concat(
	[resource | some resource in shaped_good; resource.__name != without],
	[shaped(resource) | some resource in instead],
)}

# What a row is about, after its change: nothing where it is gone. A row may bring a resource of its own instead of a name of the good stack.
subjects([_, _, "gone"]) := []

subjects([_, name, change]) := [changed(named(name), change)] if is_object(change)

subjects([_, resource, "added"]) := [resource]

says(row) := texts if {
	not startswith(row[0], "stack_")
	some resource in subjects(row)
	texts := data.payhook[row[0]] with input as shaped(resource)
}

says(row) := texts if {
	startswith(row[0], "stack_")
	texts := data.payhook[row[0]] with input as stack(row[1], subjects(row))
}

fires(row) if count(says(row)) > 0

# An object with some keys set anew, whole.
with_keys(object_, change) := object.union(object.remove(object_, object.keys(change)), change)

# A resource that the good stack does not have.
another(type, name, properties) := {
	"type": type,
	"name": name,
	"urn": sprintf("urn:pulumi:test::payhook::%s::%s", [type, name]),
	"properties": properties,
	"options": {"protect": false, "retainOnDelete": false, "ignoreChanges": [], "dependencies": []},
}

policies contains name if {
	some name, _ in data.payhook
	regex.match(`^(stack_)?(deny|warn)_`, name)
}

test_there_are_policies if count(policies) > 100

# Letters and underscores only: an older analyzer skips a name with a digit.
test_policy_names[name] if {
	some name in policies
	regex.match(`^[a-z]+(_[a-z]+)*$`, name)
}

# `opa test` traces every test that has cases, `test_x[name]`, and a traced test takes ten times as
# long. Tests that evaluate much therefore compare a set of faults with the empty set, which
# `opa test --var-values --run NAME` shows.
test_there_are_good_resources if count(good) > 80

test_good_resources_pass if {
	refused := {resource.name | some resource in good; not passes(resource)}
	refused == set()
}

passes(resource) if {
	document := shaped(resource)
	texts := {text | some policy in resource_policies; some text in said_of(policy, document)}
	texts == set()
}

resource_policies := policies - stack_policies

# What one policy says of one input. `data.payhook with input as …` says it too, but it evaluates
# the whole package for every input, which takes nine times as long.
said_of(policy, document) := messages if {
	messages := data.payhook[policy] with input as document
}

stack_policies contains name if {
	some name in policies
	startswith(name, "stack_")
}

test_good_stack_passes if {
	refusing := {policy | some policy in stack_policies; count(said_of(policy, {"resources": shaped_good})) > 0}
	refusing == set()
}

test_there_are_rows if count(rows) > 500

test_bad_ones_are_refused if {
	passing := {row | some row in rows; not fires(row)}
	passing == set()
}

tested contains row[0] if some row in rows

test_every_policy_has_a_row[name] if {
	some name in policies
	name in tested
}

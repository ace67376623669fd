package payhook

import rego.v1

# Gives the rules a resource as the program wrote it, whoever hands it over. infra/graph.py hands
# over what the program set. Pulumi's engine hands over the same values in its own shapes (recorded
# with the CLI 3.248.0 on 2026-11-26: tests/policy/engine):
#
# - Every object below the top level of checked inputs has `__defaults`, the names of the properties
#   that the provider filled in.
# - A property that holds a secret is `{"Element": {"V": value}}` as a whole, and every value inside
#   it is `{"V": value}`.
# - An unknown value is `{"Element": {"V": ""}}`, also inside a secret. A blank secret looks the
#   same and is read as unknown.
# - Rules for the stack see outputs: what nobody set is null or an empty list.
#
# Rules read properties from `subject`, `of_type` and `resources`, never from `input`.

# The resource that the rules for one resource judge.
subject := plain(input)

# Returns the resource without the engine's shapes. A resource of the evaluated graph has none and is
# returned as it is: the tests judge the graph thousands of times. Only the graph records the option
# retainOnDelete, which is how it is told apart.
plain(resource) := resource if is_evaluated(resource)

else := object.union(object.remove(resource, ["__properties"]), {"__properties": plain_properties(resource.__properties)})

is_evaluated(resource) if is_boolean(resource.__options.retainOnDelete)

stack_is_evaluated if is_evaluated(input.resources[0])

# All resources of the stack that the rules for the stack judge.
resources := input.resources if stack_is_evaluated

else := [plain(resource) | some resource in input.resources]

# Returns the properties without the engine's shapes.
plain_properties(properties) := json.remove(known, unset) if {
	text := replace(json.marshal(properties), `{"Element":{"V":""}}`, json.marshal(unknown_text))
	known := without_secrets(text)
	unset := [names | walk(known, [path, found]); is_unset(path, found); names := [sprintf("%v", [part]) | some part in path]]
}

# True for the list of defaults, and for properties that nobody set. Items of lists keep their places.
is_unset(path, _) if path[count(path) - 1] == "__defaults"

is_unset(path, found) if {
	found in [null, []]
	is_string(path[count(path) - 1])
}

# A quotation mark inside a text is escaped in JSON, so that no text of the program's own is taken
# for a secret.
without_secrets(text) := json.unmarshal(text) if not contains(text, `{"Element":{"V":`)

# Properties with a secret are built again from their parts. `walk` gives an object or a list before
# what is in it.
else := json.patch({}, [operation |
	nodes := [[path, found] | walk(json.unmarshal(text), [path, found])]
	wrappers := {path | some [path, found] in nodes; is_wrapper(path, found)}
	some [path, found] in nodes
	not path in wrappers
	place := [part | some position, part in path; not array.slice(path, 0, position) in wrappers]
	count(place) > 0
	operation := {"op": "add", "path": place, "value": part_of(found)}
])

is_wrapper(_, found) if {
	is_object(found)
	object.keys(found) == {"Element"}
	object.keys(found.Element) == {"V"}
}

# Elsewhere an object with the one key V is the program's own.
is_wrapper(path, found) if {
	"Element" in path
	is_object(found)
	object.keys(found) == {"V"}
}

# An object or a list starts empty; `json.patch` then adds the parts inside it.
part_of(found) := {} if is_object(found)

else := [] if is_array(found)

else := found

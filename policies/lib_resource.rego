package payhook

import rego.v1

# Reading one resource: what a property holds, whether it is there, what to say when it is not as it must be.
#
# A property can be absent for two reasons: the program does not set it, or a preview cannot know it
# yet. Nothing tells the two apart in the evaluated graph, so absent is a violation wherever a value
# is required. Only when the configuration of warn_preview_unknown says {"enabled": true} is an
# absent property let through, only where `computed_properties` lists it, and warn_preview_unknown
# then names it.
#
# The engine marks a value that it does not know yet. Such a value is let through where
# `computed_properties` lists it, and named as well. The engine has unknown values in previews only:
# while it deploys and afterwards it asks the same rules about what the values have become.

# The text that stands for an unknown value (lib_engine.rego); the engine itself sends it as such:
# github.com/pulumi/pulumi sdk/go/common/resource/plugin/rpc.go, UnknownStringValue, read 2026-11-25.
unknown_text := "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

# Unknown and secret values are structs with one field in the engine's Go types, and JSON shows them so.
wrapped(found) if {
	is_object(found)
	object.keys(found) == {"Element"}
}

is_known(found) if {
	not found in {null, "", unknown_text}
	not wrapped(found)
}

# The value at a path of the properties; undefined when it is absent, null, blank or unknown.
value(resource, path) := found if {
	found := object.get(resource.__properties, path, null)
	is_known(found)
}

# The same, and null instead of undefined. A `not` needs this one: the engines do not agree on `not f(g(x))` where g(x) is undefined.
value_or_null(resource, path) := found if {
	found := object.get(resource.__properties, path, null)
	is_known(found)
} else := null

has_value(resource, path) if is_known(object.get(resource.__properties, path, null))

# Required and not there, and not let through as unknown.
is_missing(resource, path) if {
	not has_value(resource, path)
	not let_through(resource, concat(".", path))
}

default in_preview := false

in_preview := data.config.warn_preview_unknown.enabled

let_through(resource, path_text) if {
	in_preview == true
	path_text in computed_properties[resource.__type]
}

let_through(resource, path_text) if {
	path_text in computed_properties[resource.__type]
	is_unknown(resource, split(path_text, "."))
}

# True if the engine does not know the value yet. The evaluated graph knows every value, so a text
# that looks unknown is no excuse there.
is_unknown(resource, path) if {
	object.get(resource.__properties, path, null) == unknown_text
	not is_evaluated(resource)
}

# The same for a value inside a list, which has no path. Includes what is absent from an item where
# previews are configured.
is_item_unknown(resource, found) if {
	found == unknown_text
	not is_evaluated(resource)
}

is_item_unknown(_, found) if {
	in_preview == true
	not is_known(found)
}

# What is wrong with a property that must hold exactly one value; undefined when nothing is.
not_exactly(resource, path, wanted) := wrong if {
	found := value(resource, path)
	found != wanted
	wrong := sprintf("%s is %s, not %s", [concat(".", path), json.marshal(found), json.marshal(wanted)])
}

not_exactly(resource, path, wanted) := wrong if {
	is_missing(resource, path)
	wrong := sprintf("%s is not set, it must be %s", [concat(".", path), json.marshal(wanted)])
}

# What is wrong with a number that must lie between two bounds, both included.
not_between(resource, path, least, most) := wrong if {
	found := value(resource, path)
	not is_between(found, least, most)
	wrong := sprintf("%s is %s, not %d to %d", [concat(".", path), json.marshal(found), least, most])
}

not_between(resource, path, least, most) := wrong if {
	is_missing(resource, path)
	wrong := sprintf("%s is not set, it must be %d to %d", [concat(".", path), least, most])
}

# Numbers only: across types any text is greater than any number.
is_between(found, least, most) if {
	is_number(found)
	found >= least
	found <= most
}

is_at_least(found, least) if {
	is_number(found)
	found >= least
}

# What is wrong with a property that must be there, whatever it holds.
not_given(resource, path) := sprintf("%s is not set", [concat(".", path)]) if is_missing(resource, path)

# The value as text for a message.
shown(resource, path) := json.marshal(value(resource, path))

shown(resource, path) := "not set" if not has_value(resource, path)

# Every message: the resource, what is wrong with the value found, what to do.
say(resource, wrong, remedy) := sprintf("%s: %s; %s", [resource.__name, wrong, remedy])

# The physical name, by the property that the type uses for it.
physical_name(resource) := value(resource, [types[resource.__type].name])

as_list(found) := found if is_array(found)

as_list(found) := [found] if {
	not is_array(found)
	found != null
}

as_list(null) := []

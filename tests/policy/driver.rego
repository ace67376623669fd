# Evaluates the pack on many changed graphs in one run of OPA. Input:
# {"base": [{"urn", "input", "addition"}, …], "changes": {id: {"put": [{"urn", "input", "addition"}, …], "remove": [urn, …], "stack": [rule, …], "until_refused"}}},
# where "input" is what a resource rule sees and "addition" what an element of the stack has besides. data.names has the
# rules by scope; a change names the stack rules that it is put to.
package judge_all

import rego.v1

# Every rule on the one input that stands when it is asked for.
of_resource := {rule: data.payhook[rule] | some rule in data.names.resource}

of_stack := {rule: data.payhook[rule] | some rule in data.asked}

found_in(resource) := [[rule, resource.urn, message] |
	some rule, messages in of_resource with input as resource.input
	some message in messages
]

element(resource) := object.union(resource.input, resource.addition)

elements := {resource.urn: element(resource) | some resource in input.base}

base_findings := [finding | some resource in input.base; some finding in found_in(resource)]

# object.union merges what two objects hold under one key: what is replaced is removed first.
after(change) := object.union(
	object.remove(elements, array.concat(change.remove, [resource.urn | some resource in change.put])),
	{resource.urn: element(resource) | some resource in change.put},
)

found_in_stack(change) := [[rule, "", message] |
	resources := [resource | some resource in after(change)]
	some rule, messages in of_stack with input as {"resources": resources} with data.asked as change.stack
	some message in messages
]

is_refused(findings) if {
	some finding in findings
	not startswith(finding[0], "warn")
}

judged(change) := array.concat(findings, rest(change, findings)) if {
	findings := [finding | some resource in change.put; some finding in found_in(resource)]
}

rest(change, findings) := [] if stops(change, findings)

rest(change, findings) := found_in_stack(change) if not stops(change, findings)

stops(change, findings) if {
	change.until_refused
	is_refused(findings)
}

changes := {id: judged(change) | some id, change in input.changes}

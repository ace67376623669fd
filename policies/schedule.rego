package payhook

import rego.v1

schedule_type := "aws:scheduler/schedule:Schedule"

async_type := "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"

# METADATA
# title: A schedule that cannot start its target says so
# description: >-
#   What the scheduler could not start goes to a dead-letter queue, after a limited number of tries within an hour or a day at most. Without the queue
#   a missed archive leaves no trace, and without a role the scheduler starts nothing. ARNs and numbers are known in every preview: absent is a violation.
# scope: rule
# custom:
#   fix: keep dead_letter_config and retry_policy of infra/lib/schedule.py
#   pci: ["10.7.2", "10.7.3"]
deny_schedule_failure contains message if {
	input.__type == schedule_type
	some wrong in schedule_faults
	message := say(subject, wrong, "limit the tries and keep what failed")
}

schedule_faults contains not_given(subject, ["target", "deadLetterConfig", "arn"])

schedule_faults contains not_given(subject, ["target", "roleArn"])

schedule_faults contains not_between(subject, ["target", "retryPolicy", "maximumRetryAttempts"], 1, 185)

schedule_faults contains not_between(subject, ["target", "retryPolicy", "maximumEventAgeInSeconds"], 60, day_seconds)

# METADATA
# title: A schedule runs
# description: >-
#   A disabled schedule looks deployed while nothing is archived and nothing sealed. Absent is enabled and right.
# scope: rule
# custom:
#   fix: remove the state
#   pci: ["10.3.4", "10.7.2"]
deny_schedule_disabled contains message if {
	input.__type == schedule_type
	found := value(subject, ["state"])
	found != "ENABLED"
	message := say(subject, sprintf("its state is %s", [json.marshal(found)]), "enable it")
}

# METADATA
# title: The archive starts every day
# description: >-
#   The archival function also seals the audit log, one day at a time. Exactly one schedule starts it, its target is in this stack, and it runs daily:
#   cron or rate of one day. Where a preview may leave the target unknown, the dependency says so.
# scope: rule
# custom:
#   fix: keep the schedule of infra/lib/schedule.py
#   pci: ["3.2.1", "10.3.4"]
stack_deny_schedule_missing contains message if {
	some function in functions
	base_name(function) == "archival_function"
	found := [1 |
		some schedule in of_type(schedule_type)
		may_link(schedule, ["target", "arn"], function)
		is_daily(value(schedule, ["scheduleExpression"]))
	]
	count(found) != 1
	message := say(function, sprintf("%d daily schedules start it, not 1", [count(found)]), "start it once a day")
}

is_daily(expression) if expression in {"rate(1 day)", "rate(24 hours)"}

is_daily(expression) if regex.match(`^cron\([0-9]{1,2} [0-9]{1,2} (\*|\?) \* (\*|\?) \*\)$`, expression)

# METADATA
# title: A failed asynchronous call is kept
# description: >-
#   Lambda tries an asynchronous call up to twice more and then drops it, unless a destination takes it. The destination is a queue of this stack,
#   known by its ARN in every preview: absent is a violation.
# scope: rule
# custom:
#   fix: keep the FunctionEventInvokeConfig of infra/lib/schedule.py
#   pci: ["10.7.2", "10.7.3"]
deny_async_failure contains message if {
	input.__type == async_type
	some wrong in async_faults
	message := say(subject, wrong, "limit the tries and keep what failed")
}

async_faults contains not_given(subject, ["destinationConfig", "onFailure", "destination"])

async_faults contains not_between(subject, ["maximumRetryAttempts"], 0, 2)

async_faults contains not_between(subject, ["maximumEventAgeInSeconds"], 60, 21600)

# METADATA
# title: What the scheduler starts keeps its failed calls
# description: >-
#   The scheduler's calls are asynchronous. Every function that a schedule starts has a FunctionEventInvokeConfig; where a preview may leave unknown
#   which function is meant, the dependency says so.
# scope: rule
# custom:
#   fix: keep the FunctionEventInvokeConfig of infra/lib/schedule.py
#   pci: ["10.7.2", "10.7.3"]
stack_deny_async_missing contains message if {
	some schedule in of_type(schedule_type)
	some function in functions
	links(schedule, ["target", "arn"], function)
	count([1 | some calls in of_type(async_type); links(calls, ["functionName"], function)]) != 1
	message := say(function, "its asynchronous calls have no one configuration", "give it a FunctionEventInvokeConfig")
}

# Every place that says where failures go.
failure_paths := {
	mapping_type: ["destinationConfig", "onFailure", "destinationArn"],
	async_type: ["destinationConfig", "onFailure", "destination"],
	schedule_type: ["target", "deadLetterConfig", "arn"],
}

# METADATA
# title: Failures go to a dead-letter queue of this stack
# description: >-
#   A destination elsewhere is a way out for payment data, and nobody's alarm watches it. The ARNs are built from names and known in every preview.
# scope: rule
# custom:
#   fix: name a dead-letter queue of the stack
#   pci: ["10.7.2", "7.2.5"]
stack_deny_failure_lost contains message if {
	some type, path in failure_paths
	some resource in of_type(type)
	found := value(resource, path)
	every queue in [queue | some queue in queues; is_dead_letter(queue)] {
		not points_at(found, queue)
	}
	message := say(resource, sprintf("its failures go to %s, no dead-letter queue of this stack", [found]), "name one")
}

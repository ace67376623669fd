package payhook

import rego.v1

queue_type := "aws:sqs/queue:Queue"

# A dead-letter queue is one by its name: {function}_dlq_{suffix}.
is_dead_letter(queue) if {
	queue.__type == queue_type
	contains(physical_name(queue), "_dlq_")
}

# What is in these only a person moves on: dead letters, and webhooks that were rejected.
waits_for_a_person(queue) if is_dead_letter(queue)

waits_for_a_person(queue) if {
	queue.__type == queue_type
	startswith(physical_name(queue), "rejected_queue_")
}

# METADATA
# title: A dead letter, and a rejected webhook, is kept fourteen days
# description: >-
#   The age of a dead letter counts from its first enqueue, so fourteen days, SQS's most, leave about ten to look at it. Never computed; AWS's default
#   is four days, so absent is a violation.
# scope: rule
# custom:
#   fix: take message_retention_seconds from infra/limits.json (dead_letter_queue)
#   pci: ["10.7.3", "12.10.1"]
deny_dead_letter_retention contains message if {
	waits_for_a_person(subject)
	wrong := not_exactly(subject, ["messageRetentionSeconds"], fourteen_days_seconds)
	message := say(subject, wrong, "keep it fourteen days")
}

# METADATA
# title: Who may redrive into a dead-letter queue is said
# description: >-
#   Without redriveAllowPolicy any queue of the account may use this one for its dead letters, and foreign messages come back into the payments.
#   Either nobody may, or the queues named. The document is text in every preview: absent or unreadable is a violation.
# scope: rule
# custom:
#   fix: set redrive_allow_policy to denyAll or to byQueue with the source's ARN (infra/lib/queues.py)
#   pci: ["7.2.5", "7.3.3"]
deny_dead_letter_open contains message if {
	is_dead_letter(subject)
	not is_closed(parsed(subject, ["redriveAllowPolicy"]))
	message := say(subject, sprintf("redriveAllowPolicy is %s", [shown(subject, ["redriveAllowPolicy"])]), "name who may redrive into it")
}

is_closed(allowed) if allowed.redrivePermission == "denyAll"

is_closed(allowed) if {
	allowed.redrivePermission == "byQueue"
	count(allowed.sourceQueueArns) > 0
	every source in allowed.sourceQueueArns {
		startswith(source, "arn:aws:sqs:")
		not has_wildcard(source)
	}
}

# METADATA
# title: A queue that gives up says where to
# description: >-
#   A redrive policy names a dead-letter queue and gives a message at least five receives: fewer, and a throttled poll or a short outage makes dead
#   letters of good payments. The document is text in every preview; unreadable is a violation. Which queues need one is stack_deny_queue_redrive's.
# scope: rule
# custom:
#   fix: keep redrive_policy of infra/lib/queues.py and max_receive_count of infra/limits.json
#   pci: ["10.7.2", "12.10.1"]
deny_queue_receives contains message if {
	input.__type == queue_type
	has_value(subject, ["redrivePolicy"])
	not is_patient(parsed(subject, ["redrivePolicy"]))
	wrong := sprintf("redrivePolicy is %s", [shown(subject, ["redrivePolicy"])])
	message := say(subject, wrong, sprintf("name a dead-letter queue and at least %d receives", [max_receive_count_min]))
}

is_patient(redrive) if {
	is_string(redrive.deadLetterTargetArn)
	is_between(redrive.maxReceiveCount, max_receive_count_min, 1000)
}

# METADATA
# title: A queue that a function reads ends in that function's dead-letter queue
# description: >-
#   Messages that nobody could process are kept in a queue of this stack, which keeps them longer than the source does. Where a preview may leave
#   unknown which queue a mapping reads, the dependency says so.
# scope: rule
# custom:
#   fix: set redrive_policy to the function's dead-letter queue (infra/lib/queues.py)
#   pci: ["10.7.2", "12.10.1"]
stack_deny_queue_redrive contains message if {
	some mapping in mappings
	some queue in queues
	links(mapping, ["eventSourceArn"], queue)
	some function in functions
	links(mapping, ["functionName"], function)
	not redrives_to(queue, function)
	wrong := sprintf("it does not redrive to the dead-letter queue of %s", [function.__name])
	message := say(queue, wrong, "name that queue in redrive_policy")
}

redrives_to(queue, function) if {
	some target in queues
	base_name(target) == sprintf("%s_dlq", [base_name(function)])
	points_at(parsed(queue, ["redrivePolicy"]).deadLetterTargetArn, target)
	is_between(value(queue, ["messageRetentionSeconds"]), 1, value(target, ["messageRetentionSeconds"]) - 1)
}

# METADATA
# title: Every function has a dead-letter queue that takes what it fails
# description: >-
#   {function}_dlq_{suffix} exists, and something sends to it: the redrive policy of the queue that the function reads, the destination of its stream,
#   or the destination of its asynchronous calls. The ARNs are built from names and known in every preview.
# scope: rule
# custom:
#   fix: make the queue and name it where the function's failures go
#   pci: ["10.7.2", "10.7.3", "12.10.1"]
stack_deny_function_dead_letter contains message if {
	some function in functions
	not has_dead_letter(function)
	message := say(function, sprintf("nothing sends its failures to a queue %s_dlq", [base_name(function)]), "make the queue and name it")
}

has_dead_letter(function) if {
	some queue in queues
	base_name(queue) == sprintf("%s_dlq", [base_name(function)])
	some found in failure_targets(function)
	points_at(found, queue)
}

failure_targets(function) := union({stream_failures(function), queue_failures(function), call_failures(function)})

stream_failures(function) := {found |
	some mapping in mappings
	may_link(mapping, ["functionName"], function)
	found := value(mapping, ["destinationConfig", "onFailure", "destinationArn"])
}

queue_failures(function) := {found |
	some mapping in mappings
	may_link(mapping, ["functionName"], function)
	some queue in queues
	may_read(mapping, queue)
	found := parsed(queue, ["redrivePolicy"]).deadLetterTargetArn
}

call_failures(function) := {found |
	some calls in of_type(async_type)
	may_link(calls, ["functionName"], function)
	found := value(calls, ["destinationConfig", "onFailure", "destination"])
}

# METADATA
# title: A dead-letter queue is entered from its own source
# description: >-
#   The queues that a redriveAllowPolicy names are those that redrive into it, in this stack. The ARNs are built from names and known in every
#   preview.
# scope: rule
# custom:
#   fix: name the ARN of the source queue in redrive_allow_policy (infra/lib/queues.py)
#   pci: ["7.2.5", "7.3.3"]
stack_deny_dead_letter_source contains message if {
	some queue in queues
	some source in parsed(queue, ["redriveAllowPolicy"]).sourceQueueArns
	not redrives_from(source, queue)
	message := say(queue, sprintf("%s may redrive into it but does not", [source]), "name its source queue and no other")
}

redrives_from(source, target) if {
	some queue in queues
	points_at(source, queue)
	points_at(parsed(queue, ["redrivePolicy"]).deadLetterTargetArn, target)
}

# METADATA
# title: A data key is not used for long
# description: >-
#   SQS encrypts with one data key for this many seconds before it asks KMS for another; a revoked key still opens the queue until then. At most an
#   hour. Absent is SQS's five minutes and right.
# scope: rule
# custom:
#   fix: set kms_data_key_reuse_period_seconds to 60 to 3600 (infra/lib/queues.py)
#   pci: ["3.7.4"]
deny_queue_key_reuse contains message if {
	input.__type == queue_type
	has_value(subject, ["kmsDataKeyReusePeriodSeconds"])
	wrong := not_between(subject, ["kmsDataKeyReusePeriodSeconds"], 60, hour_seconds)
	message := say(subject, wrong, "use a data key for an hour at most")
}

# METADATA
# title: What is rejected fits into its queue
# description: >-
#   A rejected webhook travels on with its body and its reason. The rejected queue takes larger messages than the webhook queue, or the largest
#   rejected ones would be lost. Sizes are never computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep max_message_bytes of both queues in infra/limits.json
#   pci: ["10.2.1.4", "10.7.2"]
stack_deny_rejected_size contains message if {
	some rejected in queues
	base_name(rejected) == "rejected_queue"
	some webhooks in queues
	base_name(webhooks) == "webhook_queue"
	not is_larger(rejected, webhooks)
	wrong := sprintf("maxMessageSize is %s, that of the webhook queue %s", [shown(rejected, ["maxMessageSize"]), shown(webhooks, ["maxMessageSize"])])
	message := say(rejected, wrong, "let it take larger messages")
}

# METADATA
# title: What nobody could process fits into its queue
# description: >-
#   A dead-letter queue takes every message that its source takes. Without a size of its own it has the provider's default, a quarter of what SQS
#   takes. Sizes are never computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep max_message_bytes of both queues in infra/limits.json
#   pci: ["10.7.2"]
stack_deny_dead_letter_size contains message if {
	some queue in queues
	is_dead_letter(queue)
	some webhooks in queues
	base_name(webhooks) == "webhook_queue"
	not is_larger(queue, webhooks)
	wrong := sprintf("maxMessageSize is %s, that of the webhook queue %s", [shown(queue, ["maxMessageSize"]), shown(webhooks, ["maxMessageSize"])])
	message := say(queue, wrong, "let it take what the webhook queue takes")
}

is_larger(rejected, webhooks) if {
	least := value(webhooks, ["maxMessageSize"]) + 1
	is_between(value(rejected, ["maxMessageSize"]), least, mebibyte)
}

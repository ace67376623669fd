package payhook

import rego.v1

mapping_type := "aws:lambda/eventSourceMapping:EventSourceMapping"

# A stream is read from a position; a queue is not.
is_stream(mapping) if has_value(mapping, ["startingPosition"])

is_stream(mapping) if contains(value(mapping, ["eventSourceArn"]), "/stream")

is_queue(mapping) if {
	mapping.__type == mapping_type
	not is_stream(mapping)
}

# METADATA
# title: What failed comes again, the rest does not
# description: >-
#   Both event sources take partial batch responses: without them one bad message makes a whole batch come again, and a payment is worked on many
#   times. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: set function_response_types to ReportBatchItemFailures (infra/lib/functions.py)
#   pci: ["6.2.4"]
deny_mapping_responses contains message if {
	input.__type == mapping_type
	not "ReportBatchItemFailures" in as_list(value_or_null(subject, ["functionResponseTypes"]))
	message := say(subject, sprintf("functionResponseTypes is %s", [shown(subject, ["functionResponseTypes"])]), "report failed items one by one")
}

# METADATA
# title: An event source is switched on
# description: >-
#   A disabled mapping looks deployed and moves nothing. Absent is enabled and right.
# scope: rule
# custom:
#   fix: remove enabled=False
#   pci: ["10.7.2"]
deny_mapping_disabled contains message if {
	input.__type == mapping_type
	value(subject, ["enabled"]) == false
	message := say(subject, "enabled is false", "switch it on")
}

# METADATA
# title: The stream is read a hundred records at a time
# description: >-
#   One transaction of DynamoDB holds a hundred items: a larger batch could not be counted once and only once. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: take batch_size from infra/limits.json
#   pci: ["2.2.1"]
deny_stream_batch contains message if {
	input.__type == mapping_type
	is_stream(subject)
	wrong := not_exactly(subject, ["batchSize"], stream_batch_size)
	message := say(subject, wrong, "read 100 records at a time")
}

# METADATA
# title: What the analytics cannot read is kept
# description: >-
#   Records that fail until their retries end go to the dead-letter queue; without a destination they are gone without a trace. The queue's ARN is
#   built from its name and known in every preview.
# scope: rule
# custom:
#   fix: set the on_failure destination to the function's dead-letter queue (infra/lib/functions.py)
#   pci: ["10.7.2", "10.7.3"]
deny_stream_destination contains message if {
	input.__type == mapping_type
	is_stream(subject)
	wrong := not_given(subject, ["destinationConfig", "onFailure", "destinationArn"])
	message := say(subject, wrong, "send what fails to the dead-letter queue")
}

# METADATA
# title: The analytics see new events, and movements as they change
# description: >-
#   Every filter asks for INSERT of events, or for INSERT and MODIFY of movements, and for nothing else. The archive deletes records; counted as events
#   they would falsify the sums, and so would an event that somebody changed. Without movements no money is counted. Never computed: absent or
#   unreadable is a violation.
# scope: rule
# custom:
#   fix: keep the filter of infra/lib/functions.py
#   pci: ["6.2.4"]
deny_stream_filter contains message if {
	input.__type == mapping_type
	is_stream(subject)
	not only_counted_changes(subject)
	message := say(subject, "the filters are not those of inserted events and of inserted or modified movements", "keep the two filters")
}

# The changes that are counted, by the type of the record.
counted_changes := {"event": {"INSERT"}, "movement": {"INSERT", "MODIFY"}}

only_counted_changes(mapping) if {
	filters := value(mapping, ["filterCriteria", "filters"])
	count(filters) == count(counted_changes)
	every filter in filters {
		json.is_valid(filter.pattern)
	}
	{record_type: names |
		some record_type, names in counted_changes
		some filter in filters
		is_filter_of(json.unmarshal(filter.pattern), record_type, names)
	} == counted_changes
}

is_filter_of(pattern, record_type, names) if {
	is_array(pattern.eventName)
	{name | some name in pattern.eventName} == names
	pattern.dynamodb == {"NewImage": {"record_type": {"S": [record_type]}}}
}

# METADATA
# title: The stream waits for the analytics as long as it has the records, and splits no batch
# description: >-
#   A batch that fails is tried again until a few hours before the stream forgets it: what is given up leaves only its place in the stream behind,
#   and there must be time to read the records. Not without end, so that they are given up while they can be read; from the oldest record on, so that
#   none is skipped; and no bisecting, which would break the once-only count by batch. Never computed; AWS's defaults are endless, so absent is a
#   violation.
# scope: rule
# custom:
#   fix: keep the mapping of infra/lib/functions.py and the numbers of infra/limits.json
#   pci: ["6.2.4", "10.7.2"]
deny_stream_retry contains message if {
	input.__type == mapping_type
	is_stream(subject)
	some wrong in stream_faults
	message := say(subject, wrong, "try again for at least 20 hours and less than a day")
}

stream_faults contains not_between(subject, ["maximumRetryAttempts"], stream_retries_min, stream_retries_max)

stream_faults contains not_between(subject, ["maximumRecordAgeInSeconds"], stream_age_min_seconds, day_seconds - 3600)

stream_faults contains not_exactly(subject, ["startingPosition"], "TRIM_HORIZON")

stream_faults contains "bisectBatchOnFunctionError is true" if value(subject, ["bisectBatchOnFunctionError"]) == true

# METADATA
# title: The queue starts two to four invocations at a time, or as many as its capacity needs
# description: >-
#   Without a maximum the pollers outrun the function's reserved concurrency; every throttled poll uses up a receive, and good messages end as dead
#   letters that nobody looked at. SQS's least is two. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: take maximum_concurrency from infra/limits.json
#   pci: ["2.2.1", "10.7.2"]
deny_queue_concurrency contains message if {
	is_queue(subject)
	most := reserved_concurrency_max[capacity(subject)] - 1
	wrong := not_between(subject, ["scalingConfig", "maximumConcurrency"], maximum_concurrency_min, most)
	message := say(subject, wrong, "start fewer than the function has reserved")
}

# METADATA
# title: The queue starts fewer invocations than are reserved
# description: >-
#   MaximumConcurrency stays below the reserved concurrency of the function that it starts, for the same reason as deny_queue_concurrency. Where a
#   preview may leave unknown which function that is, the dependency says so.
# scope: rule
# custom:
#   fix: keep maximum_concurrency below reserved_concurrency (infra/limits.json)
#   pci: ["2.2.1", "10.7.2"]
stack_deny_queue_concurrency contains message if {
	some mapping in mappings
	is_queue(mapping)
	some function in functions
	links(mapping, ["functionName"], function)
	most := value(mapping, ["scalingConfig", "maximumConcurrency"])
	reserved := value(function, ["reservedConcurrentExecutions"])
	not most < reserved
	wrong := sprintf("it starts up to %s invocations of %s, which reserves %s", [json.marshal(most), function.__name, json.marshal(reserved)])
	message := say(mapping, wrong, "start fewer than are reserved")
}

# METADATA
# title: A message stays hidden while its function may still work on it
# description: >-
#   Six times the function's time-out plus the batching window: a shorter visibility time-out shows a message to a second invocation while the first
#   still has it. Where a preview may leave unknown which queue and function belong together, the dependencies say so.
# scope: rule
# custom:
#   fix: raise visibility_timeout_seconds (infra/limits.json, webhook_queue)
#   pci: ["2.2.1", "6.2.4"]
stack_deny_queue_visibility contains message if {
	some mapping in mappings
	some queue in queues
	links(mapping, ["eventSourceArn"], queue)
	some function in functions
	links(mapping, ["functionName"], function)
	least := (visibility_factor * value(function, ["timeout"])) + object.get(mapping.__properties, "maximumBatchingWindowInSeconds", 0)
	not is_at_least(value_or_null(queue, ["visibilityTimeoutSeconds"]), least)
	wrong := sprintf("visibilityTimeoutSeconds is %s, less than %d for %s", [shown(queue, ["visibilityTimeoutSeconds"]), least, function.__name])
	message := say(queue, wrong, "hide messages longer")
}

# What starts what: the source by its base name, and the function.
wanted_sources := {"webhook_processor": "webhook_queue", "analytics_processor": "transactions"}

# METADATA
# title: The queue starts the first function, the stream the second
# description: >-
#   Each source has one mapping to its function, or webhooks pile up while everything looks deployed. Where a preview may leave the ends unknown, the
#   dependencies say so.
# scope: rule
# custom:
#   fix: keep the event sources of infra/lib/functions.py
#   pci: ["10.7.2", "12.5.2"]
stack_deny_mapping_missing contains message if {
	some name, source in wanted_sources
	some function in functions
	base_name(function) == name
	found := [1 |
		some mapping in mappings
		may_link(mapping, ["functionName"], function)
		some origin in array.concat(queues, tables)
		base_name(origin) == source
		may_read(mapping, origin)
	]
	count(found) != 1
	message := say(function, sprintf("%d event sources bring it %s, not 1", [count(found), source]), "connect them once")
}

may_read(mapping, origin) if links(mapping, ["eventSourceArn"], origin)

# While nothing tells which source is meant, a mapping may read any of its kind.
may_read(mapping, origin) if {
	is_open(mapping, ["eventSourceArn"])
	is_stream(mapping)
	origin.__type == "aws:dynamodb/table:Table"
}

may_read(mapping, origin) if {
	is_open(mapping, ["eventSourceArn"])
	is_queue(mapping)
	origin.__type == "aws:sqs/queue:Queue"
}

# METADATA
# title: An event source starts a function of this stack
# description: >-
#   A mapping between resources of somebody else moves payment data out of the stack. Both ends of every mapping are in this stack; where a preview
#   may leave them unknown, the dependencies say so.
# scope: rule
# custom:
#   fix: pass the ARNs of the stack's own resources
#   pci: ["7.2.5", "12.5.2"]
stack_deny_mapping_foreign contains message if {
	some mapping in mappings
	some path, ends in {"eventSourceArn": array.concat(queues, tables), "functionName": functions}
	every end in ends {
		not may_link(mapping, [path], end)
	}
	message := say(mapping, sprintf("%s is %s, which is not in this stack", [path, shown(mapping, [path])]), "use the stack's own")
}

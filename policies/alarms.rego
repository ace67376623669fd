package payhook

import rego.v1

alarm_type := "aws:cloudwatch/metricAlarm:MetricAlarm"

# METADATA
# title: An alarm tells somebody
# description: >-
#   An alarm without an action, or with its actions switched off, rings in an empty room. The topic's ARN is built from its name and known in every
#   preview: absent is a violation.
# scope: rule
# custom:
#   fix: keep alarm_actions of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2", "12.10.5"]
deny_alarm_silent contains message if {
	input.__type == alarm_type
	count(object.get(subject.__properties, "alarmActions", [])) == 0
	message := say(subject, "it has no alarmActions", "send it to the topic")
}

deny_alarm_silent contains message if {
	input.__type == alarm_type
	value(subject, ["actionsEnabled"]) == false
	message := say(subject, "actionsEnabled is false", "let it act")
}

# METADATA
# title: A gap in an alarm's data means something
# description: >-
#   Without treatMissingData an alarm keeps its last state or knows nothing while the metric is silent. Each says what silence means: breaching where
#   it is the trouble, notBreaching where it is quiet. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: set treat_missing_data to breaching or notBreaching (infra/lib/alarms.py)
#   pci: ["10.4.1.1", "10.7.2"]
deny_alarm_gap contains message if {
	input.__type == alarm_type
	not value_or_null(subject, ["treatMissingData"]) in {"breaching", "notBreaching"}
	message := say(subject, sprintf("treatMissingData is %s", [shown(subject, ["treatMissingData"])]), "say what silence means")
}

# METADATA
# title: An alarm says what to do
# description: >-
#   The description is what somebody reads at night: a sentence that says what it means, and at
#   its end the runbook of the alarm. Never computed: absent is a violation. A test of the
#   repository asks that the runbook exists.
# scope: rule
# custom:
#   fix: give the alarm a text in infra/lib/alarm_texts.py and a runbook in docs/runbooks
#   pci: ["10.7.2", "12.10.5"]
deny_alarm_runbook contains message if {
	input.__type == alarm_type
	not has_runbook(subject)
	message := say(subject, "its description does not end with a runbook", "say what it means and which runbook is for it")
}

has_runbook(alarm) if {
	text := value(alarm, ["alarmDescription"])
	count(text) <= alarm_description_max
	regex.match(`^.{20,} Runbook: (https://[^ ]+/)?docs/runbooks/[a-z0-9_]+\.md$`, text)
}

# METADATA
# title: An alarm goes to the stack's topic
# description: >-
#   The topic is encrypted with the stack's key and takes messages from this account's alarms only. An action elsewhere tells somebody else, or
#   nobody.
# scope: rule
# custom:
#   fix: keep the actions of infra/lib/alarms.py
#   pci: ["10.7.2", "12.10.5"]
stack_deny_alarm_topic contains message if {
	some alarm in alarms
	some property in {"alarmActions", "okActions", "insufficientDataActions"}
	some action in value(alarm, [property])
	every topic in topics {
		not points_at(action, topic)
	}
	message := say(alarm, sprintf("%s has %s, no topic of this stack", [property, json.marshal(action)]), "send it to the stack's topic")
}

# What an alarm must watch: that metric with exactly these dimensions, and loudly enough. `most` is the highest threshold that still rings in time.
is_watched(wanted) if is_watched_for(wanted, alarm_period_max_seconds)

# The same with periods of at most so many seconds.
is_watched_for(wanted, period_max_seconds) if {
	some alarm in alarms
	value(alarm, ["namespace"]) == wanted.namespace
	value(alarm, ["metricName"]) == wanted.metric
	value(alarm, ["dimensions"]) == wanted.dimensions
	value(alarm, ["statistic"]) == wanted.statistic
	is_prompt(alarm, wanted.most)
	is_between(value(alarm, ["period"]), alarm_period_min_seconds, period_max_seconds)
}

is_prompt(alarm, most) if {
	is_between(value(alarm, ["threshold"]), threshold_min[value(alarm, ["comparisonOperator"])], most)
	is_between(value(alarm, ["evaluationPeriods"]), 1, 3)
}

# Below these an alarm rings without end and says nothing.
threshold_min := {"GreaterThanOrEqualToThreshold": 1, "GreaterThanThreshold": 0}

unwatched(wanted) := sprintf(
	"no alarm on %s %s of %s with the threshold %d or less",
	[wanted.namespace, wanted.metric, json.marshal(wanted.dimensions), wanted.most],
)

# METADATA
# title: A dead letter rings
# description: >-
#   Every dead-letter queue has an alarm on its visible messages, from the first one on: NumberOfMessagesSent would miss what redrive moves. Nothing
#   of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm {function}_dlq_depth of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2", "12.10.5"]
stack_deny_alarm_dead_letter contains message if {
	some queue in queues
	is_dead_letter(queue)
	wanted := {
		"namespace": "AWS/SQS",
		"metric": "ApproximateNumberOfMessagesVisible",
		"dimensions": {"QueueName": physical_name(queue)},
		"statistic": "Maximum",
		"most": 1,
	}
	not is_watched(wanted)
	message := say(queue, unwatched(wanted), "add it")
}

# METADATA
# title: A throttled function rings
# description: >-
#   Every function that a queue calls has an alarm on its throttles, from the first one on: they
#   use up receives and end in dead letters. A function that a stream calls is throttled
#   whenever the stream has more shards than the function has concurrency, and its age rings
#   when it lags. Lambda tries an asynchronous call again for hours. Nothing of an alarm is
#   computed; which function is called follows from the mapping, or in a preview from its
#   dependency.
# scope: rule
# custom:
#   fix: keep the alarm webhook_processor_throttles of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2"]
stack_deny_alarm_throttles contains message if {
	some mapping in mappings
	not is_stream(mapping)
	some function in functions
	links(mapping, ["functionName"], function)
	wanted := {
		"namespace": "AWS/Lambda",
		"metric": "Throttles",
		"dimensions": {"FunctionName": physical_name(function)},
		"statistic": "Sum",
		"most": 1,
	}
	not is_watched(wanted)
	message := say(function, unwatched(wanted), "add it")
}

# METADATA
# title: Webhooks that wait ring
# description: >-
#   Every queue that a function reads has an alarm on the age of its oldest message. Nothing of an alarm is computed; which queue is read follows from
#   the mapping, or in a preview from its dependency.
# scope: rule
# custom:
#   fix: keep the alarm webhook_queue_age of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2"]
stack_deny_alarm_queue_age contains message if {
	some mapping in mappings
	some queue in queues
	links(mapping, ["eventSourceArn"], queue)
	wanted := {
		"namespace": "AWS/SQS",
		"metric": "ApproximateAgeOfOldestMessage",
		"dimensions": {"QueueName": physical_name(queue)},
		"statistic": "Maximum",
		"most": age_alarm_max_seconds,
	}
	not is_watched(wanted)
	message := say(queue, unwatched(wanted), "add it")
}

# METADATA
# title: Analytics that lag ring
# description: >-
#   Every function that reads a stream has an alarm on the age of its iterator, in milliseconds. Nothing of an alarm is computed; which function reads
#   follows from the mapping, or in a preview from its dependency.
# scope: rule
# custom:
#   fix: keep the alarm stream_iterator_age of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2"]
stack_deny_alarm_iterator_age contains message if {
	some mapping in mappings
	is_stream(mapping)
	some function in functions
	links(mapping, ["functionName"], function)
	wanted := {
		"namespace": "AWS/Lambda",
		"metric": "IteratorAge",
		"dimensions": {"FunctionName": physical_name(function)},
		"statistic": "Maximum",
		"most": age_alarm_max_seconds * 1000,
	}
	not is_watched(wanted)
	message := say(function, unwatched(wanted), "add it")
}

# METADATA
# title: A door that fails rings
# description: >-
#   Every stage has an alarm on 5XX answers, from the first one on: each is a webhook that was not stored. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm gateway_5xx of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2", "12.10.5"]
stack_deny_alarm_gateway contains message if {
	some stage in stages
	some api in apis_of(stage)
	wanted := {
		"namespace": "AWS/ApiGateway",
		"metric": "5XXError",
		"dimensions": {"ApiName": physical_name(api), "Stage": value(stage, ["stageName"])},
		"statistic": "Sum",
		"most": 1,
	}
	not is_watched(wanted)
	message := say(stage, unwatched(wanted), "add it")
}

# METADATA
# title: Rejected webhooks ring
# description: >-
#   Many rejections mean a rotated secret, a changed header or an attack. One alarm is over all
#   providers, and each provider that has a secret has one of its own, which also rings when a
#   few are rejected and none is genuine: a small shop whose secret is wrong has no more than a
#   few an hour. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarms rejected_spike and rejected_{provider} of infra/lib/alarms.py
#   pci: ["10.2.1.4", "10.4.1.1", "11.5.1", "12.10.5"]
stack_deny_alarm_rejected contains message if {
	some function in functions
	base_name(function) == "webhook_processor"
	wanted := {
		"namespace": "payhook",
		"metric": "Rejected",
		"dimensions": {"function_name": physical_name(function)},
		"statistic": "Sum",
		"most": rejected_alarm_max,
	}
	not is_watched(wanted)
	message := say(function, unwatched(wanted), "add it")
}

stack_deny_alarm_rejected contains message if {
	some function in functions
	base_name(function) == "webhook_processor"
	some secret in of_type("aws:secretsmanager/secret:Secret")
	startswith(base_name(secret), "webhook_secret_")
	provider := trim_prefix(base_name(secret), "webhook_secret_")
	not has_rejected_alarm({"function_name": physical_name(function), "provider": provider})
	message := say(function, sprintf("no alarm rings when all webhooks of %s are rejected", [provider]), "add rejected_{provider}")
}

# METADATA
# title: An event type that is in no list rings
# description: >-
#   A provider adds event types, and what payhook has no meaning for is stored as unclassified. The
#   first event of such a type within an hour rings, because it may tell of money. Nothing of an
#   alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm unknown_event_type of infra/lib/alarms.py
#   pci: ["10.4.1.1", "10.7.2"]
stack_deny_alarm_unknown_type contains message if {
	some function in functions
	base_name(function) == "webhook_processor"
	wanted := {
		"namespace": "payhook",
		"metric": "UnknownType",
		"dimensions": {"function_name": physical_name(function)},
		"statistic": "Sum",
		"most": 1,
	}
	not is_watched_for(wanted, hour_seconds)
	message := say(function, unwatched(wanted), "add it")
}

# METADATA
# title: What the firewall stops or suspects rings
# description: >-
#   Every web ACL has an alarm on all requests that it blocks, one on the rule that cuts an address off (it may be a provider), and one on each rule
#   that counts suspicious bodies: 6.4.2 lets a rule generate an alert instead of blocking only if somebody looks at it. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarms firewall_blocked, firewall_rate_limited and firewall_suspicious_bodies of infra/lib/alarms.py
#   pci: ["6.4.2", "10.7.2", "11.5.1", "12.10.5"]
stack_deny_alarm_firewall contains message if {
	some acl in of_type(acl_type)
	some wanted in firewall_metrics(acl)
	not is_watched(wanted)
	message := say(acl, unwatched(wanted), "add it")
}

firewall_metrics(acl) := union({
	{firewall_metric(acl, "BlockedRequests", "ALL", blocked_alarm_max)},
	{wanted |
		some rule in counting_rules(acl)
		wanted := firewall_metric(acl, "CountedRequests", rule.visibilityConfig.metricName, 1)
	},
	{wanted |
		some rule in rate_rules(acl)
		wanted := firewall_metric(acl, "BlockedRequests", rule.visibilityConfig.metricName, 1)
	},
})

firewall_metric(acl, metric, rule, most) := {
	"namespace": "AWS/WAFV2",
	"metric": metric,
	"dimensions": {"WebACL": physical_name(acl), "Region": region, "Rule": rule},
	"statistic": "Sum",
	"most": most,
}

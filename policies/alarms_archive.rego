package payhook

import rego.v1

# The alarms on what the archive states once a day: one statement within a window that is longer than the time between two runs is enough, so
# the alarm goes on ringing until a whole window has none.
rings_on_statement(wanted) if {
	some alarm in alarms
	value(alarm, ["namespace"]) == "payhook"
	value(alarm, ["metricName"]) == wanted.metric
	value(alarm, ["dimensions"]) == {"function_name": wanted.function}
	value(alarm, ["statistic"]) == wanted.statistic
	value(alarm, ["comparisonOperator"]) == wanted.comparison
	is_between(value(alarm, ["threshold"]), wanted.least, wanted.most)
	value(alarm, ["datapointsToAlarm"]) == 1
	value(alarm, ["period"]) == hour_seconds
	is_between(hour_seconds * value(alarm, ["evaluationPeriods"]), archive_state_min_seconds, archive_state_max_seconds)
}

# METADATA
# title: A day that nears its expiry without a verified copy rings
# description: >-
#   DynamoDB deletes a record when it expires, whether the archive has a verified copy of it or not. The archive states how many days the oldest day
#   without one has left. The alarm leaves at least a month to put right what is wrong, and is silent while the archive keeps up. Nothing of an alarm
#   is computed.
# scope: rule
# custom:
#   fix: keep the alarm archive_behind of infra/lib/alarms.py
#   pci: ["10.3.3", "10.7.2", "12.10.5"]
stack_deny_alarm_behind contains message if {
	some function in functions
	base_name(function) == "archival_function"
	not rings_on_statement({
		"metric": "ArchiveDaysLeft",
		"function": physical_name(function),
		"statistic": "Minimum",
		"comparison": "LessThanThreshold",
		"least": days_left_alarm_min,
		"most": days_left_alarm_max,
	})
	message := say(function, "no alarm rings when a day nears its expiry without a verified copy", "add archive_behind")
}

# METADATA
# title: A table that forgets nothing more rings
# description: >-
#   At the last the archive switches the expiry of the transactions table off, so that nothing is deleted before a verified copy exists. Then the table
#   keeps payments longer than was decided, until somebody switches it on again. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarm expiry_stopped of infra/lib/alarms.py
#   pci: ["3.2.1", "10.7.2", "12.10.5"]
stack_deny_alarm_expiry contains message if {
	some function in functions
	base_name(function) == "archival_function"
	not rings_on_statement({
		"metric": "ExpiryStopped",
		"function": physical_name(function),
		"statistic": "Maximum",
		"comparison": "GreaterThanOrEqualToThreshold",
		"least": 1,
		"most": 1,
	})
	message := say(function, "no alarm rings when the archive has stopped the table's expiry", "add expiry_stopped")
}

# What the gap check states of the providers that are compared once a day.
gap_metrics := {"gaps_missing": "GapsMissing", "gap_check_failed": "GapCheckFailed"}

# METADATA
# title: What a provider lists and nobody stored rings, and so does a list that cannot be read
# description: >-
#   A function that is told to compare the providers' own records with what is stored states how much of a day is missing, and whether the day could be
#   compared at all. A check that nobody hears of finds nothing. A function without such a list has no check. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarms gaps_missing and gap_check_failed of infra/lib/alarms.py
#   pci: ["10.7.2", "12.10.5"]
stack_deny_alarm_gaps contains message if {
	some function in functions
	base_name(function) == "archival_function"
	has_value(function, ["environment", "variables", "GAP_CHECK_PROVIDERS"])
	some alarm, metric in gap_metrics
	not rings_on_statement({
		"metric": metric,
		"function": physical_name(function),
		"statistic": "Maximum",
		"comparison": "GreaterThanOrEqualToThreshold",
		"least": 1,
		"most": 1,
	})
	message := say(function, sprintf("no alarm rings on %s", [metric]), sprintf("add %s", [alarm]))
}

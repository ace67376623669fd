package payhook

import rego.v1

# The alarms on the silence of a provider. Which providers have them is a setting; what is here holds for each that has one of the two.
silence_alarms := {"silence_", "all_rejected_"}

# METADATA
# title: A provider's silence rings, and is told from rejections
# description: >-
#   A provider that is named in the setting silence has two alarms over one window. The first rings when fewer genuine webhooks come than is its
#   habit: none within its longest gap, or fewer than CloudWatch expects. The second rings when something was rejected and nothing was genuine.
#   Without the first nobody hears that nothing comes; without the second nobody knows whether nothing came or all of it was rejected. The provider
#   must be one that the stack has a secret for: any other is silent for ever. Nothing of an alarm is computed.
# scope: rule
# custom:
#   fix: keep the alarms silence_{provider} and all_rejected_{provider} of infra/lib/silence_alarms.py
#   pci: ["10.4.1.1", "10.7.2", "12.10.5"]
stack_deny_alarm_provider_silence contains message if {
	some alarm in alarms
	some prefix in silence_alarms
	startswith(base_name(alarm), prefix)
	provider := trim_prefix(base_name(alarm), prefix)
	not hears_silence(provider)
	wrong := sprintf("silence_%s and all_rejected_%s do not tell over one window that nothing came from that all was rejected", [provider, provider])
	message := say(alarm, wrong, "set silence for a provider of the stack, and keep both")
}

hears_silence(provider) if {
	some secret in of_type("aws:secretsmanager/secret:Secret")
	base_name(secret) == sprintf("webhook_secret_%s", [provider])
	some function in functions
	base_name(function) == "webhook_processor"
	where := {"function_name": physical_name(function), "provider": provider}
	some seconds in (gap_windows(where) | band_windows(where))
	notices_all_rejected(where, seconds)
}

# The windows in which no genuine webhook rings.
gap_windows(where) := {seconds |
	some alarm in alarms
	rings_in_silence(alarm, alarm_period_max_seconds, day_seconds)
	value(alarm, ["evaluationPeriods"]) == 1
	returned_expression(alarm) in genuine_sums(alarm, where)
	seconds := period_seconds(alarm)
}

# The windows in which fewer genuine webhooks than expected ring, in each of several short periods.
band_windows(where) := {seconds |
	some alarm in alarms
	value(alarm, ["comparisonOperator"]) == "LessThanLowerThreshold"
	value(alarm, ["treatMissingData"]) == "breaching"
	period_seconds(alarm) == alarm_period_max_seconds
	seconds := period_seconds(alarm) * value(alarm, ["evaluationPeriods"])
	is_between(seconds, band_window_min_seconds, hour_seconds)
	queries := value(alarm, ["metricQueries"])
	some genuine in queries
	genuine.expression in genuine_sums(alarm, where)
	some band in queries
	band.id == value(alarm, ["thresholdMetricId"])
	found := regex.find_all_string_submatch_n(`^ANOMALY_DETECTION_BAND\(([a-z]+), ([0-9]+)\)$`, band.expression, 1)
	found[0][1] == genuine.id
	is_between(to_number(found[0][2]), 1, band_width_max)

	# CloudWatch takes such an alarm only if these two return data, and nothing else.
	{query.id | some query in queries; query.returnData == true} == {genuine.id, band.id}
}

# The sum of what was stored and what was stored before, as the alarm's operands are called.
genuine_sums(alarm, where) := {total |
	some stored in operands(alarm, {"namespace": "payhook", "name": "Stored", "dimensions": where, "stat": "Sum"})
	some duplicates in operands(alarm, {"namespace": "payhook", "name": "Duplicates", "dimensions": where, "stat": "Sum"})
	total := sprintf("FILL(%s, 0) + FILL(%s, 0)", [stored, duplicates])
}

notices_all_rejected(where, seconds) if {
	some alarm in alarms
	value(alarm, ["comparisonOperator"]) == "GreaterThanOrEqualToThreshold"
	value(alarm, ["threshold"]) == 1
	value(alarm, ["evaluationPeriods"]) == 1
	period_seconds(alarm) == seconds
	some rejected in operands(alarm, {"namespace": "payhook", "name": "Rejected", "dimensions": where, "stat": "Sum"})
	some few in numbers.range(1, rejected_alone_max)
	some total in genuine_sums(alarm, where)
	returned_expression(alarm) == sprintf("IF(FILL(%s, 0) >= %d, IF(%s < 1, 1, 0), 0)", [rejected, few, total])
}

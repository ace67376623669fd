package payhook

import rego.v1

lifecycle_type := "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

# What the lifecycle must say of each prefix: colder after ninety days, and for the audit log and its seals the least time until the end.
lifecycle_prefixes := {
	"audit/": audit_days_kept_min,
	"logs/": audit_days_kept_min,
	"seal/": audit_days_kept_min,
	"archive/transactions/": null,
	"archive/manifests/": null,
}

# What is left behind by a crash: it ends within a month.
pending_prefix := "archive/pending/"

# METADATA
# title: Ninety days at hand, then colder, never gone too early
# description: >-
#   The audit log, its seals, the archive and its manifests stay in immediate access for ninety days and become colder then, never in one zone
#   alone; audit log and seals end after twelve months at the earliest and after ten years at the latest, the archive never by itself: it is the
#   only copy. Old versions stay a month and no longer than a year, unfinished uploads and what waits under archive/pending/ go within a month.
#   Every rule is enabled. Nothing of this is computed: an absent rule is a violation. Where a preview may leave unknown whose lifecycle it is,
#   the dependency says so.
# scope: rule
# custom:
#   fix: keep the rules of infra/lib/audit_bucket.py and the days of infra/limits.json
#   pci: ["10.5.1", "3.2.1"]
stack_deny_bucket_lifecycle contains message if {
	some bucket in buckets
	not is_log_bucket(bucket)
	some lifecycle in of_type(lifecycle_type)
	belongs_to(lifecycle, bucket)
	some wrong in lifecycle_faults(lifecycle_rules(lifecycle))
	message := say(lifecycle, wrong, "keep audit and archive as long as they must be kept")
}

# METADATA
# title: Access logs are kept twelve months
# description: >-
#   Who read the audit log is part of the audit history. A bucket that takes access logs ends objects after twelve months or later, and every rule of
#   it is enabled. Nothing of this is computed. Where a preview may leave unknown whose lifecycle it is, the dependency says so.
# scope: rule
# custom:
#   fix: let the rules of the log bucket expire objects after a year or more
#   pci: ["10.5.1", "10.3.1"]
stack_deny_log_bucket_lifecycle contains message if {
	some bucket in buckets
	is_log_bucket(bucket)
	some lifecycle in of_type(lifecycle_type)
	belongs_to(lifecycle, bucket)
	rules := lifecycle_rules(lifecycle)
	faults := union({empty_faults(rules), trail_prefix_faults(bucket, rules), short_faults(rules), rule_faults(rules)})
	some wrong in faults
	message := say(lifecycle, wrong, "keep access logs a year or more")
}

empty_faults(rules) := {"it has no rules" | count(rules) == 0}

# CloudTrail writes below this prefix: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-find-log-files.html, read 2026-11-25.
trail_prefix_faults(bucket, rules) := {"no rule is for AWSLogs/" |
	not takes_access_log(bucket)
	not takes_edge_log(bucket)
	count([rule | some rule in rules; startswith("AWSLogs/", rule_prefix(rule))]) == 0
}

short_faults(rules) := {sprintf("rule %s does not keep access logs for %d days", [rule_name(rule), audit_days_kept_min]) |
	some rule in rules
	not ends_late(rule, audit_days_kept_min)
}

lifecycle_rules(lifecycle) := [rule | some rule in as_list(value_or_null(lifecycle, ["rules"]))]

lifecycle_faults(rules) := union({
	colder_faults(rules),
	end_faults(rules),
	early_faults(rules),
	pending_faults(rules),
	rule_faults(rules),
})

colder_faults(rules) := {sprintf("no enabled rule for %s makes objects colder after %d days", [prefix, days_at_hand]) |
	some prefix, _ in lifecycle_prefixes
	not has_transition(rules, prefix)
}

end_faults(rules) := {sprintf("no enabled rule ends %s after %d days or more", [prefix, least]) |
	some prefix, least in lifecycle_prefixes
	is_number(least)
	not has_end(rules, prefix, least)
}

early_faults(rules) := {sprintf("rule %s ends %s too early or too late", [rule_name(rule), prefix]) |
	some prefix, least in lifecycle_prefixes
	some rule in rules
	overlaps(rule, prefix)
	object.get(rule, "expiration", {}) != {}
	not ends_late(rule, least)
}

pending_faults(rules) := {sprintf("no enabled rule ends %s within %d days", [pending_prefix, month_days]) |
	not ends_pending(rules)
}

# What holds for every rule of every bucket.
rule_faults(rules) := union({status_faults(rules), cold_faults(rules), class_faults(rules), version_faults(rules), upload_faults(rules)})

status_faults(rules) := {sprintf("rule %s is not enabled", [rule_name(rule)]) |
	some rule in rules
	object.get(rule, "status", null) != "Enabled"
}

cold_faults(rules) := {sprintf("rule %s makes objects colder after %s days", [rule_name(rule), json.marshal(days)]) |
	some rule in rules
	some transition in object.get(rule, "transitions", [])
	days := object.get(transition, "days", null)
	not is_at_least(days, days_at_hand)
}

# Colder classes that keep every object in several zones: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html, read 2026-11-25.
colder_classes := {"DEEP_ARCHIVE", "GLACIER", "GLACIER_IR", "STANDARD_IA"}

class_faults(rules) := {sprintf("rule %s moves objects to the class %s", [rule_name(rule), json.marshal(class)]) |
	some rule in rules
	some transition in object.get(rule, "transitions", [])
	class := object.get(transition, "storageClass", null)
	not class in colder_classes
}

version_faults(rules) := {sprintf("rule %s keeps old versions for %s days", [rule_name(rule), json.marshal(days)]) |
	some rule in rules
	days := object.get(rule, ["noncurrentVersionExpiration", "noncurrentDays"], null)
	not is_between(days, month_days, audit_days_kept_min)
}

upload_faults(rules) := {sprintf("rule %s keeps unfinished uploads for %s days", [rule_name(rule), json.marshal(days)]) |
	some rule in rules
	days := object.get(rule, ["abortIncompleteMultipartUpload", "daysAfterInitiation"], null)
	not is_between(days, 1, month_days)
}

rule_name(rule) := json.marshal(object.get(rule, "id", null))

rule_prefix(rule) := object.get(object.get(rule, "filter", {}), "prefix", "")

overlaps(rule, prefix) if startswith(rule_prefix(rule), prefix)

overlaps(rule, prefix) if startswith(prefix, rule_prefix(rule))

has_transition(rules, prefix) if {
	some rule in rules
	rule.status == "Enabled"
	rule_prefix(rule) == prefix
	some transition in rule.transitions
	transition.days == days_at_hand
}

has_end(rules, prefix, least) if {
	some rule in rules
	rule.status == "Enabled"
	rule_prefix(rule) == prefix
	ends_late(rule, least)
}

ends_late(rule, least) if {
	is_number(least)
	is_between(rule.expiration.days, least, audit_days_kept_max)
}

ends_pending(rules) if {
	some rule in rules
	rule.status == "Enabled"
	rule_prefix(rule) == pending_prefix
	is_between(rule.expiration.days, 1, month_days)
}

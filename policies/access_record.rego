package payhook

import rego.v1

trail_type := "aws:cloudtrail/trail:Trail"

# METADATA
# title: Who used the bucket is written down
# description: >-
#   Reads of the audit log and the archive are themselves recorded: by a trail with data events of the bucket, or by the bucket's access logging. Both
#   cost money and are an option of the stack, hence a warning. Where a preview may leave the bucket unknown, what the engine knows of the property
#   stands for it.
# scope: rule
# custom:
#   fix: set access_record to true in the stack's configuration
#   pci: ["10.2.1.1", "10.2.1.3"]
#   severity: advisory
stack_warn_bucket_access_log contains message if {
	some bucket in buckets
	not takes_access_log(bucket)
	not has_access_log(bucket)
	message := say(bucket, "nobody writes down who uses it", "turn on the access record")
}

has_access_log(bucket) if {
	some logging in of_type("aws:s3/bucketLogging:BucketLogging")
	belongs_to(logging, bucket)
	some target in buckets
	links(logging, ["targetBucket"], target)
}

# Every call on every object: another condition would record less. Only the puts by which logs are delivered may be left out, and only in their own buckets.
has_access_log(bucket) if {
	some trail in of_type(trail_type)
	some selector in value(trail, ["advancedEventSelectors"])
	selects(selector, "eventCategory", "equals", ["Data"])
	selects(selector, "resources.type", "equals", ["AWS::S3::Object"])
	selects(selector, "resources.ARN", "startsWiths", [sprintf("arn:aws:s3:::%s/", [physical_name(bucket)])])
	every part in selector.fieldSelectors {
		is_usual(part, trail, bucket)
	}
}

has_access_log(bucket) if {
	some trail in of_type(trail_type)
	some selector in value(trail, ["eventSelectors"])
	object.get(selector, "readWriteType", "All") == "All"
	some resource in selector.dataResources
	sprintf("arn:aws:s3:::%s/", [physical_name(bucket)]) in resource.values
}

# METADATA
# title: A trail records every call on every bucket of the stack
# description: >-
#   Whether there is a trail is an option (stack_warn_bucket_access_log). Where there is one, it selects every call on every object of each bucket: one
#   that leaves some out looks like a record and is none. The names are known in every preview.
# scope: rule
# custom:
#   fix: keep the event selectors of infra/lib/access_record.py
#   pci: ["10.2.1", "10.2.1.1", "10.2.1.3"]
stack_deny_trail_events contains message if {
	some trail in of_type(trail_type)
	some bucket in buckets
	not takes_access_log(bucket)
	not has_access_log(bucket)
	message := say(trail, sprintf("it does not record every call on the objects of %s", [bucket.__name]), "select them all")
}

selects(selector, field, operator, wanted) if {
	some part in selector.fieldSelectors
	part.field == field
	part[operator] == wanted
}

is_usual(part, _, _) if part.field in {"eventCategory", "resources.type", "resources.ARN"}

is_usual(part, trail, bucket) if {
	object.remove(part, ["notEquals"]) == {"field": "eventName"}
	part.notEquals == ["PutObject"]
	is_delivered_to(trail, bucket)
}

# By the trail itself, or by CloudFront.
is_delivered_to(trail, bucket) if records_into(trail, bucket)

is_delivered_to(_, bucket) if takes_edge_log(bucket)

# A bucket that takes the record of who used another: logging its own reads would never end.
is_log_bucket(bucket) if takes_access_log(bucket)

is_log_bucket(bucket) if {
	some trail in of_type(trail_type)
	records_into(trail, bucket)
}

is_log_bucket(bucket) if takes_edge_log(bucket)

records_into(trail, bucket) if links(trail, ["s3BucketName"], bucket)

# While nothing tells which bucket a trail writes into, the bucket's policy does: it lets CloudTrail
# write by the bucket's name.
records_into(trail, bucket) if {
	is_open(trail, ["s3BucketName"])
	some policy in of_type("aws:s3/bucketPolicy:BucketPolicy")
	some statement in allowing(policy)
	"cloudtrail.amazonaws.com" in principals(statement, "Service")
	some target in targets(statement)
	startswith(target, sprintf("arn:aws:s3:::%s/", [physical_name(bucket)]))
}

takes_edge_log(bucket) if {
	some destination in of_type(delivery_destination_type)
	is_edge_log_place(destination, bucket)
}

takes_access_log(bucket) if {
	some logging in of_type("aws:s3/bucketLogging:BucketLogging")
	links(logging, ["targetBucket"], bucket)
}

# METADATA
# title: A trail records, and proves that its files were not changed
# description: >-
#   The trail is on, selects what it records, signs a digest of its files every hour, and stays in the region. enableLogging defaults to on, so absent is right there; the
#   digests default to off, so absent is a violation.
# scope: rule
# custom:
#   fix: keep the trail of infra/lib/access_record.py
#   pci: ["10.2.1", "10.3.4", "12.5.2"]
deny_trail_settings contains message if {
	input.__type == trail_type
	some wrong in trail_faults
	message := say(subject, wrong, "let the trail record and sign")
}

trail_faults contains not_exactly(subject, ["enableLogFileValidation"], true)

trail_faults contains "enableLogging is false" if value(subject, ["enableLogging"]) == false

trail_faults contains "isMultiRegionTrail is true" if value(subject, ["isMultiRegionTrail"]) == true

trail_faults contains not_given(subject, ["s3BucketName"])

trail_faults contains "it selects no events" if {
	selectors := [selector |
		some kind in {"advancedEventSelectors", "eventSelectors"}
		some selector in as_list(value_or_null(subject, [kind]))
	]
	count(selectors) == 0
}

# METADATA
# title: A trail writes into a bucket of this stack
# description: >-
#   The record of who used the audit log is audit history itself: in a bucket with the same key, the same closure and its own lifecycle. Where a
#   preview may leave the bucket unknown, what the engine knows of the property stands for it.
# scope: rule
# custom:
#   fix: pass the id of the record's bucket (infra/lib/access_record.py)
#   pci: ["10.3.1", "10.3.2"]
stack_deny_trail_bucket contains message if {
	some trail in of_type(trail_type)
	every bucket in buckets {
		not records_into(trail, bucket)
	}
	message := say(trail, sprintf("s3BucketName is %s, no bucket of this stack", [shown(trail, ["s3BucketName"])]), "use the record's bucket")
}

package payhook_test

import rego.v1

# The rules of the good lifecycle, and what may be wrong with them.
lifecycle_rules := named("audit_lifecycle").properties.rules

lifecycle_without(id) := [rule | some rule in lifecycle_rules; rule.id != id]

lifecycle_with(id, change) := array.concat(lifecycle_without(id), [with_keys(rule, change) |
	some rule in lifecycle_rules
	rule.id == id
])

early := [{"days": 30, "storageClass": "GLACIER_IR"}]

one_zone := [{"days": 90, "storageClass": "ONEZONE_IA"}]

roles_but(function) := [sprintf("arn:aws:iam::000000000000:role/%s_role_dev", [name]) |
	some name in {"webhook_processor", "analytics_processor", "archival_function"}
	name != function
]

rows contains row if {
	some row in [
		["deny_bucket_public", "audit_public_access", {"/blockPublicAcls": false}],
		["deny_bucket_public", "audit_public_access", {"/blockPublicPolicy": absent}],
		["deny_bucket_public", "audit_public_access", {"/ignorePublicAcls": "true"}],
		["deny_bucket_public", "audit_public_access", {"/restrictPublicBuckets": false}],
		["deny_bucket_versioning", "audit_versioning", {"/versioningConfiguration/status": "Suspended"}],
		["deny_bucket_versioning", "audit_versioning", {"/versioningConfiguration": absent}],
		["deny_bucket_ownership", "audit_ownership", {"/rule/objectOwnership": "ObjectWriter"}],
		["deny_bucket_ownership", "audit_ownership", {"/rule": absent}],
		["deny_bucket_opened", "audit", {"/acl": "public-read"}],
		["deny_bucket_opened", "audit", {"/grants": [{"type": "Group", "permissions": ["READ"]}]}],
		["deny_bucket_opened", "audit", {"/website": {"indexDocument": "index.html"}}],
		["deny_bucket_opened", "audit", {"/corsRules": [{"allowedOrigins": ["*"]}]}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": absent}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_without("audit")}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_without("seal")}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_without("archive")}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_without("manifests")}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("audit", {"status": "Disabled"})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("audit", {"transitions": early})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("audit", {"transitions": one_zone})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("audit", {"transitions": [{"days": 90}]})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("audit", {"expiration": {"days": 90}})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("archive", {"expiration": {"days": 4000}})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("pending", {"filter": {"prefix": ""}})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("pending", {"filter": {"prefix": "audit/dt="}})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("pending", {"status": "Disabled"})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("audit", {"expiration": {"days": 4000}})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("audit", {"noncurrentVersionExpiration": {"noncurrentDays": 1}})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_with("seal", {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 365}})}],
		["stack_deny_bucket_lifecycle", "audit_lifecycle", {"/rules": lifecycle_without("pending")}],
		["stack_deny_log_bucket_lifecycle", "access_log_lifecycle", {"/rules": []}],
		["stack_deny_log_bucket_lifecycle", "access_record_lifecycle", {"/rules/0/expiration/days": 90}],
		["stack_deny_log_bucket_lifecycle", "access_record_lifecycle", {"/rules/0/filter/prefix": "elsewhere/"}],
		["stack_deny_log_bucket_lifecycle", "access_log_lifecycle", {"/rules/0/status": "Disabled"}],
		["stack_deny_log_bucket_lifecycle", "access_log_lifecycle", {"/rules/0/expiration/days": 90}],
		["stack_deny_log_bucket_lifecycle", "access_log_lifecycle", {"/rules/0/expiration": absent}],
		["stack_deny_log_bucket_lifecycle", "access_log_lifecycle", {"/rules/0/noncurrentVersionExpiration": absent}],
		["stack_deny_bucket_part", "audit_public_access", "gone"],
		["stack_deny_bucket_part", "audit_versioning", "gone"],
		["stack_deny_bucket_part", "audit_encryption", "gone"],
		["stack_deny_bucket_part", "audit_policy", "gone"],
		["stack_deny_bucket_part", "audit_ownership", "gone"],
		["stack_deny_bucket_part", "audit_lifecycle", "gone"],
		["stack_deny_bucket_part", "access_log_public_access", {"/bucket": "audit-id"}],
		["stack_deny_bucket_part", "audit_public_access", {"/bucket": absent}],
		["stack_deny_bucket_part_lost", "audit_policy", {"/bucket": "somebody-s-bucket"}],
		["stack_deny_bucket_part_lost", "audit_policy", {"/bucket": absent}],
		["stack_deny_audit_delete", "audit_policy", {"policy:/Statement/1": absent}],
		["stack_deny_audit_delete", "audit_policy", {"policy:/Statement/1/Effect": "Allow"}],
		["stack_deny_audit_delete", "audit_policy", {"policy:/Statement/1/Action": ["s3:DeleteObject"]}],
		["stack_deny_audit_delete", "audit_policy", {"policy:/Statement/1/Resource": sprintf("%s/audit/*", [audit_bucket_arn])}],
		["stack_deny_audit_delete", "audit_policy", {"policy:/Statement/1/Condition/ArnEquals/aws:PrincipalArn": roles_but("archival_function")}],
		["stack_deny_audit_delete", "audit_policy", {"policy:/Statement/1/Condition/Bool": {"aws:MultiFactorAuthPresent": "true"}}],
		["stack_warn_bucket_access_log", "audit_access", "gone"],
		["stack_warn_bucket_access_log", "audit_access", {"/advancedEventSelectors/0/fieldSelectors/2/startsWiths": ["arn:aws:s3:::somebody/"]}],
		["stack_warn_bucket_access_log", "audit_access", {"/advancedEventSelectors/0/fieldSelectors/0": {"field": "readOnly", "equals": ["false"]}}],
		["stack_warn_bucket_access_log", "audit_access", {"/advancedEventSelectors/0/fieldSelectors/1/equals": ["AWS::Lambda::Function"]}],
		["stack_deny_trail_events", "audit_access", {"/advancedEventSelectors/0/fieldSelectors/2/startsWiths": ["arn:aws:s3:::somebody/"]}],
		["stack_deny_trail_events", "audit_access", {"/advancedEventSelectors/0/fieldSelectors/0": {"field": "readOnly", "equals": ["false"]}}],
		["stack_deny_audit_loosen", "audit_policy", {"policy:/Statement/2": absent}],
		["stack_deny_audit_loosen", "audit_policy", {"policy:/Statement/2/Effect": "Allow"}],
		["stack_deny_audit_loosen", "audit_policy", {"policy:/Statement/2/Action": ["s3:DeleteBucket"]}],
		["stack_deny_audit_loosen", "audit_policy", {"policy:/Statement/2/Resource": "arn:aws:s3:::elsewhere"}],
		["stack_deny_audit_loosen", "audit_policy", {"policy:/Statement/1/Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"]}],
		["stack_deny_audit_loosen", "audit_policy", {"policy:/Statement/2/Condition/ArnEquals/aws:PrincipalArn": roles_but("archival_function")}],
		["stack_deny_bucket_foreign", "audit_policy", {"policy:/Statement/0/Resource": ["arn:aws:s3:::elsewhere", "arn:aws:s3:::elsewhere/*"]}],
		["stack_deny_bucket_foreign", worker, {"policy:/Statement/3/Resource": "arn:aws:s3:::payhook-audit-999999999999-dev/audit/*"}],
		["deny_trail_settings", "audit_access", {"/advancedEventSelectors": absent}],
		["deny_trail_settings", "audit_access", {"/advancedEventSelectors": []}],
		["deny_trail_settings", "audit_access", {"/enableLogFileValidation": false}],
		["deny_trail_settings", "audit_access", {"/enableLogFileValidation": absent}],
		["deny_trail_settings", "audit_access", {"/enableLogging": false}],
		["deny_trail_settings", "audit_access", {"/isMultiRegionTrail": true}],
		["deny_trail_settings", "audit_access", {"/s3BucketName": absent}],
		["stack_deny_trail_bucket", "audit_access", {"/s3BucketName": "somebody-s-bucket"}],
	]
}

# Naming the roles as principals is the same Deny as the condition.
test_audit_delete_by_principal if {
	not fires(["stack_deny_audit_delete", "audit_policy", {
		"policy:/Statement/1/Principal": {"AWS": roles_but("")},
		"policy:/Statement/1/Condition": absent,
	}])
	fires(["stack_deny_audit_delete", "audit_policy", {
		"policy:/Statement/1/Principal": {"AWS": roles_but("webhook_processor")},
		"policy:/Statement/1/Condition": absent,
	}])
}

# Access logging is as good as the trail.
test_access_log_without_trail if {
	logging := another("aws:s3/bucketLogging:BucketLogging", "audit_logging", {"bucket": "audit-id", "targetBucket": "access_log-id"})
	said := data.payhook.stack_warn_bucket_access_log with input as stack("audit_access", [logging])
	not contains(concat("", said), "audit: ")
}

# A bucket with Object Lock is not emptied: its objects are locked on purpose.
test_locked_bucket_is_not_emptied if {
	not fires(["deny_undestroyable", "audit", {"/forceDestroy": false, "/objectLockEnabled": true}])
}

# Of its own bucket a trail may leave out its own puts and nothing else.
test_trail_records_its_own_bucket if {
	others := [resource |
		some resource in shaped_good
		not resource.__name in {"audit_access", "access_record_logging"}
	]
	trail := named("audit_access")
	deaf := changed(trail, {"/advancedEventSelectors/1/fieldSelectors/3/notEquals": ["GetObject"]})
	said := data.payhook.stack_warn_bucket_access_log with input as {"resources": array.concat(others, [shaped(trail)])}
	not contains(concat("", said), "access_record: ")
	heard := data.payhook.stack_warn_bucket_access_log with input as {"resources": array.concat(others, [shaped(deaf)])}
	contains(concat("", heard), "access_record: ")
}

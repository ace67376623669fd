package payhook

import rego.v1

# What a bucket needs beside itself, each exactly once: a second one would overwrite the first at AWS.
bucket_parts := {
	"aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
	"aws:s3/bucketOwnershipControls:BucketOwnershipControls",
	"aws:s3/bucketPolicy:BucketPolicy",
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
	"aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
	"aws:s3/bucketVersioning:BucketVersioning",
}

# And what it may have.
optional_parts := {"aws:s3/bucketLogging:BucketLogging", "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"}

all_parts := bucket_parts | optional_parts

# METADATA
# title: A bucket has all its parts, each once
# description: >-
#   Public access block, versioning, encryption, policy, ownership and lifecycle are resources of their own: a bucket without one has AWS's default
#   instead. A part belongs to the bucket that its property names; where a preview may leave that unknown, its dependency says so.
# scope: rule
# custom:
#   fix: give the bucket the part that is missing, once (infra/lib/audit_bucket.py)
#   pci: ["1.4.4", "2.2.6", "3.5.1", "10.3.2"]
stack_deny_bucket_part contains message if {
	some bucket in buckets
	some type in bucket_parts
	found := count([1 | some part in of_type(type); belongs_to(part, bucket)])
	found != 1
	message := say(bucket, sprintf("it has %d of %s, not 1", [found, type]), "give it exactly one")
}

# METADATA
# title: A part of a bucket belongs to a bucket of this stack
# description: >-
#   A public access block or a policy for another bucket protects nothing here. As in stack_deny_bucket_part for what a preview cannot know.
# scope: rule
# custom:
#   fix: pass the bucket's id
#   pci: ["2.2.6"]
stack_deny_bucket_part_lost contains message if {
	some type in all_parts
	some part in of_type(type)
	every bucket in buckets {
		not belongs_to(part, bucket)
	}
	message := say(part, sprintf("its bucket is %s, which is not in this stack", [shown(part, ["bucket"])]), "pass the bucket's id")
}

# While nothing tells whose a part is, its logical name does, which begins with its bucket's.
belongs_to(part, bucket) if links(part, ["bucket"], bucket)

else if {
	part.__properties.bucket == unknown_text
	is_open(part, ["bucket"])
	startswith(part.__name, sprintf("%s_", [bucket.__name]))
}

audit_prefixes := {"audit/", "logs/", "seal/"}

object_deletes := {"s3:DeleteObject", "s3:DeleteObjectVersion"}

# METADATA
# title: No function deletes what was audited
# description: >-
#   The policy of the bucket denies deleting audit objects, seals and their versions to the role of every function. A Deny outweighs whatever a role
#   is given by mistake. The people who destroy an environment are not functions and can.
# scope: rule
# custom:
#   fix: deny s3:DeleteObject and s3:DeleteObjectVersion under audit/ and seal/ to each function's role in the bucket's policy
#   pci: ["10.3.2", "10.3.4", "10.5.1"]
stack_deny_audit_delete contains message if {
	some bucket in buckets
	not is_log_bucket(bucket)
	some function in functions
	undenied := [sprintf("%s under %s", [action, prefix]) |
		some prefix in audit_prefixes
		some action in object_deletes
		not is_denied(bucket, function, prefix, action)
	]
	count(undenied) > 0
	wrong := sprintf("its policy does not deny the role of %s %s", [function.__name, concat(", ", sort(undenied))])
	message := say(bucket, wrong, "deny it in the bucket's policy")
}

# What would undo the protection of a bucket, and of its objects.
bucket_changes := {
	"s3:DeleteBucket",
	"s3:DeleteBucketPolicy",
	"s3:PutBucketObjectLockConfiguration",
	"s3:PutBucketOwnershipControls",
	"s3:PutBucketPolicy",
	"s3:PutBucketPublicAccessBlock",
	"s3:PutBucketVersioning",
	"s3:PutEncryptionConfiguration",
	"s3:PutLifecycleConfiguration",
	"s3:PutReplicationConfiguration",
}

lock_changes := {"s3:BypassGovernanceRetention", "s3:PutObjectLegalHold", "s3:PutObjectRetention"}

# METADATA
# title: No function loosens what protects the audit log
# description: >-
#   The policy of the bucket denies to the role of every function whatever changes the bucket's own protection or the lock of its objects: a function
#   that could shorten the lifecycle would delete without deleting. The document is built from names and known in every preview.
# scope: rule
# custom:
#   fix: keep FunctionsLoosenNothing and FunctionsRemoveNothing of infra/lib/audit_bucket.py
#   pci: ["10.3.2", "10.3.4", "10.5.1"]
stack_deny_audit_loosen contains message if {
	some bucket in buckets
	not is_log_bucket(bucket)
	arn := sprintf("arn:aws:s3:::%s", [physical_name(bucket)])
	some function in functions
	undenied := (bucket_changes - denied_on(bucket, function, arn)) | (lock_changes - denied_on(bucket, function, sprintf("%s/*", [arn])))
	count(undenied) > 0
	wrong := sprintf("its policy does not deny the role of %s %s", [function.__name, concat(", ", sort(undenied))])
	message := say(bucket, wrong, "deny it in the bucket's policy")
}

denied_on(bucket, function, arn) := {action |
	some policy in of_type("aws:s3/bucketPolicy:BucketPolicy")
	belongs_to(policy, bucket)
	some statement in statements(policy)
	statement.Effect == "Deny"
	arn in targets(statement)
	denies_role(statement, value(function, ["role"]))
	some action in actions(statement)
}

is_denied(bucket, function, prefix, action) if {
	some policy in of_type("aws:s3/bucketPolicy:BucketPolicy")
	belongs_to(policy, bucket)
	some statement in statements(policy)
	statement.Effect == "Deny"
	denies_action(statement, action)
	denies_prefix(statement, bucket, prefix)
	denies_role(statement, value(function, ["role"]))
}

denies_action(statement, action) if {
	some pattern in actions(statement)
	pattern in {action, "s3:Delete*", "s3:DeleteObject*", "s3:*", "*"}
}

denies_prefix(statement, bucket, prefix) if {
	some target in targets(statement)
	some end in {"*", sprintf("%s*", [prefix])}
	target == sprintf("arn:aws:s3:::%s/%s", [physical_name(bucket), end])
}

# By name, or everybody under the condition that the caller is one of the roles.
denies_role(statement, role) if {
	not statement.Condition
	role in principals(statement, "AWS")
}

denies_role(statement, role) if {
	"*" in principals(statement, "AWS")
	object.keys(statement.Condition) - {"ArnEquals", "ArnLike", "StringEquals", "StringLike"} == set()
	every tests in statement.Condition {
		object.keys(tests) == {"aws:PrincipalArn"}
		role in as_list(tests["aws:PrincipalArn"])
	}
}

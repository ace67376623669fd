package payhook

import rego.v1

# Where each type that keeps data says by which key. Buckets say it in a resource of their own.
key_paths := {
	trail_type: ["kmsKeyId"],
	"aws:cloudwatch/logGroup:LogGroup": ["kmsKeyId"],
	"aws:dynamodb/table:Table": ["serverSideEncryption", "kmsKeyArn"],
	"aws:lambda/function:Function": ["kmsKeyArn"],
	"aws:scheduler/schedule:Schedule": ["kmsKeyArn"],
	"aws:secretsmanager/secret:Secret": ["kmsKeyId"],
	"aws:sns/topic:Topic": ["kmsMasterKeyId"],
	"aws:sqs/queue:Queue": ["kmsMasterKeyId"],
}

# METADATA
# title: Everything at rest is encrypted with the stack's own key
# description: >-
#   Tables, queues, topics, log groups, secrets, schedules, trails and the variables of functions name a customer key. AWS's own keys (alias/aws/…)
#   have policies that nobody here controls and cannot be revoked. A first preview does not know the key's ARN: absent is a violation unless
#   warn_preview_unknown is configured for previews, and then that rule names the property.
# scope: rule
# custom:
#   fix: pass the key's ARN to the resource
#   pci: ["3.5.1", "3.6.1", "3.7.1", "10.3.2"]
deny_encryption_key contains message if {
	path := key_paths[input.__type]
	wrong := not_given(subject, path)
	message := say(subject, wrong, "encrypt it with the stack's key")
}

deny_encryption_key contains message if {
	path := key_paths[input.__type]
	found := value(subject, path)
	not is_customer_key(found)
	message := say(subject, sprintf("%s is %s, which is no customer key", [concat(".", path), json.marshal(found)]), "encrypt it with the stack's key")
}

is_customer_key(found) if {
	is_string(found)
	not contains(found, "alias/aws/")
	regex.match(`^(arn:|alias/|[0-9a-f-]{36}$|mrk-)`, found)
}

# METADATA
# title: A table says that it is encrypted
# description: >-
#   DynamoDB uses the customer key only when serverSideEncryption.enabled is true; without it the key's ARN beside it means nothing. Never computed:
#   absent is a violation.
# scope: rule
# custom:
#   fix: set server_side_encryption with enabled=True and the key's ARN (infra/lib/tables.py)
#   pci: ["3.5.1"]
deny_table_encryption contains message if {
	input.__type == table_type
	wrong := not_exactly(subject, ["serverSideEncryption", "enabled"], true)
	message := say(subject, wrong, "encrypt it with the stack's key")
}

# METADATA
# title: A bucket is encrypted with the stack's own key
# description: >-
#   Every rule of a bucket's encryption uses KMS with a customer key; AES256 is S3's own key. Only a bucket that takes the access log of another may
#   use AES256: S3 delivers access logs to no other (https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html, read
#   2026-11-25). The key's ARN is unknown in a first preview: as in deny_encryption_key.
# scope: rule
# custom:
#   fix: set sse_algorithm to aws:kms and kms_master_key_id to the key's ARN (infra/lib/audit_bucket.py)
#   pci: ["3.5.1", "3.6.1", "10.3.2"]
stack_deny_bucket_encryption contains message if {
	some bucket in buckets
	some encryption in of_type(bucket_encryption_type)
	belongs_to(encryption, bucket)
	some wrong in bucket_encryption_faults(encryption, bucket)
	message := say(encryption, wrong, "encrypt the bucket with the stack's key")
}

bucket_encryption_type := "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"

bucket_encryption_rules(resource) := [object.get(rule, "applyServerSideEncryptionByDefault", {}) |
	some rule in as_list(value_or_null(resource, ["rules"]))
]

bucket_encryption_faults(encryption, _) := {"it has no rules"} if {
	count(object.get(encryption.__properties, "rules", [])) == 0
}

bucket_encryption_faults(encryption, bucket) := {wrong |
	some rule in bucket_encryption_rules(encryption)
	not is_log_delivery(rule, bucket)
	some wrong in bucket_key_faults(encryption, rule)
} if {
	count(object.get(encryption.__properties, "rules", [])) > 0
}

is_log_delivery(rule, bucket) if {
	rule.sseAlgorithm == "AES256"
	takes_access_log(bucket)
}

bucket_key_faults(encryption, rule) := {wrong |
	some wrong in [
		algorithm_fault(object.get(rule, "sseAlgorithm", null)),
		bucket_key_fault(encryption, object.get(rule, "kmsMasterKeyId", null)),
	]
	wrong != ""
}

algorithm_fault("aws:kms") := ""

algorithm_fault(found) := sprintf("sseAlgorithm is %s, not \"aws:kms\"", [json.marshal(found)]) if found != "aws:kms"

bucket_key_fault(encryption, found) := "kmsMasterKeyId is not set" if {
	not is_known(found)
	not is_item_unknown(encryption, found)
} else := sprintf("kmsMasterKeyId is %s, which is no customer key", [json.marshal(found)]) if {
	is_known(found)
	not is_customer_key(found)
} else := ""

# METADATA
# title: The key is one of this stack's
# description: >-
#   What is encrypted with somebody else's key can be read, or made unreadable, by somebody else. Every key that a resource names is a symmetric key
#   of the same stack. Unknown keys of a preview are left to deny_encryption_key.
# scope: rule
# custom:
#   fix: pass the ARN of the stack's key (infra/lib/encryption.py)
#   pci: ["3.6.1", "3.7.3"]
stack_deny_key_foreign contains message if {
	some type in key_holders
	some resource in of_type(type)
	some found in named_keys(resource)
	not names_encryption_key(found)
	message := say(resource, sprintf("its key %s is no encryption key of this stack", [found]), "use the stack's key")
}

key_holders := object.keys(key_paths) | {bucket_encryption_type}

named_keys(resource) := [found | found := value(resource, key_paths[resource.__type])] if key_paths[resource.__type]

named_keys(resource) := [found |
	some rule in bucket_encryption_rules(resource)
	found := object.get(rule, "kmsMasterKeyId", null)
	is_known(found)
] if {
	resource.__type == bucket_encryption_type
}

names_encryption_key(found) if {
	some key in keys
	is_symmetric(key)
	points_at(found, key)
}

names_encryption_key(found) if {
	some alias in of_type("aws:kms/alias:Alias")
	endswith(found, value(alias, ["name"]))
	some key in keys
	is_symmetric(key)
	may_link(alias, ["targetKeyId"], key)
}

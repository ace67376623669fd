package payhook

import rego.v1

# What the policies of resources let in: by type, who (a service, a role, the account itself) and which actions at most. An upper bound that a reviewer
# agreed to, as policies/rights.rego is for roles.
agreed_uses := {
	"aws:cloudwatch/logResourcePolicy:LogResourcePolicy": {"delivery.logs.amazonaws.com": write_logs},
	"aws:kms/key:Key": {
		"the account": key_administration,
		"a role": {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GetPublicKey", "kms:Sign"},
		"cloudtrail.amazonaws.com": {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"},
		"cloudwatch.amazonaws.com": {"kms:Decrypt", "kms:GenerateDataKey"},
		"delivery.logs.amazonaws.com": {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"},
		sprintf("logs.%s.amazonaws.com", [region]): {
			"kms:Decrypt",
			"kms:DescribeKey",
			"kms:Encrypt",
			"kms:GenerateDataKey",
			"kms:ReEncryptFrom",
			"kms:ReEncryptTo",
		},
	},
	"aws:s3/bucketPolicy:BucketPolicy": {
		"cloudtrail.amazonaws.com": {"s3:GetBucketAcl", "s3:PutObject"},
		"delivery.logs.amazonaws.com": {"s3:PutObject"},
		"logging.s3.amazonaws.com": {"s3:PutObject"},
	},
	"aws:sns/topicPolicy:TopicPolicy": {"cloudwatch.amazonaws.com": {"sns:Publish"}},
	"aws:sqs/queuePolicy:QueuePolicy": {},
}

# Everything but to replicate the key elsewhere, to import key material, and to sign: only the archival function seals.
key_administration := {
	"kms:CancelKeyDeletion",
	"kms:CreateAlias",
	"kms:CreateGrant",
	"kms:Decrypt",
	"kms:DeleteAlias",
	"kms:DescribeKey",
	"kms:DisableKey",
	"kms:EnableKey",
	"kms:EnableKeyRotation",
	"kms:Encrypt",
	"kms:GenerateDataKey",
	"kms:GenerateDataKeyWithoutPlaintext",
	"kms:GetKeyPolicy",
	"kms:GetKeyRotationStatus",
	"kms:GetPublicKey",
	"kms:ListGrants",
	"kms:ListKeyPolicies",
	"kms:ListResourceTags",
	"kms:PutKeyPolicy",
	"kms:ReEncryptFrom",
	"kms:ReEncryptTo",
	"kms:RevokeGrant",
	"kms:ScheduleKeyDeletion",
	"kms:TagResource",
	"kms:UntagResource",
	"kms:UpdateAlias",
	"kms:UpdateKeyDescription",
	"kms:Verify",
}

# METADATA
# title: A resource lets in only who was agreed, for what was agreed
# description: >-
#   The table in this file says which service, or whether a role or the account itself, may do what by the policy of a resource. A new use needs a line
#   here and so a review. Documents are built from names and known in every preview; what cannot be read is deny_document_unreadable's.
# scope: rule
# custom:
#   fix: remove the statement, or add the use to policies/rights_of_resources.rego with its reason
#   pci: ["7.2.2", "7.2.5", "7.3.2", "7.3.3"]
deny_use_unlisted contains message if {
	agreed := agreed_uses[input.__type]
	some statement in allowing(subject)
	some user in users(statement)
	some action in actions(statement)
	not action in object.get(agreed, user, set())
	wrong := in_statement(statement, sprintf("%s for %s is not agreed", [action, user]))
	message := say(subject, wrong, "remove it or add it to policies/rights_of_resources.rego")
}

users(statement) := {user_name(kind, principal) |
	is_object(statement.Principal)
	some kind, held in statement.Principal
	some principal in as_list(held)
} | {statement.Principal | is_string(statement.Principal)}

user_name("Service", principal) := principal

user_name("AWS", principal) := "the account" if regex.match(`^arn:aws:iam::[0-9]{12}:root$`, principal)

user_name("AWS", principal) := "a role" if regex.match(`^arn:aws:iam::[0-9]{12}:role/[^*?]+$`, principal)

user_name(kind, principal) := sprintf("%s %v", [kind, principal]) if {
	kind != "Service"
	not regex.match(`^arn:aws:iam::[0-9]{12}:(root|role/[^*?]+)$`, sprintf("%v", [principal]))
}

# METADATA
# title: Every bucket that a document names is in the stack
# description: >-
#   The ARN of a bucket has neither account nor region: only its name says whose it is. A right on a bucket of somebody else carries data out of the
#   account, and a refusal about one protects nothing. The names are known in every preview.
# scope: rule
# custom:
#   fix: build the ARN with settings.bucket_arn (infra/lib/settings.py)
#   pci: ["1.4.4", "7.2.5", "10.3.2"]
stack_deny_bucket_foreign contains message if {
	some type, _ in documents
	some resource in of_type(type)
	some statement in statements(resource)
	some target in targets(statement)
	is_string(target)
	some match in regex.find_all_string_submatch_n(`^arn:aws:s3:::([^/*?]+)`, target, 1)
	not has_bucket(match[1])
	wrong := in_statement(statement, sprintf("the bucket %s is not in the stack", [match[1]]))
	message := say(resource, wrong, "name a bucket of this stack")
}

has_bucket(name) if {
	some bucket in buckets
	physical_name(bucket) == name
}

package payhook

import rego.v1

audit_object := `^arn:aws:s3:::payhook-audit-[^/*?]+/audit/\*$`

archive_object := `^arn:aws:s3:::payhook-audit-[^/*?]+/archive/\*$`

seal_object := `^arn:aws:s3:::payhook-audit-[^/*?]+/seal/\*$`

log_object := `^arn:aws:s3:::payhook-audit-[^/*?]+/logs/\*$`

# The logs that are copied into the bucket: the gateway's access log, the firewall's and the functions' own.
copied_log := `:log-group:(/aws/apigateway/webhook_api|aws-waf-logs-webhook_firewall|/aws/lambda/[a-z_]+)_[^:*?]+:\*$`

gap_record := `^arn:aws:s3:::payhook-audit-[^/*?]+/gaps/\*$`

transactions_table := `:table/transactions_[^/*?]+$`

analytics_table := `:table/analytics_[^/*?]+$`

write_logs := {"logs:CreateLogStream", "logs:PutLogEvents"}

# The rights that a reviewer agreed to, role by role: an upper bound. A role may hold less; a right that is not here is refused.
rights := {
	"webhook_processor": [
		{"actions": write_logs, "on": `:log-group:/aws/lambda/webhook_processor_[^:*?]+:log-stream:\*$`},
		{"actions": {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}, "on": `:webhook_queue_[^:*?]+$`},
		{"actions": {"dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"}, "on": transactions_table},
		{"actions": {"s3:PutObject"}, "on": audit_object},
		{"actions": {"sqs:SendMessage"}, "on": `:rejected_queue_[^:*?]+$`},
		{"actions": {"secretsmanager:GetSecretValue"}, "on": `:secret:webhook_secret_[^:*?]+-\?\?\?\?\?\?$`},
	],
	"analytics_processor": [
		{"actions": write_logs, "on": `:log-group:/aws/lambda/analytics_processor_[^:*?]+:log-stream:\*$`},
		{
			"actions": {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"},
			"on": `:table/transactions_[^/*?]+/stream/\*$`,
		},
		{
			"actions": {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"},
			"on": analytics_table,
		},
		{"actions": {"sqs:SendMessage"}, "on": `:analytics_processor_dlq_[^:*?]+$`},
	],
	"archival_function": [
		{"actions": write_logs, "on": `:log-group:/aws/lambda/archival_function_[^:*?]+:log-stream:\*$`},
		{"actions": {"dynamodb:BatchGetItem", "dynamodb:Query"}, "on": transactions_table},
		{"actions": {"dynamodb:DescribeTimeToLive", "dynamodb:UpdateTimeToLive"}, "on": transactions_table},
		{"actions": {"dynamodb:PutItem", "dynamodb:Query"}, "on": analytics_table},
		{"actions": {"s3:PutObject"}, "on": archive_object},
		{"actions": {"s3:PutObject"}, "on": seal_object},
		{"actions": {"s3:PutObject"}, "on": log_object},
		{"actions": {"s3:PutObject"}, "on": gap_record},
		{"actions": {"secretsmanager:GetSecretValue"}, "on": `:secret:api_secret_[^:*?]+-\?\?\?\?\?\?$`},
		{"actions": {"logs:FilterLogEvents"}, "on": copied_log},
		{"actions": {"s3:GetObject", "s3:GetObjectVersion"}, "on": archive_object},
		{"actions": {"s3:GetObject", "s3:GetObjectVersion"}, "on": audit_object},
		{"actions": {"s3:GetObject", "s3:GetObjectVersion"}, "on": seal_object},
		{"actions": {"s3:GetObject", "s3:GetObjectVersion"}, "on": log_object},
		{"actions": {"s3:ListBucket", "s3:ListBucketVersions"}, "on": `^arn:aws:s3:::payhook-audit-[^/*?]+$`},
		{"actions": {"lambda:InvokeFunction"}, "on": `:function:archival_function_[^:*?]+$`},
		{"actions": {"sqs:SendMessage"}, "on": `:archival_function_dlq_[^:*?]+$`},
	],
	"webhook_api": [
		{"actions": {"sqs:SendMessage"}, "on": `:webhook_queue_[^:*?]+$`},
		{"actions": {"lambda:InvokeFunction"}, "on": `:function:webhook_processor_[^:*?]+$`},
	],
	"archive_schedule": [
		{"actions": {"lambda:InvokeFunction"}, "on": `:function:archival_function_[^:*?]+$`},
		{"actions": {"sqs:SendMessage"}, "on": `:archival_function_dlq_[^:*?]+$`},
	],
}

# METADATA
# title: A role holds only rights that were agreed
# description: >-
#   The table in this file says what each role may do at most: an action on a form of resource. A new right, or an old one on something else, needs a
#   line here and so a review. The names in the documents are known in every preview.
# scope: rule
# custom:
#   fix: remove the right, or add it to policies/rights.rego with its reason
#   pci: ["7.2.2", "7.2.4", "7.2.5", "10.3.2"]
deny_right_unlisted contains message if {
	input.__type == "aws:iam/rolePolicy:RolePolicy"
	some statement in allowing(subject)
	some action in actions(statement)
	some target in targets(statement)
	not is_agreed(action, target)
	message := say(
		subject,
		in_statement(statement, sprintf("%s on %s is not agreed for the role %s", [action, target, shown(subject, ["role"])])),
		"remove the right or add it to policies/rights.rego",
	)
}

is_agreed(action, target) if {
	some right in rights[role_base(subject)]
	action in right.actions
	regex.match(right.on, target)
}

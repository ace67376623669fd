package payhook

import rego.v1

# What is refused by name, with the reason. The first words of a type are enough.
refused_types := {
	"aws:ec2/": "the stack is serverless: no instances, networks or security groups to patch",
	"aws:rds/": "payments are kept in DynamoDB: no database with passwords and a network",
	"aws:iam/accessKey:": "no long-lived keys: functions and services have roles",
	"aws:iam/user": "no users: people come from outside the stack",
	"aws:iam/group": "no groups: people come from outside the stack",
	"aws:iam/policy": "a role's rights are in its own RolePolicy, where they are judged",
	"aws:iam/rolePoliciesExclusive:": "a role's rights are in its own RolePolicy, where they are judged",
	"aws:iam/rolePolicyAttachmentsExclusive:": "a role's rights are in its own RolePolicy, where they are judged",
	"aws:lambda/functionUrl:": "a function URL is a door without key, limit or WAF",
	"aws:lambda/permission:": "functions are started by event sources and by the scheduler's role, not by whoever a permission names",
	"aws:lambda/layerVersionPermission:": "nothing is shared with other accounts",
	"aws:s3/bucketAcl:": "ownership is enforced, so there are no ACLs",
	"aws:s3/bucketObject:": "objects are written by the functions, not by the deployment",
	"aws:s3/bucketObjectv2:": "objects are written by the functions, not by the deployment",
	"aws:s3/bucketWebsiteConfiguration:": "no bucket is a web site",
	"aws:s3/bucketCorsConfiguration:": "no browser reads a bucket",
	"aws:s3/accessPoint:": "a second door with a policy of its own",
	"aws:secretsmanager/secretVersion:": "a value given to Pulumi is kept in its state: a person puts it in",
	"aws:secretsmanager/secretPolicy:": "who reads a secret is said in the role",
	"aws:ssm/parameter:": "a value given to Pulumi is kept in its state",
	"aws:dynamodb/tableItem:": "payments are written by the functions, not by the deployment",
	"aws:dynamodb/resourcePolicy:": "who reads a table is said in the role",
	"aws:kms/grant:": "who uses a key is said in the key's policy, where it is judged",
	"aws:apigateway/account:": "one setting serves every API of the account and region: infra/bootstrap makes it, and no stack resets it",
	"aws:apigatewayv2/": "an HTTP API has no API keys, no usage plans and no WAF",
	"aws:cloudwatch/logSubscriptionFilter:": "logs leave the account only after a decision",
}

refusal(type) := [reason | some start, reason in refused_types; startswith(type, start)][0]

# METADATA
# title: What has no place in a payment stack
# description: >-
#   Types that would open a door, keep a secret in Pulumi's state or grant rights where no rule reads them, each with its reason in this file. The
#   type is always known.
# scope: rule
# custom:
#   fix: use what the reason names instead
#   pci: ["1.4.4", "2.2.4", "7.2.5", "8.6.2"]
deny_type_refused contains message if {
	reason := refusal(input.__type)
	message := say(subject, sprintf("%s is refused", [input.__type]), reason)
}

# METADATA
# title: Only types that have rules
# description: >-
#   A type that no rule knows would pass every rule. lib_types.rego lists what the stack may be made of; another type needs a line there, and the
#   rules it deserves. Pulumi's own resources and payhook's components are not AWS resources and pass.
# scope: rule
# custom:
#   fix: add the type to policies/lib_types.rego together with its rules, or do without it
#   pci: ["2.2.1", "2.2.4", "12.5.1"]
deny_type_unlisted contains message if {
	type := input.__type
	not types[type]
	not is_pulumi_own(type)
	not refusal(type)
	message := say(subject, sprintf("the type %s has no rules", [type]), "add it to policies/lib_types.rego with its rules")
}

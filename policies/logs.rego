package payhook

import rego.v1

log_group_type := "aws:cloudwatch/logGroup:LogGroup"

# METADATA
# title: Logs are kept exactly thirty days
# description: >-
#   Long enough to look into an incident, and no longer: logs are not the audit history, which is in the audit bucket for twelve months. Never
#   computed; CloudWatch's default is for ever, so absent is a violation.
# scope: rule
# custom:
#   fix: set retention_in_days from infra/limits.json
#   pci: ["3.2.1", "10.5.1"]
deny_log_retention contains message if {
	input.__type == log_group_type
	wrong := not_exactly(subject, ["retentionInDays"], log_retention_days)
	message := say(subject, wrong, "keep it thirty days")
}

# METADATA
# title: A log group can be searched and protected
# description: >-
#   The class INFREQUENT_ACCESS has no data protection, no metric filters and no alarms. Absent is the class STANDARD and right.
# scope: rule
# custom:
#   fix: remove log_group_class
#   pci: ["3.5.1", "10.4.1.1"]
deny_log_class contains message if {
	input.__type == log_group_type
	found := value(subject, ["logGroupClass"])
	found != "STANDARD"
	message := say(subject, sprintf("its class is %s", [json.marshal(found)]), "use the class STANDARD")
}

# METADATA
# title: A function writes to the log group that the stack made
# description: >-
#   A function without its log group gets one that Lambda makes: without end, without key, without data protection. The function names its group, and
#   the group is in the stack. Both are text in every preview: absent is a violation.
# scope: rule
# custom:
#   fix: make the log group first and name it in logging_config (infra/lib/functions.py)
#   pci: ["10.2.1", "10.3.2", "3.5.1"]
stack_deny_function_log_group contains message if {
	some function in functions
	wanted := value_or_null(function, ["loggingConfig", "logGroup"])
	not has_log_group(wanted)
	wrong := sprintf("its log group %s is not in the stack", [shown(function, ["loggingConfig", "logGroup"])])
	message := say(function, wrong, "make the log group and name it in the function")
}

has_log_group(name) if {
	some group in log_groups
	physical_name(group) == name
}

# METADATA
# title: A function's log group is its own
# description: >-
#   Two functions in one group would each be allowed to write into the other's log. The group is /aws/lambda/{function}, which the function's role
#   names.
# scope: rule
# custom:
#   fix: name the group /aws/lambda/{function} (infra/lib/settings.py)
#   pci: ["10.2.1", "7.2.5"]
deny_function_log_group contains message if {
	input.__type == function_type
	wrong := not_exactly(subject, ["loggingConfig", "logGroup"], sprintf("/aws/lambda/%s", [physical_name(subject)]))
	message := say(subject, wrong, "give it its own log group")
}

# METADATA
# title: The API's own log is in the stack before the API is
# description: >-
#   API Gateway makes its execution log by itself, without end and without key, unless the stack made it first. Its name holds the API's id and is
#   unknown in a first preview; then the warning of warn_preview_unknown stands for it.
# scope: rule
# custom:
#   fix: make the log group API-Gateway-Execution-Logs_{api}/{stage} (infra/lib/gateway.py)
#   pci: ["10.2.1", "10.3.2", "3.5.1"]
stack_deny_stage_execution_log contains message if {
	some stage in stages
	not has_execution_log(stage)
	message := say(stage, "its execution log is not in the stack", "make the log group before the stage")
}

has_execution_log(stage) if {
	some group in log_groups
	name := physical_name(group)
	startswith(name, "API-Gateway-Execution-Logs_")
	endswith(name, sprintf("/%s", [value(stage, ["stageName"])]))
}

has_execution_log(stage) if {
	some group in log_groups
	not has_value(group, ["name"])
	let_through(group, "name")
	group.__urn in stage.dependencies
}

# Where the engine does not say what a stage depends on, the group's logical name does.
has_execution_log(stage) if {
	not stage.dependencies
	some group in log_groups
	is_unknown(group, ["name"])
	endswith(group.__name, "_execution_log")
}

protection_type := "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy"

card_number := "arn:aws:dataprotection::aws:data-identifier/CreditCardNumber"

# METADATA
# title: A data protection policy masks card numbers
# description: >-
#   Whatever a log line should never hold, a card number, is masked by CloudWatch itself: the policy audits and de-identifies the managed identifier
#   CreditCardNumber. The document is text in every preview; absent or unreadable is a violation.
# scope: rule
# custom:
#   fix: audit and de-identify CreditCardNumber in the policy's document
#   pci: ["3.4.1", "3.5.1"]
deny_log_protection contains message if {
	input.__type == protection_type
	some operation in {"Audit", "Deidentify"}
	not treats_cards(subject, operation)
	message := say(subject, sprintf("no statement has the operation %s for card numbers", [operation]), "add the statement")
}

treats_cards(policy, operation) if {
	some statement in as_list(object.get(parsed(policy, ["policyDocument"]), "Statement", []))
	card_number in as_list(statement.DataIdentifier)
	is_object(statement.Operation[operation])
}

# METADATA
# title: No card number stays readable in a log
# description: >-
#   The log groups of every function, of the API and of the firewall have a data protection policy. The masking in the functions comes first; this is
#   the net under it. Where a preview may leave unknown which group a policy is for, its dependency says so.
# scope: rule
# custom:
#   fix: give the log group a data protection policy
#   pci: ["3.4.1", "3.5.1", "10.3.1"]
stack_deny_log_unprotected contains message if {
	some group in log_groups
	is_protected_kind(physical_name(group))
	not has_protection(group)
	message := say(group, "no data protection policy masks card numbers in it", "give it one")
}

is_protected_kind(name) if startswith(name, "/aws/lambda/")

is_protected_kind(name) if startswith(name, "/aws/apigateway/")

is_protected_kind(name) if startswith(name, "API-Gateway-Execution-Logs_")

is_protected_kind(name) if startswith(name, "aws-waf-logs-")

has_protection(group) if {
	some policy in of_type(protection_type)
	links(policy, ["logGroupName"], group)
}

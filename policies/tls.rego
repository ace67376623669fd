package payhook

import rego.v1

# The policies that must refuse calls without TLS, and the action that each must name to refuse all of them. A topic's policy takes no sns:*.
tls_policies := {
	"aws:s3/bucketPolicy:BucketPolicy": {"s3:*", "*"},
	"aws:sns/topicPolicy:TopicPolicy": {"sns:Publish"},
	"aws:sqs/queuePolicy:QueuePolicy": {"sqs:*", "*"},
}

# METADATA
# title: Calls without TLS are refused
# description: >-
#   The policy of every bucket, queue and topic denies everybody whatever comes without TLS. The statement has no other condition: a second one would
#   let some calls through. Documents are known in every preview.
# scope: rule
# custom:
#   fix: add deny_without_tls() of infra/lib/policies.py to the policy
#   pci: ["4.2.1", "2.2.7"]
deny_tls_optional contains message if {
	tls_policies[input.__type]
	not refuses_plain(subject)
	message := say(subject, "it does not refuse calls without TLS", "add the statement that denies them")
}

refuses_plain(policy) if {
	some statement in statements(policy)
	is_tls_statement(policy, statement)
}

is_tls_statement(policy, statement) if {
	statement.Effect == "Deny"
	object.keys(statement) - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"} == set()
	principals(statement, "AWS") == ["*"]
	object.keys(statement.Condition) == {"Bool"}
	object.keys(statement.Condition.Bool) == {"aws:SecureTransport"}
	is_false(statement.Condition.Bool["aws:SecureTransport"])
	some action in actions(statement)
	action in tls_policies[policy.__type]
}

is_false(found) if as_list(found) in {["false"], [false]}

# METADATA
# title: Every bucket, queue and topic refuses calls without TLS
# description: >-
#   The statement of deny_tls_optional speaks of the whole resource: of the bucket and its objects, of this queue, of this topic. A resource without a
#   policy takes plain calls. Where a preview may leave unknown whose policy it is, the dependency says so.
# scope: rule
# custom:
#   fix: give it a policy with deny_without_tls() of infra/lib/policies.py
#   pci: ["4.2.1", "2.2.7"]
stack_deny_tls_missing contains message if {
	some bucket in buckets
	some form in {"arn:aws:s3:::%s", "arn:aws:s3:::%s/*"}
	target := sprintf(form, [physical_name(bucket)])
	not is_covered(bucket, "aws:s3/bucketPolicy:BucketPolicy", ["bucket"], target)
	message := say(bucket, sprintf("no policy refuses calls without TLS on %s", [target]), "give it a policy that does")
}

stack_deny_tls_missing contains message if {
	some queue in queues
	not is_covered(queue, "aws:sqs/queuePolicy:QueuePolicy", ["queueUrl"], null)
	message := say(queue, "no policy refuses calls without TLS", "give it a policy that does")
}

stack_deny_tls_missing contains message if {
	some topic in topics
	not is_covered(topic, "aws:sns/topicPolicy:TopicPolicy", ["arn"], null)
	message := say(topic, "no policy refuses calls without TLS", "give it a policy that does")
}

is_covered(resource, policy_type, path, target) if {
	some policy in of_type(policy_type)
	may_link(policy, path, resource)
	some statement in statements(policy)
	is_tls_statement(policy, statement)
	some covered in targets(statement)
	is_target(covered, resource, target)
}

is_target(covered, _, target) if covered == target

is_target(covered, resource, null) if points_at(covered, resource)

# METADATA
# title: The API takes no old TLS
# description: >-
#   The API's own address answers past the edge too, and takes TLS 1.0 unless it is told otherwise. A policy of this kind needs an access mode beside
#   it. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep SECURITY_POLICY and ENDPOINT_ACCESS_MODE of infra/lib/gateway.py
#   pci: ["4.2.1", "2.2.7", "12.3.3"]
deny_api_tls contains message if {
	input.__type == "aws:apigateway/restApi:RestApi"
	found := value_or_null(subject, ["securityPolicy"])
	not found in api_security_policies
	message := say(subject, sprintf("securityPolicy is %s", [shown(subject, ["securityPolicy"])]), "take nothing older than TLS 1.2")
}

deny_api_tls contains message if {
	input.__type == "aws:apigateway/restApi:RestApi"
	wrong := not_given(subject, ["endpointAccessMode"])
	message := say(subject, wrong, "set endpoint_access_mode to BASIC or STRICT")
}

# METADATA
# title: A domain of the API takes no old TLS
# description: >-
#   A domain name of the API states TLS 1.2. Absent is API Gateway's choice for old domains and so a violation.
# scope: rule
# custom:
#   fix: set security_policy to TLS_1_2
#   pci: ["4.2.1", "2.2.7", "12.3.3"]
deny_domain_tls contains message if {
	input.__type == "aws:apigateway/domainName:DomainName"
	wrong := not_exactly(subject, ["securityPolicy"], "TLS_1_2")
	message := say(subject, wrong, "take nothing older")
}

# METADATA
# title: A subscription does not leave in plain text
# description: >-
#   Alarms go to e-mail addresses, HTTPS addresses, queues or functions, never to plain HTTP.
# scope: rule
# custom:
#   fix: use the protocol https
#   pci: ["4.2.1"]
deny_subscription_plain contains message if {
	input.__type == "aws:sns/topicSubscription:TopicSubscription"
	found := object.get(subject.__properties, "protocol", null)
	not found in {"email", "email-json", "https", "sqs", "lambda", "sms"}
	message := say(subject, sprintf("its protocol is %s", [json.marshal(found)]), "use https or email")
}

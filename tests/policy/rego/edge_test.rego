package payhook_test

import rego.v1

# The one behaviour, origin and error list of the good distribution, changed.
behavior_with(change) := {"/defaultCacheBehavior": object.union(named("edge").properties.defaultCacheBehavior, change)}

origin_with(change) := {"/origins": [object.union(origin, change) | some origin in named("edge").properties.origins]}

custom_origin(change) := origin_with({"customOriginConfig": object.union(named("edge").properties.origins[0].customOriginConfig, change)})

fields_with(more) := {"/recordFields": array.concat(named("edge_log_delivery").properties.recordFields, more)}

fields_without(name) := {"/recordFields": [field | some field in named("edge_log_delivery").properties.recordFields; field != name]}

# The rule about the edge's secret with another statement.
past_edge(statement) := {"/rules": acl_with("past_the_edge", {"statement": statement})}

match_of(change) := {"notStatement": {"statements": [{"byteMatchStatement": object.union(
	named("webhook_firewall").properties.rules[0].statement.notStatement.statements[0].byteMatchStatement,
	change,
)}]}}

rows contains row if {
	some row in [
		["deny_edge_tls", "edge", {"/viewerCertificate/minimumProtocolVersion": "TLSv1.1_2016"}],
		["deny_edge_tls", "edge", {"/viewerCertificate/minimumProtocolVersion": absent}],
		["deny_edge_tls", "edge", {"/viewerCertificate": {"cloudfrontDefaultCertificate": true}}],
		["deny_edge_tls", "edge", {"/viewerCertificate/acmCertificateArn": absent}],
		["deny_edge_tls", "edge", {"/viewerCertificate/sslSupportMethod": "vip"}],
		["deny_edge_tls", "edge", {"/aliases": []}],
		["deny_edge_tls", "edge", {"/origins": []}],
		["deny_edge_tls", "edge", behavior_with({"viewerProtocolPolicy": "redirect-to-https"})],
		["deny_edge_tls", "edge", behavior_with({"viewerProtocolPolicy": "allow-all"})],
		["deny_edge_tls", "edge", custom_origin({"originProtocolPolicy": "match-viewer"})],
		["deny_edge_tls", "edge", custom_origin({"originSslProtocols": ["TLSv1", "TLSv1.2"]})],
		["deny_edge_tls", "edge", {"/orderedCacheBehaviors": [{"pathPattern": "/open", "viewerProtocolPolicy": "allow-all"}]}],
		["deny_edge_cache", "edge", behavior_with({"cachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"})],
		["deny_edge_cache", "edge", behavior_with({"originRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3"})],
		["deny_edge_cache", "edge", {"/customErrorResponses": absent}],
		["deny_edge_cache", "edge", {"/customErrorResponses": [{"errorCode": 403, "errorCachingMinTtl": 60}]}],
		["deny_edge_cache", "edge", {"/loggingConfig": {"bucket": "logs.s3.amazonaws.com"}}],
		["deny_edge_cache", "edge", {"/defaultCacheBehavior": absent}],
		["deny_edge_function", "edge", behavior_with({"functionAssociations": []})],
		["deny_edge_function", "edge", behavior_with({"functionAssociations": [{"eventType": "viewer-response"}]})],
		["deny_edge_function", "edge_key_function", {"/publish": false}],
		["deny_edge_function", "edge_key_function", {"/publish": absent}],
		["deny_edge_function", "edge_key_function", {"/runtime": "cloudfront-js-1.0"}],
		["deny_edge_function", "edge_key_function", {"/code": absent}],
		["deny_edge_log_fields", "edge_log_delivery", {"/recordFields": absent}],
		["deny_edge_log_fields", "edge_log_delivery", fields_with(["cs-uri-stem"])],
		["deny_edge_log_fields", "edge_log_delivery", fields_with(["cs-uri-query"])],
		["deny_edge_log_fields", "edge_log_delivery", fields_with(["cs(Referer)"])],
		["deny_edge_log_fields", "edge_log_delivery", fields_with(["cs(Cookie)"])],
		["deny_edge_log_fields", "edge_log_delivery", fields_with(["cs-headers"])],
		["deny_edge_log_fields", "edge_log_delivery", fields_without("c-ip")],
		["deny_edge_secret", "edge_origin_secret_1", {"/length": 16}],
		["deny_edge_secret", "edge_origin_secret_1", {"/length": absent}],
		["deny_edge_secret", "edge_origin_secret_1", {"/special": absent}],
		["deny_edge_secret", "edge_origin_secret_1", {"/upper": false}],
		["deny_edge_region", "edge_log_delivery", {"/region": absent}],
		["deny_edge_region", "edge_log_source", {"/region": "us-east-2"}],
		["deny_edge_region", "edge_log_destination", {"/region": "eu-west-1"}],
		["deny_region_foreign", "edge", {"/viewerCertificate/acmCertificateArn": "arn:aws:acm:eu-west-1:000000000000:certificate/0"}],
		["deny_region_foreign", "edge_log", {"/region": "us-east-1"}],
		["stack_deny_edge_target", "edge", origin_with({"domainName": "other.execute-api.us-east-2.amazonaws.com"})],
		["stack_deny_edge_target", "edge", origin_with({"domainName": "example.com"})],
		["stack_deny_edge_target", "edge", origin_with({"originPath": "/test"})],
		["stack_deny_edge_target", "edge_log_source", "gone"],
		["stack_deny_edge_target", "edge_log_destination", "gone"],
		["stack_deny_edge_target", "edge_log_delivery", "gone"],
		["stack_deny_edge_target", "edge_log_source", {"/logType": "CONNECTION_LOGS"}],
		["stack_deny_edge_target", "edge_log_source", {"/resourceArn": "arn:preview:other"}],
		["stack_deny_edge_target", "edge_log_delivery", {"/deliverySourceName": "other_dev"}],
		["stack_deny_edge_target", "edge_log_destination", {"/deliveryDestinationConfiguration/destinationResourceArn": "arn:aws:s3:::somebody"}],
		["stack_deny_edge_target", "edge_log_destination", {"/deliveryDestinationConfiguration/destinationResourceArn": "arn:aws:s3:::payhook-edge-logs-000000000000-dev"}],
		["stack_deny_edge_open", "webhook_firewall", {"/rules": acl_without("past_the_edge")}],
		["stack_deny_edge_open", "webhook_firewall", {"/rules": acl_with("past_the_edge", {"action": {"count": {}}})}],
		["stack_deny_edge_open", "webhook_firewall", {"/rules": acl_with("past_the_edge", {"priority": 100})}],
		["stack_deny_edge_open", "webhook_firewall", past_edge({"notStatement": {"statements": []}})],
		["stack_deny_edge_open", "webhook_firewall", past_edge(match_of({"searchString": "other"}))],
		["stack_deny_edge_open", "webhook_firewall", past_edge(match_of({"positionalConstraint": "CONTAINS"}))],
		["stack_deny_edge_open", "webhook_firewall", past_edge(match_of({"textTransformations": [{"priority": 0, "type": "LOWERCASE"}]}))],
		["stack_deny_edge_open", "webhook_firewall", past_edge(match_of({"fieldToMatch": {"singleHeader": {"name": "user-agent"}}}))],
		["stack_deny_edge_open", "webhook_firewall", {"/rules": acl_with("rate_per_address", rate_of({"aggregateKeyType": "IP"}))}],
		["stack_deny_edge_open", "webhook_firewall", {"/dataProtectionConfig": absent}],
		["stack_deny_edge_open", "webhook_firewall_logging", {"/redactedFields": absent}],
		["stack_deny_edge_open", "webhook_provider_queue", {"/requestTemplates": {"application/json": "source_ip=$util.urlEncode($context.identity.sourceIp)"}}],
		["stack_deny_edge_open", "edge", origin_with({"customHeaders": []})],
		["stack_deny_edge_open", "edge", origin_with({"customHeaders": [{"name": "x-origin-secret", "value": ""}]})],
	]
}

# Two secrets, one of them the edge's: while CloudFront changes from one to the other.
test_edge_secret_may_be_changing if {
	one := named("webhook_firewall").properties.rules[0].statement.notStatement.statements[0]
	before := {"byteMatchStatement": object.union(one.byteMatchStatement, {"searchString": "the one before"})}
	both := {"notStatement": {"statements": [{"orStatement": {"statements": [one, before]}}]}}
	not fires(["stack_deny_edge_open", "webhook_firewall", past_edge(both)])
	other := {"notStatement": {"statements": [{"orStatement": {"statements": [before]}}]}}
	fires(["stack_deny_edge_open", "webhook_firewall", past_edge(other)])
}

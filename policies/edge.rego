package payhook

import rego.v1

distribution_type := "aws:cloudfront/distribution:Distribution"

edge_function_type := "aws:cloudfront/function:Function"

delivery_type := "aws:cloudwatch/logDelivery:LogDelivery"

delivery_source_type := "aws:cloudwatch/logDeliverySource:LogDeliverySource"

delivery_destination_type := "aws:cloudwatch/logDeliveryDestination:LogDeliveryDestination"

password_type := "random:index/randomPassword:RandomPassword"

distributions := of_type(distribution_type)

# Protocols of CloudFront that begin with TLS 1.2 or later:
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html, read 2026-11-25.
edge_protocols := {"TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025"}

# AWS's own policies: nothing is cached; everything the viewer sent goes on but for Host.
caching_disabled := "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

all_viewer_except_host := "b689b0a8-53d0-40ab-baf2-68738e2966ac"

behaviors(distribution) := array.concat(
	as_list(value_or_null(distribution, ["defaultCacheBehavior"])),
	as_list(value_or_null(distribution, ["orderedCacheBehaviors"])),
)

origins(distribution) := as_list(value_or_null(distribution, ["origins"]))

# METADATA
# title: Nothing but TLS 1.2 and later at the edge, on both sides
# description: >-
#   Senders speak TLS 1.2 or later: the edge has a certificate of its own, because under cloudfront.net AWS accepts TLS 1.0 whatever is asked for,
#   and plain HTTP is refused rather than redirected, since the key would have gone over the wire by then. The origin is called over TLS 1.2 only.
#   Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep viewer_certificate, viewer_protocol_policy and custom_origin_config of infra/lib/edge.py
#   pci: ["4.2.1", "2.2.7", "6.4.2"]
deny_edge_tls contains message if {
	input.__type == distribution_type
	some wrong in edge_tls_faults
	message := say(subject, wrong, "speak TLS 1.2 or later and nothing else")
}

edge_tls_faults contains sprintf("viewerCertificate.minimumProtocolVersion is %s", [shown(subject, ["viewerCertificate", "minimumProtocolVersion"])]) if {
	not value_or_null(subject, ["viewerCertificate", "minimumProtocolVersion"]) in edge_protocols
}

edge_tls_faults contains not_exactly(subject, ["viewerCertificate", "sslSupportMethod"], "sni-only")

edge_tls_faults contains not_given(subject, ["viewerCertificate", "acmCertificateArn"])

edge_tls_faults contains "viewerCertificate.cloudfrontDefaultCertificate is true" if {
	value(subject, ["viewerCertificate", "cloudfrontDefaultCertificate"]) == true
}

edge_tls_faults contains "it has no origin" if count(origins(subject)) == 0

edge_tls_faults contains "it has no name of its own" if count(as_list(value_or_null(subject, ["aliases"]))) == 0

edge_tls_faults contains sprintf("viewerProtocolPolicy is %s", [json.marshal(found)]) if {
	some behavior in behaviors(subject)
	found := object.get(behavior, "viewerProtocolPolicy", null)
	found != "https-only"
}

edge_tls_faults contains sprintf("the origin's originProtocolPolicy is %s", [json.marshal(found)]) if {
	some origin in origins(subject)
	found := object.get(origin, ["customOriginConfig", "originProtocolPolicy"], null)
	found != "https-only"
}

edge_tls_faults contains sprintf("the origin's originSslProtocols is %s", [json.marshal(found)]) if {
	some origin in origins(subject)
	found := object.get(origin, ["customOriginConfig", "originSslProtocols"], null)
	found != ["TLSv1.2"]
}

# METADATA
# title: The edge caches nothing and hands everything on
# description: >-
#   Every behaviour uses AWS's policy that caches nothing, keeps no error, and hands on every header but Host: a cached answer would be given to
#   somebody without a key, and without its headers no signature can be verified. It goes to one origin, and no origin group sends a webhook twice.
#   The ids are AWS's and the same in every account. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep the cache and origin request policies of infra/lib/edge.py
#   pci: ["6.4.2", "6.2.4", "7.3.1"]
deny_edge_cache contains message if {
	input.__type == distribution_type
	some wrong in edge_cache_faults
	message := say(subject, wrong, "cache nothing and hand everything on")
}

edge_cache_faults contains "it has no behaviour" if count(behaviors(subject)) == 0

edge_cache_faults contains sprintf("cachePolicyId is %s", [json.marshal(found)]) if {
	some behavior in behaviors(subject)
	found := object.get(behavior, "cachePolicyId", null)
	found != caching_disabled
}

edge_cache_faults contains sprintf("originRequestPolicyId is %s", [json.marshal(found)]) if {
	some behavior in behaviors(subject)
	found := object.get(behavior, "originRequestPolicyId", null)
	found != all_viewer_except_host
}

edge_cache_faults contains sprintf("%s is set", [property]) if {
	some property in {"loggingConfig", "originGroups"}
	has_value(subject, [property])
}

# A refusal that is kept would answer the next sender, whose key is not in the address any more.
edge_cache_faults contains sprintf("errors of status %d are kept for %s seconds", [status, json.marshal(kept)]) if {
	some status in {400, 403, 404, 405, 500, 502, 503, 504}
	kept := error_seconds(subject, status)
	kept != 0
}

error_seconds(distribution, status) := found if {
	kept := [object.get(response, "errorCachingMinTtl", 10) |
		some response in as_list(value_or_null(distribution, ["customErrorResponses"]))
		object.get(response, "errorCode", null) == status
	]
	found := max(array.concat(kept, [10 | count(kept) == 0]))
}

# METADATA
# title: The key leaves the address at the edge
# description: >-
#   Every behaviour runs a function on each request before anything else sees it, one that is published, on the current runtime: it takes the API key
#   out of the address. What the function does is what infra/tests/test_edge.py is about. Runtime and publication are never computed; which function
#   it is may be.
# scope: rule
# custom:
#   fix: keep the function and its association of infra/lib/edge.py
#   pci: ["3.3.1", "8.3.2", "6.2.4"]
deny_edge_function contains message if {
	input.__type == distribution_type
	some behavior in behaviors(subject)
	not runs_function(behavior)
	message := say(subject, "a behaviour runs no function on what a viewer requests", "take the key out of the address")
}

deny_edge_function contains message if {
	input.__type == edge_function_type
	some wrong in edge_function_faults
	message := say(subject, wrong, "publish the function of infra/edge/webhook_key.js")
}

edge_function_faults contains not_exactly(subject, ["publish"], true)

edge_function_faults contains not_exactly(subject, ["runtime"], "cloudfront-js-2.0")

edge_function_faults contains not_given(subject, ["code"])

runs_function(behavior) if {
	some association in as_list(object.get(behavior, "functionAssociations", null))
	association.eventType == "viewer-request"
}

# METADATA
# title: The edge's log has no key in it
# description: >-
#   The fields are listed and none is the path, the query string, the Referer or the cookies of a request: the path is the one that the sender wrote,
#   with the key in it. Without a list AWS logs them all. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep LOGGED of infra/lib/edge.py
#   pci: ["8.3.2", "10.2.1", "3.3.1"]
deny_edge_log_fields contains message if {
	input.__type == delivery_type
	some wrong in log_field_faults
	message := say(subject, wrong, "list fields without keys")
}

log_field_faults contains "it lists no fields" if count(as_list(value_or_null(subject, ["recordFields"]))) == 0

log_field_faults contains sprintf("it logs %s", [field]) if {
	some field in as_list(value_or_null(subject, ["recordFields"]))
	regex.match(`uri|referer|cookie|header|path`, lower(field))
}

# Without these a line does not say who came, when, and how it ended (PCI DSS v4.0.1, 10.2.2).
log_field_faults contains sprintf("it does not log %s", [missing]) if {
	listed := {name | some name in as_list(value_or_null(subject, ["recordFields"]))}
	count(listed) > 0
	some missing in (needed_fields - listed)
}

needed_fields := {"date", "time", "c-ip", "cs-method", "cs(Host)", "sc-status", "ssl-protocol", "x-edge-request-id"}

# METADATA
# title: A secret that Pulumi makes is long, and only the edge's
# description: >-
#   A value that Pulumi makes is kept in its state, encrypted, and seen by whoever may deploy. The one such value is the header by which the gateway
#   knows the edge: it opens nothing without an API key and a signature. It has at least thirty-two letters and digits. Names of resources are never
#   computed.
# scope: rule
# custom:
#   fix: keep OriginSecrets of infra/lib/edge.py; a secret of anything else belongs into Secrets Manager
#   pci: ["8.3.2", "8.6.2"]
deny_edge_secret contains message if {
	input.__type == password_type
	some wrong in password_faults
	message := say(subject, wrong, "keep the edge's secret, and no other")
}

password_faults contains sprintf("length is %s", [shown(subject, ["length"])]) if {
	not is_at_least(value_or_null(subject, ["length"]), 32)
}

password_faults contains not_exactly(subject, ["special"], false)

password_faults contains sprintf("%s is false", [kind]) if {
	some kind in {"lower", "upper", "numeric"}
	value(subject, [kind]) == false
}

password_faults contains "it is no secret of the edge" if not startswith(input.__name, "edge_origin_secret_")

# METADATA
# title: Logs of the edge are delivered from us-east-1
# description: >-
#   CloudFront is global and delivers its logs from us-east-1 only, into a bucket of the stack's own region. Nothing else may be there:
#   deny_region_foreign. Never computed: absent would be the stack's region, where AWS refuses it.
# scope: rule
# custom:
#   fix: pass region=EDGE_REGION (infra/lib/edge.py)
#   pci: ["12.5.2", "10.2.1"]
deny_edge_region contains message if {
	input.__type in {delivery_type, delivery_source_type, delivery_destination_type}
	wrong := not_exactly(subject, ["region"], edge_region)
	message := say(subject, wrong, "CloudFront delivers from there")
}

# METADATA
# title: The edge goes to this stack's API, and its log to this stack's bucket
# description: >-
#   The origin is the API of this stack; a delivery joins a source, which is this distribution, with a destination, which is a bucket of this stack.
#   Where a preview may leave one of them unknown, what the engine knows of the property stands for it.
# scope: rule
# custom:
#   fix: keep the origin and the delivery of infra/lib/edge.py
#   pci: ["1.4.4", "10.2.1", "10.3.1"]
stack_deny_edge_target contains message if {
	some distribution in distributions
	some origin in origins(distribution)
	not is_own_api(distribution, origin)
	message := say(distribution, sprintf("its origin %s is no API of this stack", [json.marshal(object.get(origin, "domainName", null))]), "go to the stack's own API")
}

stack_deny_edge_target contains message if {
	some distribution in distributions
	not is_logged(distribution)
	message := say(distribution, "no delivery writes its log into a bucket of this stack", "keep the delivery of infra/lib/edge.py")
}

is_own_api(_, origin) if {
	is_stage_path(origin)
	host := sprintf(".execute-api.%s.amazonaws.com", [region])
	endswith(origin.domainName, host)
	some api in of_type("aws:apigateway/restApi:RestApi")
	is_handle(trim_suffix(origin.domainName, host), api)
}

# What a preview cannot know is let through by name; the stage is known.
is_own_api(distribution, origin) if {
	"origins.domainName" in computed_properties[distribution_type]
	is_item_unknown(distribution, object.get(origin, "domainName", null))
}

is_stage_path(origin) if {
	some stage in stages
	origin.originPath == sprintf("/%s", [value(stage, ["stageName"])])
}

is_logged(distribution) if {
	some source in of_type(delivery_source_type)
	may_link(source, ["resourceArn"], distribution)
	value(source, ["logType"]) == "ACCESS_LOGS"
	some destination in of_type(delivery_destination_type)
	some bucket in buckets
	is_edge_log_place(destination, bucket)
	some delivery in of_type(delivery_type)
	value(delivery, ["deliverySourceName"]) == value(source, ["name"])
	may_link(delivery, ["deliveryDestinationArn"], destination)
}

# With the prefix in the ARN: without one CloudFront puts its own before the path of the delivery, where
# the bucket's policy lets nothing in.
is_edge_log_place(destination, bucket) if {
	place := sprintf("arn:aws:s3:::%s/%s", [physical_name(bucket), edge_log_prefix])
	value(destination, ["deliveryDestinationConfiguration", "destinationResourceArn"]) == place
}

# METADATA
# title: Nobody comes past the edge
# description: >-
#   Where there is an edge, the first rule of the web ACL blocks every request without the header that the distribution adds, its value compared
#   whole; the rules that limit an address take it from the header in which the edge writes it; and the secret's header is replaced and redacted
#   wherever requests are kept. The secret itself is unknown in a preview.
# scope: rule
# custom:
#   fix: keep past_edge() and secret_headers() of infra/lib/firewall.py
#   pci: ["1.4.4", "6.4.2", "8.3.2"]
stack_deny_edge_open contains message if {
	some distribution in distributions
	some acl in of_type(acl_type)
	some wrong in open_faults(distribution, acl)
	message := say(acl, wrong, "let in only what came through the edge")
}

stack_deny_edge_open contains message if {
	count(distributions) > 0
	some integration in of_type("aws:apigateway/integration:Integration")
	some template in value(integration, ["requestTemplates"])
	contains(template, "$context.identity.sourceIp")
	message := say(integration, "it takes CloudFront's address for the sender's", "take x-viewer-ip")
}

open_faults(distribution, acl) := union({
	{"the edge adds no secret header" | count(origin_secrets(distribution)) == 0},
	{sprintf("the header %s is not replaced in what is kept", [header.name]) |
		some header in origin_secrets(distribution)
		not replaces_header(acl, header.name)
	},
	{sprintf("the header %s is not redacted in the log", [header.name]) |
		some header in origin_secrets(distribution)
		some logging in of_type(waf_log_type)
		not redacts(logging, header.name)
	},
	{"its first rule does not block what lacks the edge's secret" |
		some header in origin_secrets(distribution)
		not blocks_without(acl, distribution, header)
	},
	{sprintf("rule %s counts CloudFront's addresses", [json.marshal(rule.name)]) |
		some rule in acl_rules(acl)
		rule.statement.rateBasedStatement
		not counts_viewers(rule.statement.rateBasedStatement)
	},
})

origin_secrets(distribution) := [header |
	some origin in origins(distribution)
	some header in as_list(object.get(origin, "customHeaders", null))
]

blocks_without(acl, distribution, header) if {
	some rule in acl_rules(acl)
	object.get(rule, "priority", 0) == min([object.get(other, "priority", 0) | some other in acl_rules(acl)])
	object.keys(rule.action) == {"block"}
	negated := rule.statement.notStatement.statements
	count(negated) == 1
	known := known_secrets(negated[0])
	count(known) > 0
	every match in known {
		is_whole_header(match, header.name)
	}
	knows(known, distribution, header)
}

# One comparison, or several of which one is enough.
known_secrets(statement) := [statement.byteMatchStatement] if statement.byteMatchStatement

known_secrets(statement) := [one.byteMatchStatement | some one in statement.orStatement.statements] if statement.orStatement

is_whole_header(match, name) if {
	match.fieldToMatch.singleHeader.name == name
	match.positionalConstraint == "EXACTLY"
	every step in match.textTransformations {
		step.type == "NONE"
	}
}

knows(known, _, header) if {
	is_known(header.value)
	some match in known
	match.searchString == header.value
}

knows(_, distribution, header) if is_item_unknown(distribution, object.get(header, "value", null))

counts_viewers(rate) if {
	rate.aggregateKeyType == "FORWARDED_IP"
	rate.forwardedIpConfig.headerName == "x-viewer-ip"
	rate.forwardedIpConfig.fallbackBehavior == "MATCH"
}

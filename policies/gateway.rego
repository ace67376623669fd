package payhook

import rego.v1

method_type := "aws:apigateway/method:Method"

# The only methods that may go without an API key: an answer that says that the API lives, or a provider's handshake. Both are a GET that takes no body.
keyless_methods := {"health_get", "handshake_get"}

# METADATA
# title: Every method wants an API key
# description: >-
#   The key lets each caller be limited and shut out. Only the methods named in this file go without, and only as GET. Never computed; AWS's default
#   is false, so absent is a violation.
# scope: rule
# custom:
#   fix: set api_key_required to True (infra/lib/gateway.py)
#   pci: ["7.3.3", "8.2.2", "8.6.1"]
deny_method_keyless contains message if {
	input.__type == method_type
	not is_keyless_by_decision(subject)
	wrong := not_exactly(subject, ["apiKeyRequired"], true)
	message := say(subject, wrong, "ask for the API key")
}

is_keyless_by_decision(method) if {
	method.__name in keyless_methods
	value(method, ["httpMethod"]) == "GET"
}

# METADATA
# title: A method is one verb
# description: >-
#   ANY and the proxy path take whatever comes. A webhook is a POST; health and handshake are a GET. Never computed: absent is a violation.
# scope: rule
# custom:
#   fix: name the verb
#   pci: ["2.2.4", "6.2.4"]
deny_method_any contains message if {
	input.__type == method_type
	not value_or_null(subject, ["httpMethod"]) in {"POST", "GET"}
	message := say(subject, sprintf("httpMethod is %s", [shown(subject, ["httpMethod"])]), "use POST, or GET for health and handshake")
}

deny_method_any contains message if {
	input.__type == "aws:apigateway/resource:Resource"
	contains(value(subject, ["pathPart"]), "+}")
	message := say(subject, sprintf("pathPart is %s", [shown(subject, ["pathPart"])]), "name the path")
}

# METADATA
# title: The API is regional and reads its key from the header
# description: >-
#   An edge endpoint answers outside the region; a key from an authorizer would need a function in the accept path. Never computed: absent is a
#   violation (AWS's default endpoint is EDGE).
# scope: rule
# custom:
#   fix: keep the RestApi of infra/lib/gateway.py
#   pci: ["2.2.6", "8.3.2", "12.5.2"]
deny_api_endpoint contains message if {
	input.__type == "aws:apigateway/restApi:RestApi"
	types_wanted := {"REGIONAL", "PRIVATE"}
	not value_or_null(subject, ["endpointConfiguration", "types"]) in types_wanted
	message := say(subject, sprintf("endpointConfiguration.types is %s", [shown(subject, ["endpointConfiguration", "types"])]), "make it REGIONAL")
}

deny_api_endpoint contains message if {
	input.__type == "aws:apigateway/restApi:RestApi"
	wrong := not_exactly(subject, ["apiKeySource"], "HEADER")
	message := say(subject, wrong, "read the key from the header")
}

# METADATA
# title: An integration hands on what the templates say and nothing else
# description: >-
#   API Gateway itself sends the request to SQS, in this region, by a role, and refuses media types without a template: passed through, a body would
#   reach SQS as its parameters. It answers within five seconds, before a provider gives up. A mock keeps nothing, and a function is asked whole requests:
#   both answer reads only. Nothing of this is computed: absent is a violation.
# scope: rule
# custom:
#   fix: keep the integration of infra/lib/gateway.py
#   pci: ["1.4.4", "6.2.4", "7.2.5"]
deny_integration contains message if {
	input.__type == "aws:apigateway/integration:Integration"
	some wrong in integration_faults
	message := say(subject, wrong, "send it to SQS as the templates say")
}

# What a GET asks of a function: a provider's handshake.
asks_function(integration) if {
	value_or_null(integration, ["type"]) == "AWS_PROXY"
	value_or_null(integration, ["httpMethod"]) == "GET"
}

sends_to_queue(integration) if {
	value_or_null(integration, ["type"]) != "MOCK"
	not asks_function(integration)
}

integration_faults contains not_exactly(subject, ["passthroughBehavior"], "NEVER") if not asks_function(subject)

integration_faults contains not_given(subject, ["credentials"]) if value_or_null(subject, ["type"]) != "MOCK"

integration_faults contains not_between(subject, ["timeoutMilliseconds"], 50, integration_timeout_max_ms)

integration_faults contains sprintf("type is %s", [shown(subject, ["type"])]) if {
	not value_or_null(subject, ["type"]) in {"AWS", "MOCK"}
	not asks_function(subject)
}

integration_faults contains "it answers a POST itself and keeps nothing" if {
	value_or_null(subject, ["type"]) == "MOCK"
	not value_or_null(subject, ["httpMethod"]) in {"GET", "HEAD", "OPTIONS"}
}

integration_faults contains sprintf("uri is %s", [shown(subject, ["uri"])]) if {
	sends_to_queue(subject)
	not startswith(value_or_null(subject, ["uri"]), sprintf("arn:aws:apigateway:%s:sqs:path/", [region]))
}

integration_faults contains sprintf("uri is %s", [shown(subject, ["uri"])]) if {
	asks_function(subject)
	not startswith(value_or_null(subject, ["uri"]), sprintf("arn:aws:apigateway:%s:lambda:path/2015-03-31/functions/arn:aws:lambda:%s:", [region, region]))
}

integration_faults contains "it has no request templates" if {
	not asks_function(subject)
	count(object.get(subject.__properties, "requestTemplates", {})) == 0
}

integration_faults contains "it has no template for application/json, which nearly every provider sends" if {
	sends_to_queue(subject)
	not object.get(subject.__properties, ["requestTemplates", "application/json"], false)
}

# METADATA
# title: Every way into a queue takes the same media types
# description: >-
#   A media type that one route has no template for is answered 415 there: a provider that sends forms would be accepted on one path and turned away on
#   the other, until it gives up. Templates are text in every preview.
# scope: rule
# custom:
#   fix: give each integration the templates of every media type in the provider catalogue (infra/lib/gateway.py)
#   pci: ["6.2.4", "10.2.1"]
stack_deny_media_types_differ contains message if {
	some integration in of_type("aws:apigateway/integration:Integration")
	some other in of_type("aws:apigateway/integration:Integration")
	value(integration, ["uri"]) == value(other, ["uri"])
	missing := media_types(other) - media_types(integration)
	count(missing) > 0
	message := say(integration, sprintf("it has no template for %s, which %s has", [concat(", ", sort(missing)), other.__name]), "give both the same")
}

media_types(integration) := object.keys(object.get(integration.__properties, "requestTemplates", {}))

# METADATA
# title: An integration puts requests into the stack's own queue, or asks the function that verifies
# description: >-
#   A queue of somebody else would take the payments, and another function would be asked for what only one may sign. The address is built from the name
#   and known in every preview.
# scope: rule
# custom:
#   fix: build the uri from settings.name("webhook_queue") (infra/lib/gateway.py)
#   pci: ["1.4.4", "12.5.2"]
stack_deny_integration_target contains message if {
	some integration in of_type("aws:apigateway/integration:Integration")
	not asks_function(integration)
	uri := value(integration, ["uri"])
	every queue in queues {
		not points_at(uri, queue)
	}
	message := say(integration, sprintf("its uri %s is no queue of this stack", [uri]), "name the stack's queue")
}

stack_deny_integration_target contains message if {
	some integration in of_type("aws:apigateway/integration:Integration")
	asks_function(integration)
	uri := value(integration, ["uri"])
	not asks_verifier(uri)
	message := say(integration, sprintf("its uri %s is not the function that verifies", [uri]), "name the stack's webhook_processor")
}

asks_verifier(uri) if {
	some function in functions
	base_name(function) == "webhook_processor"
	points_at(trim_suffix(uri, "/invocations"), function)
}

# METADATA
# title: A template hands the body on whole and encodes what it inserts
# description: >-
#   The template makes a form for SQS. Whatever comes from the request is URL-encoded, or a caller could add parameters of his own to the call; the
#   body goes through byte for byte, or in Base64 where no queue takes it, never parsed and printed again, or its signature would no longer hold.
#   Headers are looked for in the map of all headers, because their names arrive in the sender's case and `$input.params(name)` compares exactly.
#   `#else` and `#end` directly before a letter are no directives in Velocity, which reads one longer word. Templates are text in every preview. A
#   mocked integration sends nothing on.
# scope: rule
# custom:
#   fix: keep request_template() of infra/lib/gateway_templates.py
#   pci: ["6.2.4"]
deny_template_unsafe contains message if {
	input.__type == "aws:apigateway/integration:Integration"
	value_or_null(subject, ["type"]) != "MOCK"
	some media_type, template in object.get(subject.__properties, "requestTemplates", {})
	some wrong in template_faults(template)
	message := say(subject, sprintf("its template for %s %s", [media_type, wrong]), "encode what comes from the request")
}

template_faults(template) := union({
	body_faults(template),
	parameter_faults(template),
	header_faults(template),
	word_faults(template),
	parsing_faults(template),
	request_id_faults(template),
})

body_faults(template) := {sprintf("does not have %s", [part]) |
	some part in ["Action=SendMessage&", "&MessageBody=$util.urlEncode($input.body)"]
	not contains(template, part)
} | {sprintf("sends %s", [found]) |
	some found in regex.find_n(`MessageBody=[^&#]*`, template, -1)
	not found in whole_bodies
}

whole_bodies := {
	"MessageBody=$util.urlEncode($input.body)",
	"MessageBody=$util.urlEncode($util.base64Encode($input.body))",
}

parameter_faults(template) := {"inserts a parameter without encoding it" |
	inserted := regex.find_n(`[$]input[.]params`, template, -1)
	encoded := regex.find_n(`[$]util[.]urlEncode[(][$]input[.]params`, template, -1)
	looked_through := regex.find_n(` in [$]input[.]params[(][)][.]header[.]keySet[(][)][)]`, template, -1)
	count(inserted) != count(encoded) + count(looked_through)
}

# `provider` is a parameter of the path, whose name is ours. What stack_deny_waf_headers goes by is the list.
header_faults(template) := {sprintf("looks for %s in one case alone", [found]) |
	some found in regex.find_n(`[$]input[.]params[(]['"][^'"]*['"][)]`, template, -1)
	found != "$input.params('provider')"
} | {"does not say which headers it wants" |
	contains(template, ".header.keySet()")
	not regex.match(wanted_headers, template)
}

wanted_headers := `#set[(][$]want = ",([a-z0-9,-]+),"[)]`

word_faults(template) := {sprintf("has %s, which is no directive", [found]) |
	some found in regex.find_n(`#(else|end)[A-Za-z0-9_]+`, template, -1)
	found != "#elseif"
}

# "Clients can override this request ID": two webhooks could share the id that the audit log has.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html,
# read 2026-11-27.
request_id_faults(template) := {"takes the request id that a sender can choose" | contains(template, "$context.requestId")}

parsing_faults(template) := {sprintf("uses %s", [found]) | some found in regex.find_n(`[$]input[.](json|path)`, template, -1)}

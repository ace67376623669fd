package payhook_test

import rego.v1

post := "webhook_provider_post"

integration := "webhook_provider_queue"

elsewhere := "arn:aws:apigateway:us-east-2:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-2:000000000000:function:analytics_processor_dev/invocations"

safe_template := "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"

rows contains row if {
	some row in [
		["deny_method_keyless", post, {"/apiKeyRequired": false}],
		["deny_method_keyless", post, {"/apiKeyRequired": absent}],
		["deny_method_keyless", "health_get", {"/httpMethod": "POST"}],
		["deny_method_keyless", another("aws:apigateway/method:Method", "other_get", {"httpMethod": "GET", "apiKeyRequired": false}), "added"],
		["deny_method_any", post, {"/httpMethod": "ANY"}],
		["deny_method_any", post, {"/httpMethod": absent}],
		["deny_method_any", "webhook_provider", {"/pathPart": "{proxy+}"}],
		["deny_api_endpoint", "webhook_api", {"/endpointConfiguration/types": "EDGE"}],
		["deny_api_endpoint", "webhook_api", {"/endpointConfiguration": absent}],
		["deny_api_endpoint", "webhook_api", {"/apiKeySource": "AUTHORIZER"}],
		["deny_api_endpoint", "webhook_api", {"/apiKeySource": absent}],
		["deny_api_key", "webhook_api_key_stripe_a", {"/enabled": false}],
		["deny_api_key", "webhook_api_key_stripe_b", {"/value": "known-to-everybody"}],
		["deny_integration", integration, {"/passthroughBehavior": "WHEN_NO_MATCH"}],
		["deny_integration", integration, {"/passthroughBehavior": absent}],
		["deny_integration", integration, {"/credentials": absent}],
		["deny_integration", integration, {"/timeoutMilliseconds": 29000}],
		["deny_integration", integration, {"/timeoutMilliseconds": absent}],
		["deny_integration", integration, {"/type": "HTTP_PROXY"}],
		["deny_integration", integration, {"/type": absent}],
		["deny_integration", integration, {"/type": "MOCK"}],
		["deny_integration", integration, {"/type": "AWS_PROXY"}],
		["deny_integration", "webhook_provider_handshake", {"/httpMethod": "POST"}],
		["deny_integration", "webhook_provider_handshake", {"/type": "HTTP_PROXY"}],
		["deny_integration", "webhook_provider_handshake", {"/credentials": absent}],
		["deny_integration", "webhook_provider_handshake", {"/timeoutMilliseconds": 29000}],
		["deny_integration", "webhook_provider_handshake", {"/uri": absent}],
		["deny_integration", "webhook_provider_handshake", {"/uri": "https://example.com"}],
		["stack_deny_integration_target", "webhook_provider_handshake", {"/uri": elsewhere}],
		["deny_method_keyless", "webhook_provider_get", {"/apiKeyRequired": false}],
		["deny_handshake_throttle", "webhook_usage_plan_stripe", {"/apiStages/0/throttles": absent}],
		["deny_handshake_throttle", "webhook_usage_plan_stripe", {"/apiStages/0/throttles/0/rateLimit": 100}],
		["deny_handshake_throttle", "webhook_usage_plan_stripe", {"/apiStages/0/throttles/0/burstLimit": 5000}],
		["deny_handshake_throttle", "webhook_usage_plan_stripe", {"/apiStages/0/throttles/0/path": "/webhook/POST"}],
		["deny_integration", integration, {"/uri": "https://example.com"}],
		["deny_integration", integration, {"/uri": absent}],
		["deny_integration", integration, {"/requestTemplates": absent}],
		["deny_integration", integration, {"/requestTemplates": {"application/x-www-form-urlencoded": safe_template}}],
		["stack_deny_media_types_differ", integration, {"/requestTemplates/text~1xml": safe_template}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": "Action=SendMessage&MessageBody=$input.body"}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": "Action=SendMessage&MessageBody=$util.urlEncode($input.json('$'))"}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("%s&X=$input.params('x')", [safe_template])}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("%s#{else}&MessageBody=$input.body", [safe_template])}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("%s#{else}&MessageBody=$util.base64Encode($input.body)", [safe_template])}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("%s&X=$context.requestId", [safe_template])}}],
		["deny_api_tls", "webhook_api", {"/securityPolicy": "TLS_1_0"}],
		["deny_api_tls", "webhook_api", {"/securityPolicy": absent}],
		["deny_api_tls", "webhook_api", {"/endpointAccessMode": absent}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("%s&X=$input.params().header.get('x')", [safe_template])}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("%s&X=$util.urlEncode($input.params('x-mac'))", [safe_template])}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("#foreach($h in $input.params().header.keySet())x#{end}%s", [safe_template])}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("#if($input.body == '')#else%s#end", [safe_template])}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": sprintf("#if($input.body == '')#{else}%s#endMore", [safe_template])}}],
		["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": replace(safe_template, "SendMessage", "PurgeQueue")}}],
		["stack_deny_integration_target", integration, {"/uri": "arn:aws:apigateway:us-east-2:sqs:path/000000000000/other_dev"}],
		["deny_stage_access_log", "webhook_api_stage", {"/accessLogSettings": absent}],
		["deny_stage_access_log", "webhook_api_stage", {"/accessLogSettings/destinationArn": absent}],
		["deny_stage_access_log", "webhook_api_stage", {"/accessLogSettings/format": "$context.extendedRequestId"}],
		["deny_stage_access_log", "webhook_api_stage", {"/accessLogSettings/format": json.marshal({"id": "$context.extendedRequestId"})}],
		["deny_stage_access_log", "webhook_api_stage", {"/accessLogSettings/format": with_field("$context.requestId")}],
		["deny_stage_access_log", "webhook_api_stage", {"/accessLogSettings/format": with_field("$context.identity.apiKey")}],
		["deny_stage_access_log", "webhook_api_stage", {"/accessLogSettings/format": with_field("$input.body")}],
		["deny_stage_access_log", "webhook_api_stage", {"/accessLogSettings/format": with_field("$context.authorizer.claims")}],
		["deny_stage_extras", "webhook_api_stage", {"/cacheClusterEnabled": true}],
		["deny_stage_extras", "webhook_api_stage", {"/xrayTracingEnabled": true}],
		["deny_stage_extras", "webhook_api_stage", {"/canarySettings": {"percentTraffic": 10}}],
		["deny_method_trace", "webhook_api_settings", {"/settings/dataTraceEnabled": true}],
		["deny_method_trace", "webhook_api_settings", {"/settings/dataTraceEnabled": absent}],
		["deny_method_trace", "webhook_api_settings", {"/settings/cachingEnabled": true}],
		["deny_method_logging", "webhook_api_settings", {"/settings/loggingLevel": "OFF"}],
		["deny_method_logging", "webhook_api_settings", {"/settings/loggingLevel": absent}],
		["deny_method_logging", "webhook_api_settings", {"/settings/metricsEnabled": false}],
		["deny_method_logging", "webhook_api_settings", {"/methodPath": "webhook/POST"}],
		["deny_throttle", "webhook_api_settings", {"/settings/throttlingRateLimit": 10001}],
		["deny_throttle", "webhook_api_settings", {"/settings/throttlingRateLimit": absent}],
		["deny_throttle", "webhook_api_settings", {"/settings/throttlingBurstLimit": 5001}],
		["deny_throttle", "webhook_usage_plan_stripe", {"/throttleSettings": absent}],
		["deny_throttle", "webhook_usage_plan_stripe", {"/throttleSettings/rateLimit": 20000}],
		["deny_throttle", "webhook_usage_plan_stripe", {"/throttleSettings/burstLimit": 0}],
		["stack_deny_stage_log_group", "webhook_api_access_log", "gone"],
		["stack_deny_stage_log_group", "webhook_api_stage", {"/accessLogSettings/destinationArn": "arn:aws:firehose:us-east-2:000000000000:deliverystream/x"}],
		["stack_deny_stage_log_group", "webhook_api_stage", {"/accessLogSettings": absent}],
		["stack_deny_stage_part", "webhook_api_settings", "gone"],
		["stack_deny_stage_part", "webhook_api_settings", {"/stageName": "other"}],
		["stack_deny_stage_part", "webhook_api_settings", {"/restApi": absent}],
		["stack_deny_provider_key", "webhook_usage_plan_stripe", "gone"],
		["stack_deny_provider_key", "webhook_usage_plan_stripe", {"/apiStages": []}],
		["stack_deny_provider_key", "webhook_usage_plan_stripe", {"/apiStages/0/apiId": "other-id"}],
		["stack_deny_provider_key", "webhook_api_key_stripe_a", "gone"],
		["stack_deny_provider_key", "webhook_api_key_stripe_b", "gone"],
		["stack_deny_provider_key", "webhook_secret_stripe", "gone"],
		["stack_deny_provider_key", "webhook_usage_plan_key_stripe_a", "gone"],
		["stack_deny_provider_key", "webhook_usage_plan_key_stripe_b", {"/keyId": absent}],
		["stack_deny_provider_key", "webhook_usage_plan_key_stripe_b", {"/usagePlanId": "other-id"}],
		["stack_deny_provider_key", "webhook_usage_plan_key_stripe_a", {"/keyId": "other-id"}],
	]
}

with_field(text) := json.marshal(object.union(format, {"more": text})) if {
	some stage in good
	stage.name == "webhook_api_stage"
	format := json.unmarshal(stage.properties.accessLogSettings.format)
}

test_template_may_branch_and_read_the_path if {
	path := "$util.urlEncode($input.params('provider'))"
	template := sprintf("#if($input.body == '')#elseif(%s == 'b')#else #{end}%s", [path, safe_template])
	not fires(["deny_template_unsafe", integration, {"/requestTemplates": {"application/json": template}}])
}

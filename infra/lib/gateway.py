"""The door: a REST API whose two routes put the request into the queue and whose third answers a provider's handshake, with an API key (`api_keys`), limits, and logs without bodies."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pulumi
import pulumi_aws as aws

from lib.catalogue import Provider, read_catalogue
from lib.gateway_templates import (
    CALLER_ADDRESS,
    PATH_PROVIDER,
    TOO_LARGE,
    UNAVAILABLE,
    VIEWER_ADDRESS,
    error_body,
    refusal_template,
    request_template,
    success_template,
)
from lib.limits import LIMITS
from lib.policies import allow, role_document, trust
from lib.protected_log import ProtectedLog
from lib.queues import Queues
from lib.settings import Settings

R = TypeVar("R", bound=pulumi.Resource)

STAGE = "live"
HANDSHAKE_METHOD = "webhook_provider_get"
# As a usage plan names a method.
HANDSHAKE_PATH = "/webhook/{provider}/GET"
METHOD_SETTINGS_PATH = "*/*"
# Selection patterns over the status that SQS answers with; the last one, without a pattern, is for
# every status that no other takes. So the provider is told to come again unless the fault is known
# to be its own. What SQS answers to a body above its own mebibyte is not documented: 400, as for one
# above the queue's limit, or 413.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-integration-settings-integration-response.html, read 2026-11-27.
INTEGRATION_RESPONSES = {"200": "200", "400": "400", "413": "413", "503": None}
# A body above ten megabytes is not among them: that 413 is the service's own text and "cannot be
# customised". https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html, read 2026-11-27.
GATEWAY_RESPONSES = {
    "MISSING_AUTHENTICATION_TOKEN": ("403", "forbidden", "no such route"),
    "INVALID_API_KEY": ("403", "forbidden", "a valid x-api-key is needed"),
    "ACCESS_DENIED": ("403", "forbidden", "access denied"),
    "THROTTLED": ("429", "too_many_requests", "over the limit: send it again later"),
    "QUOTA_EXCEEDED": ("429", "too_many_requests", "over the quota: send it again later"),
    "WAF_FILTERED": ("403", "forbidden", "refused by the firewall"),
    "UNSUPPORTED_MEDIA_TYPE": ("415", "unsupported_media_type", "send the content type of the provider"),
    "INTEGRATION_FAILURE": ("503", "unavailable", "not stored: send it again"),
    "INTEGRATION_TIMEOUT": ("503", "unavailable", "not stored: send it again"),
    "DEFAULT_4XX": (None, "bad_request", "the request was refused"),
    "DEFAULT_5XX": (None, "unavailable", "not stored: send it again"),
}
# No body, no query string, no API key: what an assessor asks for and nothing that must not be kept.
ACCESS_LOG = {
    # Not `$context.requestId`, which a sender can choose (`gateway_templates.request_template`).
    "requestId": "$context.extendedRequestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "responseLength": "$context.responseLength",
    "latencyMs": "$context.responseLatency",
    "integrationStatus": "$context.integration.status",
    "integrationLatencyMs": "$context.integration.latency",
    "apiKeyId": "$context.identity.apiKeyId",
    "error": "$context.error.responseType",
    "firewall": "$context.wafResponseCode",
}


# TLS 1.3 and 1.2 with forward secrecy. The default of a regional API is TLS_1_0, which PCI DSS
# v4.0.1, 4.2.1 does not allow; the endpoint answers past the edge, too.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html, read 2026-11-27.
SECURITY_POLICY = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
# Such a policy needs an access mode. STRICT also wants the name in TLS and in Host to be the same and
# is not reversible at once; BASIC is what every API had before.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies.html, read 2026-11-27.
ENDPOINT_ACCESS_MODE = "BASIC"
# Who answers a provider's handshake: it knows the secrets.
ANSWERER = "webhook_processor"


class GatewayRoles(pulumi.ComponentResource):
    """The role that puts messages into the queue. The role that writes the gateway's logs is the
    account's, not the stack's (`infra/bootstrap/gateway_account.py`).
    """

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:GatewayRoles", "gateway_roles", None, opts)
        child = pulumi.ResourceOptions(parent=self)

        self.sender = aws.iam.Role(
            "webhook_api_role",
            name=settings.name("webhook_api_role"),
            assume_role_policy=trust("apigateway.amazonaws.com", settings.account_id),
            tags=settings.tags,
            opts=child,
        )
        self.sender_policy = aws.iam.RolePolicy(
            "webhook_api_policy",
            name=settings.name("webhook_api_policy"),
            role=self.sender.name,
            policy=role_document(
                allow(["sqs:SendMessage"], [settings.queue_arn("webhook_queue")], "QueueWebhooks"),
                allow(["lambda:InvokeFunction"], [settings.function_arn(ANSWERER)], "AnswerHandshakes"),
            ),
            opts=child,
        )
        self.register_outputs({})


class Gateway(pulumi.ComponentResource):
    """The REST API and its stage."""

    def __init__(
        self,
        settings: Settings,
        queues: Queues,
        answerer: pulumi.Resource,
        key_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("payhook:index:Gateway", "gateway", None, opts)
        self._settings = settings
        self._child = pulumi.ResourceOptions(parent=self)
        self._catalogue = read_catalogue()
        self._source_ip = VIEWER_ADDRESS if settings.edge else CALLER_ADDRESS
        self._parts: list[pulumi.Resource] = []
        self._written: list[Any] = []
        name = settings.name("webhook_api")
        self.api = aws.apigateway.RestApi(
            "webhook_api",
            name=name,
            description="Webhooks of payment providers into the queue",
            endpoint_configuration=aws.apigateway.RestApiEndpointConfigurationArgs(types="REGIONAL"),
            api_key_source="HEADER",
            security_policy=SECURITY_POLICY,
            endpoint_access_mode=ENDPOINT_ACCESS_MODE,
            tags=settings.tags,
            opts=self._child,
        )
        webhook = self._resource("webhook", self.api.root_resource_id, "webhook")
        by_provider = self._resource("webhook_provider", webhook.id, "{provider}")
        self._route("webhook", webhook, queues)
        self._route("webhook_provider", by_provider, queues)
        self._handshake(by_provider, answerer)
        self._gateway_responses()
        self._stage(name, key_arn)
        self.register_outputs({})

    def _part(self, kind: Callable[..., R], name: str, depends_on: Sequence[pulumi.Resource] = (), **inputs: Any) -> R:
        """A part of what is deployed: made, waited for by the deployment, and in its fingerprint."""
        part = kind(
            name,
            rest_api=self.api.id,
            **inputs,
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(depends_on)),
        )
        self._parts.append(part)
        # An id is known only when its resource exists, and says nothing that the names do not.
        known = {key: value for key, value in inputs.items() if not isinstance(value, pulumi.Output)}
        self._written.append([name, known])
        return part

    def _resource(self, name: str, parent_id: pulumi.Input[str], path_part: str) -> aws.apigateway.Resource:
        return self._part(aws.apigateway.Resource, name, parent_id=parent_id, path_part=path_part)

    def _route(self, name: str, resource: aws.apigateway.Resource, queues: Queues) -> None:
        """POST, with an API key: queue the request, answer by SQS's status."""
        providers: tuple[Provider, ...] = self._catalogue
        method = self._part(
            aws.apigateway.Method,
            f"{name}_post",
            resource_id=resource.id,
            http_method="POST",
            authorization="NONE",
            api_key_required=True,
            request_parameters={"method.request.path.provider": True} if name == "webhook_provider" else None,
        )
        content_types = sorted({content_type for provider in providers for content_type in provider.content_types})
        settings = self._settings
        # Only of the path: `$input.params` would look into the query string on a route without it.
        path_provider = PATH_PROVIDER if name == "webhook_provider" else ""
        integration = self._part(
            aws.apigateway.Integration,
            f"{name}_queue",
            [method, queues.webhook],
            resource_id=resource.id,
            http_method="POST",
            type="AWS",
            integration_http_method="POST",
            uri=f"arn:aws:apigateway:{settings.region}:sqs:path/{settings.account_id}/{settings.name('webhook_queue')}",
            credentials=settings.role_arn("webhook_api_role"),
            request_parameters={"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"},
            request_templates=dict.fromkeys(content_types, request_template(providers, path_provider, self._source_ip)),
            # Another media type is refused with 415 instead of being queued unread.
            passthrough_behavior="NEVER",
            timeout_milliseconds=LIMITS["gateway"]["integration_timeout_ms"],
        )
        templates = {
            "200": success_template(providers),
            "400": refusal_template(),
            "413": TOO_LARGE,
            "503": UNAVAILABLE,
        }
        for status, pattern in INTEGRATION_RESPONSES.items():
            response = self._part(
                aws.apigateway.MethodResponse,
                f"{name}_method_{status}",
                [method],
                resource_id=resource.id,
                http_method="POST",
                status_code=status,
                response_models={"application/json": "Empty"},
            )
            self._part(
                aws.apigateway.IntegrationResponse,
                f"{name}_queue_{status}",
                [integration, response],
                resource_id=resource.id,
                http_method="POST",
                status_code=status,
                selection_pattern=pattern,
                response_templates={"application/json": templates[status]},
            )

    def _handshake(self, resource: aws.apigateway.Resource, answerer: pulumi.Resource) -> None:
        """GET, with an API key: the function answers. No webhook comes this way, and usage plans let few of them through (`api_keys`)."""
        settings = self._settings
        method = self._part(
            aws.apigateway.Method,
            HANDSHAKE_METHOD,
            resource_id=resource.id,
            http_method="GET",
            authorization="NONE",
            api_key_required=True,
            request_parameters={"method.request.path.provider": True},
        )
        self._part(
            aws.apigateway.Integration,
            "webhook_provider_handshake",
            [method, answerer],
            resource_id=resource.id,
            http_method="GET",
            type="AWS_PROXY",
            integration_http_method="POST",
            uri=f"arn:aws:apigateway:{settings.region}:lambda:path/2015-03-31/functions/{settings.function_arn(ANSWERER)}/invocations",
            credentials=settings.role_arn("webhook_api_role"),
            timeout_milliseconds=LIMITS["gateway"]["integration_timeout_ms"],
        )

    def _gateway_responses(self) -> None:
        for response_type, (status, code, message) in GATEWAY_RESPONSES.items():
            name = f"answer_{response_type.lower()}"
            template = {"application/json": error_body(code, message)}
            self._written.append([name, status, template])
            self._parts.append(
                aws.apigateway.Response(
                    name,
                    rest_api_id=self.api.id,
                    response_type=response_type,
                    status_code=status,
                    response_templates=template,
                    opts=self._child,
                )
            )

    def _stage(self, name: str, key_arn: pulumi.Input[str]) -> None:
        settings = self._settings
        access_log_name = settings.access_log_group
        access_log = ProtectedLog("webhook_api_access_log", settings, access_log_name, key_arn, self._child)
        # API Gateway makes this group by itself, without retention or key, unless it is there first. Its name holds the API's id, not the suffix.
        execution_log = ProtectedLog(
            "webhook_api_execution_log",
            settings,
            self.api.id.apply(lambda api_id: f"API-Gateway-Execution-Logs_{api_id}/{STAGE}"),
            key_arn,
            self._child,
        )
        # Without a trigger that changes with them, a change of a part would never go live.
        # Without the suffix, which is never changed: the local cloud evaluates the program for any.
        fingerprint = json.dumps(self._written, sort_keys=True).replace(settings.name(""), "_")
        deployment = aws.apigateway.Deployment(
            "webhook_api_deployment",
            rest_api=self.api.id,
            triggers={"routes": hashlib.sha256(fingerprint.encode()).hexdigest()},
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._parts),
        )
        self.stage = aws.apigateway.Stage(
            "webhook_api_stage",
            rest_api=self.api.id,
            deployment=deployment.id,
            stage_name=STAGE,
            access_log_settings=aws.apigateway.StageAccessLogSettingsArgs(
                destination_arn=settings.log_group_arn(access_log_name), format=json.dumps(ACCESS_LOG)
            ),
            xray_tracing_enabled=False,
            tags=settings.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[access_log, execution_log]),
        )
        limits = LIMITS["gateway"]
        aws.apigateway.MethodSettings(
            "webhook_api_settings",
            rest_api=self.api.id,
            stage_name=self.stage.stage_name,
            method_path=METHOD_SETTINGS_PATH,
            settings=aws.apigateway.MethodSettingsSettingsArgs(
                metrics_enabled=True,
                # INFO writes some ten lines a request, which cost more than the request: the access log
                # has what is asked for afterwards.
                logging_level="ERROR",
                # Bodies hold card data: never traced.
                data_trace_enabled=False,
                throttling_rate_limit=limits["throttle_rate"],
                throttling_burst_limit=limits["throttle_burst"],
            ),
            opts=self._child,
        )
        self.endpoint = pulumi.Output.concat(
            "https://", self.api.id, f".execute-api.{settings.region}.amazonaws.com/{STAGE}/webhook"
        )

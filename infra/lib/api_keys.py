"""An API key for each provider, so that one can be limited, rotated and shut out without the others.

Two keys each, because a provider's new address must work before its old one stops: slot a is live from the start, slot b is the spare. Which of them lives is the operator's,
at night and without a deploy (`payhook keys rotate|retire`): Pulumi ignores the switch and the note that says when a key was retired. It makes a retired key anew with
`pulumi up --replace`, because a key's value never changes: the provider of AWS for Pulumi replaces the key for another one, and so would we.
Source: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateApiKey.html, read 2026-11-26.

A key says who may knock; who signed is what webhook_processor asks. So a key of one provider lets nobody through as another.
"""

import pulumi
import pulumi_aws as aws

from lib.gateway import HANDSHAKE_PATH, STAGE, Gateway
from lib.limits import LIMITS, LIVE_SLOT, SPARE_SLOT
from lib.settings import Settings

# The operator's, by `payhook keys`.
SWITCHED_BY_HAND = ["enabled", "description"]


class ApiKeys(pulumi.ComponentResource):
    """A usage plan and two keys for each provider of the stack."""

    def __init__(self, settings: Settings, gateway: Gateway, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("payhook:index:ApiKeys", "api_keys", None, opts)
        self._settings = settings
        self._gateway = gateway
        # Provider and slot to the key's id.
        self.ids = {provider.name: self._of(provider.name) for provider in settings.catalogue}
        self.register_outputs({})

    def _of(self, provider: str) -> dict[str, pulumi.Output[str]]:
        settings = self._settings
        limits = LIMITS["gateway"]
        plan = aws.apigateway.UsagePlan(
            f"webhook_usage_plan_{provider}",
            name=settings.name(f"webhook_usage_plan_{provider}"),
            api_stages=[
                aws.apigateway.UsagePlanApiStageArgs(
                    api_id=self._gateway.api.id,
                    stage=STAGE,
                    # A handshake wakes the function that webhooks wait for.
                    throttles=[
                        aws.apigateway.UsagePlanApiStageThrottleArgs(
                            path=HANDSHAKE_PATH,
                            rate_limit=limits["handshake_rate"],
                            burst_limit=limits["handshake_burst"],
                        )
                    ],
                )
            ],
            throttle_settings=aws.apigateway.UsagePlanThrottleSettingsArgs(
                rate_limit=limits["throttle_rate"], burst_limit=limits["throttle_burst"]
            ),
            tags=settings.tags,
            # A plan takes a stage that is there.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self._gateway.stage]),
        )
        return {slot: self._key(provider, slot, plan) for slot in (LIVE_SLOT, SPARE_SLOT)}

    def _key(self, provider: str, slot: str, plan: aws.apigateway.UsagePlan) -> pulumi.Output[str]:
        name = f"webhook_api_key_{provider}_{slot}"
        key = aws.apigateway.ApiKey(
            name,
            name=self._settings.name(name),
            enabled=slot == LIVE_SLOT,
            tags=self._settings.tags,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=SWITCHED_BY_HAND),
        )
        aws.apigateway.UsagePlanKey(
            f"webhook_usage_plan_key_{provider}_{slot}",
            key_id=key.id,
            key_type="API_KEY",
            usage_plan_id=plan.id,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return key.id

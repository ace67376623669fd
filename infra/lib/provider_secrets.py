"""A secret per provider: a list of keys, so that they can be rotated. The stack makes the secret; a person puts the value in.

A provider whose own records are compared has a second one, with the key of its API: one that may do
no more than read, and that the function for webhooks cannot read.
"""

import pulumi
import pulumi_aws as aws

from lib.listings import read_listings
from lib.settings import API_SECRET_NAME_PREFIX, Settings


class ProviderSecrets(pulumi.ComponentResource):
    """Empty until filled: a provider without a secret is refused, never trusted."""

    def __init__(
        self, settings: Settings, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:ProviderSecrets", "provider_secrets", None, opts)

        def secret(logical_name: str, name: str, text: str) -> None:
            aws.secretsmanager.Secret(
                logical_name,
                name=name,
                description=text,
                kms_key_id=key_arn,
                # Deleted at once: an environment can be made again under the same name.
                recovery_window_in_days=0,
                tags=settings.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )

        for provider in settings.catalogue:
            text = f'{{"keys":["newest","older"],"notification_url":null}} of {provider.name}'
            secret(f"webhook_secret_{provider.name}", settings.secret(provider.name), text)
        listings = read_listings()
        for name in settings.gap_check:
            text = f'{{"keys":["key"]}} of the API of {name}: {listings[name].rights}'
            secret(f"{API_SECRET_NAME_PREFIX}{name}", settings.api_secret(name), text)
        self.register_outputs({})

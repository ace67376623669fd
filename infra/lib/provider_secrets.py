"""A secret per provider: a list of keys, so that they can be rotated. The stack makes the secret; a person puts the value in."""

import pulumi
import pulumi_aws as aws

from lib.settings import Settings


class ProviderSecrets(pulumi.ComponentResource):
    """Empty until filled: a provider without a secret is refused, never trusted."""

    def __init__(
        self, settings: Settings, key_arn: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("payhook:index:ProviderSecrets", "provider_secrets", None, opts)
        self.secrets = {
            provider.name: aws.secretsmanager.Secret(
                f"webhook_secret_{provider.name}",
                name=settings.secret(provider.name),
                description=f'{{"keys":["newest","older"],"notification_url":null}} of {provider.name}',
                kms_key_id=key_arn,
                # Deleted at once: an environment can be made again under the same name.
                recovery_window_in_days=0,
                tags=settings.tags,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for provider in settings.catalogue
        }
        self.register_outputs({})

"""Random keys in each provider's own form, for the local cloud."""

import base64
import json
import secrets as random_source
from typing import Any

from infra.lib.catalogue import Key, Provider
from infra.local_cloud.clients import Clients


def fresh_key(form: Key) -> str | None:
    """A new key of this form; none where the provider has no keys."""
    match form.encoding:
        case "none":
            return None
        case "text":
            return form.prefix + random_source.token_urlsafe(form.size_bytes)
        case "hex":
            return form.prefix + random_source.token_hex(form.size_bytes).upper()
        case "base64":
            return form.prefix + base64.b64encode(random_source.token_bytes(form.size_bytes)).decode()
    raise ValueError(f"no key can be made in the encoding {form.encoding}: add it here")


def fresh(provider: Provider) -> dict[str, Any]:
    """What Secrets Manager holds of one provider: `{"keys": [newest, …], "NAME": …}`."""
    key = fresh_key(provider.key)
    samples = {name: sample.replace("{n}", "1") for name, sample in provider.settings.items()}
    return {"keys": [] if key is None else [key], **samples}


def put(clients: Clients, suffix: str, keys: dict[str, dict[str, Any]]) -> None:
    """Gives the stack's secrets their values."""
    for provider, value in keys.items():
        name = f"webhook_secret_{provider}_{suffix}"
        clients.secretsmanager.put_secret_value(SecretId=name, SecretString=json.dumps(value))

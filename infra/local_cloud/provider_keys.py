"""Random keys in each provider's own form, for the local cloud."""

import base64
import json
import secrets as random_source
from typing import Any

from infra.local_cloud.clients import Clients

SQUARE_URL = "https://hooks.example.com/webhook/square"


def fresh(provider: str) -> dict[str, Any]:
    """What Secrets Manager holds of one provider: `{"keys": [newest, …], "notification_url"?}`."""
    match provider:
        case "stripe":
            return {"keys": [f"whsec_{random_source.token_hex(24)}"]}
        case "adyen":
            return {"keys": [random_source.token_hex(32).upper()]}
        case "square":
            return {"keys": [random_source.token_urlsafe(24)], "notification_url": SQUARE_URL}
        case "standardwebhooks":
            return {"keys": [f"whsec_{base64.b64encode(random_source.token_bytes(32)).decode()}"]}
    raise ValueError(f"no form of key is known for {provider}: add it to infra/local_cloud/provider_keys.py")


def put(clients: Clients, suffix: str, keys: dict[str, dict[str, Any]]) -> None:
    """Gives the stack's secrets their values."""
    for provider, value in keys.items():
        name = f"webhook_secret_{provider}_{suffix}"
        clients.secretsmanager.put_secret_value(SecretId=name, SecretString=json.dumps(value))

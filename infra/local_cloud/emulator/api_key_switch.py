"""Gap: UpdateApiKey keeps what a patch says as text, and the text "false" counts as on: a key that was switched off still opens the door.

AWS: `enabled` is a boolean, and a patch's value is text. Source: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateApiKey.html, read 2026-11-26.
"""

from typing import Any

from ministack.services import apigateway_v1


def apply() -> None:
    """Puts the patch in place."""
    update = apigateway_v1._update_api_key

    def update_api_key(key_id: str, data: dict[str, Any]) -> Any:
        for operation in data.get("patchOperations", []):
            if operation.get("path") == "/enabled":
                operation["value"] = str(operation.get("value")).lower() == "true"
        return update(key_id, data)

    apigateway_v1._update_api_key = update_api_key

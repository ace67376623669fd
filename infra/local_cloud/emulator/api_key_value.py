"""Gap: CreateApiKey refuses an empty value as too short.

AWS: an empty value stands for none, and a value is made. Pulumi's AWS provider is made of
Terraform's, which sends an empty value for every key without one:
https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/apigateway/api_key.go,
read 2026-11-27.
"""

from typing import Any

from ministack.services import apigateway_v1


def apply() -> None:
    """Puts the patch in place."""
    create = apigateway_v1._create_api_key

    def create_api_key(data: dict[str, Any]) -> Any:
        return create({name: value for name, value in data.items() if name != "value" or value != ""})

    apigateway_v1._create_api_key = create_api_key

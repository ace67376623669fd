"""Pulumi's camelCase inputs as the request shapes of boto3."""

from typing import Any


def capitalised(value: Any) -> Any:
    """The same structure with each key's first letter capital, as most AWS requests spell it."""
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: capitalised(item) for key, item in value.items()}
    if isinstance(value, list):
        return [capitalised(item) for item in value]
    return whole(value)


def whole(value: Any) -> Any:
    """Pulumi's wire has only floating-point numbers; boto3 wants whole ones where they are."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def present(**arguments: Any) -> dict[str, Any]:
    """The arguments that have a value."""
    return {name: whole(value) for name, value in arguments.items() if value is not None}

"""Properties as Pulumi's engine sends them to a plugin, and what a plugin makes of them.

A property is JSON. An object with `SIGNATURE` in it is no object but a secret, an output or an
archive, and certain texts stand for values that are not known yet. Source: `unmarshalPropertyValue`
of https://github.com/pulumi/pulumi/blob/v3.248.0/sdk/go/common/resource/plugin/rpc.go, read
2026-11-27.
"""

from collections.abc import Callable
from typing import Any, cast

from google.protobuf import json_format, struct_pb2
from pulumi.runtime import rpc

SIGNATURE = rpc._special_sig_key
SECRET = rpc._special_secret_sig
OUTPUT = rpc._special_output_value_sig
ARCHIVE = rpc._special_archive_sig
ASSET = rpc._special_asset_sig
# A value of a kind that is not known yet, and what the Go SDK shows of it.
UNKNOWNS: dict[str, Any] = {
    rpc.UNKNOWN: "",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7": False,
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421": 0,
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2": [],
    "030794c1-ac77-496b-92df-f27374a8bd58": {},
    "e48ece36-62e2-4504-bad9-02848725956a": {},
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff": {},
}
UNKNOWN = rpc.UNKNOWN
DEFAULTS = "__defaults"
Properties = dict[str, Any]


def of_struct(struct: struct_pb2.Struct) -> Properties:
    """Properties as JSON values; whole numbers are integers, as Go's JSON writes them."""
    return {key: _whole(item) for key, item in json_format.MessageToDict(struct).items()}


def to_struct(properties: Properties) -> struct_pb2.Struct:
    """Properties as a message."""
    return json_format.ParseDict(properties, struct_pb2.Struct())


def _whole(value: Any) -> Any:
    return mapped(value, _whole) if isinstance(value, dict | list) else _integer(value)


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The object or list with each item changed; another value as it is."""
    if isinstance(value, dict):
        return {key: change(item) for key, item in cast("Properties", value).items()}
    if isinstance(value, list):
        return [change(item) for item in cast("list[Any]", value)]
    return value


def signature(value: Any) -> str:
    """What kind of object it is that is no object; blank where it is anything else."""
    return str(cast("Properties", value).get(SIGNATURE, "")) if isinstance(value, dict) else ""


def is_unknown(value: Any) -> bool:
    """Whether the value is not known yet."""
    return isinstance(value, str) and value in UNKNOWNS


def secret(value: Any) -> Properties:
    """A value marked as secret."""
    return {SIGNATURE: SECRET, "value": value}


def is_secret(value: Any) -> bool:
    """Whether the value itself is marked as secret."""
    return signature(value) == SECRET


def has_secret(value: Any) -> bool:
    """Whether the value, or anything in it, is marked as secret."""
    if is_secret(value):
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(has_secret(item) for item in cast("Any", items))


def revealed(value: Any) -> Any:
    """The value without marks of secrets."""
    return revealed(value["value"]) if is_secret(value) else mapped(value, revealed)


def without_defaults(value: Any) -> Any:
    """The value without the lists of what a provider filled in."""
    if isinstance(value, dict):
        entries = cast("Properties", value)
        return {key: without_defaults(item) for key, item in entries.items() if key != DEFAULTS}
    return mapped(value, without_defaults)


def as_rules_see(properties: Properties) -> Properties:
    """Properties as the analyzer for Rego hands them to the rules (`PropertyMap.Mappable`).

    Go knows no secret and no unknown value there: it writes the structures that hold them,
    `Secret{Element PropertyValue{V any}}` and `Computed{Element PropertyValue{V any}}`.
    """
    return mapped(properties, _seen)


def _seen(value: Any) -> Any:
    if is_unknown(value):
        return {"Element": {"V": UNKNOWNS[value]}}
    if is_secret(value):
        return {"Element": _below_secret(value["value"])}
    if signature(value) == OUTPUT:
        return _seen(_of_output(value))
    # An archive stays the object that it came as.
    return mapped(value, _seen)


def _below_secret(value: Any) -> Properties:
    if is_unknown(value) or is_secret(value):
        return {"V": _seen(value)}
    if signature(value) == OUTPUT:
        return _below_secret(_of_output(value))
    return {"V": mapped(value, _below_secret)}


def _of_output(value: Properties) -> Any:
    held = value.get("value", UNKNOWN)
    return secret(held) if value.get("secret") else held

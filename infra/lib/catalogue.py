"""The provider catalogue: written from the Rust sources, read here for secrets, headers and answers."""

import json
from dataclasses import dataclass
from pathlib import Path

CATALOGUE_FILE = Path(__file__).resolve().parents[2] / "functions/provider_webhooks/catalogue.json"


@dataclass(frozen=True)
class Key:
    """The form of a provider's keys: a prefix, then so many random bytes in an encoding (none, text, hex, base64)."""

    prefix: str
    encoding: str
    size_bytes: int


@dataclass(frozen=True)
class Provider:
    """What the infrastructure needs to know of a provider."""

    name: str
    forwarded_headers: tuple[str, ...]
    content_types: tuple[str, ...]
    acknowledgement_status: int
    acknowledgement_content_type: str
    acknowledgement_body: str
    key: Key
    settings: dict[str, str]
    handshake_method: str | None
    handshake_parameters: tuple[str, ...]


def read_catalogue(path: Path = CATALOGUE_FILE) -> tuple[Provider, ...]:
    """Every provider, by name."""
    return tuple(
        Provider(
            name=entry["name"],
            forwarded_headers=(*entry["signature_headers"], *entry["unsigned_headers"]),
            content_types=tuple(entry["content_types"]),
            acknowledgement_status=entry["acknowledgement"]["status"],
            acknowledgement_content_type=entry["acknowledgement"]["content_type"],
            acknowledgement_body=entry["acknowledgement"]["body"],
            key=Key(entry["key"]["prefix"], entry["key"]["encoding"], entry["key"]["bytes"]),
            settings={setting["name"]: setting["sample"] for setting in entry["settings"]},
            handshake_method=entry["handshake"]["method"] if entry["handshake"] else None,
            handshake_parameters=_parameters(entry["handshake"]),
        )
        for entry in json.loads(path.read_text())
    )


def _parameters(handshake: dict[str, str] | None) -> tuple[str, ...]:
    """The query parameters that a provider's handshake has: one or none."""
    return (handshake["parameter"],) if handshake and handshake["parameter"] else ()

"""The provider catalogue: written from the Rust sources, read here for secrets, headers and answers."""

import json
from dataclasses import dataclass
from pathlib import Path

CATALOGUE_FILE = Path(__file__).resolve().parents[2] / "functions/provider_webhooks/catalogue.json"


@dataclass(frozen=True)
class Provider:
    """What the infrastructure needs to know of a provider."""

    name: str
    signature_headers: tuple[str, ...]
    content_types: tuple[str, ...]
    acknowledgement_status: int
    acknowledgement_content_type: str
    acknowledgement_body: str


def read_catalogue(path: Path = CATALOGUE_FILE) -> tuple[Provider, ...]:
    """Every provider, by name."""
    return tuple(
        Provider(
            name=entry["name"],
            signature_headers=tuple(entry["signature_headers"]),
            content_types=tuple(entry["content_types"]),
            acknowledgement_status=entry["acknowledgement"]["status"],
            acknowledgement_content_type=entry["acknowledgement"]["content_type"],
            acknowledgement_body=entry["acknowledgement"]["body"],
        )
        for entry in json.loads(path.read_text())
    )

"""What the providers' APIs list: written from the Rust sources, read here for the gap check."""

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LISTINGS_FILE = Path(__file__).resolve().parents[2] / "functions/provider_listings/listings.json"
NOTHING = "nothing"


@dataclass(frozen=True)
class Listing:
    """A provider whose API lists what can be compared with what is stored."""

    provider: str
    rights: str
    # Where it is asked. None where the customer has a host of its own, which the API secret names.
    hosts: tuple[str, ...]


def _hosts(entry: dict[str, str | dict[str, str]]) -> tuple[str, ...]:
    """The host of the API, and the one that gives out tokens where it is another."""
    auth = entry["auth"]
    detail = auth.get("detail", "") if isinstance(auth, dict) else ""
    addresses = [entry["base_url"], detail]
    found = [urlsplit(address).hostname for address in addresses if str(address).startswith("https://")]
    return tuple(dict.fromkeys(str(host) for host in found))


def read_listings(path: Path = LISTINGS_FILE) -> dict[str, Listing]:
    """Every provider that lists something, by name."""
    return {
        entry["provider"]: Listing(entry["provider"], entry["rights"], _hosts(entry))
        for entry in json.loads(path.read_text())
        if entry["lists"] != NOTHING
    }

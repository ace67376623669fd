"""Webhooks that payhook signs, caught at a server of ours, and what an attacker or a careless operator makes of them.

Invariant: a case states nothing about its verdict; judges do.
"""

import base64
import json
import random
import secrets as random_source
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CATALOGUE = Path(__file__).resolve().parents[2] / "functions/provider_webhooks/catalogue.json"
EACH = 8


@dataclass(frozen=True)
class Request:
    """One request to be judged; `secret` is `{"keys": […], "NAME": …}`."""

    provider: str
    name: str
    body: bytes
    headers: dict[str, str]
    secret: dict
    now: int

    def line(self) -> str:
        """The request as `payhook verify` reads it."""
        settings = {name: value for name, value in self.secret.items() if name != "keys"}
        return json.dumps(
            {
                "provider": self.provider, "headers": self.headers, "body_base64": base64.b64encode(self.body).decode(),
                "secrets": self.secret["keys"], "settings": settings, "received_at": self.now,
            }
        )  # fmt: skip


def catalogue() -> list[dict]:
    return json.loads(CATALOGUE.read_text())


def fresh_secret(entry: dict, number: int) -> dict:
    """A new secret of the provider's form; settings are the catalogue's samples."""
    form = entry["key"]
    value = random_source.token_bytes(form["bytes"])
    key = {
        "none": None,
        "text": form["prefix"] + random_source.token_hex(12),
        "hex": form["prefix"] + value.hex().upper(),
        "base64": form["prefix"] + base64.b64encode(value).decode(),
    }[form["encoding"]]
    settings = {setting["name"]: setting["sample"].replace("{n}", str(number)) for setting in entry["settings"]}
    return {"keys": [] if key is None else [key], **settings}


class _Catcher(BaseHTTPRequestHandler):
    caught: list[tuple[str, dict[str, str], bytes, int]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        provider = urllib.parse.urlsplit(self.path).path.rsplit("/", 1)[-1]
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.caught.append((provider, headers, body, int(time.time())))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a log of requests would hold their bodies' signatures."""


def capture(payhook: str) -> list[Request]:
    """`EACH` genuine webhooks of every provider, signed by payhook with fresh secrets."""
    given = {entry["name"]: fresh_secret(entry, 1) for entry in catalogue()}
    return catch(payhook, given, "--provider", "all", "--count", str(EACH * len(given)), "--seed", "7")


def catch(payhook: str, given: dict[str, dict], *options: str) -> list[Request]:
    """What `payhook send` sends with these options; `given` are the providers' secrets."""
    entries = {entry["name"]: entry for entry in catalogue()}
    caught: list[tuple[str, dict[str, str], bytes, int]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Catcher", (_Catcher,), {"caught": caught}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(given, file)
        file.flush()
        subprocess.run(
            [payhook, "send", "--endpoint", f"http://127.0.0.1:{server.server_port}/webhook", "--api-key", "unused",
             "--secrets-file", file.name, "--json", *options],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
    server.shutdown()
    numbers = dict.fromkeys(entries, 0)
    requests = []
    for provider, headers, body, now in caught:
        numbers[provider] += 1
        sent = (*entries[provider]["signature_headers"], *entries[provider]["unsigned_headers"])
        told = {name: headers[name] for name in sent if name in headers}
        requests.append(Request(provider, f"{provider} {numbers[provider]}", body, told, given[provider], now))
    return requests


def _flip(rng: random.Random, body: bytes) -> bytes:
    """One digit becomes another one, so that the body stays of its shape."""
    places = [i for i, byte in enumerate(body) if byte in b"2345678"]
    i = rng.choice(places)
    return body[:i] + bytes([body[i] ^ 1]) + body[i + 1 :]


def _cut(value: str) -> str:
    middle = len(value) * 3 // 4
    return value[:middle] + ("1" if value[middle] != "1" else "2") + value[middle + 1 :]


def variants(good: Request) -> Iterator[Request]:
    """The request and what is made of it."""
    entry = next(entry for entry in catalogue() if entry["name"] == good.provider)
    rng = random.Random(good.name)
    other = fresh_secret(entry, 2)
    yield good
    yield replace(good, name=f"{good.name} body altered", body=_flip(rng, good.body))
    yield replace(good, name=f"{good.name} body cut", body=good.body[:-1])
    yield replace(good, name=f"{good.name} other secret", secret=other)
    if good.secret["keys"]:
        for order, keys in {
            "old first": other["keys"] + good.secret["keys"],
            "new first": good.secret["keys"] + other["keys"],
        }.items():
            yield replace(good, name=f"{good.name} rotated, {order}", secret={**good.secret, "keys": keys})
    yield replace(good, name=f"{good.name} capitals", headers={name.upper(): v for name, v in good.headers.items()})
    for header in (name for name in entry["signature_headers"] if name in good.headers):
        value = good.headers[header]
        yield replace(good, name=f"{good.name} {header} altered", headers=good.headers | {header: _cut(value)})
        yield replace(good, name=f"{good.name} {header} cut", headers=good.headers | {header: value[:-1]})
        yield replace(good, name=f"{good.name} {header} empty", headers=good.headers | {header: ""})
    if entry["replay_window_past_seconds"] is not None:
        for seconds in (entry["replay_window_past_seconds"] + 60, -(entry["replay_window_future_seconds"] or 0) - 60):
            yield replace(good, name=f"{good.name} received {seconds} s later", now=good.now + seconds)

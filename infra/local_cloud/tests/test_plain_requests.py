"""Whatever a client sends, it is answered the same bytes as by the emulator's own server."""

import asyncio
import contextlib
import json
import re
from collections.abc import Callable
from typing import Any

import hypercorn.asyncio.run
import pytest
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config
from ministack import app as emulator

from infra.local_cloud.cloud import free_port
from infra.local_cloud.emulator.plain_requests import Connection, parsed

HOST = b"Host: localhost\r\n"
POST = b"POST /echo?x=%20a HTTP/1.1\r\n" + HOST
DATE = re.compile(rb"date: [^\r]*\r\n")
LAST = b"GET /last HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
LARGE = b"x" * 700_000
# Each is one connection: what is sent, in parts.
PLAIN: dict[str, list[bytes]] = {
    "get": [b"GET /echo/%C3%A9 HTTP/1.1\r\n" + HOST + b"X-Case:  kept as sent \r\nX-Empty:\r\nX-Raw: \xe9\tx\r\n\r\n"],
    "post": [POST + b"Content-Length: 5\r\n\r\nhello"],
    "in_parts": [POST[:7], POST[7:] + b"content-le", b"ngth: 5\r\n\r", b"\nhe", b"llo"],
    "several": [
        POST + b"Content-Length: 2\r\n\r\nab" + POST + b"Content-Length: 3\r\n\r\ncde",
        b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n",
    ],
    "large": [POST + b"Content-Length: %d\r\n\r\n" % len(LARGE) + LARGE],
    "twice_the_same_field": [POST + b"X-A: 1\r\nX-A: 2\r\n\r\n"],
    "chunked_answer": [b"GET /stream HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n"],
    "no_content": [b"DELETE /nothing HTTP/1.1\r\n" + HOST + b"\r\n", b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n"],
    "unknown_status": [b"GET /unknown HTTP/1.1\r\n" + HOST + b"\r\n"],
    "body_not_read": [
        b"PUT /unread HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
        b"GET /echo HTTP/1.1\r\n" + HOST + b"\r\n",
    ],
    "answer_closes": [b"GET /closes HTTP/1.1\r\n" + HOST + b"\r\n"],
    "failing": [b"GET /fails HTTP/1.1\r\n" + HOST + b"\r\n"],
}
OTHER: dict[str, list[bytes]] = {
    "closing": [POST + b"Connection: close\r\nContent-Length: 2\r\n\r\nab"],
    "keeping": [POST + b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\nab"],
    "head": [b"HEAD /echo HTTP/1.1\r\n" + HOST + b"\r\n"],
    "after_a_plain_one": [POST + b"Content-Length: 2\r\n\r\nab", b"HEAD /echo HTTP/1.1\r\n" + HOST + b"\r\n", POST + b"Content-Length: 2\r\n\r\nab"],
    "expecting": [POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n", b"ab"],
    "chunked": [POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
    "chunked_and_long": [POST + b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
    "http_1_0": [b"GET /echo HTTP/1.0\r\n\r\n"],
    "without_host": [b"GET /echo HTTP/1.1\r\n\r\n"],
    "two_hosts": [b"GET /echo HTTP/1.1\r\n" + HOST + HOST + b"\r\n"],
    "two_lengths": [POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"],
    "no_number": [POST + b"Content-Length: +2\r\n\r\nab"],
    "space_before_colon": [POST + b"X-A : 1\r\n\r\n"],
    "folded": [POST + b"X-A: 1\r\n 2\r\n\r\n"],
    "control_character": [POST + b"X-A: a\x01b\r\n\r\n"],
    "line_feeds_alone": [POST.replace(b"\r\n", b"\n") + b"\n"],
    "whole_address": [b"GET http://localhost/echo HTTP/1.1\r\n" + HOST + b"\r\n"],
    "no_request": [b"hello\r\n\r\n"],
    "long_head": [POST + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n"],
}  # fmt: skip


# It decides what the server's own answers look like.
assert emulator.app


async def application(scope: Any, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    """Says what it was asked; other paths answer in unusual ways."""
    if scope["type"] == "lifespan":
        for phase in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{phase}.complete"})
        return
    if scope["path"] == "/fails":
        raise ValueError("as it should")
    parts, more = [], True
    while more and scope["path"] != "/unread":
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        parts.append(message["body"])
        more = message["more_body"]
    told = {name: scope[name] for name in ("method", "path", "http_version", "scheme", "root_path")}
    told |= {name: str(scope[name]) for name in ("raw_path", "query_string", "headers")}
    told |= {"body": len(b"".join(parts)), "server": scope["server"], "client": scope["client"][0]}
    body = json.dumps(told).encode()
    status = {"/nothing": 204, "/unknown": 299}.get(scope["path"], 200)
    headers = [(b"Content-Type", b"text/plain"), (b"x-amzn-RequestId", b"1")]
    if scope["path"] == "/closes":
        headers.append((b"connection", b"close"))
    if scope["path"] not in ("/stream", "/nothing"):
        headers.append((b"Content-Length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body[:9], "more_body": True})
    await send({"type": "http.response.body", "body": body[9:]})


async def answered(port: int, parts: list[bytes]) -> bytes:
    """What comes back until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = b""
    with contextlib.suppress(ConnectionError):
        for part in [*parts, LAST]:
            writer.write(part)
            await writer.drain()
            # Most parts arrive by themselves.
            await asyncio.sleep(0.01)
        while data := await reader.read(2**16):
            found += data
    writer.close()
    return DATE.sub(b"", found)


async def all_answered(connections: dict[str, list[bytes]], port: int) -> dict[str, bytes]:
    """What each connection is answered by the server that is in place."""
    config, ended = Config(), asyncio.Event()
    config.bind, config.errorlog, config.h11_pass_raw_headers = [f"127.0.0.1:{port}"], None, True
    serving = asyncio.create_task(worker_serve(ASGIWrapper(application), config, shutdown_trigger=ended.wait))
    while True:
        with contextlib.suppress(OSError):
            await answered(port, [])
            break
        await asyncio.sleep(0.01)
    found = {name: await answered(port, parts) for name, parts in connections.items()}
    ended.set()
    await serving
    return found


@pytest.fixture(scope="module")
def answers() -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Of the stock server, and of the one with plain requests served here."""
    port = free_port()
    stock = asyncio.run(all_answered(PLAIN | OTHER, port))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hypercorn.asyncio.run, "TCPServer", Connection)
        return stock, asyncio.run(all_answered(PLAIN | OTHER, port))


@pytest.mark.parametrize("name", PLAIN | OTHER)
def test_the_answer_is_the_servers_own(answers: tuple[dict[str, bytes], dict[str, bytes]], name: str) -> None:
    stock, here = answers
    assert here[name] == stock[name]
    if name in PLAIN:
        assert here[name].startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_request_is_served_here(name: str) -> None:
    head, _, _ = b"".join(PLAIN[name]).partition(b"\r\n\r\n")
    assert parsed(head + b"\r\n\r\n") is not None


@pytest.mark.parametrize("name", OTHER)
def test_any_other_is_the_servers(name: str) -> None:
    heads = b"".join(OTHER[name]).split(b"\r\n\r\n")
    plain = [parsed(head + b"\r\n\r\n") is not None for head in heads[:-1]]
    assert name in ("long_head", "after_a_plain_one") or not any(plain)

"""No gap: serves plain HTTP/1.1 requests with less work than the emulator's server.

h11 and the four layers above it take a fifth of what a webhook costs the emulator. A request is
plain if it has a method but HEAD, a path, well-formed headers that say nothing of the connection,
and a body of a stated length or none: what clients of AWS send nearly always. From the first request
that is not plain a connection is the server's own, with the bytes that were read, so anything else
is answered, and refused, as it was. `infra/local_cloud/tests/test_plain_requests.py` compares the
bytes of both answers.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from hypercorn.asyncio import run
from hypercorn.asyncio.tcp_server import TCPServer

REQUEST = re.compile(rb"(GET|POST|PUT|DELETE|PATCH|OPTIONS) (/[!-~]*) HTTP/1\.1\r\n")
FIELD = re.compile(rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*([!-~\x80-\xff]+(?:[ \t]+[!-~\x80-\xff]+)*)?[ \t]*")
END_OF_HEAD = b"\r\n\r\n"
# Fields about the connection or the body's form, and those for which the server answers by itself.
NOT_PLAIN = frozenset(
    (b"connection", b"transfer-encoding", b"expect", b"upgrade", b"te", b"trailer", b"http2-settings", b"keep-alive")
)
LENGTH = re.compile(rb"[0-9]{1,15}")
BODY_PART_BYTES = 2**18
# How often a request that waits for its client to go looks whether it went.
TICK_SECONDS = 0.1
WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

Headers = list[tuple[bytes, bytes]]
Message = dict[str, Any]


def parsed(head: bytes) -> tuple[str, bytes, Headers, int] | None:
    """The method, the target, the headers as they were sent and the body's length of a plain request;
    None where it is not plain. `head` ends with the empty line.
    """
    first = REQUEST.match(head)
    if first is None:
        return None
    headers: Headers = []
    hosts, length = 0, None
    for line in head[first.end() : -len(END_OF_HEAD)].split(b"\r\n"):
        field = FIELD.fullmatch(line)
        if field is None:
            return None
        name, value = field.group(1), field.group(2) or b""
        lower = name.lower()
        if lower in NOT_PLAIN:
            return None
        if lower == b"host":
            hosts += 1
        elif lower == b"content-length":
            if length is not None or not LENGTH.fullmatch(value):
                return None
            length = int(value)
        headers.append((name, value))
    return (first.group(1).decode(), first.group(2), headers, length or 0) if hosts == 1 else None


class Exchange:
    """One request and its answer, in ASGI's messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, length: int) -> None:
        """`length` is how many bytes the request's body has."""
        self._reader, self._writer, self.left = reader, writer, length
        self._asked = False
        self._head: bytes | None = None
        self._chunked = self._without_body = False
        self.closes = self.ended = self.began = False

    async def receive(self) -> Message:
        """The next part of the body; after the last one, that the client went."""
        if self.left or not self._asked:
            self._asked = True
            part = await self._reader.read(min(self.left, BODY_PART_BYTES)) if self.left else b""
            if self.left and not part:
                self.left, self.closes = 0, True
                return {"type": "http.disconnect"}
            self.left -= len(part)
            return {"type": "http.request", "body": part, "more_body": self.left > 0}
        while not (self.ended or self._reader.at_eof() or self._writer.is_closing()):
            await asyncio.sleep(TICK_SECONDS)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Takes the head of the answer, then its body in parts."""
        if message["type"] == "http.response.start":
            self._head = self._head_of(message["status"], message.get("headers", []))
            return
        if self._head is None or self.ended:
            raise RuntimeError(f"{message['type']} is out of place")
        body, more = bytes(message.get("body", b"")), message.get("more_body", False)
        if self._without_body:
            body = b""
        elif self._chunked:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"" if more else b"0\r\n\r\n")
        self.ended = not more
        # The head goes with the first part.
        self._writer.write(body if self.began else self._head + body)
        self.began = True
        await self._writer.drain()

    def _head_of(self, status: int, headers: Headers) -> bytes:
        names = {name.lower(): value for name, value in headers}
        self._without_body = status in WITHOUT_BODY
        self._chunked = b"content-length" not in names and not self._without_body
        self.closes = self.closes or names.get(b"connection", b"").lower() == b"close"
        lines = [b"%b: %b\r\n" % (name.strip(), value.strip()) for name, value in headers]
        if self._chunked:
            lines.append(b"Transfer-Encoding: chunked\r\n")
        with contextlib.suppress(ValueError):
            return b"HTTP/1.1 %d %b\r\n%b\r\n" % (status, HTTPStatus(status).phrase.encode(), b"".join(lines))
        return b"HTTP/1.1 %d \r\n%b\r\n" % (status, b"".join(lines))

    async def end(self) -> None:
        """Leaves the connection at the next request: reads what nobody asked for. An answer without an
        end is cut off.
        """
        if not self.began:
            await self.send({"type": "http.response.start", "status": 500, "headers": [
                (b"content-length", b"0"), (b"connection", b"close")]})  # fmt: skip
            await self.send({"type": "http.response.body"})
        self.closes = self.closes or not self.ended
        self.ended = True
        while self.left and not self.closes:
            await self.receive()


class Connection:
    """Serves the plain requests of one connection, and hands it to the server at the first other one."""

    def __init__(
        self, app: Any, loop: asyncio.AbstractEventLoop, config: Any, context: Any, state: Any,
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        """Takes what the server's own class takes."""
        self._app, self._loop, self._config, self._context, self._state = app, loop, config, context, state
        self._reader, self._writer = reader, writer

    def __await__(self) -> Any:
        """Serves until the connection is closed."""
        return self._run().__await__()

    async def _run(self) -> None:
        closing = self._loop.create_task(self._close_when_it_ends())
        try:
            plain = await self._serve()
        except OSError:
            plain = True
        finally:
            closing.cancel()
        if not plain:
            await TCPServer(self._app, self._loop, self._config, self._context, self._state, self._reader, self._writer)
            return
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _close_when_it_ends(self) -> None:
        await self._context.terminated.wait()
        self._writer.close()

    async def _serve(self) -> bool:
        """Serves plain requests. False at the first other one, of which nothing is taken then."""
        client, server = (self._writer.get_extra_info(name)[:2] for name in ("peername", "sockname"))
        while not self._writer.is_closing():
            idle = self._loop.call_later(self._config.keep_alive_timeout, self._writer.close)
            try:
                head = await self._reader.readuntil(END_OF_HEAD)
            except asyncio.IncompleteReadError as cut_off:
                return not self._put_back(cut_off.partial)
            except asyncio.LimitOverrunError:
                return False
            finally:
                idle.cancel()
            request = parsed(head) if len(head) <= self._config.h11_max_incomplete_size else None
            if request is None:
                return not self._put_back(head)
            method, target, headers, length = request
            path, _, query = target.partition(b"?")
            if not self._config.h11_pass_raw_headers:
                headers = [(name.lower(), value) for name, value in headers]
            scope = {
                "type": "http", "http_version": "1.1", "asgi": {"spec_version": "2.1", "version": "3.0"},
                "method": method, "scheme": "http", "path": unquote(path.decode("ascii")), "raw_path": path,
                "query_string": query, "root_path": self._config.root_path, "headers": headers, "client": client,
                "server": server, "state": self._state.copy(), "extensions": {},
            }  # fmt: skip
            exchange = Exchange(self._reader, self._writer, length)
            # A task of its own: what a request sets in its context is not the next one's.
            await self._loop.create_task(self._answer(scope, exchange))
            if exchange.closes:
                return True
        return True

    async def _answer(self, scope: Message, exchange: Exchange) -> None:
        call: Callable[..., Awaitable[None]] = self._app
        try:
            await call(scope, exchange.receive, exchange.send, None, None)
        except OSError:
            exchange.closes = exchange.began = True
        except Exception:
            await self._config.log.exception("Error in ASGI Framework")
        await exchange.end()

    def _put_back(self, data: bytes) -> bool:
        """Has the next reader read it; whether there was any."""
        self._reader._buffer[:0] = data  # type: ignore[attr-defined]
        return bool(data)


def apply() -> None:
    """Puts it in place."""
    setattr(run, "TCPServer", Connection)  # noqa: B010 (the module does not export it)

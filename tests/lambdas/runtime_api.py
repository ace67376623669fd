"""Lambda's Runtime API, as far as one invocation needs it: hands out one event and keeps what the function answers.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, read 2026-11-25. Every other request is an AWS call of the function and is denied,
so that nothing leaves this machine and nothing is tried again.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

ROOT = "/2018-06-01/runtime"
REQUEST_ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
INVOCATION_SECONDS = 600


@dataclass
class RuntimeApi:
    """The server: where it listens, and what the function said: `(path below the root, JSON)`."""

    event: Any
    answers: Queue[tuple[str, Any]] = field(default_factory=Queue)
    address: str = ""
    handed_out: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


def _handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

        def _answer(self, status: int, body: Any, **headers: str) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:
            if self.path != f"{ROOT}/invocation/next":
                self._answer(404, {})
                return
            if api.handed_out.is_set():
                # There is no second event: Lambda would freeze the function here.
                api.over.wait()
                return
            api.handed_out.set()
            self._answer(
                200,
                api.event,
                Lambda_Runtime_Aws_Request_Id=REQUEST_ID,
                Lambda_Runtime_Deadline_Ms=str(int((time.time() + INVOCATION_SECONDS) * 1000)),
                Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:us-east-2:000000000000:function:under_test",
                Lambda_Runtime_Trace_Id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not self.path.startswith(ROOT):
                self._answer(400, {"__type": "AccessDeniedException", "message": "no AWS here"})
                return
            self._answer(202, {"status": "OK"})
            api.answers.put((self.path.removeprefix(ROOT), json.loads(body or b"null")))

    return Handler


@contextmanager
def runtime_api(event: Any) -> Iterator[RuntimeApi]:
    """Serves one event on the loopback address until the block ends."""
    api = RuntimeApi(event)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(api))
    server.daemon_threads = True
    api.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.over.set()
        server.shutdown()
        server.server_close()
        thread.join()

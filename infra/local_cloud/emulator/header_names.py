"""Gap: header names reach API Gateway in lower case, whatever the sender wrote.

AWS: "Header names and query parameters are processed in a case-sensitive way", so a mapping
template that asks for a name in another case than the sender's finds nothing. Over HTTP/1.1 the
sender's case is kept. CloudFront capitalises each word of a name when its function has seen the
request.
Sources, read 2026-11-27:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
https://github.com/awsdocs/amazon-cloudfront-developer-guide/issues/70

Everything but mapping templates still sees names in lower case: keys and firewall rules ignore the
case, on AWS too.
"""

import contextvars
from collections.abc import Iterable
from typing import Any

from hypercorn.config import Config
from ministack import app

_sent: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("header_names", default=None)


def of_the_request() -> dict[str, str] | None:
    """The headers of the request with their names as they were sent; None without this patch."""
    return _sent.get()


def set_capitalised(headers: dict[str, str]) -> None:
    """The request goes on from CloudFront with these headers: it capitalises each word of their
    names.
    """
    if _sent.get() is not None:
        _sent.set({capitalised(name): value for name, value in headers.items()})


def capitalised(name: str) -> str:
    """`stripe-signature` becomes `Stripe-Signature`."""
    return "-".join(word.capitalize() for word in name.split("-"))


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Makes one header of a name that is sent twice in the same case.

    The values are joined, as the emulator does. Whether AWS joins them or keeps one is not
    documented.
    """
    headers: dict[str, str] = {}
    for name, value in pairs:
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def apply() -> None:
    """Puts the patch in place."""
    serve: Any = app.app

    async def serve_and_remember(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            pairs = scope.get("headers", [])
            _sent.set(joined((name.decode("latin-1"), app.decode_header_value(value)) for name, value in pairs))
            scope = {**scope, "headers": [(name.lower(), value) for name, value in pairs]}
        await serve(scope, receive, send)

    # The server forgets the sender's case unless it is told to keep it.
    Config.h11_pass_raw_headers = True
    app.app = serve_and_remember

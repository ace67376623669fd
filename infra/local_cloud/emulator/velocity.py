"""Renders API Gateway's mapping templates with airspeed, which is Velocity in Python, and makes it
agree with Velocity.

A template runs as a function that is made of airspeed's tree once (`velocity_program.py`).
`tests/velocity` renders the stack's templates with Apache Velocity as well and compares.
Sources, read 2026-11-27:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html (header names)
https://velocity.apache.org/engine/1.7/user-guide.html ("Directives")
"""

import base64
import contextlib
import functools
import json
import re
import string
import urllib.parse
from collections.abc import Callable
from typing import Any

import airspeed
from airspeed import operators
from jsonpath_ng import parse as parse_path

from infra.local_cloud.emulator.velocity_program import program


class _Text(str):
    """A text with those of Java's methods that templates need."""

    def contains(self, part: str) -> bool:
        return part in self

    def startsWith(self, start: str) -> bool:  # noqa: N802
        return self.startswith(start)

    def endsWith(self, end: str) -> bool:  # noqa: N802
        return self.endswith(end)

    def toLowerCase(self) -> "_Text":  # noqa: N802
        return _Text(self.lower())

    def toUpperCase(self) -> "_Text":  # noqa: N802
        return _Text(self.upper())


class _Map:
    """A map with those of Java's methods that templates need. A key that has a method's name does
    not hide the method.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = {_Text(key): _text(value) for key, value in values.items()}

    def __getitem__(self, key: str) -> Any:
        if hasattr(self, key):
            raise KeyError(key)
        return self._values[_Text(key)]

    def keySet(self) -> list[_Text]:  # noqa: N802
        return list(self._values)

    def get(self, key: str) -> Any:
        return self._values.get(_Text(key))

    def containsKey(self, key: str) -> bool:  # noqa: N802
        return key in self._values

    def size(self) -> int:
        return len(self._values)

    def isEmpty(self) -> bool:  # noqa: N802
        return not self._values


def _text(value: Any) -> Any:
    return _Text(value) if isinstance(value, str) else value


class _Input:
    """`$input`."""

    def __init__(self, body: str | None, request: dict[str, Any]) -> None:
        self.body = body
        self._request = request
        self._maps: dict[str, _Map] = {}

    def path(self, expression: str) -> Any:
        try:
            document = json.loads(self.body or "{}")
        except ValueError:
            return ""
        found = parse_path(expression).find(document)
        return found[0].value if found else ""

    def json(self, expression: str) -> str:
        return json.dumps(self.path(expression), separators=(",", ":"), ensure_ascii=False)

    def params(self, name: str | None = None) -> Any:
        path, query, headers = (self._request[part] for part in ("path", "query", "headers"))
        if name is None:
            # Templates ask for each header in turn, and change none.
            self._maps = self._maps or {"path": _Map(path), "querystring": _Map(query), "header": _Map(headers)}
            return self._maps
        # Path, then query string, then headers, as documented. No name is folded.
        for part in (path, query, headers):
            if name in part:
                return part[name]
        return ""


# What stands for each byte: Java's `URLEncoder` leaves letters, digits and these as they are.
URL_SAFE = string.ascii_letters + string.digits + ".-*_"
URL_ENCODED = ["+" if byte == 0x20 else chr(byte) if chr(byte) in URL_SAFE else f"%{byte:02X}" for byte in range(256)]


# The stack's templates encode the body twice.
@functools.lru_cache(maxsize=16)
def _url_encoded(text: str) -> str:
    return "".join(map(URL_ENCODED.__getitem__, text.encode()))


class _Util:
    """`$util`."""

    def urlEncode(self, text: Any) -> str:  # noqa: N802 (the name is Velocity's)
        return _url_encoded(str(text or ""))

    def urlDecode(self, text: str) -> str:  # noqa: N802
        return urllib.parse.unquote_plus(text)

    def base64Encode(self, text: str) -> str:  # noqa: N802
        return base64.b64encode((text or "").encode()).decode()

    def base64Decode(self, text: str) -> str:  # noqa: N802
        return base64.b64decode(text).decode()

    def parseJson(self, text: str) -> Any:  # noqa: N802
        return json.loads(text)


def _read_directives_as_velocity() -> None:
    """Makes airspeed read `#elseAction` as Velocity does: as a word that is no directive, so as
    text.

    Velocity takes letters, digits and underscores after `#` for one word. The user guide
    ("Directives") names this mistake: `#if($a==1)true enough#elseno way!#end`, where `#{else}` is
    needed. airspeed stops after `#else`.
    """
    operators.ElseBlock.START = re.compile(r"#(?:else(?!\w)|\{else\})(.*)$", re.S | re.A)
    operators.End.END = re.compile(r"#(?:end(?!\w)|\{end\})(.*)", re.S | re.A)
    operators.FallthroughHashText.PLAIN = re.compile(
        r"(#(?!(?:end|else|elseif)(?!\w)|\{(?:end|else|elseif)\}))(.*)$", re.S | re.A
    )


_read_directives_as_velocity()


@functools.lru_cache(maxsize=64)
def _template(text: str) -> tuple[airspeed.Template, Callable[[dict[str, Any]], str] | None]:
    """A template as airspeed renders it, and as a function where there is one for it."""
    template = airspeed.Template(text)
    return template, program(template)


def render(template: str, body: str | None, request: dict[str, Any]) -> str:
    """Renders a template for a body and a request: `path`, `query`, `headers`, `context` and
    `stage_variables`.

    What the template assigns to `$context.responseOverride` is in the request's `context`
    afterwards.
    """
    parsed, rendered = _template(template)
    if rendered is not None:
        # What goes wrong goes wrong again below, where the error says in which part of the template.
        with contextlib.suppress(Exception):
            return rendered(_names(body, request))
    return parsed.merge(_names(body, request))


def _names(body: str | None, request: dict[str, Any]) -> dict[str, Any]:
    """The variables that a template begins with."""
    return {
        "input": _Input(_text(body), request),
        "util": _Util(),
        "context": {name: _text(value) for name, value in request["context"].items()},
        "stageVariables": request["stage_variables"],
    }

"""Gap: a distribution answers to its own host name over TLS only, and refuses to go to an origin
that belongs to AWS.

AWS: a name leads to the distribution, which calls the REST API over TLS at its own name. Here
`/_edge/{label}/…` stands for that name and its TLS, and an API of this cloud is called in the same
process, with what CloudFront would send.
"""

import http.client
import re
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.services import apigateway_v1, cloudfront

from infra.local_cloud.emulator import header_names

PREFIX = "/_edge/"
API_HOST = re.compile(r"([a-z0-9]+)\.execute-api\.[a-z0-9-]+\.amazonaws\.com")


def apply() -> None:
    """Puts the patch in place."""
    handle, fetch = app._handle_cloudfront_dataplane_request, cloudfront._fetch_from_origin

    async def handle_edge(
        host: str, path: str, raw_path: str, raw_query: str, method: str, headers: Any, *rest: Any
    ) -> Any:
        if not path.startswith(PREFIX):
            return await handle(host, path, raw_path, raw_query, method, headers, *rest)
        label, _, remainder = path.removeprefix(PREFIX).partition("/")
        raw_remainder = raw_path.removeprefix(PREFIX).partition("/")[2]
        name = f"{label}.cloudfront.net"
        over_tls = {**headers, "host": name, "x-forwarded-proto": "https"}
        return await handle(name, f"/{remainder}", f"/{raw_remainder}", raw_query, method, over_tls, *rest)

    async def fetch_from_api(
        origin: Any, method: str, uri: str, query: str, headers: Any, body: bytes, is_https: bool, ip: str, xff: str,
        *rest: Any,
    ) -> Any:  # fmt: skip
        match = API_HOST.fullmatch(origin["domain_name"])
        if not match or apigateway_v1.find_api_scope(match[1]) is None:
            return await fetch(origin, method, uri, query, headers, body, is_https, ip, xff, *rest)
        if origin["protocol_policy"] != "https-only":
            raise cloudfront.OriginUnreachable("a REST API answers over TLS only")
        sent = {k.lower(): v for k, v in cloudfront._origin_request_headers(origin, headers, ip, xff).items()}
        header_names.set_capitalised(sent)
        stage, _, route = ((origin.get("origin_path") or "") + uri).lstrip("/").partition("/")
        answer: Any = await app._handle_execute_api_request(
            "", f"/restapis/{match[1]}/{stage}/_user_request_/{route}", method, sent, body,
            parse_qs(query, keep_blank_values=True),
        )  # fmt: skip
        status, answered, data = answer
        pairs = [(name, value) for name, values in answered.items() for value in _each(values)]
        return status, http.client.responses.get(status, ""), cloudfront._multidict_from_pairs(pairs), data

    app._handle_cloudfront_dataplane_request = handle_edge
    cloudfront._fetch_from_origin = fetch_from_api


def _each(values: Any) -> list[Any]:
    return values if isinstance(values, list) else [values]

"""Gap: the depth of a chain of invocations goes along with Python and Node functions only, so that
a function from a `provided` runtime may invoke itself without end.

AWS: Lambda hands each invocation a trace header with a lineage, the SDK sends it on with every call
(`RecursionDetectionInterceptor` of the SDK for Rust, which `lambda_runtime` gives the header by the
variable `_X_AMZN_TRACE_ID`), and the invocation after the sixteenth of a function in one chain is
dropped unless the function's `RecursiveLoop` is `Allow`. The emulator counts and drops; this patch
carries the count.
Sources, read 2026-11-27: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html and
https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader.
"""

import re
import secrets
import time
from typing import Any

from ministack.services import lambda_svc

HEADER = "x-amzn-trace-id"
LINEAGE = re.compile(r"Lineage=1:[0-9a-f]+:(\d+)")


def depth_of(header: str | None) -> int:
    """How many invocations came before the call with this trace header."""
    found = LINEAGE.search(header or "")
    return int(found[1]) if found else 0


def apply() -> None:
    """Puts the patch in place."""
    inbound = lambda_svc._inbound_invoke_depth

    def inbound_depth(headers: dict[str, Any]) -> int:
        return max(inbound(headers), depth_of(headers.get(HEADER)))

    def trace_id(config: dict[str, Any], inbound_trace_header: str | None = None) -> str:
        root = f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
        return f"{root};Lineage=1:{secrets.token_hex(4)}:{lambda_svc._invoke_depth.get()}"

    lambda_svc._inbound_invoke_depth = inbound_depth
    lambda_svc._xray_trace_id_for_invocation = trace_id

"""The limits of the stack, read from `infra/limits.json`: the one place for them."""

import json
import re
from pathlib import Path
from typing import Any

LIMITS: dict[str, Any] = json.loads((Path(__file__).resolve().parents[1] / "limits.json").read_text())
REGION: str = LIMITS["region"]
FUNCTIONS = ("webhook_processor", "analytics_processor", "archival_function")

# Of an environment: legal in every name that carries it, a bucket's too.
SUFFIX_FORM = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?")


# Webhooks a second, as text; the least is the default. Each goes with what it needs: invocations that
# are reserved, how many the queue starts at a time, and units a second that the tables are warm for.
CAPACITIES: dict[str, dict[str, Any]] = LIMITS["capacity"]
DEFAULT_CAPACITY = min(CAPACITIES, key=int)


def function_limits(function: str, capacity: str = DEFAULT_CAPACITY) -> dict[str, int]:
    """Time-out (seconds) and reserved concurrency of one function."""
    reserved = CAPACITIES[capacity]["reserved_concurrency"][function]
    return {**LIMITS["function"][function], "reserved_concurrency": reserved}


# The two API keys of a provider: the one that lives from the start, and its spare.
LIVE_SLOT, SPARE_SLOT = "a", "b"

"""Looks at a local cloud again as soon as something changed in it, see `emulator.changes`."""

import json
import math
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from infra.local_cloud.cloud import LocalCloud
from infra.local_cloud.emulator import CHANGES_PATH

T = TypeVar("T")
# What no change tells of, such as a process that starts, is looked for at least this often.
LOOK_AGAIN_SECONDS = 1.0
ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Activity:
    """What a cloud is doing."""

    # Counts what changed; only its growth means something.
    number: int
    # Requests, invocations and batches.
    under_way: int
    # Invocations under way by the function's name with its suffix; a function that does not run is not there.
    running: dict[str, int]
    # Messages and records that an event source is still to hand over.
    waiting: int
    # For how long nothing will happen unless somebody asks for it; infinite when never.
    rest_seconds: float


def activity(cloud: LocalCloud, after: int = -1, seconds: float = 0.0, rest_seconds: float | None = None) -> Activity:
    """What the cloud is doing: once its number is above `after`, at the latest after `seconds`.

    With `rest_seconds` also as soon as it is known that nothing will happen for so long from now.
    """
    asked: dict[str, float] = {"after": after, "seconds": seconds}
    if rest_seconds is not None:
        asked["rest"] = rest_seconds
    address = f"{cloud.aws_endpoint}{CHANGES_PATH}?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(address, timeout=seconds + ANSWER_SECONDS) as answer:
        found = json.load(answer)
    rest = found.pop("rest_seconds")
    return Activity(**found, rest_seconds=math.inf if rest is None else rest)


def until_found(cloud: LocalCloud, look: Callable[[], T], seconds: float) -> T:
    """What `look` finds as soon as it finds something; its last answer when `seconds` have passed."""
    return _looked(cloud, look, seconds, ends_at_rest=False)


def until_found_or_at_rest(cloud: LocalCloud, look: Callable[[], T], seconds: float) -> T:
    """As `until_found`, and ends as soon as the cloud will do nothing for the rest of `seconds`.

    For a `look` that sees only what functions, event sources and schedules do: it would find the
    same at the end. The last look is made after the cloud was seen at rest.
    """
    return _looked(cloud, look, seconds, ends_at_rest=True)


def _looked(cloud: LocalCloud, look: Callable[[], T], seconds: float, ends_at_rest: bool) -> T:
    until = time.monotonic() + seconds
    seen = activity(cloud)
    while True:
        # Seen before the look: what changes during it is told by the next answer.
        found = look()
        left = until - time.monotonic()
        if found or left <= 0 or (ends_at_rest and seen.rest_seconds >= left):
            return found
        pause = min(left, LOOK_AGAIN_SECONDS)
        seen = activity(cloud, seen.number, pause, left if ends_at_rest else None)

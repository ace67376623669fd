"""The proofs of the command line, as a person would run them."""

import datetime
from pathlib import Path

from infra.local_cloud.cloud import LocalCloud
from tests.demo.__main__ import proof


def around_today(days: int = 1) -> tuple[str, str]:
    """From some days before to the day after the UTC day, so that midnight does not matter."""
    today, one = datetime.datetime.now(datetime.UTC).date(), datetime.timedelta(days=1)
    return (today - days * one).isoformat(), (today + one).isoformat()


def recount_agrees(cloud: LocalCloud, payhook: Path) -> bool:
    """Whether counting the records of today again gives what was counted."""
    first, last = around_today()
    return proof(cloud, payhook, "analytics", "recount", "--from", first, "--to", last)[0] == 0

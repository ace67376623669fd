"""Each capacity sustains what its name says, by AWS's documented limits, and the page says so."""

import os

import pytest

from infra.capacity import PAGE, page, sustained
from infra.lib.limits import CAPACITIES, DEFAULT_CAPACITY, FUNCTIONS, LIMITS, function_limits


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_a_capacity_sustains_what_it_says(capacity: str) -> None:
    found = sustained(capacity)
    assert found.webhooks >= int(capacity)
    # A shard without an invocation of its own waits for one, and its age rings.
    assert found.analytics >= found.shards
    queue = CAPACITIES[capacity]["maximum_concurrency"]
    assert queue < function_limits("webhook_processor", capacity)["reserved_concurrency"]


def test_the_default_reserves_one_to_five() -> None:
    reserved = [function_limits(function)["reserved_concurrency"] for function in FUNCTIONS]
    assert DEFAULT_CAPACITY == "400"
    assert all(1 <= number <= 5 for number in reserved)


def test_the_page_is_what_the_numbers_say() -> None:
    text = page(LIMITS["webhook_queue"]["max_receive_count"])
    if os.environ.get("UPDATE_SNAPSHOTS"):
        PAGE.write_text(text)
    assert PAGE.read_text() == text

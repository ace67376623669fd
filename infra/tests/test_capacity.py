"""Each capacity sustains what its name says, by AWS's documented limits, and the page says so."""

import os

import pytest

from infra.capacity import PAGE, page, sustained
from infra.capacity_archive import day
from infra.capacity_bounds import IN_FLIGHT_MAX, PUTS_A_SECOND, bounds
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


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_a_capacity_stays_within_the_bounds_of_the_other_parts(capacity: str) -> None:
    found = bounds(capacity)
    assert found.gateway >= int(capacity)
    assert found.in_flight <= IN_FLIGHT_MAX
    assert found.puts <= PUTS_A_SECOND
    # By bench/README.md an invocation takes tens of milliseconds, and so does a batch of the stream.
    assert found.invocation_ms >= 500
    assert found.shard_batch_ms >= 100


def test_the_bounds_of_the_default_are_these() -> None:
    found = bounds(DEFAULT_CAPACITY)
    # 400 a second to four pollers, a window of one second; four invocations with a hundred each are a second's webhooks.
    assert (found.batch, found.invocation_ms) == (100, 1_000)
    # Four batches of 500 with their functions and four that are filled.
    assert found.in_flight == 4_000
    assert found.puts == 4


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_a_day_is_archived_within_a_day(capacity: str) -> None:
    found = day(capacity)
    assert found.items >= int(capacity) * 86_400
    assert 0 < found.processor_hours + found.waiting_hours < 24
    limits = function_limits("archival_function", capacity)
    hours = found.invocations * limits["timeout_seconds"] / 3_600
    assert hours >= found.processor_hours + found.waiting_hours

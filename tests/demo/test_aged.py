"""What an aged event tells stands in the table as if the event had come alone, on its own day."""

from typing import Any

import pytest

from tests.demo.aged import aged, aged_movements

EVENT: dict[str, Any] = {
    "transaction_id": {"S": "stripe:pi_1"},
    "timestamp": {"S": "2026-11-27T01:02:03.000000000Z#evt_1"},
    "event_id": {"S": "evt_1"},
    "event_time": {"S": "2026-11-27T01:02:03.000000000Z"},
    "received_at": {"S": "2026-11-27T01:02:04.000Z"},
    "archive_shard": {"S": "2026-11-27#03"},
    "tells": {"L": [{"S": "refund#re_1"}, {"S": "capture#ch_9#another"}]},
}


def _movement(*changes: str) -> dict[str, Any]:
    listed = [{"S": change} for change in changes]
    key = {"transaction_id": {"S": "stripe:pi_1"}, "timestamp": {"S": "movement#refund#re_1"}}
    return key | {"event_id": {"S": "evt_2"}, "version": {"N": "3"}, "changes": {"L": listed}}


@pytest.mark.parametrize(
    ("changes", "old"),
    [
        ((), []),
        (("2026-11-27T01:02:05.000Z EUR.2 30",), ["2026-08-19T01:02:04.000Z EUR.2 30"]),
        (("2026-11-27T01:02:05.000Z - 0", "2026-11-27T01:02:06.000Z EUR.2 9"), ["2026-08-19T01:02:04.000Z EUR.2 9"]),
        (("2026-11-27T01:02:05.000Z EUR.2 30", "2026-11-27T01:02:06.000Z none"), []),
    ],
)
def test_a_movement_adds_on_the_day_of_the_aged_event_what_it_adds_in_the_end(
    changes: tuple[str, ...], old: list[str]
) -> None:
    stored = _movement(*changes)
    movements = {("stripe:pi_1", "movement#refund#re_1"): stored}
    (made,) = aged_movements(EVENT, 7, 100, movements)
    assert made == {
        "transaction_id": aged(EVENT, 7, 100)["transaction_id"],
        "timestamp": {"S": "movement#refund#re_1"},
        "event_id": aged(EVENT, 7, 100)["event_id"],
        "received_at": aged(EVENT, 7, 100)["received_at"],
        "version": {"N": "1"},
        "changes": {"L": [{"S": change} for change in old]},
    }
    assert stored == _movement(*changes)


def test_an_event_that_tells_nothing_has_nothing_to_age() -> None:
    assert aged_movements({name: value for name, value in EVENT.items() if name != "tells"}, 7, 100, {}) == []

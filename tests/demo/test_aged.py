"""An aged event, its line and what it tells stand in audit log and table as if it had come alone, on its own day."""

import json
from typing import Any

import pytest
import zstandard

from tests.demo.aged import FRAME_LINES_MAX, Copy, When, aged, aged_line, aged_movements, written

THEN = When(days=100, hour=17)
EVENT: dict[str, Any] = {
    "transaction_id": {"S": "stripe:pi_1"},
    "timestamp": {"S": "2026-11-27T01:02:03.000000000Z#evt_1"},
    "event_id": {"S": "evt_1"},
    "event_time": {"S": "2026-11-27T01:02:03.000000000Z"},
    "received_at": {"S": "2026-11-27T01:02:04.000Z"},
    "message_id": {"S": "m1"},
    "provider": {"S": "stripe"},
    "expires_at": {"N": "1804726924"},
    "tells": {"L": [{"S": "refund#re_1"}, {"S": "capture#ch_9#another"}]},
}


def _movement(*changes: str) -> dict[str, Any]:
    listed = [{"S": change} for change in changes]
    key = {"transaction_id": {"S": "stripe:pi_1"}, "timestamp": {"S": "movement#refund#re_1"}}
    told = {"event_id": {"S": "evt_2"}, "message_id": {"S": "m2"}, "expires_at": {"N": "1831510924"}}
    return key | told | {"version": {"N": "3"}, "changes": {"L": listed}}


@pytest.mark.parametrize(
    ("changes", "old"),
    [
        ((), []),
        (("2026-11-27T01:02:05.000Z EUR.2 30",), ["2026-08-19T17:02:04.000Z EUR.2 30"]),
        (("2026-11-27T01:02:05.000Z - 0", "2026-11-27T01:02:06.000Z EUR.2 9"), ["2026-08-19T17:02:04.000Z EUR.2 9"]),
        (("2026-11-27T01:02:05.000Z EUR.2 30", "2026-11-27T01:02:06.000Z none"), []),
    ],
)
def test_a_movement_adds_on_the_day_of_the_aged_event_what_it_adds_in_the_end(
    changes: tuple[str, ...], old: list[str]
) -> None:
    stored = _movement(*changes)
    movements = {("stripe:pi_1", "movement#refund#re_1"): stored}
    (made,) = aged_movements(EVENT, 7, THEN, movements)
    assert made == {
        "transaction_id": aged(EVENT, 7, THEN)["transaction_id"],
        "timestamp": {"S": "movement#refund#re_1"},
        "event_id": aged(EVENT, 7, THEN)["event_id"],
        "message_id": aged(EVENT, 7, THEN)["message_id"],
        "received_at": aged(EVENT, 7, THEN)["received_at"],
        "expires_at": {"N": "1822870924"},
        "version": {"N": "1"},
        "changes": {"L": [{"S": change} for change in old]},
    }
    assert stored == _movement(*changes)


def test_an_event_that_tells_nothing_has_nothing_to_age() -> None:
    assert aged_movements({name: value for name, value in EVENT.items() if name != "tells"}, 7, THEN, {}) == []


def _line(*event_ids: str) -> dict[str, Any]:
    told = [
        {"kind": "refund", "id": "re_1", "payment": "pi_1"},
        {"kind": "capture", "id": "ch_9", "payment": "another"},
    ]
    events = [
        {"event_id": event_id, "transaction_id": "pi_1", "event_type": event_id, "movements": told}
        for event_id in event_ids
    ]
    keys = [
        {"transaction_id": "stripe:pi_1", "timestamp": f"2026-11-27T01:02:03.000000000Z#{event_id}"}
        for event_id in event_ids
    ]
    times = {"received_at": "2026-11-27T01:02:04.000Z", "request_id": "r1"}
    return {"message_id": "m1", **times, "verdict": "stored", "keys": keys, "events": events, "payload": {"é": 1}}


def test_the_line_of_an_aged_event_names_it_alone() -> None:
    stored = _line("evt_0", "evt_1")
    made, item = aged_line(stored, EVENT, 7, THEN), aged(EVENT, 7, THEN)
    assert made["message_id"] == item["message_id"]["S"] == "m1-aged7"
    assert made["received_at"] == item["received_at"]["S"] == "2026-08-19T17:02:04.000Z"
    assert made["keys"] == [{name: item[name]["S"] for name in ("transaction_id", "timestamp")}]
    (event,) = made["events"]
    assert event["event_id"] == "evt_1-aged7"
    assert event["transaction_id"] == "pi_1-aged7"
    assert event["event_type"] == "evt_1"
    # What it tells of its own payment it tells of the aged one.
    assert [movement["payment"] for movement in event["movements"]] == ["pi_1-aged7", "another"]
    assert item["expires_at"] == {"N": str(1804726924 - 100 * 86_400)}
    assert stored == _line("evt_0", "evt_1")


def test_a_pointer_leads_to_the_frame_that_has_the_line() -> None:
    copies = [
        Copy(aged_line(_line("evt_1"), EVENT, number, When(9)), [aged(EVENT, number, When(9)), {}])
        for number in range(FRAME_LINES_MAX + 1)
    ]
    body = written("audit/dt=2026-11-18/hh=01/aged.jsonl.zst", copies)
    for one in copies:
        event, movement = one.items
        offset, length = (int(event[name]["N"]) for name in ("audit_offset", "audit_length"))
        text = zstandard.ZstdDecompressor().decompress(body[offset : offset + length])
        lines = {line["message_id"]: line for line in map(json.loads, text.splitlines())}
        assert lines[event["message_id"]["S"]] == one.line
        assert movement == {name: event[name] for name in ("audit_key", "audit_offset", "audit_length")}
    assert len({one.items[0]["audit_offset"]["N"] for one in copies}) == 2


def test_a_changed_key_is_the_one_that_the_line_names() -> None:
    change = {"timestamp": {"S": "undated#odd"}, "tells": None}
    one = Copy(aged_line(_line("evt_1"), EVENT, 7, THEN), [aged(EVENT, 7, THEN)], change)
    assert one.line["keys"] == [{"transaction_id": "stripe:pi_1-aged7", "timestamp": "undated#odd"}]
    assert one.event() == {name: value for name, value in (aged(EVENT, 7, THEN) | change).items() if name != "tells"}

"""What a load's figures are made of."""

import os

from tests.load.__main__ import Load, report
from tests.load.processes import EDGE, EMULATOR, FUNCTIONS, TICKS_PER_SECOND, processor_seconds, seconds_of

LEADER = 17


def stat(number: int, name: str, own: int = 0, ended: int = 0, session: int = LEADER) -> str:
    """`/proc/PID/stat` of a process with so many seconds of its own and of children that ended."""
    user, kernel = own * TICKS_PER_SECOND, ended * TICKS_PER_SECOND
    return f"{number} ({name}) S 1 {session} {session} 0 -1 0 0 0 0 0 {user} 0 {kernel} 0 20 0 1 0 5\n"


def test_each_process_is_counted_as_what_it_does() -> None:
    assert seconds_of(stat(LEADER, "python", 3, 2), LEADER) == {EMULATOR: 3, FUNCTIONS: 2}
    assert seconds_of(stat(18, "node", 4), LEADER) == {EDGE: 4}
    assert seconds_of(stat(19, "boot) (strap", 5), LEADER) == {FUNCTIONS: 5}
    assert seconds_of(stat(20, "python", 6, session=20), LEADER) == {}


def test_the_processes_of_this_session_are_found() -> None:
    leader = os.getsid(0)
    found = processor_seconds(leader)
    sum(number * number for number in range(10_000_000))
    assert sum(processor_seconds(leader).values()) > sum(found.values())


def test_the_report_names_what_a_thousand_webhooks_cost() -> None:
    sent = {"sent": 2000, "accepted": 2000, "elapsed_ms": 4000, "latency_us": {"p50": 12_000, "p99": 250_000}}
    load = Load(500, sent, 5.0, {FUNCTIONS: 0.6, EMULATOR: 3.0, "payhook send": 0.4})
    assert report(load).splitlines() == [
        "due              500 webhooks a second, 2,000 in all",
        "accepted         2,000 in 4.0 s: 500 a second at the edge",
        "taken in         400 a second from the first send to the empty queue",
        "answered after   12 ms (half of them), 250 ms (99 %)",
        "1,000 webhooks   2.00 s of processor time: emulator 1.50, functions 0.30, payhook send 0.20",
    ]

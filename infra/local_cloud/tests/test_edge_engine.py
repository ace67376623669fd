"""The edge's engine: one Node process for all viewer requests, whatever a function does."""

import asyncio
import os
import signal
from typing import Any

import pytest
from ministack.core.cloudfront_js import CloudFrontFunctionError

from infra.local_cloud.emulator import edge_engine
from infra.local_cloud.emulator.edge_engine import Engine

ECHO = b"function handler(event) { return { uri: event.uri }; }"
LATE = b"async function handler(event) { for (let i = 0; i < event.turns; i++) await null; return event.turns; }"
THROWS = b"function handler(event) { throw new Error('no such route'); }"
ENDLESS = b"function handler(event) { if (event.endless) { while (true) {} } return event.uri; }"
# Long enough for a machine under load to run a function that ends at once.
SECONDS = 3.0


def answers(engine: Engine, *calls: tuple[bytes, dict[str, Any]]) -> list[Any]:
    """What each call is answered, all of them under way at the same time; an error as it was raised."""

    async def ask() -> list[Any]:
        return await asyncio.gather(*(engine.run(*call) for call in calls), return_exceptions=True)

    return asyncio.run(ask())


def test_many_calls_under_way_each_get_their_own_answer() -> None:
    found = answers(Engine(), *((ECHO, {"uri": f"/{number}"}) for number in range(300)))
    assert [answer["uri"] for answer in found] == [f"/{number}" for number in range(300)]


def test_functions_are_kept_apart_and_answer_in_order() -> None:
    calls = [(LATE, {"turns": 50}), (ECHO, {"uri": "/a"}), (LATE, {"turns": 1}), (THROWS, {}), (ECHO, {"uri": "/b"})]
    late, first, soon, thrown, last = answers(Engine(), *calls)
    assert (late, first["uri"], soon, last["uri"]) == (50, "/a", 1, "/b")
    assert isinstance(thrown, CloudFrontFunctionError)
    assert "no such route" in str(thrown)


def test_a_function_that_does_not_end_costs_its_own_request_alone() -> None:
    calls = [(ENDLESS, {"uri": "/a"}), (ENDLESS, {"endless": True}), (ENDLESS, {"uri": "/b"}), (ENDLESS, {"uri": "/c"})]
    before, endless, *behind = answers(Engine(SECONDS), *calls)
    assert before == "/a"
    assert isinstance(endless, CloudFrontFunctionError)
    assert "did not end within 3 s" in str(endless)
    assert behind == ["/b", "/c"]


def test_a_process_that_was_killed_is_replaced() -> None:
    async def ask() -> tuple[Any, Any]:
        engine = Engine()
        await engine.run(ECHO, {"uri": "/a"})
        process = engine._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        return process.pid, (await engine.run(ECHO, {"uri": "/b"}), engine._process and engine._process.pid)

    killed, (answer, process) = asyncio.run(ask())
    assert answer["uri"] == "/b"
    assert process not in (None, killed)


def test_without_node_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_engine, "COMMAND", ("no-such-program",))
    found = answers(Engine(), (ECHO, {"uri": "/a"}), (ECHO, {"uri": "/b"}))
    assert [isinstance(answer, CloudFrontFunctionError) for answer in found] == [True, True]
    assert "Node" in str(found[0])

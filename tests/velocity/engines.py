"""Renders a case with Apache Velocity and with the emulator's engine."""

import base64
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airspeed import TemplateError

from infra.local_cloud.emulator import velocity

SCRIPT = Path(__file__).resolve().parents[1] / "tools/velocity.sh"
# AWS does not say which one it has; the stack's templates mean the same in both.
VERSIONS = ("1.7", "2.4.1")


@dataclass(frozen=True)
class Case:
    """A template and the request for which it is rendered. A name of the context with dots is a
    path through maps.
    """

    name: str
    template: str
    body: str | None = ""
    path: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    context: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rendered:
    """The text, and the status that the template chose; no text where the engine refuses the
    template.
    """

    text: str | None
    status: str = ""


def with_velocity(version: str, cases: Iterable[Case]) -> list[Rendered]:
    """Renders all cases in one process, in their order."""
    lines = [_line(case) for case in cases]
    ran = subprocess.run(
        [SCRIPT, "run", version], input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=300
    )
    assert ran.returncode == 0, ran.stderr
    results = [_result(line) for line in ran.stdout.splitlines()]
    assert len(results) == len(lines), ran.stderr
    return results


def with_emulator(case: Case) -> Rendered:
    """Renders one case as the local cloud does."""
    context: dict[str, Any] = {"responseOverride": {}}
    for name, value in case.context.items():
        *outer, last = name.split(".")
        inner = context
        for word in outer:
            inner = inner.setdefault(word, {})
        inner[last] = value
    request = {"path": case.path, "query": {}, "headers": case.headers, "stage_variables": {}, "context": context}
    try:
        text = velocity.render(case.template, case.body, request)
    except TemplateError:
        return Rendered(None)
    return Rendered(text, str(context["responseOverride"].get("status", "")))


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _map(values: dict[str, str]) -> str:
    return ",".join(f"{_encode(name)}:{_encode(value)}" for name, value in values.items())


def _line(case: Case) -> str:
    body = "-" if case.body is None else _encode(case.body)
    maps = (case.path, {}, case.headers, case.context, {})
    return "\t".join([_encode(case.template), body, *map(_map, maps)])


def _result(line: str) -> Rendered:
    outcome, *fields = line.split("\t")
    if outcome != "ok":
        return Rendered(None)
    text, status = (base64.b64decode(part).decode() for part in fields)
    return Rendered(text, status)

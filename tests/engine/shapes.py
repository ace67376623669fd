"""What AWS's provider adds to a resource, by type: learnt from the recordings of the real one.

`tests/policy/engine_input.py` says how they were made. A type that is in no recording has no
defaults, and what the programs ask of it is all that is not known in a preview.
"""

import json
import lzma
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from infra.evaluation import evaluated
from infra.symbols import COMPUTED
from tests.engine.wire import Properties
from tests.policy.engine_input import FOLDER

UNKNOWN_SEEN = {"Element": {"V": ""}}
SECRET_UNKNOWN_SEEN = {"Element": {"V": UNKNOWN_SEEN}}


@dataclass
class Shape:
    """What is added to the resources of one type."""

    # Inputs that `Check` fills in.
    defaults: Properties = field(default_factory=dict)
    # Outputs that a preview does not know.
    unknown: frozenset[str] = frozenset(COMPUTED)
    # Outputs that are secret.
    secret: frozenset[str] = frozenset()
    # Outputs that nobody has set, with what they are then: null, blank, an empty list.
    unset: Properties = field(default_factory=dict)


def read(name: str) -> tuple[list[Properties], list[Properties]]:
    """A recording: what `Analyze` was asked, and what `AnalyzeStack` was asked."""
    with lzma.open(FOLDER / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
        resources = [json.loads(line) for line in lines]
    return resources[: len(resources) // 2], resources[len(resources) // 2 :]


def by_type(resources: Iterable[Properties]) -> dict[str, list[Properties]]:
    """The properties of the resources, by type."""
    found: dict[str, list[Properties]] = {}
    for resource in resources:
        found.setdefault(resource["__type"], []).append(resource["__properties"])
    return found


@cache
def shapes() -> dict[str, Shape]:
    """Every type that is in a recording."""
    checked, outputs = map(by_type, read("deployed_stack"))
    previewed = by_type(read("new_stack")[1])
    written: dict[str, set[str]] = {}
    for resource in evaluated().graph():
        written.setdefault(resource["type"], set()).update(resource["properties"])
    return {
        kind: Shape(
            # What the program writes for any resource of the type is its own and no default.
            defaults={
                key: value
                for key, value in shared(checked[kind]).items()
                if not isinstance(value, dict | list) and key not in written.get(kind, ())
            },
            unknown=frozenset(
                key for found in previewed[kind] for key, value in found.items() if value == UNKNOWN_SEEN
            ),
            secret=frozenset(
                key for found in previewed[kind] for key, value in found.items() if value == SECRET_UNKNOWN_SEEN
            ),
            unset={key: value for key, value in shared(outputs[kind]).items() if not value},
        )
        for kind in checked
    }


def shared(resources: list[Properties]) -> Properties:
    """The properties that all of them have, with the same value."""
    first, *others = resources
    return {key: value for key, value in first.items() if all(key in other and other[key] == value for other in others)}


def shape(kind: str) -> Shape:
    """The shape of one type."""
    return shapes().get(kind, Shape())


def defaults(kind: str, inputs: Properties) -> Properties:
    """What `Check` fills in: all but what the program has set."""
    known: dict[str, Any] = shape(kind).defaults
    return {key: value for key, value in known.items() if key not in inputs}

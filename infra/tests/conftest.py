"""One evaluation for all tests."""

from collections.abc import Callable
from typing import Any

import pytest

import infra.program  # noqa: F401 (puts `lib` on the path, as the Pulumi CLI does)
from infra.evaluation import Evaluation, evaluated

Find = Callable[[str], list[dict[str, Any]]]
# A stack has no alarm on the silence of a provider unless it is told: here of one in each form.
SILENCE = {"payhook:silence": '{"stripe": {"longest_gap_minutes": 120}, "adyen": {"band": 3}}'}


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    """The program, evaluated as in a preview."""
    return evaluated()


@pytest.fixture(scope="session")
def graph(evaluation: Evaluation) -> list[dict[str, Any]]:
    """The stack's resources."""
    return evaluation.graph()


@pytest.fixture(scope="session")
def of_type(graph: list[dict[str, Any]]) -> Find:
    """The properties of every resource whose type ends so."""

    def find(suffix: str) -> list[dict[str, Any]]:
        found = [resource["properties"] for resource in graph if resource["type"].endswith(suffix)]
        assert found, f"the stack has no {suffix}"
        return found

    return find

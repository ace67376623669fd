"""Metric math as the stack's alarms use it."""

import pytest

from infra.local_cloud.emulator.metric_math import value_of

OPERANDS = {"errors": 2.0, "invocations": 50.0, "nothing": None, "none": 0.0}


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("errors + 1", 3.0),
        ("100 * errors / invocations", 4.0),
        ("(errors + FILL(nothing, 8)) - 1", 9.0),
        ("FILL(errors, 8)", 2.0),
        ("IF(errors >= 2, 1, 0)", 1.0),
        ("IF(errors > 2, 1, 0)", 0.0),
        ("IF(errors < 2, 1, 0)", 0.0),
        ("IF(errors <= 2, 1, 0)", 1.0),
        ("errors + nothing", None),
        ("errors / none", None),
    ],
)
def test_value(expression: str, wanted: float | None) -> None:
    assert value_of(expression, OPERANDS) == wanted


@pytest.mark.parametrize("expression", ["RATE(errors)", "errors if errors else 1", "not errors"])
def test_what_is_not_known_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match="not known here"):
        value_of(expression, OPERANDS)

"""Bad observations and options are refused before any work, with field, value, place and remedy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ansatz.discovery import Column, Curves, InvalidInputError, Options, Table, Trajectories, validate
from ansatz.discovery.data.names import Names


def _column(name: str, values: list[float] | np.ndarray | None = None) -> Column:
    return Column(name, np.asarray(np.arange(1.0, 9.0) if values is None else values, dtype=np.float64))


def _violations(*columns: Column, target: str = "y", **roles: Any) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        Table(columns, target, **roles)
    return [f"{v.field}: {v.description}" for v in caught.value.violations]


def test_an_unknown_target_is_named_with_the_columns_there_are() -> None:
    (said,) = _violations(_column("x"), _column("y"), target="z")
    assert said.startswith("table.target: 'z' is no column")
    assert "'x', 'y'" in said


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_finite_are_refused_with_their_row(bad: float) -> None:
    (said,) = _violations(_column("x", [1, 2, bad, 4, 5, 6, 7, 8]), _column("y"))
    assert "'x'" in said
    assert "row 3" in said


def test_too_few_rows_unequal_lengths_and_repeated_names_are_all_reported() -> None:
    said = _violations(_column("x", [1.0, 2.0]), _column("x", [1.0, 2.0, 3.0]), _column("y", [1.0, 2.0]))
    assert any("at least 5" in s for s in said)
    assert any("unequal length" in s for s in said)
    assert any("more than once" in s for s in said)


@pytest.mark.parametrize(
    ("roles", "field"),
    [
        ({"inputs": ("y",)}, "table.inputs"),
        ({"inputs": ("x", "x")}, "table.inputs"),
        ({"inputs": ("nope",)}, "table.inputs[0]"),
        ({"weights": "nope"}, "table.weights"),
        ({"weights": "y"}, "table.weights"),
    ],
)
def test_bad_roles_are_refused(roles: dict[str, Any], field: str) -> None:
    assert any(s.startswith(field) for s in _violations(_column("x"), _column("y"), target="y", **roles))


def test_a_table_without_inputs_is_refused() -> None:
    assert any("no input" in s for s in _violations(_column("y")))


def test_weights_must_be_positive() -> None:
    (said,) = _violations(_column("x"), _column("y"), _column("w", [1, 1, 0, 1, 1, 1, 1, 1]), weights="w")
    assert "row 3" in said


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"budget_seconds": 0.0}, "options.budget"),
        ({"budget_seconds": -1.0}, "options.budget"),
        ({"budget_seconds": 1e9}, "options.budget"),
        ({"budget_seconds": math.nan}, "options.budget"),
        ({"functions": ("sin", "sinus")}, "options.functions[1]"),
        ({"seed": -1}, "options.seed"),
        ({"max_complexity": 0}, "options.max_complexity"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Options(**options)  # type: ignore[arg-type]
    assert [v.field for v in caught.value.violations] == [field]


@pytest.mark.parametrize("ansatz", ["q(x)", "__import__('os')", "sin(x"])
def test_a_bad_ansatz_is_refused(ansatz: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        validate(Table((_column("x"), _column("y")), "y"), Options(ansatz=ansatz))
    assert caught.value.violations[0].field == "options.ansatz"


def test_an_ansatz_may_not_call_what_the_functions_leave_out() -> None:
    with pytest.raises(InvalidInputError, match=r"sin.*options\.functions"):
        validate(Table((_column("x"), _column("y")), "y"), Options(ansatz="sin(x)", functions=("exp",)))


def test_columns_that_cannot_stand_in_a_formula_get_names_that_can() -> None:
    names = Names.of(["x", "mean speed", "2nd", "sin", "lambda", "θ", "mean_speed", "np"]).identifiers
    assert names["x"] == "x"
    assert names["mean_speed"] == "mean_speed"
    assert names["2nd"] == "x_2nd"
    assert len(set(names.values())) == len(names)
    assert all(n.isidentifier() and n.isascii() and n not in ("sin", "lambda", "np") for n in names.values())


def test_values_whose_squares_are_no_numbers_are_refused_with_what_to_do() -> None:
    x = np.linspace(1.0, 2.0, 20)
    y = Column("y", 1e-160 * x)
    told = "'y'.* is 2e-160 at most; give values that reach 1e-100"
    with pytest.raises(InvalidInputError, match=told):
        Curves((Column("x", x), y), "y")
    with pytest.raises(InvalidInputError, match=told):
        Trajectories((Column("x", x), y), "x", ("y",))

"""What may be observed of a motion, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ansatz.discovery import Column, InvalidInputError, Trajectories
from ansatz.discovery.expression import Array

T = np.linspace(0.0, 2.0, 12)
GOOD: dict[str, Any] = {
    "columns": (Column("t", np.tile(T, 2)), Column("x", np.tile(np.sin(T), 2)), Column("v", np.tile(np.cos(T), 2))),
    "time": "t",
    "states": ("x", "v"),
    "runs": ("a",) * 12 + ("b",) * 12,
}


def with_column(name: str, values: Array) -> dict[str, Any]:
    columns = tuple(Column(name, values) if c.name == name else c for c in GOOD["columns"])
    return {**GOOD, "columns": columns}


def changed(name: str, row: int, value: float) -> dict[str, Any]:
    values = next(c.values for c in GOOD["columns"] if c.name == name).copy()
    values[row] = value
    return with_column(name, values)


def refusal(arguments: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(InvalidInputError) as refused:
        Trajectories(**arguments)
    violation = refused.value.violations[0]
    return violation.field, violation.description


def test_runs_missing_samples_and_irregular_steps_are_taken() -> None:
    made = Trajectories(**changed("x", 3, np.nan))
    assert made.slices == {"a": slice(0, 12), "b": slice(12, 24)}
    Trajectories(**with_column("t", np.tile(np.sort(np.random.default_rng(0).uniform(0, 2, 12)), 2)))


@pytest.mark.parametrize(
    ("arguments", "field", "said"),
    [
        (changed("t", 15, 0.0), "trajectories.columns['t']", ["run 'b'", "row 16", "sort each run"]),
        (changed("t", 5, T[4]), "trajectories.columns['t']", ["run 'a'", "row 6", "repeats", "drop or average"]),
        (changed("x", 13, np.inf), "trajectories.columns['x']", ["run 'b'", "row 14", "leave the cell empty"]),
        (changed("t", 2, np.nan), "trajectories.columns['t']", ["row 3", "finite"]),
        ({**GOOD, "runs": ("a",) * 23 + ("b",)}, "trajectories.columns['t']", ["run 'a'", "row 13"]),
        (
            {**GOOD, "runs": ("a",) * 11 + ("b",) * 12 + ("a",)},
            "trajectories.runs",
            ["row 24", "put its rows together"],
        ),
        (with_column("v", np.full(24, 3.0)), "trajectories.columns['v']", ["3 in every sample", "leave it out"]),
        (with_column("v", np.zeros(20)), "trajectories.columns", ["unequal length", "'v' has 20"]),
        ({**GOOD, "states": ("x", "w")}, "trajectories.states", ["'w' is no column"]),
        ({**GOOD, "states": ("x", "t")}, "trajectories.states", ["'t'", "name it once"]),
        ({**GOOD, "order": 3}, "trajectories.order", ["give 1"]),
        ({**GOOD, "held_out": ("a", "b")}, "trajectories.held_out", ["every run"]),
        ({**GOOD, "derivatives": ("v",), "states": ("x",), "time": ""}, "trajectories.time", ["not given"]),
    ],
)
def test_what_breaks_a_rule_is_refused_by_run_row_and_remedy(
    arguments: dict[str, Any], field: str, said: list[str]
) -> None:
    found, description = refusal(arguments)
    assert found == field
    assert all(part in description for part in said), description


def test_one_sample_a_run_is_refused() -> None:
    columns = (Column("t", np.arange(6.0)), Column("x", np.arange(6.0) ** 2))
    field, description = refusal({"columns": columns, "time": "t", "states": ("x",), "runs": tuple("abcdef")})
    assert field == "trajectories.runs"
    assert "run 'a' has 1 sample (row 1)" in description


def test_times_in_mixed_units_are_refused() -> None:
    seconds, minutes = np.arange(10.0) * 60, np.arange(10.0)
    columns = (Column("t", np.concatenate([seconds, minutes])), Column("x", np.sin(np.arange(20.0))))
    arguments: dict[str, Any] = {"columns": columns, "time": "t", "states": ("x",), "runs": ("a",) * 10 + ("b",) * 10}
    field, description = refusal(arguments)
    assert field == "trajectories.columns['t']"
    assert "run 'b', row 11" in description
    assert "factor of 60" in description
    inside = np.concatenate([np.arange(10.0), 9.0 + 1000.0 * np.arange(1.0, 11.0)])
    arguments = {"columns": (Column("t", inside), columns[1]), "time": "t", "states": ("x",)}
    assert "row 11" in refusal(arguments)[1]


def test_a_column_called_like_a_rate_is_refused_where_rates_are_states() -> None:
    columns = (*GOOD["columns"][:2], Column("x_t", np.tile(np.cos(T), 2)))
    arguments = {**GOOD, "columns": columns, "states": ("x",), "inputs": ("x_t",)}
    Trajectories(**arguments)
    assert "rename that column" in refusal({**arguments, "order": 2})[1]


def test_observations_are_frozen() -> None:
    assert replace(Trajectories(**GOOD), order=2).order == 2

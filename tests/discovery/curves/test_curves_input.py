"""Curves that cannot be used are refused, with what is wrong, where, and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ansatz.discovery import Column, Curves, InvalidInputError, Options, Questions, discover
from ansatz.discovery.data.curves import ValueScale

STEPS = np.arange(1.0, 21.0)
LOSSES = 2.0 + 3.0 * STEPS**-0.5


def curves(target: str = "loss", about: dict[str, Any] | None = None, **columns: Any) -> Curves:
    made = tuple(Column(name, np.asarray(values, dtype=np.float64)) for name, values in columns.items())
    return Curves(made, target, **(about or {}))


def refused(field: str, *words: str, about: dict[str, Any] | None = None, **columns: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        curves(about=about, **columns)
    assert field in [v.field for v in caught.value.violations]
    for word in words:
        assert word in str(caught.value)


def test_three_points_are_too_few() -> None:
    refused("curves.columns", "3 rows", "at least 5", step=[1, 2, 3], loss=[3, 2, 1])


def test_a_size_that_is_always_the_same_explains_nothing() -> None:
    refused("curves.inputs", "'N' has 1", "add runs of other sizes", N=[1e6] * 20, loss=LOSSES)


def test_a_constant_size_beside_a_step_is_told() -> None:
    report = discover(curves(step=STEPS, N=[1e6] * 20, loss=LOSSES), Options())
    assert "CONSTANT_COLUMN" in [w.code for w in report.warnings]
    assert report.candidates[0].law is not None


def test_negative_values_on_a_log_scale() -> None:
    about = {"scale": ValueScale.LOG}
    refused("curves.target", "-0.5", "row 20", "linear scale", about=about, step=STEPS, loss=[*LOSSES[:-1], -0.5])


def test_negative_values_without_a_scale_are_fitted_on_the_linear_one() -> None:
    report = discover(curves(step=STEPS, loss=LOSSES - 3.0), Options())
    assert report.curves is not None
    assert report.curves.scale == "linear"
    assert "LINEAR_SCALE" in [w.code for w in report.warnings]


@pytest.mark.parametrize(
    ("about", "field", "word"),
    [
        ({"std_errors": "error"}, "curves.std_errors", "must be > 0"),
        ({"trials": "error"}, "curves.target", "lies in [0, 1]"),
        ({"roles": {"Q": "step"}}, "curves.roles", "is no role"),
        ({"roles": {"N": "size"}}, "curves.roles['N']", "is no column"),
        ({"runs": ("a", "b")}, "curves.runs", "2 labels for 20 rows"),
        ({"per_run": True}, "curves.runs", "need the run"),
        ({"per_run": True, "runs": tuple("abcde" * 4)}, "curves.runs", "no run of 5 rows"),
        ({"scale": ValueScale.SHARE}, "curves.trials", "numbers of trials"),
    ],
)
def test_what_else_is_refused(about: dict[str, Any], field: str, word: str) -> None:
    errors = np.where(STEPS == 3, 0.0, 1.0) if "std_errors" in about else np.ones(20)
    refused(field, word, about=about, step=STEPS, loss=LOSSES, error=errors)


def test_nothing_finite_is_needed_twice() -> None:
    refused("curves.columns['loss']", "row 2 is nan", step=STEPS, loss=[1, np.nan, *LOSSES[2:]])


@pytest.mark.parametrize(
    ("asked", "field"),
    [({}, "points"), ({"budgets": (-1.0,)}, "budgets[0]"), ({"targets": (1.0,), "probability": 1.0}, "probability")],
)
def test_questions_that_cannot_be_answered(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Questions(**asked)
    assert field in [v.field for v in caught.value.violations]

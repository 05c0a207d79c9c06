"""Rows that no law explains are told, and bend no law."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Report, Table, discover
from ansatz.discovery.expression import evaluate

Array = np.ndarray


def found(columns: dict[str, Array], target: str = "y", **more: object) -> Report:
    kept = {"budget_seconds": 10.0, "engine": Engine.NONE, **more}
    std_errors = str(kept.pop("std_errors", ""))
    table = Table(tuple(Column(n, v) for n, v in columns.items()), target, std_errors=std_errors)
    return discover(table, Options(**kept))  # type: ignore[arg-type]


def told(report: Report) -> list[int]:
    """The rows of the warning, counted from 1."""
    texts = [w.message for w in report.warnings if w.code == "OUTLIERS"]
    return [int(n) for text in texts for n in re.findall(r"\d+", text.split(":")[1].split(".")[0])]


def line(rows: int, off: dict[int, float], seed: int = 0) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, rows)
    y = 2.0 + 0.7 * x + 0.05 * rng.standard_normal(rows)
    for row, by in off.items():
        y[row] += by
    return {"x": x, "y": y}


def test_rows_far_off_are_told_as_users_count_them_and_do_not_bend_the_law() -> None:
    report = found(line(40, {3: 4.0, 17: -2.0}))
    best = report.candidates[0]
    at = np.array([0.0, 10.0])
    assert evaluate(best.formula, {"x": at}, 2) == pytest.approx([2.0, 9.0], abs=0.1)
    assert told(report) == [4, 18]
    assert best.scores.rmse < 0.07  # of the rows that are kept
    assert report.residual is None or report.residual.is_noise
    (warning,) = [w for w in report.warnings if w.code == "OUTLIERS"]
    assert "Fitted with them, the best formula is" in warning.message


@pytest.mark.slow
def test_the_callers_formula_is_fitted_to_the_rows_that_are_kept() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 5, 60)
    y = 3.0 * np.exp(-0.8 * x) + 1.0 + 0.01 * rng.standard_normal(60)
    y[[7, 30]] += 1.0
    report = found({"x": x, "y": y}, ansatz="a*exp(-b*x) + c", budget_seconds=15.0)
    own = next(c for c in report.candidates if c.found_by == "ansatz")
    values = {c.parameter: c.value for c in own.constants}
    assert values == pytest.approx({"a": 3.0, "b": 0.8, "c": 1.0}, rel=0.02)
    assert told(report) == [8, 31]


@pytest.mark.slow
def test_errors_given_are_those_of_the_rows_that_are_kept() -> None:
    columns = line(40, {3: 4.0, 17: -2.0}) | {"s": np.full(40, 0.05)}
    report = found(columns, std_errors="s")
    assert told(report) == [4, 18]
    assert report.chi_squared is not None
    assert report.chi_squared.degrees == 36
    assert 0.5 < report.chi_squared.per_degree < 1.7


@pytest.mark.slow
def test_a_search_in_the_simplest_metric_leaves_the_same_rows_out() -> None:
    report = found(line(40, {3: 4.0, 17: -2.0}), metric="auto", budget_seconds=20.0)
    assert told(report) == [4, 18]

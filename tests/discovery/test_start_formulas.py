"""Formulas to try first."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, InvalidInputError, Options, Table, discover


def table(rows: int = 80) -> Table:
    """A law that none of the built-in searchers finds in a moment."""
    rng = np.random.default_rng(4)
    x, v, w = rng.uniform(0.5, 3.0, (3, rows))
    y = np.sin(1.3 * x) * np.exp(-0.7 * v * x) + np.tanh(w - 0.4 * v) * np.log(1 + x * w)
    return Table((Column("x", x), Column("v v", v), Column("w", w), Column("y", y)), target="y")


def test_start_formulas_are_fitted_and_may_win() -> None:
    start = "sin(1.1*x)*exp(-0.9*v_v*x) + tanh(w - 0.3*v_v)*log(1 + x*w)"
    options = Options(engine=Engine.NONE, budget_seconds=3.0, start_formulas=(start, "2.5*x"))
    report = discover(table(), options)
    best = report.candidates[0]
    assert best.found_by == "start"
    assert best.scores.relative_error < 1e-12
    assert "2.5*x" in report.receipt.options["start_formulas"]


def test_start_formulas_do_not_stand_in_the_way() -> None:
    x = np.linspace(1, 4, 30)
    data = Table((Column("x", x), Column("y", 2.5 * x**1.5)), target="y")
    report = discover(
        data, Options(engine=Engine.NONE, budget_seconds=5.0, start_formulas=("sin(2.2*x)", "exp(9.5*x)"))
    )
    assert report.candidates[0].text == "2.5*x**1.5"


def test_bad_start_formulas_are_refused_by_place() -> None:
    with pytest.raises(InvalidInputError) as raised:
        discover(table(), Options(start_formulas=("x", "z", "x +")))
    assert [v.field for v in raised.value.violations] == ["options.start_formulas[1]", "options.start_formulas[2]"]
    with pytest.raises(InvalidInputError, match="at most 100"):
        Options(start_formulas=("x",) * 101)

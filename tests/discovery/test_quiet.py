"""Arithmetic that overflows on the way is the library's own affair: no warnings, whatever numpy has been told to do."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import numpy as np
import pytest

from ansatz.discovery import (
    Box,
    Column,
    Curves,
    Engine,
    Observations,
    Options,
    Table,
    Trajectories,
    compare_formulas,
    discover,
    evaluate_formula,
    propose_experiments,
)
from ansatz.discovery.data.box import Interval

RNG = np.random.default_rng(1)
NOISE = RNG.standard_normal(60)
WIDE = 10 ** RNG.uniform(-99, 99, 60)
TIME = np.linspace(0, 10, 60)
STEP = np.arange(1.0, 61.0)
GROUP = Column.of_labels("g", [f"g{i // 10}" for i in range(60)])


@pytest.fixture(autouse=True)
def _strict() -> Iterator[None]:
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _table(x: np.ndarray, y: np.ndarray, *others: Column, group: str = "") -> Table:
    return Table((Column("x", x), Column("y", y), *others), "y", group=group)


OBSERVATIONS: Mapping[str, Observations] = {
    "two hundred decades": _table(WIDE, np.sqrt(WIDE) * (1 + 0.1 * NOISE)),
    "small inputs and large values": _table(1e-90 * STEP, 1e95 * STEP * (1 + 0.1 * NOISE)),
    "groups over eighty decades": _table(WIDE**0.4, 2 * WIDE**0.4 * np.exp(0.01 * NOISE), GROUP, group="g"),
    "curves": Curves(
        (Column("step", 1e90 * STEP), Column("loss", 1e90 / np.sqrt(STEP) * np.exp(0.01 * NOISE))), "loss"
    ),
    "small curves": Curves(
        (Column("step", 1e-90 * STEP), Column("loss", 1e-90 / np.sqrt(STEP) * np.exp(0.01 * NOISE))), "loss"
    ),
    "motion": Trajectories((Column("t", TIME), Column("x", 1e90 * np.exp(-TIME) * (1 + 1e-3 * NOISE))), "t", ("x",)),
    "fast motion": Trajectories(
        (Column("t", 1e-50 * TIME), Column("x", 1e-90 * np.exp(-TIME) * (1 + 1e-3 * NOISE))), "t", ("x",)
    ),
}


@pytest.mark.parametrize("name", OBSERVATIONS)
def test_a_discovery_is_quiet(name: str) -> None:
    report = discover(OBSERVATIONS[name], Options(engine=Engine.NONE, budget_seconds=60.0))
    assert report.candidates
    assert "SEARCHER_FAILED" not in {w.code for w in report.warnings}


def test_what_is_asked_of_formulas_is_answered_quietly() -> None:
    table = _table(STEP, 1e98 * STEP)
    assert evaluate_formula(table, "1.5e98*exp(x*x)", True).candidate.scores.rmse > 0
    assert compare_formulas("exp(x**3)", "exp(x**3) + 1/x", Box({"x": Interval(0, 1e6)}))
    report = discover(table, Options(engine=Engine.NONE, budget_seconds=60.0))
    assert propose_experiments(table, report.candidates, Box({"x": Interval(0, 1e100)})).experiments

"""What warnings say: a line is a law, nothing is never told beside rivals, and p-values come with their level."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from ansatz.client.cli.views import levels
from ansatz.discovery import Column, Curves, Engine, Observations, Options, Report, Table, Trajectories, discover
from ansatz.discovery.evidence.significance import VERDICT
from ansatz.discovery.report.motion import WALK_LEVEL

NOTHING, RIVALS = "NOTHING_BEATS_BASELINE", "INDISTINGUISHABLE_HERE"


def table(x: np.ndarray, y: np.ndarray) -> Observations:
    return Table((Column("x", x), Column("y", y)), "y")


def grouped(x: np.ndarray, y: np.ndarray) -> Observations:
    labels = Column.of_labels("g", ["a", "b"] * (x.size // 2))
    return Table((Column("x", x), Column("y", y), labels), "y", inputs=("x",), group="g")


def curves(x: np.ndarray, y: np.ndarray) -> Observations:
    return Curves((Column("x", x), Column("y", y)), "y")


def motion(x: np.ndarray, y: np.ndarray) -> Observations:
    return Trajectories((Column("t", x), Column("y", y)), "t", ("y",))


KINDS = {"table": table, "groups": grouped, "curves": curves, "motion": motion}
every_kind = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())


def report_on(observations: Observations) -> Report:
    return discover(observations, Options(engine=Engine.NONE, budget_seconds=1.5))


def codes(report: Report) -> set[str]:
    return {w.code for w in report.warnings}


@pytest.mark.parametrize("make", [table, curves], ids=["table", "curves"])
def test_a_straight_line_on_six_rows_is_a_law(make: Callable[..., Observations]) -> None:
    x = np.arange(1.0, 7.0)
    report = report_on(make(x, x + 1))
    np.testing.assert_allclose(report.candidates[0].scores.rmse, 0.0, atol=1e-9)
    assert not {NOTHING, RIVALS} & codes(report)


@every_kind
def test_a_straight_line_with_noise_is_a_law(make: Callable[..., Observations]) -> None:
    x = np.linspace(1.0, 9.0, 40)
    noise = np.random.default_rng(4).standard_normal(40)
    y = np.exp(-0.3 * x) * (1 + 0.001 * noise) if make is motion else 2 * x + 5 + 0.3 * noise
    assert NOTHING not in codes(report_on(make(x, y)))


@every_kind
@pytest.mark.parametrize("seed", range(1))
def test_nothing_is_never_told_beside_rivals_and_p_values_have_their_level(
    make: Callable[..., Observations], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    report = report_on(make(np.sort(rng.uniform(1, 5, 30)), 3 + 0.5 * rng.standard_normal(30)))
    assert not {NOTHING, RIVALS} <= codes(report)
    for warning in report.warnings:
        assert not re.search(r"\bp = (?!\S+, level )", warning.message), warning.message


def test_the_command_line_tells_the_levels_that_are_used() -> None:
    assert VERDICT.level == levels.RESIDUAL
    assert levels.TREND == WALK_LEVEL
    assert levels.p_value(0.0314, levels.TREND) == "p = 0.031, level 0.05"

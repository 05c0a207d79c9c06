"""What the data say of a formula, by the rules that all kinds of observations share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from ansatz.discovery import Column, Curves, Engine, Options, Table, Trajectories, discover
from ansatz.discovery.curves.fit import QUICK, fit_law
from ansatz.discovery.curves.laws import LAWS
from ansatz.discovery.curves.model import CurveModel
from ansatz.discovery.curves.sample import Sample
from ansatz.discovery.curves.search import Found
from ansatz.discovery.curves.search import ranked as ranked_curves
from ansatz.discovery.data.curves import ValueScale
from ansatz.discovery.evidence.significance import VERDICT, serial_correlation_about_mean, upper_tail
from ansatz.discovery.expression import parse
from ansatz.discovery.report.motion import Motion
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.trajectories.integral import Smoothed
from ansatz.discovery.trajectories.judge import Judged
from ansatz.discovery.trajectories.judge import ranked as ranked_systems
from ansatz.discovery.trajectories.prepare import prepare
from ansatz.discovery.trajectories.scored import scored
from ansatz.discovery.trajectories.shooting import Shooting
from ansatz.discovery.trajectories.system import System
from tests.discovery.trajectories.motions import motion

ORIGIN = Origin("test")


@pytest.mark.parametrize("rows", [20, 100, 400])
@pytest.mark.parametrize("growth", [1.0, 20.0], ids=["even", "growing"])
def test_noise_is_called_structure_as_seldom_as_the_level_says(rows: int, growth: float) -> None:
    rng = np.random.default_rng(rows)
    sizes = np.geomspace(1.0, growth, rows)
    alarms = [
        upper_tail(serial_correlation_about_mean(sizes * rng.normal(size=rows))) <= VERDICT.level for _ in range(4000)
    ]
    assert np.mean(alarms) < 1.6 * VERDICT.level


def test_a_slow_wave_in_the_residual_is_seen() -> None:
    wave = np.sin(np.linspace(0, 12, 100)) + np.random.default_rng(0).normal(size=100)
    assert upper_tail(serial_correlation_about_mean(wave)) < VERDICT.level


def observations(kind: str, exponent: float) -> Table | Curves | Trajectories:
    """Observations of x**exponent, with noise that leaves seven or eight bits of the exponent."""
    rng = np.random.default_rng(5)
    if kind == "motion":
        times = np.linspace(0, 4, 60)
        return motion(lambda t, x: [-0.37 * x[0] ** exponent], [[2.0], [1.5]], times, ["x"], noise=0.012)
    x = np.tile(np.linspace(0.5, 2, 30), 2)
    labels = [name for name in "ab" for _ in range(30)]
    sizes = np.repeat([2.37, 1.19], 30) if kind == "groups" else 2.37
    y = sizes * x**exponent + 0.05 * rng.normal(size=60)
    if kind == "curves":
        return Curves((Column("x", x), Column("y", y)), "y")
    if kind == "groups":
        return Table((Column("x", x), Column("y", y), Column.of_labels("g", labels)), "y", group="g")
    return Table((Column("x", x), Column("y", y)), "y")


def constants_of_the_best(kind: str, exponent: float) -> list[float]:
    ansatz = "a*x**b" if kind == "groups" else ""
    report = discover(observations(kind, exponent), Options(engine=Engine.NONE, budget_seconds=60.0, ansatz=ansatz))
    return [abs(c.value) for c in report.candidates[0].constants]


@pytest.mark.parametrize("kind", ["table", "groups", "motion"])
def test_an_exponent_is_named_a_fraction_where_it_is_within_its_error(kind: str) -> None:
    assert 1.5 in constants_of_the_best(kind, 1.5)


@pytest.mark.parametrize("kind", ["table", "groups", "curves", "motion"])
def test_an_exponent_is_not_named_pi_for_a_few_bits(kind: str) -> None:
    found = constants_of_the_best(kind, math.pi)
    assert any(abs(value - math.pi) < 0.05 for value in found)
    assert math.pi not in found


ROWS = 10


def simple_first_of_curves(bits_apart: float) -> bool:
    x = np.geomspace(1, 1e4, ROWS)
    y = 3.0 * x**-0.3 * np.exp(0.01 * np.random.default_rng(0).normal(size=ROWS))
    rows = np.arange(ROWS)
    sample = Sample({"x": x}, y, ValueScale.LOG, np.ones(ROWS), np.ones(ROWS), 0 * rows, rows)
    found = []
    for name, bits in (("power", bits_apart), ("broken_once", 0.0)):
        law = next(law for law in LAWS if law.name == name)
        fit = fit_law(CurveModel.on(law, {"x": "x"}, sample.columns), sample, 0, QUICK)
        assert fit is not None
        found.append(Found(fit, ORIGIN, 0.0, bits))
    assert found[1].fit.constants == 6
    return ranked_curves(found, ROWS)[0] is found[0]


def simple_first_of_motion(bits_apart: float) -> bool:
    made = motion(lambda t, x: [-0.5 * x[0]], [[3.0]], np.linspace(0, 4, ROWS), ["x"], noise=0.01)
    record = prepare(made).learned
    smoothed = Smoothed.of(record)
    shooting = Shooting(record, smoothed.states, smoothed.noise)
    judged = []
    for text, bits in (("-0.5*x", bits_apart), ("0.01 - 0.5*x + 0.02*x**2 + 0.03*x**3 - 0.001*x**4", 0.0)):
        fit = shooting.fit(System.of([parse(text, ["x"])]))
        assert fit is not None
        judged.append(Judged(replace(scored(fit, shooting, (ORIGIN,)), bits=bits), Motion({}, False, None, 1)))
    assert judged[1].item.fit.fitted == 6
    return ranked_systems(judged)[0] is judged[0]


@pytest.mark.parametrize("simple_first", [simple_first_of_curves, simple_first_of_motion])
def test_ten_rows_do_not_tell_six_numbers_from_few_within_ten_bits(
    simple_first: Callable[[float], bool],
) -> None:
    assert simple_first(9.9)
    assert not simple_first(10.1)

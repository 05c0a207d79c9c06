"""Laws of motion that differ below and above a threshold on a state."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery import Engine, Options, Report, Trajectories, discover
from ansatz.discovery.expression import Node, evaluate
from tests.discovery.trajectories.motions import motion, observed, switching

OPTIONS = Options(engine=Engine.NONE, budget_seconds=1000, functions=("abs",))
NOISES = [pytest.param(0.0, id="without noise"), pytest.param(0.01, id="1 % noise")]


def value(formula: Node, **at: float) -> float:
    return float(evaluate(formula, {name: np.array([v]) for name, v in at.items()}, 1)[0])


def thresholds(report: Report) -> list[str]:
    return [w.message for w in report.warnings if w.code == "THRESHOLD"]


def harvested(noise: float) -> Trajectories:
    """A logistic growth that is harvested above 0.6."""
    t = np.linspace(0, 10, 150)
    runs = [
        switching(lambda z, side: [1.1 * z[0] * (1 - z[0] / 1.3) - 0.085 * (1 + side)], lambda z: z[0] - 0.6, [x], t)
        for x in (0.05, 0.2)
    ]
    return observed(runs, t, ["x"], noise)


def rubbed(noise: float) -> Trajectories:
    """A spring with dry friction, seen before it sticks."""
    t = np.linspace(0, 9, 180)
    runs = [
        switching(lambda z, side: [z[1], -2.3 * z[0] - 0.21 * side], lambda z: z[1], start, t)
        for start in ([2.0, 0.3], [-3.0, 0.5])
    ]
    return observed(runs, t, ["x"], noise, order=2)


def hunted(noise: float) -> Trajectories:
    """Hunters that breed faster above 1.8 of prey."""
    t = np.linspace(0, 10, 160)
    runs = [
        switching(
            lambda z, side: [z[0] * (1.3 - 0.9 * z[1]), z[1] * (0.6 * z[0] - 1.1 + 0.25 * side)],
            lambda z: z[0] - 1.8, start, t,
        )
        for start in ([3.0, 1.0], [1.0, 2.0])
    ]  # fmt: skip
    return observed(runs, t, ["prey", "hunter"], noise)


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
def test_a_harvest_above_a_level(noise: float) -> None:
    report = discover(harvested(noise), OPTIONS)
    best = report.candidates[0]
    for x in (0.3, 0.9):
        truth = 1.1 * x * (1 - x / 1.3) - 0.17 * (x > 0.6)
        assert value(best.equations["x"], x=x) == pytest.approx(truth, abs=1e-6 if noise == 0 else 0.02)
    known = next(c for c in best.constants if c.value == pytest.approx(0.6, abs=0.02))
    assert known.lower is not None
    assert known.upper is not None
    assert known.lower < known.upper
    assert known.lower - 0.005 < 0.6 < known.upper + 0.005
    (told,) = thresholds(report)
    assert "law of x differs below and above x = 0." in told
    assert "95 %" in told


@pytest.mark.slow
@pytest.mark.parametrize("noise", NOISES)
def test_dry_friction_from_positions_alone(noise: float) -> None:
    report = discover(rubbed(noise), OPTIONS)
    equation = report.candidates[0].equations["x"]
    for x, v in ((1.0, 0.8), (1.0, -0.8), (-2.0, 1.5)):
        truth = -2.3 * x - 0.21 * np.sign(v)
        assert value(equation, x=x, x_t=v) == pytest.approx(truth, abs=1e-6 if noise == 0 else 0.02)
    assert thresholds(report) == ["The law of x differs below and above x_t = 0."]


@pytest.mark.slow
@pytest.mark.xfail(strict=False, reason="in noise a steep rate law says the same, and the switch is not told")
def test_one_of_two_states_switches_on_the_other() -> None:
    report = discover(hunted(0.01), OPTIONS)
    equations = report.candidates[0].equations
    for prey in (1.0, 2.5):
        truth = 1.5 * (0.6 * prey - 1.1 + 0.25 * np.sign(prey - 1.8))
        assert value(equations["hunter"], prey=prey, hunter=1.5) == pytest.approx(truth, abs=0.06)
    (told,) = thresholds(report)
    assert told.startswith("The law of hunter differs below and above prey = 1.")


def test_a_smooth_law_in_noise_has_no_threshold() -> None:
    rates = lambda t, z: [0.79 * z[0] * (1 - z[0] / 74.3)]  # noqa: E731
    report = discover(motion(rates, [[7.3], [21.0]], np.linspace(0, 8, 120), ["n"], noise=0.01), OPTIONS)
    assert thresholds(report) == []
    assert value(report.candidates[0].equations["n"], n=50.0) == pytest.approx(0.79 * 50 * (1 - 50 / 74.3), rel=0.03)

"""Collisions and resets: where a motion jumps."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Trajectories, discover
from ansatz.discovery.expression import Array, evaluate

OPTIONS = Options(engine=Engine.NONE, budget_seconds=15, functions=())


def bouncing(t: Array, height: float, restitution: float) -> Array:
    """A ball let fall from a height onto a floor at 0, g = 9.81."""
    g, start, v, x0 = 9.81, 0.0, 0.0, height
    x = np.empty(t.size)
    for k, now in enumerate(t):
        while True:
            fall = (v + np.sqrt(v * v + 2 * g * x0)) / g
            if now - start <= fall:
                break
            start, x0, v = start + fall, 0.0, restitution * (g * fall - v)
        s = now - start
        x[k] = x0 + v * s - g * s * s / 2
    return x


@pytest.mark.slow
def test_a_bouncing_ball_has_its_law_of_fall_and_its_restitution() -> None:
    t = np.linspace(0, 2.2, 221)
    x = bouncing(t, 1.0, 0.8) + 1e-5 * np.random.default_rng(0).standard_normal(t.size)
    report = discover(Trajectories((Column("t", t), Column("x", x)), "t", ("x",), order=2), OPTIONS)
    formula = report.candidates[0].equations["x"]
    value = evaluate(formula, {"x": np.array([0.5]), "x_t": np.array([1.0]), "t": np.array([1.0])}, 1)[0]
    assert value == pytest.approx(-9.81, rel=1e-3)
    fall = np.sqrt(2 / 9.81)
    assert [j.time for j in report.jumps] == pytest.approx([fall, fall * 2.6, fall * (2.6 + 1.28)], abs=1e-3)
    assert report.jumps[0].before == pytest.approx(-9.81 * fall, rel=0.01)
    (law,) = report.jump_laws
    assert (law.state, law.count) == ("x", 3)
    assert law.ratio.value == pytest.approx(-0.8, abs=0.01)
    assert law.position.value == pytest.approx(0.0, abs=1e-3)


def test_a_neuron_that_fires_has_its_threshold_and_its_reset() -> None:
    t = np.linspace(0, 12, 481)
    v, x = 0.0, np.empty(t.size)
    for k in range(t.size):
        x[k] = v
        left = t[1]
        while left > 0:
            rise = np.log((1.5 - v) / 0.5)  # until the threshold, 1, on the way to 1.5
            step = min(left, rise)
            v = 1.5 + (v - 1.5) * np.exp(-step)
            v, left = (0.2 if step == rise else v), left - step
    report = discover(Trajectories((Column("t", t), Column("v", x)), "t", ("v",)), OPTIONS)
    value = evaluate(report.candidates[0].equations["v"], {"v": np.array([0.5]), "t": np.array([1.0])}, 1)[0]
    assert value == pytest.approx(1.0, rel=1e-3)
    (law,) = report.jump_laws
    assert law.count == len(report.jumps) >= 10
    assert law.before.value == pytest.approx(1.0, abs=0.02)
    assert law.after.value == pytest.approx(0.2, abs=0.02)

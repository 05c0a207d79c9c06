"""Each equation of a system stands by itself: it is told whatever the others do, and none is lost with them."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery import Engine, Options, discover
from ansatz.discovery.expression import evaluate, parse
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.trajectories.by_equation import ByEquation
from ansatz.discovery.trajectories.integral import IntegralForm, Smoothed
from ansatz.discovery.trajectories.prepare import prepare
from ansatz.discovery.trajectories.shooting import Shooting
from tests.discovery.trajectories.motions import motion

ORIGINS = [Origin("test")] * 2


def judged_alone(noise: float) -> ByEquation:
    """Return the judge of a chain: x' = -0.7*x, y' = 0.7*x - 0.2*y."""
    rates = lambda t, z: [-0.7 * z[0], 0.7 * z[0] - 0.2 * z[1]]  # noqa: E731
    made = motion(rates, [[3.0, 0.5], [1.0, 2.0]], np.linspace(0, 6, 60), ["x", "y"], noise)
    record = prepare(made).learned
    smoothed = Smoothed.of(record)
    shooting = Shooting(record, smoothed.states, smoothed.noise)
    return ByEquation([IntegralForm(smoothed, j) for j in range(2)], shooting)


@pytest.mark.parametrize("noise", [0.0, 0.02])
def test_an_equation_is_told_though_another_is_wrong(noise: float) -> None:
    own = judged_alone(noise).own([parse("-0.7*x", ["x"]), parse("1.1 - 0.2*y", ["y"])])
    assert [o.told for o in own] == [True, False]


def test_a_system_that_was_not_followed_has_the_errors_of_its_constants() -> None:
    item = judged_alone(0.02).system([parse("-0.7*x", ["x"]), parse("0.71*x - 0.2*y", ["x", "y"])], ORIGINS)
    assert not item.fit.converged
    assert np.all(item.fit.errors > 1e-4)
    assert np.all(item.fit.errors < 0.1)


def test_better_by_themselves() -> None:
    judge = judged_alone(0.0)
    right, wrong = parse("-0.7*x", ["x"]), parse("0.3", [])
    other = parse("0.7*x - 0.25*y", ["x", "y"])
    assert judge.explains_more([right, other], [wrong, other])
    assert not judge.explains_more([wrong, other], [right, other])
    assert not judge.explains_more([right, other], [right, other])


def test_a_substrate_that_is_used_up_has_its_rate_law_with_constants_that_were_free() -> None:
    rates = lambda t, z: [-1.7 * z[0] ** 3 / (0.4 + z[0] ** 3)]  # noqa: E731
    made = motion(rates, [[3.0], [1.4]], np.linspace(0, 6, 80), ["s"])
    report = discover(made, Options(engine=Engine.NONE, budget_seconds=1000, functions=()))
    best = report.candidates[0]
    assert best.motion is not None
    assert best.motion.followed
    assert best.motion.states["s"].told
    s = np.array([0.3, 0.9, 2.5])
    assert evaluate(best.formula, {"s": s}, 3) == pytest.approx(-1.7 * s**3 / (0.4 + s**3), rel=1e-6)

"""Mean reversion driven by noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, InvalidInputError, Options, Report, Trajectories, discover
from ansatz.discovery.expression import Array
from ansatz.discovery.trajectories.stochastic.inference import Inference, Samples

OPTIONS = Options(engine=Engine.NONE, budget_seconds=60, functions=())


def reverting(rng: np.random.Generator, rate: float, t: Array, mean: float = 1.5, diffusion: float = 0.3) -> Array:
    """A stationary Ornstein-Uhlenbeck process at times t, by its exact transitions; rate 0: a random walk."""
    h = np.diff(t)
    decay = np.exp(-rate * h)
    spread = np.sqrt((1 - decay**2) / (2 * rate)) if rate else np.sqrt(h)
    x = np.empty(t.size)
    x[0] = rng.standard_normal() / np.sqrt(2 * rate) if rate else 0.0
    for k, shock in enumerate(rng.standard_normal(h.size)):
        x[k + 1] = x[k] * decay[k] + spread[k] * shock
    return mean + diffusion * x


def observed(t: Array, *states: Array, stochastic: bool = True) -> Trajectories:
    columns = [Column(f"x{j}", x) for j, x in enumerate(states, start=1)]
    return Trajectories((Column("t", t), *columns), "t", tuple(c.name for c in columns), stochastic=stochastic)


def codes(report: Report) -> set[str]:
    return {w.code for w in report.warnings}


def irregular(rng: np.random.Generator, n: int, step: float) -> Array:
    return np.cumsum(rng.uniform(0.3 * step, 1.7 * step, n))


def test_rate_mean_and_noise_of_two_states_with_irregular_steps_and_missing_samples() -> None:
    rng = np.random.default_rng(3)
    t = irregular(rng, 400, 0.3)
    slow, fast = reverting(rng, 0.4, t), reverting(rng, 1.2, t, mean=-2.0, diffusion=0.5)
    fast[[10, 50, 51]] = np.nan
    report = discover(observed(t, slow, fast), OPTIONS)
    assert report.drift is not None
    for found, rate, mean, diffusion in zip(report.drift.reversions, (0.4, 1.2), (1.5, -2.0), (0.3, 0.5), strict=True):
        for estimate, truth in ((found.rate, rate), (found.mean, mean), (found.diffusion, diffusion)):
            assert estimate.lower is not None
            assert estimate.upper is not None
            assert estimate.lower < truth < estimate.upper
        assert found.half_life.value == pytest.approx(np.log(2) / (found.rate.value or 0))
        assert found.stationary_std == pytest.approx(diffusion / np.sqrt(2 * rate), rel=0.3)
        assert found.reverts
    best = report.candidates[0]
    assert best.found_by == "stochastic"
    assert best.motion is not None
    assert set(best.motion.diffusion) == {"x1", "x2"}
    assert len(best.constants) == 4
    assert "STOCHASTIC" in codes(report)
    assert report.residual is not None
    assert report.residual.is_noise


def test_noise_as_the_driver_is_found_unasked() -> None:
    rng = np.random.default_rng(0)
    t = np.linspace(0, 80, 240)
    report = discover(observed(t, reverting(rng, 0.5, t), stochastic=False), replace(OPTIONS, budget_seconds=20))
    assert report.candidates[0].found_by == "stochastic"
    assert report.drift is not None
    assert report.drift.gain_bits > 20
    assert [c.rank for c in report.candidates] == list(range(1, len(report.candidates) + 1))


def test_errors_of_measurement_about_a_motion_are_not_taken_for_noise_that_drives_it() -> None:
    rng = np.random.default_rng(1)
    t = np.linspace(0, 8, 120)
    x = 4 * np.exp(-0.5 * t) + 1 + 0.05 * rng.standard_normal(t.size)
    report = discover(observed(t, x, stochastic=False), OPTIONS)
    assert report.drift is None
    assert "STOCHASTIC" not in codes(report)
    asked = discover(observed(t, x), OPTIONS)
    assert "RESIDUAL_HAS_STRUCTURE" in codes(asked)


def test_a_random_walk_is_called_one() -> None:
    rng = np.random.default_rng(2)
    t = irregular(rng, 200, 0.3)
    report = discover(observed(t, reverting(rng, 0.0, t)), OPTIONS)
    assert report.drift is not None
    (found,) = report.drift.reversions
    assert not found.reverts
    assert found.rate.lower == 0
    assert found.half_life.upper is None
    assert report.candidates[0].text == "x1: 0"
    assert "RANDOM_WALK" in codes(report)


def test_samples_too_far_apart_leave_the_rate_open() -> None:
    rng = np.random.default_rng(5)
    t = np.arange(200.0)
    report = discover(observed(t, reverting(rng, 9.0, t)), OPTIONS)
    assert report.drift is not None
    assert report.drift.reversions[0].rate.upper is None
    assert "UNDERSAMPLED" in codes(report)


def test_reversion_slows_down_towards_a_threshold() -> None:
    rng = np.random.default_rng(4)
    t = np.linspace(0, 100, 300)
    values = (0.0, 1.0, 2.0, 3.0, 4.0)
    runs = [reverting(rng, 0.4 * (5 - p), t) for p in values]
    columns = (
        Column("t", np.tile(t, 5)), Column("x", np.concatenate(runs)), Column("p", np.repeat(values, t.size)),
    )  # fmt: skip
    labels = tuple(f"run {p:g}" for p in values for _ in t)
    report = discover(Trajectories(columns, "t", ("x",), inputs=("p",), runs=labels, stochastic=True), OPTIONS)
    assert report.drift is not None
    assert [r.group for r in report.drift.reversions] == ["p = 0", "p = 1", "p = 2", "p = 3", "p = 4"]
    (slowing,) = report.drift.slowing_down
    assert (slowing.state, slowing.parameter) == ("x", "p")
    assert slowing.p_value < 0.001
    assert slowing.slope.upper is not None
    assert slowing.slope.upper < 0
    assert slowing.zero.lower is not None
    assert slowing.zero.upper is not None
    assert slowing.zero.lower < 5 < slowing.zero.upper
    assert report.candidates[0].constants[0].per_group.keys() == {r.group for r in report.drift.reversions}


def test_intervals_of_small_samples_hold_and_estimates_are_not_biased() -> None:
    rng = np.random.default_rng(6)
    t = np.linspace(0, 20, 60)
    found = [
        (inference.rate(), inference.likeliest.rate)
        for inference in (Inference(Samples((t,), (reverting(rng, 0.5, t),)), i) for i in range(60))
    ]
    held = sum((e.lower or 0) <= 0.5 and (e.upper is None or e.upper >= 0.5) for e, _ in found)
    assert held >= 51  # of 60 at 95 %, fewer come once in 20,000
    assert np.median([e.value or 0 for e, _ in found]) == pytest.approx(0.5, abs=0.12)
    assert np.median([rate for _, rate in found]) > 0.55


def test_a_second_order_or_too_short_a_run_is_refused() -> None:
    t = np.arange(8.0)
    made = observed(np.arange(20.0), np.random.default_rng(0).standard_normal(20))
    with pytest.raises(InvalidInputError, match="stochastic"):
        replace(made, order=2)
    with pytest.raises(InvalidInputError, match="has 8 samples"):
        observed(t, np.sin(t))

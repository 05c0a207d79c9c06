"""Laws of motion found from simulated motion."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Report, Trajectories, discover
from ansatz.discovery.expression import Array, Node, evaluate
from tests.discovery.trajectories.motions import Rates, motion, simulated

T = np.linspace(0, 8, 120)
OPTIONS = Options(engine=Engine.NONE, budget_seconds=1000)
PLAIN = replace(OPTIONS, functions=())


def values(formula: Node, **at: float) -> float:
    return float(evaluate(formula, {name: np.array([v]) for name, v in at.items()}, 1)[0])


def codes(report: Report) -> set[str]:
    return {w.code for w in report.warnings}


def test_a_logistic_law_is_exact_and_its_constants_have_intervals() -> None:
    report = discover(motion(lambda t, x: [0.79 * x[0] * (1 - x[0] / 74.3)], [[7.3], [21.0]], T, ["n"]), OPTIONS)
    best = report.candidates[0]
    assert set(best.equations) == {"n"}
    assert values(best.equations["n"], n=50.0) == pytest.approx(0.79 * 50 * (1 - 50 / 74.3), rel=1e-7)
    assert best.complexity <= 11
    assert best.motion is not None
    assert best.motion.states["n"].rollout_r2 > 0.999999
    assert not best.motion.diverges
    assert all(c.lower is not None and c.upper is not None and c.lower <= c.value <= c.upper for c in best.constants)
    assert best.python.startswith("{'n': ")
    assert report.residual is not None
    assert report.residual.is_noise


def test_predator_and_prey_are_found_in_noise() -> None:
    rates = lambda t, z: [z[0] * (1.3 - 0.9 * z[1]), z[1] * (0.6 * z[0] - 1.1)]  # noqa: E731
    report = discover(motion(rates, [[3.0, 1.0], [1.0, 2.0]], T, ["prey", "hunter"], noise=0.01), PLAIN)
    best = report.candidates[0]
    assert values(best.equations["prey"], prey=2.0, hunter=1.5) == pytest.approx(2 * (1.3 - 0.9 * 1.5), rel=0.05)
    assert values(best.equations["hunter"], prey=2.0, hunter=1.5) == pytest.approx(1.5 * (0.6 * 2 - 1.1), rel=0.2)
    assert len(best.constants) == 4
    assert report.noise_relative_std == pytest.approx(0.01, rel=0.3)


def test_second_order_from_positions_alone_with_a_conserved_energy() -> None:
    report = discover(
        motion(lambda t, z: [z[1], -3.9 * np.sin(z[0])], [[2.2, 0.0], [0.4, 1.5]], T, ["x"], order=2), OPTIONS
    )
    best = report.candidates[0]
    assert values(best.equations["x"], x=1.0, x_t=0.3) == pytest.approx(-3.9 * np.sin(1.0), rel=1e-6)
    assert best.motion is not None
    assert best.motion.order == 2
    energy = best.motion.conserved[0]
    same = [values(energy.formula, x=x, x_t=np.sqrt(2 * (5 + 3.9 * np.cos(x)))) for x in (0.0, 1.0, 2.0)]
    assert same == pytest.approx([same[0]] * 3, rel=1e-5)
    assert energy.drift < 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    "law",
    [
        lambda t, z: [z[1], 0.8 * z[0] - 1.05 * z[0] ** 3 - 0.18 * z[1]],
        lambda t, z: [z[1], 1.273 * np.cos(1.429 * t + 0.349) - 5.22 * z[0] - 0.342 * z[1]],
    ],
    ids=["damped Duffing", "driven at an unknown frequency"],
)
def test_oscillators_with_noise_from_positions_alone(law: Rates) -> None:
    made = motion(law, [[1.8, 0.0], [-0.6, 1.0]], np.linspace(0, 15, 200), ["x"], noise=1e-3, order=2)
    report = discover(made, OPTIONS)
    best = report.candidates[0]
    for x, v, t in ((1.0, 0.5, 3.0), (-2.0, 1.5, 11.0), (0.3, -2.0, 6.0)):
        truth = law(t, np.array([x, v]))[1]
        assert values(best.equations["x"], x=x, x_t=v, t=t) == pytest.approx(truth, abs=0.03)
    assert best.complexity <= 19
    assert report.residual is not None
    assert report.residual.is_noise


def test_what_leaves_one_state_and_enters_another_is_one_constant() -> None:
    rates = lambda t, z: [-0.4 * z[0] * z[1], 0.4 * z[0] * z[1] - 0.31 * z[1]]  # noqa: E731
    report = discover(motion(rates, [[7.2, 0.98], [5.0, 2.4]], T, ["s", "i"], noise=0.005), PLAIN)
    best = report.candidates[0]
    assert best.motion is not None
    assert best.motion.shared
    sizes = [abs(c.value) for c in best.constants]
    assert len(sizes) == 3
    assert len(set(sizes)) == 2


def test_chaos_with_noise_is_found_by_the_map_between_samples() -> None:
    rates = lambda t, z: [10 * (z[1] - z[0]), z[0] * (28 - z[2]) - z[1], z[0] * z[1] - 8 / 3 * z[2]]  # noqa: E731
    t = np.linspace(0, 3, 100)
    report = discover(motion(rates, [[1.0, 2.0, 20.0]], t, ["x", "y", "z"], noise=0.005), PLAIN)
    best = report.candidates[0]
    at = {"x": 3.0, "y": -2.0, "z": 25.0}
    assert values(best.equations["x"], **at) == pytest.approx(-50.0, rel=0.02)
    assert values(best.equations["z"], **at) == pytest.approx(-6 - 8 / 3 * 25, rel=0.02)
    assert values(best.equations["y"], **at) == pytest.approx(3 * (28 - 25) + 2, rel=0.1)


def test_chaos_without_noise_is_exact_and_holds_nothing_more() -> None:
    rates = lambda t, z: [10 * (z[1] - z[0]), z[0] * (99.96 - z[2]) - z[1], z[0] * z[1] - 8 / 3 * z[2]]  # noqa: E731
    data = motion(rates, [[2.3, 8.1, 12.4], [10.0, 20.0, 30.0]], np.linspace(0, 10, 150), ["x", "y", "z"])
    best = discover(data, OPTIONS).candidates[0]
    at = {"x": 1.5, "y": -2.0, "z": 40.0}
    assert values(best.equations["x"], **at) == pytest.approx(-35, rel=1e-7)
    assert values(best.equations["y"], **at) == pytest.approx(1.5 * 59.96 + 2, rel=1e-7)
    assert values(best.equations["z"], **at) == pytest.approx(-3 - 320 / 3, rel=1e-7)
    assert len(best.constants) <= 7


def test_missing_samples_and_one_wrong_one_do_no_harm() -> None:
    made = motion(lambda t, x: [1.2 - 0.5 * x[0]], [[0.1], [6.0]], T, ["x"])
    x: Array = made.column("x").values.copy()
    x[[5, 6, 40, 130]] = np.nan
    x[80] += 3.0
    report = discover(replace(made, columns=(made.columns[0], Column("x", x))), PLAIN)
    assert values(report.candidates[0].equations["x"], x=2.0) == pytest.approx(0.2, rel=1e-5)
    (warning,) = [w for w in report.warnings if w.code == "OUTLIERS"]
    assert "row 81" in warning.message


def test_a_jump_splits_the_run_and_is_reported() -> None:
    first = simulated(lambda t, x: [-0.5 * x[0]], [4.0], T[:60])[:, 0]
    second = simulated(lambda t, x: [-0.5 * x[0]], [3.0], T[60:])[:, 0]
    columns = (Column("t", T), Column("x", np.concatenate([first, second])))
    report = discover(Trajectories(columns, "t", ("x",)), PLAIN)
    assert values(report.candidates[0].equations["x"], x=2.0) == pytest.approx(-1.0, rel=1e-5)
    (warning,) = [w for w in report.warnings if w.code == "JUMP"]
    assert f"between times {T[59]:g} and {T[60]:g}" in warning.message


def decay(rate: float) -> Rates:
    return lambda t, x: [-rate * x[0]]


def test_a_parameter_that_differs_between_runs_is_an_input() -> None:
    runs = [(k, simulated(decay(k), [3.0], T)[:, 0]) for k in (0.3, 0.7, 1.1)]
    columns = (
        Column("t", np.tile(T, 3)),
        Column("x", np.concatenate([x for _, x in runs])),
        Column("k", np.repeat([k for k, _ in runs], T.size)),
    )
    labels = tuple(str(i) for i in range(3) for _ in T)
    made = Trajectories(columns, "t", ("x",), inputs=("k",), runs=labels, held_out=("2",))
    best = discover(made, PLAIN).candidates[0]
    assert values(best.equations["x"], x=2.0, k=0.5) == pytest.approx(-1.0, rel=1e-6)
    assert best.motion is not None
    assert best.motion.states["x"].rollout_r2 > 0.9999


def test_a_state_that_does_not_move_by_a_law_is_no_better_than_constant_rates() -> None:
    noise = np.random.default_rng(3).standard_normal(60)
    made = Trajectories((Column("t", np.arange(60.0)), Column("x", noise)), "t", ("x",))
    report = discover(made, replace(PLAIN, budget_seconds=20))
    assert report.candidates[0].complexity <= 7


def test_too_few_samples_a_period_are_told() -> None:
    t = np.linspace(0, 10, 60)
    made = Trajectories((Column("t", t), Column("x", np.sin(9.0 * t))), "t", ("x",))
    assert "UNDERSAMPLED" in codes(discover(made, replace(PLAIN, budget_seconds=10)))


@pytest.mark.slow
def test_the_few_fast_intervals_of_an_epidemic_are_integrated_as_well() -> None:
    rates = lambda t, z: [-0.4 * z[0] * z[1], 0.4 * z[0] * z[1] - 0.314 * z[1]]  # noqa: E731
    rng = np.random.default_rng(4)
    t = np.sort(np.r_[0.0, 10.0, rng.uniform(0, 10, 73)])
    report = discover(motion(rates, [[7.2, 0.98], [20.0, 12.4]], t, ["s", "i"], noise=0.01), PLAIN)
    best = report.candidates[0]
    assert values(best.equations["s"], s=5.0, i=3.0) == pytest.approx(-6.0, rel=0.03)
    assert values(best.equations["i"], s=5.0, i=3.0) == pytest.approx(6.0 - 0.942, rel=0.03)
    assert len(best.constants) <= 3


def test_another_unit_of_states_and_time_changes_no_score() -> None:
    rates = lambda t, z: [z[0] * (1.3 - 0.9 * z[1]), z[1] * (0.6 * z[0] - 1.1)]  # noqa: E731
    data = motion(rates, [[3.0, 1.0], [1.0, 2.0]], T[:60], ["prey", "hunter"], noise=0.01)
    units = {"t": 60.0, "prey": 1e3, "hunter": 7.3e-2}
    columns = tuple(Column(c.name, c.values * units.get(c.name, 1.0)) for c in data.columns)
    found = []
    for observed in (data, replace(data, columns=columns)):
        equations = "prey: a*prey - b*prey*hunter; hunter: c*prey*hunter - d*hunter"
        report = discover(observed, replace(PLAIN, ansatz=equations, budget_seconds=4.0))
        own = next(c for c in report.candidates if c.found_by == "ansatz")
        found.append(own.scores.description_length)
    assert found[1] == pytest.approx(found[0], abs=0.1)

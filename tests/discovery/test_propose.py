"""Experiments that tell the formulas of a front apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from ansatz.discovery import (
    Box,
    Candidate,
    Column,
    Engine,
    InvalidInputError,
    Options,
    Proposal,
    Scores,
    Table,
    discover,
    evaluate_formula,
    propose_experiments,
)
from ansatz.discovery.expression import evaluate, parse
from ansatz.discovery.pictures.plots import FrontPoint, ImageFormat, plot_table
from ansatz.discovery.report.by_group import in_group
from ansatz.discovery.report.origin import Origin

Law = Callable[[NDArray[np.float64]], NDArray[np.float64]]
NAN = float("nan")


def noisy(law: Law, x: NDArray[np.float64], noise: float, relative: bool, seed: int) -> Table:
    """Rows with noise of one size, or of one size relative to the law; the weights say which."""
    y = law(x)
    size = noise * np.abs(y) if relative else np.full(x.size, noise)
    measured = y + size * np.random.default_rng(seed).normal(size=x.size)
    return Table((Column("x", x), Column("y", measured), Column("w", size**-2.0)), target="y", weights="w")


def rivals(*formulas: str, bits: float = 1.0) -> list[Candidate]:
    """Formulas of a front, each some bits longer than the one before."""
    return [
        Candidate(i + 1, parse(text, others=True), (), Scores(NAN, NAN, NAN, 100 + bits * i, NAN), True, Origin("test"))
        for i, text in enumerate(formulas)
    ]


def with_experiments(law: Law, table: Table, proposal: Proposal, noise: float, relative: bool) -> Table:
    """The table with the experiments made."""
    x = np.array([e.inputs["x"] for e in proposal.experiments])
    made = noisy(law, x, noise, relative, seed=99)
    columns = tuple(Column(c.name, np.concatenate([c.values, made.column(c.name).values])) for c in table.columns)
    return Table(columns, target="y", weights="w")


def bose(u: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / np.expm1(u))


def floor_law(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.7 + 3.0 * x**-0.15)


def log_law(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(3.0 - 0.2 * np.log(x))


@dataclass(frozen=True)
class Hidden:
    """A law that another formula hides on a window of x, and where it may be measured."""

    law: Law
    window: tuple[float, float]
    box: tuple[float, float]
    noise: float
    relative: bool
    found: str


HIDDEN = {
    "1/(exp(u)-1) behind 1/u": Hidden(bose, (1e-3, 1e-2), (1e-3, 10.0), 0.01, True, "exp"),
    "a power law with a floor": Hidden(floor_law, (10.0, 100.0), (1.0, 1e6), 0.01, False, "/x**0.1"),
}


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN.keys())
def test_a_handful_of_experiments_finds_the_law_that_the_data_hid(hidden: Hidden) -> None:
    low, high = hidden.window
    x = low * (high / low) ** np.random.default_rng(0).random(30)
    table = noisy(hidden.law, x, hidden.noise, hidden.relative, seed=0)
    options = Options(engine=Engine.NONE, budget_seconds=60.0)  # it ends by itself long before
    report = discover(table, options)
    assert hidden.found not in report.candidates[0].text
    proposal = propose_experiments(table, report.candidates, Box.of({"x": hidden.box}), 5)
    more = with_experiments(hidden.law, table, proposal, hidden.noise, hidden.relative)
    best = discover(more, options).candidates[0]
    assert hidden.found in best.text
    wide = np.geomspace(*hidden.box, 50)
    np.testing.assert_allclose(evaluate(best.formula, {"x": wide}, 50), hidden.law(wide), rtol=0.05)


def test_two_scaling_families_are_told_apart_where_they_part() -> None:
    x = np.geomspace(10, 100, 40)
    table = noisy(log_law, x, 0.02, False, seed=1)
    front = rivals("1.5 + 2.0*x**-0.2", "3.0 - 0.2*log(x)")
    proposal = propose_experiments(table, front, Box.of({"x": (1, 1e6)}), 5)
    assert proposal.experiments[-1].separation > 3
    assert not proposal.warnings
    assert len({round(float(np.log10(e.inputs["x"])), 1) for e in proposal.experiments}) > 1  # not all at one place
    more = with_experiments(log_law, table, proposal, 0.02, False)
    power, log = (evaluate_formula(more, c.text, refit=True).candidate.scores for c in front)
    assert log.description_length < power.description_length


def test_the_first_experiment_is_where_they_differ_most() -> None:
    table = noisy(bose, np.geomspace(1e-3, 1e-2, 20), 0.01, True, seed=2)
    proposal = propose_experiments(table, rivals("1/x", "1/(exp(x) - 1)"), Box.of({"x": (1e-3, 10)}), 2)
    first = proposal.experiments[0]
    assert first.inputs["x"] == 10
    assert (first.first_rank, first.second_rank) == (1, 2)
    assert first.predictions == pytest.approx((0.1, 1 / np.expm1(10)))
    assert proposal.noise_is_relative
    assert proposal.noise_std == pytest.approx(0.01, rel=0.5)
    assert [r.weight for r in proposal.rivals] == pytest.approx([2 / 3, 1 / 3])


def test_constants_that_can_be_refitted_are_no_difference() -> None:
    x = np.linspace(1, 2, 30)
    table = noisy(lambda v: 2.5 * v, x, 0.3, False, seed=3)
    same = propose_experiments(table, rivals("2.5*x", "2.5*x + 0.01"), Box.of({"x": (1, 2)}), 3)
    assert [w.code for w in same.warnings] == ["RIVALS_STAY_ALIKE"]
    assert same.experiments[-1].separation < 2


def test_inputs_that_are_not_in_the_box_keep_to_the_data_and_names_are_the_callers() -> None:
    rng = np.random.default_rng(5)
    m, v = rng.uniform(1, 2, (2, 40))
    columns = (Column("mass (kg)", m), Column("v", v), Column("y", m * v**2 + 0.05 * rng.normal(size=40)))
    front = rivals("mass_kg*v**2", "mass_kg**2*v")
    proposal = propose_experiments(Table(columns, target="y"), front, Box.of({"v": (1, 50)}), 5, seed=3)
    for experiment in proposal.experiments:
        assert set(experiment.inputs) == {"mass (kg)", "v"}
        assert m.min() <= experiment.inputs["mass (kg)"] <= m.max()
        assert 1 <= experiment.inputs["v"] <= 50
    assert proposal == propose_experiments(Table(columns, target="y"), front, Box.of({"v": (1, 50)}), 5, seed=3)


def test_where_leading_formulas_are_not_defined_nothing_is_proposed() -> None:
    table = noisy(np.sqrt, np.linspace(1, 4, 30), 0.01, False, seed=4)
    front = rivals("sqrt(x)", "0.5 + 0.5*x")
    proposal = propose_experiments(table, front, Box.of({"x": (-10, 10)}), 4)
    assert all(e.inputs["x"] >= 0 for e in proposal.experiments)
    with pytest.raises(InvalidInputError, match="no point"):
        propose_experiments(table, front, Box.of({"x": (-10, -5)}), 4)


@pytest.mark.parametrize(
    ("limits", "count", "front", "fields"),
    [
        ({"z": (0.0, 1.0)}, 5, rivals("x", "x**2"), ["box['z']"]),
        ({"x": (0.0, 1.0)}, 0, rivals("x", "x**2"), ["n"]),
        ({"x": (0.0, 1.0)}, 101, rivals("x"), ["n", "candidates"]),
    ],
)
def test_bad_input_is_refused_by_field(
    limits: dict[str, tuple[float, float]], count: int, front: list[Candidate], fields: list[str]
) -> None:
    table = noisy(np.square, np.linspace(1, 4, 30), 0.01, False, seed=4)
    with pytest.raises(InvalidInputError) as raised:
        propose_experiments(table, front, Box.of(limits), count)
    assert [v.field for v in raised.value.violations] == fields


def test_of_grouped_data_every_group_has_its_own_constants() -> None:
    rng = np.random.default_rng(0)
    x, label = rng.uniform(1, 5, 90), np.arange(90) % 3
    size = np.array([1.0, 4.0, 9.0])[label]
    y = size * np.exp(-0.7 * x) + 2 + 0.016 * rng.standard_normal(90)
    columns = (Column("x", x), Column("y", y), Column("m", 2 * size), Column.of_labels("g", ["abc"[i] for i in label]))
    table = Table(columns, "y", inputs=("x", "m"), group="g")
    options = Options(engine=Engine.NONE, budget_seconds=3, ansatz="k*exp(-b*x) + c", per_group=("k",))
    report = discover(table, options)
    best = report.candidates[0]
    proposal = propose_experiments(table, report.candidates, Box({}), 4)
    assert proposal.noise_std == pytest.approx(0.016, rel=0.2)
    assert not proposal.noise_is_relative
    for experiment in proposal.experiments:
        group = "abc".index(experiment.group)
        assert experiment.inputs["m"] == 2 * [1.0, 4.0, 9.0][group]  # which no experiment in the group can choose
        own = in_group(best.formula, best.constants, experiment.group)
        at = {name: np.array([value]) for name, value in experiment.inputs.items()}
        expected = [1.0, 4.0, 9.0][group] * np.exp(-0.7 * at["x"]) + 2
        assert evaluate(own, at, 1) == pytest.approx(expected, abs=0.05)
        assert experiment.predictions[0] == pytest.approx(float(expected[0]), abs=0.05)
    front = [FrontPoint(best.complexity, 0.01, True, True)]
    apart = plot_table(table, best.formula, front, ImageFormat.SVG, best.constants)
    alike = plot_table(table, best.formula, front, ImageFormat.SVG)
    assert apart.count(b"<path") > alike.count(b"<path") > 0  # a line for each group

"""What holds for observations of every kind alike: names, numbers, options."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from ansatz.discovery import (
    Box,
    Candidate,
    ChosenLaw,
    Column,
    Curves,
    Engine,
    EngineNotReadyError,
    InvalidInputError,
    Loss,
    Observations,
    Options,
    Parameter,
    Questions,
    Table,
    Trajectories,
    answer,
    compare_formulas,
    discover,
    evaluate_formula,
    propose_experiments,
    validate,
)
from ansatz.discovery.asked.kinds import USES, Kind, uses
from ansatz.discovery.asked.options import OF_ANSATZ
from ansatz.discovery.expression import FUNCTIONS, Apply, Array, Node, complexity, walk
from tests.discovery.trajectories.motions import motion

ROWS = 60
PI = repr(math.pi)
OPTIONS = Options(engine=Engine.NONE, budget_seconds=1.5)


def line(x: Array) -> Array:
    return np.asarray(4.0 - 1.3 * x)


def wave(x: Array) -> Array:
    """With 3.1 where an ansatz will say pi: a fit would change it."""
    return np.asarray(0.9 + 0.7 * np.sin(3.1 * x))


Law = Callable[[Array], Array]


def columns(**values: Array) -> tuple[Column, ...]:
    return tuple(Column(name, value) for name, value in values.items())


def data(law: Law, noise: float) -> dict[str, Array]:
    rng = np.random.default_rng(3)
    x = rng.uniform(0.3, 2.5, ROWS)
    y = law(x)
    return {"x": x, "y": y + noise * y.std() * rng.standard_normal(ROWS)}


def table(law: Law, noise: float = 0.005) -> Table:
    return Table(columns(**data(law, noise)), "y")


def grouped(law: Law, noise: float = 0.005) -> Table:
    made = data(law, noise)
    labels = [("a", "b", "c")[i % 3] for i in range(ROWS)]
    made["y"] = made["y"] * np.array([1.0 + 0.5 * (i % 3) for i in range(ROWS)])
    return Table((*columns(**made), Column.of_labels("group", labels)), "y", inputs=("x",), group="group")


def curves(law: Law, noise: float = 0.005) -> Curves:
    return Curves(columns(**data(law, noise)), "y")


def curves_by_run(law: Law) -> Curves:
    return replace(curves(law), runs=("a",) * 30 + ("b",) * 30, per_run=True)


def first_order(law: Law) -> Trajectories:
    return motion(lambda t, z: [float(law(z[0]))], [[0.3], [0.8], [1.9]], np.linspace(0, 1.5, 40), ["x"], 0.002)


def second_order(law: Law) -> Trajectories:
    rates = lambda t, z: [z[1], float(law(z[0]))]  # noqa: E731
    return motion(rates, [[0.3, 0.0], [0.8, 0.5]], np.linspace(0, 2, 60), ["x"], 0.002, order=2)


def stochastic(law: Law) -> Trajectories:
    return replace(first_order(law), stochastic=True)


SEARCHED: Mapping[str, Callable[[Law], Observations]] = {
    "table": table,
    "grouped table": grouped,
    "curves": curves,
    "motion": first_order,
    "motion of second order": second_order,
}
"""Kinds with an ansatz; values, or rates, follow a law of x."""
EVERY = {**SEARCHED, "curves by run": curves_by_run, "stochastic motion": stochastic}
every_kind = pytest.mark.parametrize("make", EVERY.values(), ids=EVERY.keys())
every_kind_with_an_ansatz = pytest.mark.parametrize("make", SEARCHED.values(), ids=SEARCHED.keys())


def called(made: Observations, x: str, other: str) -> Observations:
    """The same observations with another name for x, and for the target or, of a motion, for the time."""
    new = {"x": x, ("t" if isinstance(made, Trajectories) else "y"): other}
    renamed = tuple(replace(c, name=new.get(c.name, c.name)) for c in made.columns)
    if isinstance(made, Trajectories):
        return replace(made, columns=renamed, states=(x,), time=other)
    return replace(made, columns=renamed, inputs=(x,), target=other)


def own(candidates: tuple[Candidate, ...]) -> Candidate:
    return next(c for c in candidates if c.origin.is_given)


def formulas(candidate: Candidate) -> tuple[Node, ...]:
    return tuple(candidate.equations.values()) or (candidate.formula,)


def refused(made: Observations, options: Options) -> dict[str, str]:
    """What is wrong, by field."""
    try:
        validate(made, options)
    except InvalidInputError as error:
        return {v.field: v.description for v in error.violations}
    except EngineNotReadyError:  # of an engine that the kind uses
        return {}
    return {}


# Names ----------------------------------------------------------------------------------------------------------


@every_kind_with_an_ansatz
@pytest.mark.parametrize("names", [("my x", "my_x"), ("lambda", "lambda_"), ("pi", "other"), ("y", "z")], ids=str)
def test_a_name_that_a_report_shows_can_be_used_in_an_ansatz(
    make: Callable[[Law], Observations], names: tuple[str, str]
) -> None:
    observations = called(make(line), *names)
    options = replace(OPTIONS, functions=("abs",))
    report = discover(observations, options)
    shown = {column: name for name, column in report.columns.items()}.get(names[0], names[0])
    best = report.candidates[0].text
    assert shown in best
    validate(observations, replace(OPTIONS, ansatz=best))
    again = discover(observations, replace(options, ansatz=f"k*{shown} + b"))
    assert shown in own(again.candidates).text
    assert (
        "no free constant"
        in refused(observations, replace(OPTIONS, ansatz=f"k*{shown}", parameters=(Parameter(shown),)))[
            "options.parameters[0].name"
        ]
    )


@every_kind_with_an_ansatz
def test_what_is_a_column_but_no_input_is_no_free_constant(make: Callable[[Law], Observations]) -> None:
    made = make(line)
    observations = replace(made, columns=(*made.columns, *columns(other=np.ones(made.rows))))
    found = refused(observations, replace(OPTIONS, ansatz="k*x + other"))
    assert "'other', which is a column but no input" in found["options.ansatz"]


# Numbers --------------------------------------------------------------------------------------------------------


def given_pi(candidate: Candidate) -> None:
    """That pi stands in the formula at its value, as a number that was not fitted."""
    assert f"{PI}*x" in candidate.text
    (given,) = [c for c in candidate.constants if c.value == math.pi]
    assert (given.std_error, given.lower, given.upper, given.name) == (0.0, math.pi, math.pi, "pi")
    assert not given.parameter


@every_kind_with_an_ansatz
def test_pi_in_an_ansatz_is_the_number_and_is_not_fitted(make: Callable[[Law], Observations]) -> None:
    options = replace(OPTIONS, ansatz="b + k*sin(pi*x)", functions=("sin",))
    found = own(discover(make(wave), options).candidates)
    given_pi(found)
    assert {c.parameter.lstrip("-") for c in found.constants} == {"", "b", "k"}


@pytest.mark.parametrize("make", [table, grouped, curves], ids=["table", "grouped table", "curves"])
def test_pi_in_a_formula_to_try_first_is_not_fitted(make: Callable[[Law, float], Observations]) -> None:
    observations = make(lambda x: np.asarray(0.9 + 0.7 * np.sin(np.pi * x) * np.exp(0.3 * x)), 0.0)
    options = replace(OPTIONS, start_formulas=("1.1 + 0.6*sin(pi*x)*exp(0.2*x)",))
    (first, *_) = discover(observations, options).candidates
    assert first.found_by == "start"
    given_pi(first)


def test_pi_in_an_ansatz_of_curves_is_not_fitted_for_predictions() -> None:
    options = replace(OPTIONS, ansatz="b + k*sin(pi*x)")
    law = ChosenLaw("ansatz", {}, "", None)
    assert f"sin({PI}*x)" in answer(curves(wave), law, Questions(points=({"x": 1.0},)), options).formula


def test_pi_in_a_formula_of_the_caller_is_not_fitted() -> None:
    given_pi(evaluate_formula(table(wave), "1.1 + 0.5*sin(pi*x)", refit=True).candidate)
    rivals = [evaluate_formula(table(wave), text, refit=True).candidate for text in ("1 + 0.1*pi*x", "1 + 0.5*x")]
    proposal = propose_experiments(table(wave), [replace(c, rank=i) for i, c in enumerate(rivals, 1)], Box.of({}), 1)
    assert len(proposal.experiments) == 1


@pytest.mark.parametrize(
    ("a", "b", "free", "said"),
    [
        ("2*pi*x", "6.283185307179586*x", False, "PROVED"),
        ("sin(x + pi)", "-sin(x)", False, "PROVED"),
        ("pi*x", "3.1*x", False, "REFUTED"),
        ("pi*x", "3*x", True, "REFUTED"),
        ("k*pi*x", "c*x", True, "PROVED"),
        ("k*x + pi", "c*x + pi", True, "PROVED"),
        ("pi*x + c", "c*x + pi", True, "REFUTED"),
    ],
)
def test_pi_in_comparisons_is_the_number(a: str, b: str, free: bool, said: str) -> None:
    assert compare_formulas(a, b, Box.of({"x": (0.1, 5)}), free_constants=free).verdict.equivalence == said


def test_a_column_called_pi_is_that_column() -> None:
    made = called(table(line), "pi", "y")
    assert isinstance(made, Table)
    assert evaluate_formula(made, "4.0 - 1.3*pi", refit=False).candidate.scores.relative_error < 0.01
    assert compare_formulas("pi", "x", Box.of({"pi": (1, 2), "x": (1, 2)})).verdict.equivalence == "REFUTED"


# Options --------------------------------------------------------------------------------------------------------

VALUES: Mapping[str, object] = {
    "functions": ("exp",),
    "engine": Engine.OPERON,
    "budget_seconds": 3.0,
    "seed": 5,
    "max_complexity": 10,
    "ansatz": "k*x",
    "dimensional_constants": True,
    "parameters": (Parameter("k"),),
    "fixed_numbers": True,
    "free_numbers": True,
    "loss": Loss.HUBER,
    "per_group": ("k",),
    "start_formulas": ("2*x",),
    "metric": "log",
}
OPTION_NAMES = tuple(f.name for f in fields(Options))


def with_option(name: str) -> Options:
    ansatz = {"ansatz": VALUES["ansatz"]} if name in OF_ANSATZ else {}
    return Options(**{**ansatz, name: VALUES[name]})  # type: ignore[arg-type]


def test_every_option_is_said_to_belong_to_some_kinds() -> None:
    assert set(USES) == set(OPTION_NAMES) == set(VALUES)


def test_the_documents_say_which_option_belongs_to_which_kind() -> None:
    text = (Path(__file__).parents[2] / "docs" / "formulas.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in text.splitlines() if row.startswith("| ")]
    head = next(row for row in rows if row[0] == "option")
    kinds = dict(zip(head[1:], Kind, strict=True))
    assert all(str(kind).endswith(name) for name, kind in kinds.items())
    said = {row[0].split("`")[1]: row[1:] for row in rows if len(row) == len(head) and row[0].startswith("`")}
    assert said.keys() == USES.keys()
    for option, cells in said.items():
        assert [kind for kind, cell in zip(Kind, cells, strict=True) if cell] == [
            kind for kind in Kind if kind in USES[option].kinds
        ]


@every_kind
@pytest.mark.parametrize("name", OPTION_NAMES)
def test_an_option_is_used_or_refused(make: Callable[[Law], Observations], name: str) -> None:
    observations = make(wave)
    found = refused(observations, with_option(name))
    field = "options.budget" if name == "budget_seconds" else f"options.{name}"
    if uses(observations, name):
        assert not found
    else:
        assert f"which is not for {Kind.of(observations)}; " in found[field]
        assert found[field].partition("; ")[2]


@every_kind
@pytest.mark.parametrize("engine", [Engine.AUTO, Engine.NONE])
def test_every_kind_can_do_without_an_engine(make: Callable[[Law], Observations], engine: Engine) -> None:
    assert not refused(make(wave), Options(engine=engine))


@every_kind_with_an_ansatz
@pytest.mark.parametrize(
    ("options", "field", "said"),
    [
        ({"parameters": (Parameter("kk"),)}, "options.parameters[0].name", "its free constants: k, b"),
        ({"functions": ("exp",)}, "options.ansatz", "calls sin, which options.functions leaves out"),
        ({"ansatz": "+".join(f"c{i}*x" for i in range(30)), "max_complexity": 100}, "options.ansatz", "30 constants"),
        ({"ansatz": "k*(x"}, "options.ansatz", "ends where"),
        ({"ansatz": "k*x**1000"}, "options.ansatz", "exponent of 1000"),
        ({"ansatz": "k*x**(pi*1000)"}, "options.ansatz", "exponent of 3141.59"),
    ],
)
def test_an_ansatz_that_cannot_be_fitted_is_refused(
    make: Callable[[Law], Observations], options: dict[str, object], field: str, said: str
) -> None:
    assert said in refused(make(wave), replace(OPTIONS, **{"ansatz": "k*sin(pi*x) + b", **options}))[field]  # type: ignore[arg-type]


@every_kind_with_an_ansatz
def test_an_ansatz_larger_than_what_is_searched_is_taken(make: Callable[[Law], Observations]) -> None:
    assert not refused(make(wave), replace(OPTIONS, ansatz="k*sin(pi*x) + b", max_complexity=3))


@pytest.mark.parametrize("make", [curves, first_order, second_order], ids=["curves", "motion", "second order"])
@pytest.mark.parametrize("ansatz", ["k*integral(u, u, 0, x)", "k*f(x)"])
def test_what_only_tables_know_is_refused_for_others(make: Callable[[Law], Observations], ansatz: str) -> None:
    assert refused(make(wave), replace(OPTIONS, ansatz=ansatz)).keys() == {"options.ansatz"}


@every_kind
@pytest.mark.parametrize("nonsense", ["x +", "q*x"])
def test_nonsense_to_try_first_is_refused(make: Callable[[Law], Observations], nonsense: str) -> None:
    (field,) = refused(make(wave), replace(OPTIONS, start_formulas=("x", nonsense)))
    assert field in ("options.start_formulas[1]", "options.start_formulas")


@every_kind_with_an_ansatz
def test_an_ansatz_is_reported_however_well_it_does(make: Callable[[Law], Observations]) -> None:
    assert own(discover(make(wave), replace(OPTIONS, ansatz="k*x")).candidates).text


@every_kind
def test_no_formula_has_functions_that_are_not_allowed_or_more_nodes(make: Callable[[Law], Observations]) -> None:
    found = discover(make(wave), replace(OPTIONS, functions=("exp",), max_complexity=7)).candidates
    for tree in (formula for candidate in found for formula in formulas(candidate)):
        assert {n.op for n in walk(tree) if isinstance(n, Apply)} & set(FUNCTIONS) <= {"exp"}
        assert complexity(tree) <= 7


@pytest.mark.parametrize("make", [table, grouped, curves], ids=["table", "grouped table", "curves"])
@pytest.mark.parametrize("bounds", [(-1.0, -0.1), (-3.0, 3.0), (-9.0, -2.0)], ids=str)
def test_free_constants_stay_within_their_bounds(
    make: Callable[[Law], Observations], bounds: tuple[float, float]
) -> None:
    """Of one in which the formula is not linear: the best is exp(-1.5*x)."""
    options = replace(OPTIONS, ansatz="b*exp(k*x)", parameters=(Parameter("k", None, *bounds),))
    found = own(discover(make(lambda x: np.asarray(2.0 * np.exp(-1.5 * x))), options).candidates)
    (k,) = [c.value for c in found.constants if c.parameter == "k"]
    assert k == pytest.approx(min(max(-1.5, bounds[0]), bounds[1]), rel=0.02)

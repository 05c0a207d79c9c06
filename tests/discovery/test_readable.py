"""Whatever is found can be given back: the grammar takes every formula that a search proposes or a report shows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansatz.discovery import Column, Curves, Engine, Observations, Options, Report, Table, Trajectories, discover
from ansatz.discovery.asked.options import DEFAULT_FUNCTIONS
from ansatz.discovery.expression import Node, Number, Variable, add, call, divide, multiply, parse, power, to_text
from ansatz.discovery.expression.simplify import simplify
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import GIVEN, START
from ansatz.discovery.search.archive import Archive

X = np.linspace(1.0, 1.78, 40)
SPIKE = np.where(np.arange(40) == 0, 0.3, 0.0)
NOISE = 0.001 * np.random.default_rng(6).standard_normal(40)


def _numbers(largest_exponent: float) -> st.SearchStrategy[Node]:
    sizes = st.floats(-largest_exponent, largest_exponent)
    signs = st.sampled_from((-1.0, 1.0))
    return st.builds(lambda size, sign: Number(sign * 10.0**size), sizes, signs)


def _grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(power, inner, _numbers(6.0)),
        st.builds(power, inner, inner),
        *(st.builds(join, inner, inner) for join in (add, multiply, divide)),
        st.builds(lambda node: call("exp", node), inner),
    )


FORMULAS = st.recursive(st.one_of(st.just(Variable("x")), _numbers(300.0)), _grown, max_leaves=6)


def _is_readable(formula: Node) -> bool:
    parse(to_text(formula), others=True)
    return True


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(FORMULAS, min_size=1, max_size=4))
def test_an_archive_keeps_only_what_the_grammar_takes(formulas: list[Node]) -> None:
    y = X**1.5 + SPIKE + NOISE
    archive = Archive(Problem(X[:, None], y, ("x",), frozenset(DEFAULT_FUNCTIONS), 40, 0))
    for formula in formulas:
        archive.propose(formula, START)
    assert all(_is_readable(entry.formula) for entry in archive.entries)


@pytest.mark.parametrize("exponent", [-90.0, 90.0, 99.5])
def test_a_fit_leaves_no_exponent_that_the_grammar_refuses(exponent: float) -> None:
    # A power that is 1 in the first row and 0 in all others fits it best, the steeper the better.
    archive = Archive(Problem(X[:, None], SPIKE + NOISE, ("x",), frozenset(), 40, 0))
    archive.propose(parse(f"0.5*x**({exponent + 0.25})", ["x"]), START)
    archive.propose(parse("0.29*x**(-99.75)", ["x"]), START)
    assert archive.entries
    assert all(_is_readable(entry.formula) for entry in archive.entries)


@pytest.mark.parametrize("text", ["x**60*x**60", "(x**20)**30", "1/(x**-70*x**-70)", "sqrt(x**-75*x**-75)*x**-80"])
@pytest.mark.parametrize("positive", [(), ("x",)])
def test_a_simpler_form_has_no_larger_exponents_than_the_grammar_takes(text: str, positive: tuple[str, ...]) -> None:
    assert _is_readable(simplify(parse(text, ["x"]), positive))


GROUP = Column.of_labels("g", [f"g{i // 10}" for i in range(40)])
STEP = np.arange(1.0, 41.0)
TIME = np.linspace(0, 10, 40)
SPIKES: Mapping[str, tuple[Observations, dict[str, object]]] = {
    "table": (Table((Column("x", X), Column("y", X**1.5 + SPIKE + NOISE)), "y"), {}),
    "ansatz": (Table((Column("x", X), Column("y", SPIKE + NOISE)), "y"), {"ansatz": "a*x**p"}),
    "ansatz with a minus": (Table((Column("x", X), Column("y", SPIKE + NOISE)), "y"), {"ansatz": "a*x**(-2*p) + c"}),
    "ansatz of groups": (
        Table((Column("x", np.tile(X[:10], 4)), Column("y", np.tile(SPIKE[:10], 4) + NOISE), GROUP), "y", group="g"),
        {"ansatz": "a*x**p + c"},
    ),
    "curves": (Curves((Column("step", STEP), Column("loss", SPIKE + NOISE + 0.1)), "loss"), {}),
    "ansatz of curves": (
        Curves((Column("step", STEP), Column("loss", np.where(STEP < 20, 1.0, 0.1) + NOISE)), "loss"),
        {"ansatz": "c + a/(1 + (step/s)**p)"},
    ),
    "ansatz of motion": (
        Trajectories((Column("t", TIME), Column("x", 1.5 + np.tanh(20 * (TIME - 5)) + NOISE)), "t", ("x",)),
        {"ansatz": "x = a*x**p"},
    ),
}  # fmt: skip


@cache
def _report(name: str) -> Report:
    observations, asked = SPIKES[name]
    return discover(observations, Options(engine=Engine.NONE, budget_seconds=60.0, **asked))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SPIKES)
def test_all_formulas_of_a_report_can_be_read_back(name: str) -> None:
    report = _report(name)
    equations = [e for c in report.candidates for e in (c.equations.values() if c.equations else [c.formula])]
    assert equations
    assert all(_is_readable(formula) for formula in (*equations, *(step.formula for step in report.refinement)))


@pytest.mark.parametrize("name", ["ansatz", "ansatz with a minus", "ansatz of groups", "ansatz of curves"])
def test_an_ansatz_whose_best_exponent_the_grammar_refuses_is_fitted_within(name: str) -> None:
    (fitted, *_) = [c for c in _report(name).candidates if c.origin == GIVEN]
    assert fitted.scores.r2 > 0.9

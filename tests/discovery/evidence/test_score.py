"""The score: what evidence says of formulas side by side."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery.evidence.bayes_factor import against_constant
from ansatz.discovery.evidence.description_length import joint_bits
from ansatz.discovery.evidence.exactness import step_of
from ansatz.discovery.evidence.form_price import form_bits
from ansatz.discovery.evidence.measure import given, measured, scores
from ansatz.discovery.evidence.naming import Named
from ansatz.discovery.expression import FUNCTIONS, parse
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem

RNG = np.random.default_rng(7)


def problem(y: np.ndarray, **inputs: np.ndarray) -> Problem:
    X = np.asfortranarray(np.column_stack(list(inputs.values())))
    return Problem(X, y, tuple(inputs), frozenset(FUNCTIONS), 60, 0)


def scored(texts: list[str], on: Problem) -> list[float]:
    named = [Named(fit_constants(parse(t, list(on.names)), on), {}) for t in texts]
    return [float(s) for s in scores([measured(n, on) for n in named], on)]


@pytest.mark.parametrize("rows", [6, 10, 50, 200, 1000])
@pytest.mark.parametrize(("p_value", "least", "most"), [(0.5, -4.0, 0.0), (1e-3, 3.5, 5.7), (1e-6, 8.0, 15.0)])
def test_evidence_agrees_with_the_f_test_at_every_number_of_rows(
    rows: int, p_value: float, least: float, most: float
) -> None:
    from scipy.stats import f as fisher

    for constants in (2, 4):
        ratio = float(fisher.isf(p_value, constants - 1, rows - constants))
        halvings = np.log2(1 + ratio * (constants - 1) / (rows - constants))
        assert least < float(against_constant(rows, constants, halvings)) < most


def test_as_many_constants_as_rows_are_no_evidence() -> None:
    assert float(against_constant(6, 6, 80.0)) < 0
    assert float(against_constant(6, 5, 80.0)) < 0


def test_redundant_constants_cost() -> None:
    x = RNG.uniform(0.05, 2, 12)
    y = 100 * x / (0.2 + x) + RNG.standard_normal(12)
    plain, bent = scored(["90.5*x/(0.3 + x)", "90.5/(0.3/x + 1.1 - 0.0001*x)"], problem(y, x=x))
    assert plain < bent


@pytest.mark.parametrize("factor", [100.0, 133.322, 1e-6])
def test_another_unit_of_an_input_changes_no_score(factor: float) -> None:
    x = RNG.uniform(0.05, 2, 12)
    y = 100 * x / (0.2 + x) + RNG.standard_normal(12)
    texts = ["90.5*x/(0.3 + x)", "1.5*x**0.5", "2.5*x + 1.2", "2.5 + 1.2*log(x)"]
    scaled = [f"90.5*x/({0.317 * factor:.17f} + x)", *texts[1:]]
    assert scored(texts, problem(y, x=x)) == pytest.approx(scored(scaled, problem(y, x=x * factor)), abs=0.01)


def test_a_form_with_whole_numbers_for_constants_has_them_counted() -> None:
    x = RNG.uniform(0.05, 2, 10)
    y = 100 * x / (0.2 + x) + RNG.standard_normal(10)
    whole, free = (measured(Named(fit_constants(parse(t, ["x"]), problem(y, x=x)), {}), problem(y, x=x))
                   for t in ("2.5*x/(1 + x)", "2.5*x/(1.2 + x)"))  # fmt: skip
    assert whole.evidence_constants == free.evidence_constants == 2


def test_the_callers_own_form_costs_nothing() -> None:
    x = RNG.uniform(0, 1, 20)
    on = problem(np.tanh(3 * x) * np.exp(-x), x=x)
    named = Named(fit_constants(parse("1.1*tanh(2.2*x)*exp(-1.1*x)", ["x"]), on), {})
    assert given(named, on).form_bits == 0
    assert measured(named, on).form_bits > 10


def test_an_ordinary_law_costs_less_than_another_of_its_size() -> None:
    on = problem(RNG.uniform(1, 2, 20), x=RNG.uniform(1, 2, 20))
    ordinary = form_bits(parse("2.5/(1 + exp(1.2 - 2.3*x))", ["x"]), 3, 0.0, on)
    other = form_bits(parse("2.5/(1 + cos(1.2 - 2.3*x))", ["x"]), 3, 0.0, on)
    assert ordinary < other - 5


def test_waves_pay_for_their_periods() -> None:
    on = problem(RNG.uniform(1, 2, 60), x=np.linspace(0, 10, 60))
    slow, fast, faster = (form_bits(parse(f"1.1*sin({w}*x)", ["x"]), 2, 0.0, on) for w in (0.6, 6.1, 61.0))
    assert slow < fast - 2
    assert faster > fast + 20  # less than two rows a period


def test_a_pole_between_rows_costs() -> None:
    x = np.linspace(0.1, 2.9, 30)
    on = problem(RNG.uniform(1, 2, 30), x=x)
    inside, outside = (form_bits(parse(f"1.1/(x - {c})", ["x"]), 2, 0.0, on) for c in (1.55, 3.55))
    assert inside > outside + 5


@pytest.mark.parametrize(
    ("values", "step"), [([1.25, 3.5], 0.01), ([100.0, 2300.0], 100.0), ([0.3, 0.2], 0.1), ([np.pi, np.e], 0.0)]
)
def test_how_exactly_a_target_is_written(values: list[float], step: float) -> None:
    assert step_of(np.array(values)) == pytest.approx(step)


def test_constants_of_any_size_have_bits() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        k = int(rng.integers(1, 9))
        factor = rng.standard_normal((k, k)) * 10.0 ** rng.uniform(-160, 140, (k, 1))
        bits = joint_bits(10.0 ** rng.uniform(-150, 150, k), factor @ factor.T)
        assert 0 <= bits <= 46 * k

"""Ordinary laws: known however they are written, claimed where the data show one, and not in noise."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery.evidence.ordinary.claim import Tree, claim
from ansatz.discovery.evidence.ordinary.families import ONE_INPUT, of_inputs
from ansatz.discovery.evidence.ordinary.recognise import recognised
from ansatz.discovery.expression import FUNCTIONS, parse
from ansatz.discovery.problem.problem import Problem


def problem(y: np.ndarray, *inputs: np.ndarray, seed: int = 0) -> Problem:
    X = np.asfortranarray(np.column_stack(inputs))
    return Problem(X, y, tuple("xzuv"[: X.shape[1]]), frozenset(FUNCTIONS), 60, seed)


@pytest.mark.parametrize(
    ("family", "ways"),
    [
        ("x/(s + x)", ["2.1*x/(3.2 + x)", "x/(1.2 + 3.4*x)", "1/(1.3 + 2.2/x)", "2.2/(1 + 1.1/x)"]),
        ("x**s", ["2.3*x**1.7", "1.1/x**0.3", "(2.3*x)**1.6"]),
        ("exp(s*x)", ["2.2*exp(-1.1*x)", "exp(1.1 - 2.2*x)", "2.2/exp(x/3.3)"]),
        ("1/(1 + exp((s - x)*t))", ["1.1/(1 + exp(2.2 - 0.3*x))", "1.1/(1 + 2.2*exp(-0.3*x))"]),
        ("1 x", ["2.5*x + 1.2", "1.2 - 2.5*x", "2.5*(x - 1.2)"]),
        ("1 x x**2", ["1.1*x**2 + 2.2*x + 3.3", "3.3 + x*(2.2 + 1.1*x)"]),
        ("exp(-s*x) exp(-t*x)", ["1.1*exp(-2.2*x) + 1.2*exp(-0.2*x)"]),
    ],
)
def test_a_family_is_known_however_it_is_written(family: str, ways: list[str]) -> None:
    for text in ways:
        found = recognised(parse(text, ["x"]))
        assert found is not None, text
        assert " ".join(found.family.terms) == family, text


@pytest.mark.parametrize("text", ["1.1*x**3 + 2.2*x + 3.3", "tanh(x)*exp(1.2*x)", "2.2/(x + 1.1/(x + 2.2))"])
def test_what_is_no_ordinary_law_is_none(text: str) -> None:
    assert recognised(parse(text, ["x"])) is None


@pytest.mark.parametrize("inputs", [1, 2, 3])
def test_every_family_knows_itself(inputs: int) -> None:
    for family in of_inputs(inputs):
        for way in family.written():
            found = recognised(way)
            assert found is not None
            assert found.family.bits <= family.bits


def test_laws_of_all_families_are_written_and_read() -> None:
    for family in ONE_INPUT:
        formula = family.formula(("dose",), np.full(len(family.terms), 1.5), np.full(family.bent, 2.5))
        assert {"dose"} == {n for n in ("dose",) if n in str(formula)}


@pytest.mark.parametrize("rows", [6, 10, 30, 100])
def test_a_law_is_seldom_claimed_in_noise(rows: int) -> None:
    rng = np.random.default_rng(rows)
    claims = 0
    for seed in range(60):
        y = rng.standard_t(3, rows) if seed % 2 else rng.standard_normal(rows)
        claims += claim(problem(y, rng.uniform(0.5, 3, rows), seed=seed), []).is_law
    assert claims <= 8  # of 60 at 5 %


def test_a_sigmoid_of_nine_rows_is_a_law() -> None:
    x = np.linspace(0, 8, 9)
    noise = np.array([0.3, -0.2, 0.1, 0.4, -0.3, -0.1, 0.2, -0.4, 0.1])
    assert claim(problem(10 / (1 + np.exp(4 - x)) + noise, x), []).is_law


def test_a_plane_of_seventeen_rows_with_an_f_test_of_a_thousandth_is_a_law() -> None:
    rng = np.random.default_rng(3)
    x, z = rng.uniform(0, 1, (2, 17))
    y = x - z + 0.45 * rng.standard_normal(17)
    found = claim(problem(y, x, z), [])
    assert found.is_law
    assert found.bits > 1


def test_of_a_law_that_rests_on_one_row_the_row_is_named() -> None:
    rng = np.random.default_rng(4)
    x = np.append(rng.uniform(0, 1, 30), 50.0)
    y = np.append(rng.standard_normal(30), 400.0)
    assert claim(problem(y, x), [Tree(1, 3.0, 8.0 * x)]).single_rows == (30,)


def test_a_formula_that_a_search_found_is_a_law_by_itself() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(0, 6, 80)
    truth = np.sin(x) * np.exp(np.cos(3 * x))
    assert claim(problem(truth + 0.1 * rng.standard_normal(80), x), [Tree(3, 25.0, truth)]).is_law

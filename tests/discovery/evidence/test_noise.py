"""Is what a formula leaves only noise? The three answers, on data of which the right one is known."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery.evidence.noise import LEVEL, Answer, NoiseQuestion, Verdict
from ansatz.discovery.expression import FUNCTIONS, parse
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem

KINDS = ("normal", "t3", "proportional", "rounded")


def asked(formula: str, y: np.ndarray, seed: int = 0, **inputs: np.ndarray) -> Verdict:
    """The verdict on the formula, its constants fitted."""
    X = np.asfortranarray(np.column_stack(list(inputs.values())))
    problem = Problem(X, y, tuple(inputs), frozenset(FUNCTIONS), 60, seed)
    fit = fit_constants(parse(formula, list(inputs)), problem)
    return NoiseQuestion(problem).of(fit.formula)


def noise(kind: str, truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The truth with noise of that kind, a twentieth of its spread."""
    size, z = 0.05 * float(np.std(truth)), rng.standard_normal(truth.size)
    noisy = truth + size * z
    if kind == "t3":
        noisy = truth + size * rng.standard_t(3, truth.size)
    elif kind == "proportional":
        noisy = truth * (1 + 0.05 * z)
    elif kind == "rounded":
        noisy = np.round((truth + 0.5 * size * z) / size) * size
    return noisy


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [12, 40, 200])
def test_noise_of_every_kind_is_seldom_called_structure(kind: str, rows: int) -> None:
    rng = np.random.default_rng(rows)
    called = 0
    for seed in range(40):
        a, b = rng.uniform(0.5, 3, (2, rows))
        y = noise(kind, 1.5 * a**1.3 + 0.7 * b, rng)
        called += asked("1.5*a**1.3 + 0.7*b", y, seed, a=a, b=b).answer is Answer.STRUCTURE
    assert called <= 3  # of 40 at a level of 0.01


@pytest.mark.parametrize(
    ("missing", "where"),
    [("0.3*a*b", {"a", "b"}), ("0.3*sin(4*a)", {"a"}), ("0.3*a*c", {"a", "c"}), ("0.5/(0.2+c)", {"c"})],
)
def test_structure_is_told_with_the_inputs_that_it_is_in(missing: str, where: set[str]) -> None:
    rng = np.random.default_rng(5)
    a, b, c = rng.uniform(0, 2, (3, 200))
    inputs = {"a": a, "b": b, "c": c}
    problem = Problem(np.asfortranarray(np.column_stack([a, b, c])), a, tuple(inputs), frozenset(FUNCTIONS), 60, 0)
    y = 1 + a + b + problem.evaluate(parse(missing, list(inputs))) + 0.02 * rng.standard_normal(200)
    verdict = asked("1.1 + 1.1*a + 1.1*b + 0.1*c", y, **inputs)
    assert verdict.answer is Answer.STRUCTURE
    assert verdict.p_value < LEVEL
    assert where & set(verdict.missing)


def test_a_product_of_inputs_beside_noise_as_large_is_seen_on_fifty_rows() -> None:
    rng = np.random.default_rng(2)
    seen = 0
    for seed in range(20):
        a, b = rng.uniform(-1, 1, (2, 50))
        y = a + b + a * b + 0.33 * rng.standard_normal(50)
        seen += asked("1.1*a + 1.1*b + 0.1", y, seed, a=a, b=b).answer is Answer.STRUCTURE
    assert seen >= 16


def test_a_few_rows_are_too_few_to_tell() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1, 10)
    verdict = asked("1.1*x + 0.1", x + 0.05 * rng.standard_normal(10), x=x)
    assert verdict.answer is Answer.TOO_FEW_ROWS
    assert verdict.sight < 0.5


def test_many_rows_that_show_nothing_are_noise() -> None:
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 1, 300)
    verdict = asked("1.1*x + 0.1", x + 0.05 * rng.standard_normal(300), x=x)
    assert verdict.answer is Answer.NOISE
    assert verdict.sight > 0.9


def test_exact_data_leave_nothing() -> None:
    x = np.linspace(1, 2, 30)
    verdict = asked("2*x**3", 2 * x**3, x=x)
    assert verdict.answer is Answer.NOISE
    assert verdict.p_value == 1.0


def test_a_formula_that_is_nowhere_finite_leaves_structure() -> None:
    x = np.linspace(-2, -1, 30)
    assert asked("log(x)", x, x=x).answer is Answer.STRUCTURE


def test_rows_that_belong_together_are_told_from_structure_in_an_input() -> None:
    rng = np.random.default_rng(4)
    x = np.round(rng.uniform(0, 3, 400), 1)
    y = 1 + 2 * x + np.repeat(rng.standard_normal(40), 10) * 0.3 + 0.1 * rng.standard_normal(400)
    verdict = asked("1.1 + 1.1*x", y, x=x)
    assert verdict.rows_alike < 1e-6
    assert not verdict.missing
    assert verdict.answer is Answer.NOISE


def test_rows_in_another_order_give_the_same_answer() -> None:
    rng = np.random.default_rng(8)
    x, z = rng.uniform(0, 1, (2, 100))
    y = x + 0.2 * np.sin(8 * z) + 0.05 * rng.standard_normal(100)
    order = rng.permutation(100)
    first, second = asked("1.1*x", y, x=x, z=z), asked("1.1*x", y[order], x=x[order], z=z[order])
    assert first.answer is second.answer is Answer.STRUCTURE
    assert first.missing[0] == second.missing[0] == "z"


def test_small_structure_shows_in_many_rows() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.uniform(-1, 1, (2, 20_000))
    y = a + b + 0.06 * a * b + 0.3 * rng.standard_normal(20_000)
    assert asked("1.1*a + 1.1*b + 0.01", y, a=a, b=b).answer is Answer.STRUCTURE


def test_a_row_given_many_times_counts_once() -> None:
    rng = np.random.default_rng(6)
    x = rng.uniform(0, 1, 12)
    y = x + 0.1 * rng.standard_normal(12)
    many = asked("1.1*x", np.tile(y, 30), x=np.tile(x, 30))
    assert many.answer is Answer.TOO_FEW_ROWS

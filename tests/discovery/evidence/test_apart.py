"""Which rows are set apart, and where none is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ansatz.discovery.evidence.apart import rows_apart
from ansatz.discovery.expression import Array
from ansatz.discovery.problem.problem import Problem

LAWS: dict[str, Callable[[Array], Array]] = {
    "line": lambda x: 2.0 + 0.7 * x,
    "power": lambda x: 3.0 * x**1.6,
    "saturation": lambda x: 5.0 * x / (2.0 + x),
    "decay": lambda x: 1.0 + 4.0 * np.exp(-0.6 * x),
}


def problem(X: Array, y: Array) -> Problem:
    names = tuple(f"x{j}" for j in range(X.shape[1]))
    return Problem(np.asfortranarray(X), y, names, frozenset(("exp", "log", "sqrt", "sin", "cos")), 30, 0)


def drawn(law: str, rows: int, seed: int, noise: float = 0.03) -> tuple[Array, Array, Array]:
    """Inputs, values with noise, and the size of the noise."""
    rng = np.random.default_rng([seed, rows])
    x = rng.uniform(0.2, 10, rows)
    clean = LAWS[law](x)
    return x, clean + noise * clean.std() * rng.standard_normal(rows), np.full(rows, noise * clean.std())


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("rows", "off"), [(12, 1), (40, 2), (200, 6)])
def test_rows_far_off_a_law_are_set_apart_and_no_others(law: str, rows: int, off: int) -> None:
    x, y, size = drawn(law, rows, 1)
    rng = np.random.default_rng(rows)
    bad = np.sort(rng.choice(rows, off, replace=False))
    y[bad] += rng.choice([-1.0, 1.0], off) * rng.uniform(20, 60, off) * size[bad]
    assert rows_apart(problem(x[:, None], y)) == tuple(bad)


def test_a_cluster_of_a_tenth_of_the_rows_is_set_apart() -> None:
    x, y, size = drawn("power", 120, 2)
    y[5:17] += 20 * size[5:17]
    assert rows_apart(problem(x[:, None], y)) == tuple(range(5, 17))


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("rows", [12, 40, 200])
def test_of_clean_rows_none_is_set_apart(law: str, rows: int) -> None:
    for seed in range(3):
        x, y, _ = drawn(law, rows, seed)
        assert not rows_apart(problem(x[:, None], y))


def test_noise_that_grows_with_the_target_sets_no_rows_apart() -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        x = rng.uniform(0.1, 10, 120)
        assert not rows_apart(problem(x[:, None], 0.5 * x**2 * (1 + 0.2 * rng.standard_normal(120))))


def test_rows_near_the_pole_of_a_law_are_not_set_apart() -> None:
    for seed in range(3):
        X = np.random.default_rng(seed).uniform(0.1, 3, (60, 2))
        assert not rows_apart(problem(X, 3.0 * X[:, 1] / (1 - np.cos(X[:, 0]))))


def test_rows_on_a_narrow_peak_are_not_set_apart() -> None:
    x = np.linspace(0, 10, 200)
    y = 1.0 + 0.1 * x + 5 * np.exp(-(((x - 6) / 0.15) ** 2))
    y += 0.02 * np.random.default_rng(5).standard_normal(200)
    assert not rows_apart(problem(x[:, None], y))


def test_values_of_which_most_are_zero_set_no_rows_apart() -> None:
    rng = np.random.default_rng(6)
    counts = rng.poisson(0.12, 150).astype(float)
    assert not rows_apart(problem(rng.uniform(0, 1, (150, 1)), counts))

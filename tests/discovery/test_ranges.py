"""Laws over awkward ranges of data: many decades, edges of a function's domain, degrees, zeros, whole numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Parameter, Table, discover

ROWS = 150


def _uniform(low: float, high: float, columns: int) -> np.ndarray:
    return np.random.default_rng(11).uniform(low, high, (columns, 3 * ROWS))


def _decades(low: float, high: float, columns: int) -> np.ndarray:
    return 10 ** _uniform(low, high, columns)


# Each: columns by name, the law of them, and the largest number of nodes of a formula that is the law.
WIDE: dict[str, tuple[dict[str, np.ndarray], Callable[..., np.ndarray], int]] = {
    "power law of two inputs": (
        dict(zip("xz", _decades(-3, 3, 2), strict=True)), lambda x, z: 4.2 * x ** (3 / 7) * z**-1.25, 9,
    ),
    "Snell, to the edge of total reflection": (
        dict(zip(("n", "theta"), _uniform(0.3, 1.5, 2), strict=True)), lambda n, theta: np.arcsin(n * np.sin(theta)), 6,
    ),
    "arc cosine to its ends": ({"x": np.linspace(-1, 1, ROWS)}, lambda x: 2 * np.arccos(x), 6),
    "sine of degrees": ({"x": _uniform(0, 360, 1)[0]}, lambda x: np.sin(np.pi / 180 * x), 4),
    "work, by an angle in degrees": (
        {"F": _uniform(1, 5, 2)[0], "d": _uniform(1, 5, 2)[1], "x": _uniform(0, 360, 3)[2]},
        lambda F, d, x: F * d * np.cos(np.pi / 180 * x), 8,
    ),
    "forty decades": ({"x": _decades(-20, 20, 1)[0]}, lambda x: 2.5 / np.sqrt(x), 5),
    "a sum over forty decades": (dict(zip("xz", _decades(-20, 20, 2), strict=True)), lambda x, z: 2 * x + 3 * z, 7),
    "a constant of 1e-30": (dict(zip("ab", _uniform(0.1, 2, 2), strict=True)), lambda a, b: 1e-30 * (a**2 + b), 9),
    "a constant of 1e30": ({"a": _uniform(0.1, 2, 1)[0]}, lambda a: 1e30 * np.exp(-a), 5),
    "a constant of 1e-160": (dict(zip("ab", _uniform(0.1, 2, 2), strict=True)), lambda a, b: 1e-160 * (a**2 + b), 9),
    "a constant of 1e-250": ({"a": _uniform(0.1, 2, 1)[0]}, lambda a: 1e-250 * (a**2 + 3), 9),
    "two hundred decades": ({"x": _uniform(0, 160, 1)[0]}, lambda x: 5 * np.exp(-3 * x), 6),
    "gravity in SI units": (
        dict(zip("mMr", [*_decades(20, 30, 2), _decades(6, 12, 3)[2]], strict=True)),
        lambda m, M, r: 6.674e-11 * m * M / r**2, 10,
    ),
    "negative inputs": (dict(zip("xz", _uniform(-3, 3, 2), strict=True)), lambda x, z: x**2 - 2 * x * z + 1, 12),
    "negative inputs of a quotient": (dict(zip("xz", _uniform(-3, 3, 2), strict=True)), lambda x, z: x / (1 + z**2), 7),
    "zeros among the inputs": (
        dict(zip("xz", np.maximum(_uniform(-3, 3, 2), [[0.0], [-9.0]]), strict=True)), lambda x, z: x**2 * z, 5,
    ),
    "integers": ({"k": np.arange(40.0)}, lambda k: k * (k + 1) / 2, 9),
    "quantum numbers": (
        {"n": np.repeat(np.arange(1.0, 6), 8), "m": np.repeat(np.arange(1.0, 6), 8) + np.tile(np.arange(1.0, 9), 5)},
        lambda n, m: 1.0973731568e7 * (1 / n**2 - 1 / m**2), 15,
    ),
    "inputs correlated to 0.999": (
        dict(zip("pq", 4 + _uniform(-2, 2, 1) + 0.03 * _uniform(-2, 2, 3)[1:], strict=True)), lambda p, q: 2 * p * q, 5,
    ),
    "a difference of inputs correlated to 0.999": (
        dict(zip("pq", 4 + _uniform(-2, 2, 1) + 0.03 * _uniform(-2, 2, 3)[1:], strict=True)),
        lambda p, q: 3 * (p - q) + 1, 9,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WIDE)
def test_laws_are_exact_whatever_the_range_of_the_data(name: str) -> None:
    columns, law, nodes = WIDE[name]
    with np.errstate(invalid="ignore"):
        y = law(**columns)
    rows = np.flatnonzero(np.isfinite(y))[:ROWS]
    table = Table((*(Column(n, v[rows]) for n, v in columns.items()), Column("y", y[rows])), "y")
    best = discover(table, Options(engine=Engine.NONE, budget_seconds=60.0)).candidates[0]
    assert best.scores.relative_error < 1e-14, best.text
    assert best.complexity <= nodes, best.text


@pytest.mark.parametrize("exponent", ["2.6", "1/3", "3/7", "e"])
def test_real_exponents_of_two_inputs_are_named(exponent: str) -> None:
    value = {"2.6": 2.6, "1/3": 1 / 3, "3/7": 3 / 7, "e": np.e}[exponent]
    x, z = _decades(-3, 3, 2)[:, :ROWS]
    table = Table((Column("x", x), Column("z", z), Column("y", 4.2 * x**value * z**-1.25)), "y")
    best = discover(table, Options(engine=Engine.NONE, budget_seconds=30.0)).candidates[0]
    found = {c.name: c.value for c in best.constants}
    assert abs(found[exponent] - value) < 1e-9


@pytest.mark.parametrize("size", [1e-160, 1e-250, 1e90])
def test_an_ansatz_of_a_target_of_any_size_is_fitted(size: float) -> None:
    x = np.linspace(1, 5, 60)
    noise = 1 + 0.01 * np.random.default_rng(2).standard_normal(60)
    table = Table((Column("x", x), Column("y", size * (3 * x**2 + 1) * noise)), "y")
    report = discover(table, Options(engine=Engine.NONE, budget_seconds=5.0, ansatz="a*x**2 + b"))
    own = next(c for c in report.candidates if c.origin.is_given)
    assert [c.value / size for c in own.constants] == pytest.approx([3.0, 1.0], rel=0.2)
    assert own.scores.r2 > 0.99
    assert "SEARCHER_FAILED" not in {w.code for w in report.warnings}


def test_the_smallest_values_of_two_hundred_decades_do_not_weigh_alone() -> None:
    rng = np.random.default_rng(1)
    nu, T = 10 ** rng.uniform(12, 16, 200), 10 ** rng.uniform(2.3, 4, 200)
    x = 6.626e-34 * nu / (1.381e-23 * T)
    nu, T, x = nu[x < 470], T[x < 470], x[x < 470]
    y = 2 * 6.626e-34 * nu**3 / 2.998e8**2 / np.expm1(x)
    table = Table((Column("nu", nu), Column("T", T), Column("y", y)), "y")
    report = discover(table, Options(engine=Engine.NONE, budget_seconds=1.0, functions=("exp", "log")))
    assert report.candidates
    assert all(np.isfinite(c.scores.description_length) for c in report.candidates)
    starts = (Parameter("a", start=1e-50), Parameter("b", start=5e-11))
    ansatz = "a*nu**3/(exp(b*nu/T) - 1)"
    own = discover(table, Options(engine=Engine.NONE, budget_seconds=1.0, ansatz=ansatz, parameters=starts))
    assert own.candidates[0].origin.is_given

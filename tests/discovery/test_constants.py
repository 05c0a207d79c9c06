"""Constants: fitted, with intervals that cover, named only within their errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Table, discover, evaluate_formula
from ansatz.discovery.expression import variables


def _table(x: np.ndarray, y: np.ndarray) -> Table:
    return Table((Column("x", x), Column("y", y)), "y")


def test_intervals_cover_the_truth_at_their_rate() -> None:
    x = np.linspace(0, 3, 40)
    truth = (2.7, 1.3)
    covered = []
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(0, 0.1, x.size)
        y = truth[0] * np.exp(-truth[1] * x) + noise
        result = evaluate_formula(_table(x, y), "2.5*exp(-1.1*x)", refit=True)
        for constant, value in zip(result.candidate.constants, (2.7, -1.3), strict=True):
            assert constant.lower is not None
            assert constant.upper is not None
            covered.append(constant.lower <= value <= constant.upper)
    # 400 intervals in correlated pairs: three standard deviations of a 95 % rate are some 4 points.
    assert 0.91 <= np.mean(covered) <= 0.99


def test_a_constant_that_the_data_do_not_determine_is_said_to_be_so() -> None:
    x = np.linspace(1, 3, 30)
    result = evaluate_formula(_table(x, 6 * x), "1.5*2.5*x", refit=True)
    assert all(c.std_error is None and c.lower is None for c in result.candidate.constants)
    assert "UNIDENTIFIABLE_CONSTANT" in {w.code for w in result.warnings}


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (0.5, "1/2"),
        (math.pi, "pi"),
        (1 / (4 * math.pi), "1/(4*pi)"),
        (math.e / 2, "e/2"),
        (math.sqrt(2), "sqrt(2)"),
        (3 / 7, "3/7"),
        (2.718, ""),
        (0.123456789, ""),
    ],
)
def test_constants_are_named_where_the_data_are_exact_enough(value: float, name: str) -> None:
    x = np.linspace(1, 3, 50)
    best = discover(_table(x, value * x**2), Options(engine=Engine.NONE)).candidates[0]
    (constant,) = best.constants
    assert constant.value == pytest.approx(value, rel=1e-12)
    assert constant.name == name


@pytest.mark.slow
def test_a_noisy_constant_is_not_given_a_name_that_chance_would_give() -> None:
    x = np.linspace(1, 3, 50)
    named = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        y = rng.uniform(1, 9) * x + rng.normal(0, 0.2, 50)
        best = discover(_table(x, y), Options(engine=Engine.NONE, functions=())).candidates[0]
        named += sum(bool(c.name) for c in best.constants)
    assert named == 0


def test_a_noisy_exponent_is_not_named_pi() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(1, 5, 100)
    y = 2 * x**3.14 * (1 + rng.normal(0, 0.02, x.size))
    report = discover(_table(x, y), Options(engine=Engine.NONE, functions=(), max_complexity=5))
    law = next(c for c in report.candidates if c.complexity == 5)
    assert law.constants[1].value == pytest.approx(3.14, abs=0.03)
    assert not law.constants[1].name


def test_an_exponent_without_noise_is_named_e() -> None:
    x = np.linspace(1, 5, 60)
    best = discover(_table(x, 2.3 * x**math.e), Options(engine=Engine.NONE, functions=())).candidates[0]
    assert best.constants[1].name == "e"


def _power_law(p: float, q: float, seed: int) -> Table:
    """3*x**p*y**q on 200 rows, with noise of 1 % of its spread."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(1, 4, (2, 200))
    law = 3 * x**p * y**q
    noisy = law + 0.01 * law.std() * rng.standard_normal(200)
    return Table((Column("x", x), Column("y", y), Column("z", noisy)), "z")


def test_exponents_of_one_decimal_are_named() -> None:
    best = discover(_power_law(2.2, -1.3, 1), Options(engine=Engine.NONE)).candidates[0]
    assert best.text == "3*x**2.2/y**1.3"
    assert [c.name for c in best.constants] == ["2.2", "1.3"]


def test_exponents_that_are_equal_within_their_errors_are_one() -> None:
    best = discover(_power_law(0.437, -0.437, 6), Options(engine=Engine.NONE)).candidates[0]
    assert best.text.startswith("3*(x/y)**0.43")


def test_random_exponents_get_names_in_a_fraction_of_cases_that_falls_with_their_errors() -> None:
    from ansatz.discovery.evidence.naming import choices

    rng = np.random.default_rng(1)
    shares = []
    for error in (0.01, 0.001, 0.0003):
        drawn = rng.uniform(0.3, 3, 1000)
        found = drawn * (1 + error * rng.standard_normal(1000))
        named = (any(choices(float(v), error * float(d), 200, True)) for v, d in zip(found, drawn, strict=True))
        shares.append(sum(named) / 1000)
    assert shares[0] < 0.25
    assert shares[1] < 0.18
    assert shares[2] < 0.08


@pytest.mark.parametrize(("kind", "seed"), [("t3", 37), ("normal", 33)])
def test_the_constant_is_among_the_candidates_of_noise(kind: str, seed: int) -> None:
    rows = 6 if kind == "t3" else 10
    rng = np.random.default_rng(seed)
    X = rng.uniform(0.5, 3, (rows, 2))
    noise = rng.standard_t(3, rows) if kind == "t3" else rng.standard_normal(rows)
    table = Table((Column("x0", X[:, 0]), Column("x1", X[:, 1]), Column("y", 5 + noise)), "y")
    report = discover(table, Options(engine=Engine.NONE, budget_seconds=1))
    assert any(not variables(c.formula) for c in report.candidates)

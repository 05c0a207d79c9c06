"""Errors of inputs, counts and shares: fits against reference methods, and what discoveries make of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import xlog1py, xlogy

from ansatz.discovery import (
    Column,
    Engine,
    Evaluation,
    InvalidInputError,
    Loss,
    Options,
    Table,
    TargetNoise,
    discover,
    evaluate_formula,
    validate,
)
from ansatz.discovery.data.digest import data_sha256

Array = np.ndarray[Any, np.dtype[np.float64]]
QUICK = Options(engine=Engine.NONE, budget_seconds=4.0)


def table(about: dict[str, Any], **columns: ArrayLike) -> Table:
    made = tuple(Column(name, np.asarray(values, dtype=np.float64)) for name, values in columns.items())
    return Table(made, "y", **about)


def values(found: Evaluation) -> list[float]:
    return [c.value for c in found.candidate.constants]


def errors(found: Evaluation) -> list[float | None]:
    return [c.std_error for c in found.candidate.constants]


def codes(found: Any) -> set[str]:
    return {warning.code for warning in found.warnings}


# Counts and shares against the maximum of the likelihood -----------------------------------------------------------

POISSON = {"noise": TargetNoise.POISSON}
BINOMIAL = {"noise": TargetNoise.BINOMIAL, "trials": "m"}


def likeliest(minus_log: Callable[[Array], float], start: list[float]) -> Array:
    best = np.array(start)
    for _ in range(3):
        best = minimize(minus_log, best, method="Nelder-Mead", options={"xatol": 1e-11, "fatol": 1e-13}).x
        best = minimize(minus_log, best, method="BFGS", options={"gtol": 1e-9}).x
    return best


def information_errors(slopes: Array, variance: Array) -> Array:
    return np.sqrt(np.diag(np.linalg.inv(slopes.T @ (slopes / variance[:, None]))))


@pytest.mark.parametrize("size", [1.5, 40.0, 2e4])
def test_counts_are_fitted_by_maximum_likelihood(size: float) -> None:
    x = np.linspace(0, 4, 60)
    y = np.random.default_rng(5).poisson(size * np.exp(-0.9 * x) + 0.05 * size)
    found = evaluate_formula(
        table(POISSON, x=x, y=y), f"{1.31237 * size!r}*exp(-0.7*x) + {0.07123 * size!r}", refit=True
    )

    def minus_log(b: Array) -> float:
        mean = size * (b[0] * np.exp(-b[1] * x) + b[2])
        return float(np.sum(mean - xlogy(y, mean))) if np.all(mean > 0) else 1e12

    a, b, c = likeliest(minus_log, [1.0, 0.9, 0.05])
    assert values(found) == pytest.approx([size * a, -b, size * c], rel=1e-5)
    mean = size * (a * np.exp(-b * x) + c)
    slopes = np.column_stack([np.exp(-b * x), size * a * x * np.exp(-b * x), np.ones_like(x)])
    assert errors(found) == pytest.approx(information_errors(slopes, mean), rel=1e-3)
    for constant in found.candidate.constants:
        assert constant.upper == pytest.approx(constant.value + 1.96 * (constant.std_error or 0), rel=1e-3)


@pytest.mark.parametrize("trials", [1, 3, 40])
@pytest.mark.parametrize("as_shares", [False, True])
def test_shares_are_fitted_by_maximum_likelihood(trials: int, as_shares: bool) -> None:
    rng = np.random.default_rng(trials)
    x = np.linspace(-3, 3, 90)
    m = rng.integers(1, trials + 1, x.size)
    k = rng.binomial(m, 1 / (1 + np.exp(-1.3 * x - 0.4)))
    y = k / m if as_shares else k
    found = evaluate_formula(table(BINOMIAL, x=x, y=y, m=m), "1/(1 + exp(-0.8*x - 0.1))", refit=True)

    def minus_log(b: Array) -> float:
        p = 1 / (1 + np.exp(-b[0] * x - b[1]))
        return -float(np.sum(xlogy(k, p) + xlog1py(m - k, -p)))

    best = likeliest(minus_log, [1.0, 0.2])
    assert np.abs(values(found)) == pytest.approx(np.abs(best), rel=1e-5)
    p = 1 / (1 + np.exp(-best[0] * x - best[1]))
    slopes = (p * (1 - p))[:, None] * np.column_stack([x, np.ones_like(x)])
    assert errors(found) == pytest.approx(information_errors(slopes, p * (1 - p) / m), rel=1e-3)


def test_least_squares_would_tell_other_constants_of_counts() -> None:
    x = np.linspace(0, 4, 60)
    y = np.random.default_rng(1).poisson(200 * np.exp(-1.5 * x) + 0.5)
    counted = evaluate_formula(table(POISSON, x=x, y=y), "180.5*exp(-1.2*x)", refit=True)
    squared = evaluate_formula(table({}, x=x, y=y), "180.5*exp(-1.2*x)", refit=True)
    assert abs(values(counted)[1] / values(squared)[1] - 1) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0.7, 30.0])
def test_p_values_of_right_laws_of_counts_are_even(rate: float) -> None:
    x = np.linspace(1, 3, 40)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(60):
        made = table(POISSON, x=x, y=rng.poisson(rate * x**1.5))
        agreement = evaluate_formula(made, f"{1.01237 * rate!r}*x**1.4", refit=True).chi_squared
        assert agreement is not None
        assert agreement.degrees == 38
        found.append(agreement.p_value)
    assert 0.38 < np.mean(found) < 0.62
    assert np.mean(np.array(found) < 0.05) < 0.13


def test_counts_that_scatter_more_than_they_may_are_told() -> None:
    rng = np.random.default_rng(2)
    x = np.linspace(1, 5, 80)
    y = rng.poisson(20 * x * rng.gamma(4, 1 / 4, x.size))
    found = evaluate_formula(table(POISSON, x=x, y=y), "18.5*x", refit=True)
    (message,) = [w.message for w in found.warnings if w.code == "ERRORS_DISAGREE"]
    assert "scatters more than poisson noise does" in message


def test_single_trials_tell_nothing_of_their_scatter() -> None:
    x = np.linspace(-2, 2, 60)
    y = (np.random.default_rng(3).random(60) < 1 / (1 + np.exp(-x))).astype(float)
    made = table({"noise": TargetNoise.BINOMIAL}, x=x, y=y)
    assert evaluate_formula(made, "1/(1 + exp(-0.8*x))", refit=True).chi_squared is None


def test_laws_of_counts_are_found() -> None:
    x = np.linspace(0, 4, 80)
    y = np.random.default_rng(7).poisson(60 * np.exp(-0.8 * x))
    report = discover(table(POISSON, x=x, y=y), QUICK)
    best = report.candidates[0]
    assert "exp" in best.text
    assert {round(c.value, 1) for c in best.constants} >= {-0.8}
    assert report.chi_squared is not None
    assert 0.01 < report.chi_squared.p_value < 0.99
    assert "SIMPLER_IN_METRIC" not in codes(report)


def test_laws_of_shares_are_found() -> None:
    rng = np.random.default_rng(8)
    x = np.linspace(-3, 3, 80)
    m = np.full(80, 25)
    k = rng.binomial(m, 1 / (1 + np.exp(-1.4 * x - 0.3)))
    report = discover(table(BINOMIAL, x=x, y=k, m=m), replace(QUICK, ansatz="1/(1 + exp(-a*x - b))"))
    best = report.candidates[0]
    assert best.origin.is_given
    assert [c.value for c in best.constants] == pytest.approx([1.4, 0.3], abs=0.25)


def test_unknown_parts_of_laws_of_counts_are_found() -> None:
    x = np.linspace(0.5, 4, 60)
    y = np.random.default_rng(10).poisson(50 + 20 * x**2)
    report = discover(table(POISSON, x=x, y=y), replace(QUICK, ansatz="50 + f(x)"))
    found = report.candidates[0]
    assert found.parts
    assert report.chi_squared is not None
    assert report.chi_squared.p_value > 0.001


def test_counts_without_a_law_have_none() -> None:
    y = np.random.default_rng(9).poisson(4, 60)
    report = discover(table(POISSON, x=np.linspace(0, 1, 60), y=y), QUICK)
    assert float(report.candidates[0].text) == pytest.approx(y.mean())
    assert "NOTHING_BEATS_BASELINE" in codes(report)


# Errors of inputs against orthogonal distance regression ------------------------------------------------------------


def orthogonal(law: Callable[[Array, Array], Array], start: list[float], x: Array, y: Array, **errors: Any) -> Any:
    """Return the fit by ODRPACK (Boggs, Byrd & Schnabel 1987)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from scipy import odr

        fit = odr.ODR(
            odr.RealData(x, y, **errors), odr.Model(law), beta0=start, sstol=1e-14, partol=1e-14, maxit=500,
        )  # fmt: skip
        return fit.run()


SX = {"input_errors": {"x": "ex"}, "std_errors": "ey"}
LAWS: dict[str, tuple[Callable[[Any, Any], Any], list[float], str]] = {
    "line": (lambda b, x: b[0] + b[1] * x, [1.0, 2.0], "0.5 + 1.2*x"),
    "exponential": (lambda b, x: b[0] * np.exp(b[1] * x), [3.0, 0.5], "2.5*exp(0.45*x)"),
    "power": (lambda b, x: b[0] * x ** b[1], [2.0, 1.7], "1.8*x**1.6"),
    "wave": (lambda b, x: b[0] * np.sin(b[1] * x), [20.0, 0.9], "18.5*sin(0.92*x)"),
}


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("even", [True, False])
def test_inputs_with_errors_are_fitted_by_orthogonal_distances(name: str, even: bool) -> None:
    law, truth, formula = LAWS[name]
    rng = np.random.default_rng(4)
    t = np.linspace(0.6, 5, 50)
    ex, ey = (np.full(50, s) if even else rng.uniform(0.3, 1.5, 50) * s for s in (0.07, 0.3))
    x, y = t + ex * rng.standard_normal(50), law(truth, t) + ey * rng.standard_normal(50)
    found = evaluate_formula(table(SX, x=x, y=y, ex=ex, ey=ey), formula, refit=True)
    reference = orthogonal(law, truth, x, y, sx=ex, sy=ey)
    assert values(found) == pytest.approx(reference.beta, rel=1e-6)
    assert errors(found) == pytest.approx(reference.sd_beta, rel=1e-3)
    assert found.chi_squared is not None
    assert found.chi_squared.value == pytest.approx(reference.sum_square, rel=1e-6)
    assert found.chi_squared.degrees == 48


def test_several_inputs_with_errors_are_fitted_by_orthogonal_distances() -> None:
    rng = np.random.default_rng(6)
    u, v = rng.uniform(1, 4, (2, 60))
    sizes = {"u": 0.1, "v": 0.2}
    x, z = u + sizes["u"] * rng.standard_normal(60), v + sizes["v"] * rng.standard_normal(60)
    y = 2 * u * v**1.5 + 0.3 * rng.standard_normal(60)
    about = {"input_errors": {"u": "eu", "v": "ev"}, "std_errors": "ey"}
    made = table(about, u=x, v=z, y=y, **{f"e{n}": np.full(60, s) for n, s in sizes.items()}, ey=np.full(60, 0.3))
    found = evaluate_formula(made, "1.8*u*v**1.4", refit=True)
    reference = orthogonal(
        lambda b, x: b[0] * x[0] * x[1] ** b[1], [2, 1.5], np.vstack([x, z]), y,
        sx=np.array([[sizes["u"]] * 60, [sizes["v"]] * 60]), sy=0.3,
    )  # fmt: skip
    assert values(found) == pytest.approx(reference.beta, rel=1e-6)


def test_many_rows_are_fitted_as_few_are() -> None:
    rng = np.random.default_rng(12)
    t, e, s = rng.uniform(1, 4, 2500), np.full(2500, 0.1), np.full(2500, 3.0)
    counted = evaluate_formula(table(POISSON, x=t, y=rng.poisson(9 * t**1.5)), "8.5*x**1.4", refit=True)
    assert values(counted) == pytest.approx([9, 1.5], rel=0.02)
    x, y = t + e * rng.standard_normal(2500), 9 * t**1.5 + s * rng.standard_normal(2500)
    found = evaluate_formula(table(SX, x=x, y=y, ex=e, ey=s), "8.5*x**1.4", refit=True)
    assert values(found) == pytest.approx(orthogonal(LAWS["power"][0], [9, 1.5], x, y, sx=e, sy=s).beta, rel=1e-5)


def test_without_their_errors_noisy_inputs_make_laws_too_flat() -> None:
    with_errors, without = [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        t = rng.uniform(0, 4, 60)
        columns = {"x": t + 0.8 * rng.standard_normal(60), "y": 2 * t + 1 + 0.3 * rng.standard_normal(60)}
        made = table(SX, **columns, ex=np.full(60, 0.8), ey=np.full(60, 0.3))
        with_errors.append(values(evaluate_formula(made, "0.5 + 1.5*x", refit=True))[1])
        without.append(values(evaluate_formula(table({}, **columns), "0.5 + 1.5*x", refit=True))[1])
    # By the factor var(t)/(var(t) + σ²) (Fuller 1987).
    assert np.mean(without) == pytest.approx(2 * (16 / 12) / (16 / 12 + 0.64), rel=0.05)
    assert np.mean(with_errors) == pytest.approx(2.0, rel=0.03)


@pytest.mark.slow
def test_errors_of_the_target_are_estimated_where_only_those_of_inputs_are_given() -> None:
    found, reach = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        t = rng.uniform(0, 4, 80)
        about = {"input_errors": {"x": "ex"}}
        x, y = t + 0.5 * rng.standard_normal(80), 2 * t + 1 + 0.6 * rng.standard_normal(80)
        fitted = evaluate_formula(table(about, x=x, y=y, ex=np.full(80, 0.5)), "0.5 + 1.5*x", refit=True)
        assert fitted.chi_squared is None
        slope = fitted.candidate.constants[1]
        found.append(slope.value)
        reach.append(slope.std_error or 0.0)
    assert np.mean(found) == pytest.approx(2.0, rel=0.04)
    assert np.std(found) == pytest.approx(np.mean(reach), rel=0.35)


def test_laws_of_inputs_with_errors_are_found() -> None:
    rng = np.random.default_rng(11)
    t = np.linspace(0.5, 5, 60)
    x, y = t + 0.15 * rng.standard_normal(60), 3 * t**2 + 0.6 * rng.standard_normal(60)
    report = discover(table(SX, x=x, y=y, ex=np.full(60, 0.15), ey=np.full(60, 0.6)), QUICK)
    best = report.candidates[0]
    assert best.text.endswith("*x**2")
    assert best.constants[0].value == pytest.approx(3.0, rel=0.05)
    assert report.chi_squared is not None
    assert 0.01 < report.chi_squared.p_value < 0.99
    assert not codes(report) & {"ERRORS_DISAGREE", "ERROR_COLUMN"}


# What is refused ---------------------------------------------------------------------------------------------------

X = np.arange(1.0, 9.0)


@pytest.mark.parametrize(
    ("about", "y", "field", "said"),
    [
        (POISSON, X - 2, "table.noise", "'y' is -1 in row 1; poisson noise is of counts: give whole numbers"),
        (POISSON, X / 2, "table.noise", "'y' is 0.5 in row 1"),
        (POISSON, 0 * X, "table.noise", "is 0 in every row"),
        (BINOMIAL, 2 * X + 4, "table.noise", "'y' is 6 in row 1, of 5 trials; give successes"),
        (BINOMIAL, X / 9, "table.noise", "in row 1, of 5 trials; give whole numbers of successes"),
        ({**BINOMIAL, "trials": "h"}, X, "table.trials", "are 0.5 in row 1; give whole numbers"),
        ({"trials": "m"}, X, "table.trials", "are for binomial noise"),
        ({**POISSON, "weights": "h"}, X, "table.noise", "table.weights is given"),
        ({**POISSON, "std_errors": "h"}, X, "table.noise", "table.std_errors is given"),
        ({**POISSON, "input_errors": {"x": "h"}}, X, "table.noise", "table.input_errors is given"),
        ({**POISSON, "group": "g"}, X, "table.noise", "not for groups"),
        ({"input_errors": {"x": "h"}, "weights": "m"}, X, "table.input_errors", "give std_errors in their place"),
        ({"input_errors": {"x": "h"}, "group": "g"}, X, "table.input_errors", "table.group are both given"),
        ({"input_errors": {"z": "h"}}, X, "table.input_errors", "'z', which is no input"),
        ({"input_errors": {"x": "q"}}, X, "table.input_errors['x']", "'q' is no column"),
        ({"input_errors": {"x": "n"}}, X, "table.input_errors['x']", "standard errors must be > 0"),
        ({"input_errors": {"x": "h"}, "inputs": ("x", "h")}, X, "table.inputs", "leave it out of the inputs"),
    ],
)
def test_noise_that_cannot_be_is_refused(about: dict[str, Any], y: Array, field: str, said: str) -> None:
    others = {"h": X / 2, "m": 4 + X, "n": -X, "g": X // 4.5}
    with pytest.raises(InvalidInputError) as caught:
        table(about, x=X, y=y, **others)
    assert any(v.field == field and said in v.description for v in caught.value.violations), caught.value.violations


@pytest.mark.parametrize("about", [POISSON, {"input_errors": {"x": "h"}}])
def test_what_counts_errors_otherwise_is_refused(about: dict[str, Any]) -> None:
    made = table(about, x=X, y=X + 3, h=X / 2)
    with pytest.raises(InvalidInputError, match=r"options\.metric"):
        validate(made, Options(metric="log"))
    with pytest.raises(InvalidInputError, match=r"options\.loss"):
        validate(made, Options(ansatz="k*x", loss=Loss.HUBER))


def test_the_digest_tells_noises_and_errors_of_inputs() -> None:
    columns = {"x": X, "y": X, "m": 9 + X}
    roles: tuple[dict[str, Any], ...] = (
        {"inputs": ("x",)}, POISSON | {"inputs": ("x",)}, BINOMIAL, {"input_errors": {"x": "m"}}, {"std_errors": "m"},
    )  # fmt: skip
    digests = {data_sha256(table(about, **columns)) for about in roles}
    assert len(digests) == len(roles)

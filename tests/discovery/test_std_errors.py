"""Standard errors of the target: they weigh rows, tell whether a formula agrees with them, and are no input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ansatz.discovery import (
    ChiSquared,
    Column,
    Engine,
    Evaluation,
    InvalidInputError,
    Options,
    Table,
    discover,
    evaluate_formula,
    validate,
)
from ansatz.discovery.data.digest import data_sha256
from ansatz.discovery.data.error_names import is_called_error_of

ROWS = 40
X = np.linspace(1, 5, ROWS)
SIZES = np.random.default_rng(0).uniform(0.05, 0.4, ROWS)
QUICK = Options(engine=Engine.NONE, budget_seconds=3.0)


def table(seed: int = 3, told: float = 1.0, **about: Any) -> Table:
    """3*x**1.5 with noise of different size in each row, and `told` times that size as its standard error."""
    y = 3 * X**1.5 + SIZES * np.random.default_rng(seed).standard_normal(ROWS)
    columns = (Column("x", X), Column("y", y), Column("y_err", told * SIZES))
    return Table(columns, "y", **{"std_errors": "y_err", **about})


def agreement(found: Evaluation) -> ChiSquared:
    assert found.chi_squared is not None
    return found.chi_squared


def codes(found: Any) -> set[str]:
    return {warning.code for warning in found.warnings}


# Fits and scores ------------------------------------------------------------------------------------------------


def test_rows_weigh_by_the_inverse_of_the_variance() -> None:
    by_errors = evaluate_formula(table(), "2.5*x**1.4 + 0.1", refit=True)
    columns = (*table().columns[:2], Column("w", 7.0 * SIZES**-2.0))
    by_weights = evaluate_formula(Table(columns, "y", weights="w"), "2.5*x**1.4 + 0.1", refit=True)
    for ours, theirs in zip(by_errors.candidate.constants, by_weights.candidate.constants, strict=True):
        assert (ours.value, ours.std_error) == pytest.approx((theirs.value, theirs.std_error), rel=1e-6)
    assert by_errors.candidate.scores.rmse == pytest.approx(by_weights.candidate.scores.rmse)
    assert by_weights.chi_squared is None


@pytest.mark.parametrize("size", [1e-90, 1e90])
def test_errors_of_any_size_are_taken(size: float) -> None:
    made = table()
    errors = Column("y_err", np.full(ROWS, size))
    found = evaluate_formula(replace(made, columns=(*made.columns[:2], errors)), "2.9*x**1.5", refit=True)
    assert found.candidate.constants[0].value == pytest.approx(3.0, rel=0.03)
    assert "ERRORS_DISAGREE" in codes(found)


# χ² -------------------------------------------------------------------------------------------------------------


def test_chi_squared_is_the_sum_of_squares_in_standard_errors() -> None:
    made = table()
    found = agreement(evaluate_formula(made, "3.1*x**1.5", refit=False))
    rest = (made.column("y").values - 3.1 * X**1.5) / SIZES
    assert found.value == pytest.approx(float(rest @ rest))
    assert found.degrees == ROWS
    assert found.per_degree == found.value / found.degrees
    assert agreement(evaluate_formula(made, "3.1*x**1.4", refit=True)).degrees == ROWS - 2
    # One factor stands in for the other: three numbers are two constants.
    assert agreement(evaluate_formula(made, "1.1*1.2*x**1.4", refit=True)).degrees == ROWS - 2


def test_p_values_of_right_formulas_are_even() -> None:
    found = [agreement(evaluate_formula(table(seed), "2.9*x**1.4", refit=True)).p_value for seed in range(150)]
    counts, _ = np.histogram(found, bins=5, range=(0, 1))
    assert counts.min() >= 15
    assert counts.max() <= 47


@pytest.mark.parametrize(
    ("told", "formula", "said"),
    [
        (1.0, "2.9*x**1.5", ""),
        (0.5, "2.9*x**1.5", "too large"),
        (1.0, "2.9*x", "too large"),
        (3.0, "2.9*x**1.5", "far too small"),
    ],
)
def test_a_warning_says_where_errors_and_residual_disagree(told: float, formula: str, said: str) -> None:
    found = evaluate_formula(table(told=told), formula, refit=True)
    (message,) = [w.message for w in found.warnings if w.code == "ERRORS_DISAGREE"] or [""]
    assert said in message
    assert bool(said) == bool(message)


def test_a_formula_that_is_not_finite_has_no_chi_squared() -> None:
    assert evaluate_formula(table(), "log(x - 2)", refit=False).chi_squared is None


def test_a_discovery_tells_chi_squared() -> None:
    report = discover(table(), QUICK)
    assert report.candidates[0].text.endswith("*x**1.5")
    assert report.chi_squared is not None
    assert 0.01 < report.chi_squared.p_value < 0.99
    assert not codes(report) & {"ERRORS_DISAGREE", "ERROR_COLUMN", "RELATIVE_LOSS"}


def test_in_a_metric_errors_are_still_those_of_the_target() -> None:
    z = 0.9 * X - 2
    errors = 0.03 * np.exp(z)
    y = np.exp(z) + errors * np.random.default_rng(4).standard_normal(ROWS)
    made = Table((Column("x", X), Column("y", y), Column("e", errors)), "y", std_errors="e")
    report = discover(made, replace(QUICK, metric="log"))
    assert report.chi_squared is not None
    assert 0.01 < report.chi_squared.p_value < 0.99
    # Of even relative errors, rows count alike in the logarithm.
    slope = next(c for c in report.candidates[0].constants if c.std_error)
    assert slope.value == pytest.approx(np.polyfit(X, np.log(y), 1)[0], abs=0.02)


def test_groups_are_compared_with_their_own_constants_in_the_order_of_rows() -> None:
    rng = np.random.default_rng(2)
    shuffled = rng.permutation(ROWS)
    factor = np.array([1.0, 2.0, 3.5, 5.0])[np.arange(ROWS) % 4]
    y = factor * X**1.5 + SIZES * rng.standard_normal(ROWS)
    columns = {"x": X, "y": y, "e": SIZES, "g": factor}
    made = Table(tuple(Column(n, v[shuffled]) for n, v in columns.items()), "y", ("x",), group="g", std_errors="e")
    report = discover(made, replace(QUICK, ansatz="k*x**1.5"))
    assert report.chi_squared is not None
    assert report.chi_squared.degrees == ROWS - 4
    assert 0.01 < report.chi_squared.p_value < 0.99
    off = replace(made, columns=tuple(Column(c.name, c.values / (9 if c.name == "e" else 1)) for c in made.columns))
    assert "ERRORS_DISAGREE" in codes(discover(off, replace(QUICK, ansatz="k*x**1.5")))


# What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("about", "field", "said"),
    [
        ({"std_errors": "nope"}, "table.std_errors", "'nope' is no column"),
        ({"std_errors": "y"}, "table.std_errors", "is the target"),
        ({"weights": "y_err"}, "table.std_errors", "both given"),
        ({"inputs": ("x", "y_err")}, "table.inputs", "has the role std_errors"),
        ({"group": "y_err"}, "table.group", "has the role std_errors"),
        ({"told": 0.0}, "table.std_errors", "is 0.0 in row 1; standard errors must be > 0"),
        ({"told": -1.0}, "table.std_errors", "standard errors must be > 0"),
    ],
)
def test_errors_that_cannot_be_are_refused(about: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        table(**about)
    assert any(v.field == field and said in v.description for v in caught.value.violations)


def test_errors_are_in_the_unit_of_the_target() -> None:
    def with_units(**units: str) -> Table:
        made = table()
        return replace(made, columns=tuple(replace(c, unit=units.get(c.name, "")) for c in made.columns))

    with_units(y="m", y_err="m")
    with_units(y="m")
    with pytest.raises(InvalidInputError, match="target's unit"):
        with_units(y="m", y_err="mm")


def test_the_digest_tells_standard_errors_from_weights_and_inputs() -> None:
    made = table()
    roles: tuple[dict[str, Any], ...] = (
        {},
        {"std_errors": "", "inputs": ("x",)},
        {"std_errors": "", "inputs": ("x", "y_err")},
        {"std_errors": "", "weights": "y_err"},
    )
    digests = [data_sha256(replace(made, **about)) for about in roles]
    assert digests[0] not in digests[1:]


# Columns called like errors -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "sigma", "Sigma", "σ", "err", "Error", "std", "STDEV", "std. dev.", "sd", "SEM", "stderr", "std_err",
        "standard error", "standard_deviation", "unc", "Uncertainty", "±", "+/-", "sigma (mV)", "err [mV]",
        "y_err", "y error", "Y-ERR", "yerr", "yError", "err_y", "sigma_y", "sigmay", "sigma(y)", "y_se", "y ±", "± y",
        "error of y", "uncertainty in y", "dy", "d_y", "e_y", "u(y)", "y_std (mV)",
    ],
)  # fmt: skip
def test_a_name_says_that_it_is_the_error_of_y(name: str) -> None:
    assert is_called_error_of(name, "y")


@pytest.mark.parametrize(
    "name",
    [
        "y", "d", "e", "u", "x", "stress", "standard", "errors", "Se", "se", "sigma_x", "sigma(x)", "x_err", "dx",
        "e_x",
        "error_rate", "sigma_den", "std_dose", "day", "dyn", "ey", "uy", "erratic", "terror", "deviation", "delta_y",
        "y_dev", "mean", "", " ", "(y)", "sigma1", "error y x",
    ],
)  # fmt: skip
def test_a_name_does_not_say_that_it_is_the_error_of_y(name: str) -> None:
    assert not is_called_error_of(name, "y")


@pytest.mark.parametrize(
    ("name", "target", "said"),
    [
        ("pulse_rate_err", "pulse_rate", True),
        ("err pulse rate", "pulse_rate", True),
        ("T_err (K)", "T (K)", True),
        ("set", "t", False),
        ("error", "error", False),
        ("sigma", "sigma", False),
        ("sigma_err", "sigma", True),
        ("rate_err", "pulse_rate", False),
    ],
)
def test_a_name_is_compared_with_that_of_the_target(name: str, target: str, said: bool) -> None:
    assert is_called_error_of(name, target) is said


def columns(**values: np.ndarray) -> tuple[Column, ...]:
    return tuple(Column(name, np.asarray(v, dtype=np.float64)) for name, v in values.items())


def test_a_column_called_like_the_error_is_no_input_unless_it_is_named() -> None:
    y = 3 * X**1.5
    made = Table(columns(x=X, y=y, sigma=SIZES), "y")
    assert made.inputs == ("x",)
    report = discover(made, QUICK)
    (message,) = [w.message for w in report.warnings if w.code == "ERROR_COLUMN"]
    assert "--std-errors sigma" in message
    assert "--inputs" in message
    assert report.chi_squared is None
    named = Table(columns(x=X, y=SIZES * X**1.5, sigma=SIZES), "y", ("x", "sigma"))
    found = discover(named, QUICK)
    assert "sigma" in found.candidates[0].text
    assert "ERROR_COLUMN" not in codes(found)


def test_in_groups_a_column_called_like_the_error_is_no_input_either() -> None:
    made = Table(columns(x=X, y=3 * X**1.5 + SIZES, y_err=SIZES, g=np.arange(ROWS) % 2), "y", group="g")
    assert made.inputs == ("x",)
    report = discover(made, replace(QUICK, budget_seconds=1.0))
    (message,) = [w.message for w in report.warnings if w.code == "ERROR_COLUMN"]
    assert "--std-errors y_err" in message


def test_a_formula_with_a_column_called_like_the_error_is_told_why_it_cannot_be_used() -> None:
    made = Table(columns(x=X, y=3 * X**1.5, sigma=SIZES), "y")
    with pytest.raises(InvalidInputError, match="called like the error of the target"):
        validate(made, Options(ansatz="k*x/sigma"))
    with pytest.raises(InvalidInputError, match="called like the error of the target"):
        evaluate_formula(made, "3*x/sigma", refit=False)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"sigma": np.sin(X)}, id="below zero"),
        pytest.param({"sigma": 100 * SIZES}, id="larger than what the target spans"),
        pytest.param({"sigma": np.zeros(ROWS)}, id="nothing"),
    ],
)
def test_a_column_that_cannot_be_the_error_is_an_input(values: dict[str, np.ndarray]) -> None:
    assert Table(columns(x=X, y=np.sqrt(X), **values), "y").inputs == ("x", "sigma")


def test_the_only_column_beside_the_target_is_the_input() -> None:
    assert Table(columns(sd=SIZES, y=np.sqrt(SIZES) * 20), "y").inputs == ("sd",)

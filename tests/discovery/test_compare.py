"""Are two formulas the same function?"""

from __future__ import annotations

import math

import pytest

from ansatz.discovery import Box, Equivalence, InvalidInputError, compare_formulas
from ansatz.discovery.expression import to_text

Limits = dict[str, tuple[float, float]]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("(x + 1)**2", "x**2 + 2*x + 1"),
        ("0.1*3*x", "0.3*x"),
        ("0.3333333333333333*x", "x/3"),
        ("y*exp(x)*exp(2*y)", "exp(x + 2*y)*y"),
        ("1/(2*x + 2)", "0.5/(1 + x)"),
        ("cos(x - y)", "cos(y - x)"),
        ("max(x, y)", "max(y, x)"),
        ("integral(t*x, t, 0, y)", "integral(x*s, s, 0, y)"),
        ("(1 + x) - 1", "x"),  # rounding is no difference
        ("3", "3 + x - x"),
    ],
)
def test_canonical_forms_prove(a: str, b: str) -> None:
    verdict = compare_formulas(a, b, Box.of({"x": (1e-12, 1e-3), "y": (0.5, 2)})).verdict
    assert (verdict.equivalence, verdict.method) == (Equivalence.PROVED, "canonical form")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("sin(x)**2", "1 - cos(x)**2"),
        ("1/(exp(x) - 1)", "exp(-x)/(1 - exp(-x))"),
        ("sin(x + 1.5707963267948966)", "cos(x)"),
        ("log(x*y)", "log(x) + log(y)"),
        ("integral(t, t, x, y)", "(y**2 - x**2)/2"),
    ],
)
def test_sympy_proves_what_needs_identities(a: str, b: str) -> None:
    verdict = compare_formulas(a, b, Box.of({"x": (0.1, 3), "y": (0.1, 3)})).verdict
    assert (verdict.equivalence, verdict.method) == (Equivalence.PROVED, "sympy")


def test_a_point_refutes_and_shows_both_values() -> None:
    comparison = compare_formulas("1/(exp(u) - 1)", "1/u", Box.of({"u": (1e-9, 1e-7)}))
    assert (comparison.verdict.equivalence, comparison.verdict.method) == (Equivalence.REFUTED, "points")
    point = comparison.verdict.largest_difference
    assert point is not None
    assert point.inputs == {"u": 1e-7}  # the corner, where they differ most
    assert point.b - point.a == pytest.approx(0.5, rel=0.1)
    assert point.relative_difference == pytest.approx(5e-8, rel=1e-3)


def test_what_is_equal_at_all_points_but_beyond_algebra_is_not_called_proved() -> None:
    verdict = compare_formulas("min(x, y) + max(x, y)", "x + y").verdict
    assert (verdict.equivalence, verdict.method) == (Equivalence.NUMERICAL, "points")


def test_where_one_is_not_defined_is_told() -> None:
    comparison = compare_formulas("log(x**2)", "2*log(x)", Box.of({"x": (-1, 1)}))
    assert comparison.verdict.equivalence is not Equivalence.REFUTED
    assert (comparison.undefined_a, comparison.undefined_b) == (1, 502)
    assert [w.code for w in comparison.warnings] == ["DOMAINS_DIFFER", "NOT_FINITE"]
    nowhere = compare_formulas("sqrt(x - 5)", "sqrt(4 - x)")
    assert nowhere.verdict.equivalence is Equivalence.UNDETERMINED
    assert nowhere.verdict.largest_difference is None


@pytest.mark.parametrize(
    ("a", "b", "limits"),
    [
        ("x**2", "x*x", (-10.0, 10.0)),
        ("sqrt(x)", "x**0.5", (0.1, 10.0)),
        ("asin(x)", "2*asin(x)/2", (-1.0, 1.0)),
        ("log(1 - x)/sqrt(x)", "log(1 - x)*x**-0.5", (0.01, 1.0)),
    ],
)
def test_without_a_box_the_range_is_where_both_are_defined(a: str, b: str, limits: tuple[float, float]) -> None:
    comparison = compare_formulas(a, b)
    assert comparison.verdict.equivalence is Equivalence.PROVED
    interval = comparison.box["x"]
    assert (interval.lower, interval.upper) == limits


@pytest.mark.parametrize(
    ("a", "b", "method"),
    [
        ("2.5*x + 1.5*x**3", "0.1*x - 0.7*x**3", "structure"),
        ("3.3*cos(1.7*x)", "0.4*cos(2.9*x)", "structure"),
        ("A*exp(-x/tau)", "2.2*exp(-0.3*x)", "structure"),
        ("0.5*m*x**2", "0.7*x**2*m", "structure"),
        ("1.5*x/(2.5 + x)", "0.7/(1 + 0.2/x)", "fit"),
        ("k*x + k*m", "2.2*(x + m)", "fit"),
        ("1.5*sin(2.5*x + 0.3)", "1.5*cos(2.5*x) - 0.7*sin(2.5*x)", "fit"),
    ],
)
def test_free_constants_may_differ(a: str, b: str, method: str) -> None:
    verdict = compare_formulas(a, b, Box.of({"x": (0.1, 5), "m": (1, 3)}), free_constants=True).verdict
    assert verdict.equivalence is (Equivalence.PROVED if method == "structure" else Equivalence.NUMERICAL)
    assert verdict.method == method
    assert verdict.a_fitted is not None
    again = compare_formulas(to_text(verdict.a_fitted), b.replace("tau", "1"), Box.of({"x": (0.1, 5), "m": (1, 3)}))
    assert again.verdict.largest_difference is not None
    assert again.verdict.largest_difference.relative_difference < 1e-6


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("2.5*x**1.5", "1.1*x**1.6"),  # exponents are structure
        ("1.5*x - 0.3*x**3", "1.5*x - 0.3*x**2"),
        ("1.5*x + 0.2", "1.5*x"),
        ("exp(-0.5*x)", "1.5/(1 + x)"),
        ("2*x", "3*x"),  # so are whole numbers
    ],
)
def test_free_constants_do_not_make_up_for_another_structure(a: str, b: str) -> None:
    verdict = compare_formulas(a, b, Box.of({"x": (0.1, 5)}), free_constants=True).verdict
    assert (verdict.equivalence, verdict.method) == (Equivalence.REFUTED, "fit")


def test_a_special_case_is_told() -> None:
    comparison = compare_formulas("2.5*(x + y)", "1.5*x + 2.5*y", free_constants=True)
    assert comparison.verdict.equivalence is Equivalence.REFUTED
    assert [w.code for w in comparison.warnings] == ["SPECIAL_CASE"]


def test_the_answer_is_the_same_each_time() -> None:
    first, second = (compare_formulas("1.5*tanh(x)*y", "x*y/(1.1 + abs(x))", free_constants=True) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("a", "b", "box", "field"),
    [
        ("x +", "x", None, "a"),
        ("x", "__import__('os')", None, "b"),
        ("x", "x + z", {"x": (0.0, 1.0)}, "b"),
        ("x", "x", {"x": (1.0, 0.0)}, "box['x']"),
        ("x", "x", {"x": (0.0, math.inf)}, "box['x']"),
        ("x", "x", {"x": (math.nan, 1.0)}, "box['x']"),
    ],
)
def test_bad_input_is_refused_by_field(a: str, b: str, box: Limits | None, field: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        compare_formulas(a, b, Box.of(box) if box else None)
    assert [v.field for v in raised.value.violations] == [field]


def test_columns_may_have_any_name() -> None:
    comparison = compare_formulas("2*mass_kg", "mass_kg + mass_kg", Box.of({"mass (kg)": (1, 2)}))
    assert comparison.verdict.equivalence is Equivalence.PROVED
    assert list(comparison.box) == ["mass (kg)"]


def test_formulas_that_ask_for_much_are_answered() -> None:
    tower = "x**x**x**x**x**x"
    assert compare_formulas(tower, tower + "*1").verdict.equivalence is Equivalence.PROVED
    large = "(" + " + ".join("uvwxyz") + ")**100"
    verdict = compare_formulas(f"sqrt({large})", f"abs({large.replace('100', '50')})").verdict
    assert verdict.equivalence is not Equivalence.REFUTED

"""Dimensions of formulas."""

from __future__ import annotations

import pytest

from ansatz.discovery import Consistency
from ansatz.discovery.expression import parse
from ansatz.discovery.units.consistency import consistency
from ansatz.discovery.units.text import parse_unit

UNITS = {
    "x": "m", "y": "km", "t": "s", "v": "m/s", "c": "m/s", "m": "kg", "g": "m/s^2", "a": "rad", "n": "", "V1": "L",
    "V2": "m^3",
}  # fmt: skip
INPUTS = {name: parse_unit(unit) for name, unit in UNITS.items()}


def of(formula: str, target: str) -> Consistency:
    return consistency(parse(formula, set(INPUTS)), INPUTS, parse_unit(target))


@pytest.mark.parametrize(
    ("formula", "target"),
    [
        ("x + y", "m"),
        ("-2.5*x", "cm"),
        ("v*t - g*t**2/2", "m"),
        ("m*c**2/sqrt(1 - v**2/c**2)", "J"),
        ("6.283185307179586*sqrt(x/g)*(1 + a**2/16)", "s"),
        ("sin(x/y)", "1"),
        ("x**(2/3)*y**(1/3)", "m"),
        ("x**0.3333333333333333*y**0.6666666666666666", "m"),
        ("n**a", "1"),
        ("min(x, y) + abs(x)*sign(t)", "m"),
        ("n*log(V2/V1)", "1"),
        ("n*(log(V2) - log(V1))", "1"),
        ("0.5*log(V2) - log(sqrt(V1))", "1"),
        ("exp(2*log(x))", "m^2"),
        ("0", "m"),
    ],
)
def test_laws_of_dimensionless_numbers_are_consistent(formula: str, target: str) -> None:
    assert of(formula, target) is Consistency.CONSISTENT


@pytest.mark.parametrize(
    ("formula", "target"),
    [
        ("365.25*x**1.5", "day"),
        ("x**1.5", "day"),
        ("v*t - 4.905*t**2", "m"),
        ("2.5*x + 1.5*t", "m"),
        ("exp(-0.1*x)*sin(3.5*t + 0.5)", "1"),
        ("3.7", "m"),
        ("log(x)", "1"),
    ],
)
def test_laws_whose_numbers_stand_for_quantities_need_dimensional_constants(formula: str, target: str) -> None:
    assert of(formula, target) is Consistency.DIMENSIONAL_CONSTANTS


@pytest.mark.parametrize(
    ("formula", "target"),
    [
        ("x + t", "m"),
        ("x + 1", "m"),
        ("sin(x)", "1"),
        ("sin(x) + sin(t)", "1"),
        ("x**n", "m"),
        ("2.5**x", "1"),
        ("min(x, t)", "m"),
        ("exp(x*t)", "1"),
        ("x*(v + c*t)", "m^2/s"),
        # One constant cannot have two dimensions.
        ("(x + 2.5)*(t + 2)", "m*s"),
        ("exp(0.5*(x + t))", "1"),
    ],
)
def test_adding_or_transforming_unlike_quantities_is_inconsistent(formula: str, target: str) -> None:
    assert of(formula, target) is Consistency.INCONSISTENT

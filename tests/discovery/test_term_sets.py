"""The terms that two formulas share."""

from __future__ import annotations

import pytest

from ansatz.discovery.compare.term_sets import TermOverlap, term_overlap
from ansatz.discovery.expression import parse


def overlap(a: str, b: str) -> TermOverlap:
    names = ("x", "v", "t")
    return term_overlap(parse(a, names), parse(b, names))


@pytest.mark.parametrize(
    ("a", "b", "strict", "loose"),
    [
        ("-2*x - 0.3*v**3 + 1.2*cos(2*t)", "-0.1*x - v**3 + 0.5*cos(3.1*t)", 1.0, 1.0),
        ("-2*x", "-2*x**3", 0.0, 1.0),  # what the published score does not see
        ("-2*x - 0.3*v**3", "-x - 0.5*v", 1 / 3, 1.0),
        ("-2*(x + v)", "-x - 3*v", 1.0, 1.0),
        ("x*cos(2*t) - v", "-v", 0.5, 0.5),
        ("v*abs(v)", "v**2", 0.0, 0.0),
        ("x + 1", "2.5*x", 0.5, 0.5),
        ("exp(-2*t)*x", "x*exp(-0.1*t)", 1.0, 1.0),
        ("1/(x + 2)", "3/(x + 1)", 1.0, 1.0),
        ("x**1.5", "x**1.50000001", 1.0, 1.0),  # the same exponent to six digits
        ("0", "x - x", 1.0, 1.0),
        ("x", "0", 0.0, 0.0),
    ],
)
def test_overlaps(a: str, b: str, strict: float, loose: float) -> None:
    found = overlap(a, b)
    assert [found.strict, found.loose] == pytest.approx([strict, loose])


def test_terms_are_told_as_text() -> None:
    found = overlap("-2*x*cos(3*t + 1) - 0.5*v**3 + 7", "x/(2 + v)")
    assert found.terms_a == ("1", "cos(1 + t)*x", "v**3")
    assert found.terms_b == ("(1 + v)**-1*x",)

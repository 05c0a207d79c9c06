"""The judge of the benchmark: what counts as the law, and what does not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ansatz.discovery.expression import Node, evaluate, parse, to_text
from bench.cases import SETS, Box, Case, Law, load, parse_law, wider
from bench.judge import covered, extrapolation_error, judge, polished

BOX: Box = {"m": (1.0, 5.0), "v": (1.0, 5.0)}
KINETIC = Law("kinetic", "test", "E", parse("m*v**2/2", list(BOX)), BOX)
FREE_EXPONENT = Law("free", "test", "E", parse("m*v**1.852", list(BOX)), BOX)
TRIG = Law("trig", "test", "y", parse("m*sin(v)", list(BOX)), BOX)


def formula(text: str) -> Node:
    return parse(text, ["m", "v", "junk0"])


@pytest.mark.parametrize(
    ("text", "noise", "exact"),
    [
        ("0.5*m*v**2", 0, True),
        ("m*v*v/2", 0, True),
        ("exp(log(m) + 2*log(v))/2", 0, True),
        ("0.50000001*m*v**2", 0, True),
        ("0.50001*m*v**2", 0, False),
        ("0.47*m*v**2", 0.1, True),
        ("0.47*m*v**2", 0, False),
        ("0.5*m*v**1.97", 0.1, False),
        ("0.5*m*v**2 + 0.1", 0.1, False),
        ("0.5*m*v**2 + 0.001*junk0", 0.1, False),
        ("0.5*m*v**2 + 0.000000000001*junk0", 0, False),
        ("m*v**2*sin(m)", 0.1, False),
        ("sqrt(v)", 0, False),
    ],
)
def test_the_law_is_known_in_any_form_and_nothing_else_is(text: str, noise: float, exact: bool) -> None:
    assert judge(formula(text), KINETIC, noise).exact is exact


def test_a_formula_far_larger_than_the_law_is_not_the_law() -> None:
    same = "m*v**2/2 + " + " + ".join(f"sin(m+{i})**2 + cos(m+{i})**2 - 1" for i in range(3))
    assert "nodes where" in judge(formula(same), KINETIC, 0).reason


def test_a_fit_that_is_good_only_inside_the_data_is_not_the_law() -> None:
    taylor = formula("m*(v - v**3/6 + v**5/120)")
    assert not judge(taylor, TRIG, 0).exact
    assert extrapolation_error(taylor, TRIG) > 1
    assert extrapolation_error(formula("m*sin(v)"), TRIG) == 0


def test_exponents_are_fitted_only_where_the_laws_own_are_no_short_fractions() -> None:
    assert judge(formula("m*v**1.84"), FREE_EXPONENT, 0.1).exact
    assert not judge(formula("m*v**1.84"), FREE_EXPONENT, 0).exact
    assert not judge(formula("m*v**1.84"), KINETIC, 0.1).exact


def test_a_variable_that_the_law_lacks_is_named() -> None:
    assert judge(formula("m*v + junk0"), KINETIC, 0).reason == "uses junk0"


def test_intervals_are_counted_against_the_laws_own_constants() -> None:
    fitted = judge(formula("0.47*m*v**2"), KINETIC, 0.1).fitted
    assert covered(fitted, [(0.4, 0.6)]) == (1, 1)
    assert covered(fitted, [(0.4, 0.49)]) == (0, 1)
    assert covered(fitted, [None]) == (0, 0)


def test_polishing_fits_constants_to_the_data_in_float64() -> None:
    columns, y = Case(KINETIC, 0.0, 0, 0).data()
    assert to_text(polished(formula("0.4*m*v**2"), columns, y)) == "0.5*m*v**2"


def test_a_wider_box_is_twice_as_wide_and_keeps_positive_ranges_positive() -> None:
    assert wider({"a": (1.0, 5.0), "b": (-1.0, 1.0), "c": (0.0, 2.0), "d": (10.0, 12.0)}) == {
        "a": (0.5, 8.5), "b": (-2.0, 2.0), "c": (0.0, 4.0), "d": (9.0, 13.0),
    }  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_every_law_has_data_and_is_judged_to_be_itself(name: str) -> None:
    laws = load([name])
    assert len({law.id for law in laws}) == len(laws)
    for law in laws:
        columns, y = Case(law, 0.0, 0, 0).data()
        assert list(columns) == list(law.box)
        assert np.all(np.isfinite(y))
        assert np.std(y) > 0
        assert judge(law.formula, law, 0).exact, law.id
        assert extrapolation_error(law.formula, law) == 0, law.id


def test_law_files_may_say_ln_arcsin_and_pi() -> None:
    tree = parse_law("pi*ln(x)+arcsin(x)", ["x"])
    (value,) = evaluate(tree, {"x": np.array([0.5])}, 1)
    assert value == pytest.approx(math.pi * math.log(0.5) + math.asin(0.5))


def test_data_are_the_same_every_time_and_noise_has_the_size_said() -> None:
    clean = Case(KINETIC, 0.0, 0, 0)
    columns, y = clean.data()
    again, y_again = clean.data()
    assert np.array_equal(y, y_again)
    assert all(np.array_equal(columns[n], again[n]) for n in columns)
    noisy, y_noisy = Case(KINETIC, 0.1, 3, 0).data(5000)
    assert list(noisy) == ["m", "v", "junk0", "junk1", "junk2"]
    law = evaluate(KINETIC.formula, noisy, 5000)
    assert np.std(y_noisy - law) == pytest.approx(0.1 * np.std(law), rel=0.05)

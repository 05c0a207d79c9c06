"""The ansatz language: free constants, their starts and bounds, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ansatz.discovery import Column, InvalidInputError, Loss, Options, Parameter, Table, validate
from ansatz.discovery.asked.ansatz import parse_ansatz
from ansatz.discovery.expression import to_text

X = np.linspace(-2.0, 3.0, 30)
TABLE = Table(
    tuple(Column(n, v) for n, v in {"x": X, "v": X[::-1].copy(), "w": np.ones(30), "s": X, "y": X**3}.items()),
    "y", inputs=("x", "v"), weights="w",
)  # fmt: skip


def test_names_that_are_no_columns_are_free_constants() -> None:
    bounds = (Parameter("b", start=2.0, lower=0.0),)
    ansatz = parse_ansatz(TABLE, Options(ansatz="a*x + b*x**3 + exp(-c*v)/a", parameters=bounds))
    assert ansatz is not None
    assert ansatz.parameters == (Parameter("a"), *bounds, Parameter("c"))
    assert ansatz.inputs == ("x", "v")
    assert to_text(ansatz.formula) == "a*x + b*x**3 + exp(-c*v)/a"


@pytest.mark.parametrize(
    ("text", "options", "count"),
    [
        ("2*x**3 + v**0.5", {}, 2),
        ("2*x**3 + v**0.5", {"free_numbers": True}, 2),
        ("2*x**3 + v**0.5 - 1", {"fixed_numbers": True}, 0),
        ("a*(1 - exp(-2*x)) + 0.5*v**1.5", {}, 1),
        ("a*(1 - exp(-2*x)) + 0.5*v**1.5", {"free_numbers": True}, 3),
        ("a*(1 - exp(-2*x)) + 0.5*v**1.5", {"fixed_numbers": True}, 1),
        ("a*cos(pi/2*x) + 0.5*f(v)", {}, 1),
    ],
)
def test_numbers_are_fitted_where_they_are_no_structure_and_no_constant_is_named(
    text: str, options: dict[str, bool], count: int
) -> None:
    ansatz = parse_ansatz(TABLE, Options(ansatz=text, **options))  # type: ignore[arg-type]
    assert ansatz is not None
    assert ansatz.constants_to_fit == count


def test_numbers_are_either_free_or_fixed() -> None:
    with pytest.raises(InvalidInputError, match="which says the opposite"):
        Options(ansatz="a*x", fixed_numbers=True, free_numbers=True)


FIFTY = "+".join(f"c{i}*x**{i}" for i in range(50))
NAN, INF = math.nan, math.inf
REFUSED = {
    "unused": (Options(ansatz="a*x", parameters=(Parameter("b"),)), "options.parameters[0].name", "free constants: a"),
    "fifty": (Options(ansatz=FIFTY), "options.ansatz", "has 50 constants to fit (c0, c1, c2, c3, c4, …); give at most"),
    "numbers": (Options(ansatz=FIFTY.replace("c", "1.")), "options.ansatz", "has 50 constants"),
    "function": (Options(ansatz="sin*x"), "options.ansatz", "'sin' at character 1, which is a function"),
    "target": (Options(ansatz="a*y"), "options.ansatz", "'y', which is the target"),
    "weights": (Options(ansatz="a*w"), "options.ansatz", "'w', which is the weights"),
    "no input": (Options(ansatz="a*s"), "options.ansatz", "'s', which is a column but no input"),
    "long": (Options(ansatz="x" + "+a*b" * 120), "options.ansatz", "is too long or nested"),
    "form": (Options(ansatz="a*x + f(v)", free_numbers=True), "options.free_numbers", "beside unknown parts"),
    "sign": (Options(ansatz="a*x", loss=Loss.LOG_HUBER), "options.loss", "'y' is 27 in row 30"),
}


@pytest.mark.parametrize(("options", "field", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_an_ansatz_that_cannot_be_fitted_is_refused(options: Options, field: str, said: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        validate(TABLE, options)
    assert [v.field for v in refused.value.violations] == [field]
    assert said in refused.value.violations[0].description


def test_more_constants_than_rows_are_refused() -> None:
    few = Table((Column("x", X[:5]), Column("y", X[:5])), "y")
    with pytest.raises(InvalidInputError, match=r"has 5 constants to fit .* on 5 rows"):
        validate(few, Options(ansatz="a*x + b*x**2 + c*x**3 + d*x**4 + e"))


@pytest.mark.parametrize(
    ("parameter", "field"),
    [
        (Parameter("a", lower=2.0, upper=1.0), ""),
        (Parameter("a", lower=1.0, upper=1.0), ""),
        (Parameter("a", lower=NAN), ""),
        (Parameter("a", start=NAN), ".start"),
        (Parameter("a", start=INF), ".start"),
        (Parameter("a", start=3.0, upper=2.0), ".start"),
        (Parameter("sin"), ".name"),
        (Parameter("a b"), ".name"),
    ],
    ids=str,
)
def test_nonsense_about_a_constant_is_refused(parameter: Parameter, field: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        Options(ansatz="a*x", parameters=(parameter,))
    assert [v.field for v in refused.value.violations] == [f"options.parameters[0]{field}"]


@pytest.mark.parametrize(
    "options", [{"parameters": (Parameter("a"),)}, {"fixed_numbers": True}, {"loss": Loss.HUBER}], ids=str
)
def test_what_is_about_an_ansatz_needs_one(options: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="none is given"):
        Options(**options)  # type: ignore[arg-type]

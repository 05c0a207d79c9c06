"""Unknown parts as PySR's template expressions: what is asked of it, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ansatz.discovery import Column, Engine, Options, Table
from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node, Variable, multiply, to_text
from ansatz.discovery.expression.node import Number
from ansatz.discovery.problem.form import Form
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.evolution.pysr import PySR
from ansatz.discovery.search.evolution.template import Template
from ansatz.discovery.tables.prepare import prepare
from ansatz.discovery.tables.question import read_question

from .test_pysr import HERE, pysr, standin  # noqa: F401 - fixtures


def problem(ansatz: str, **columns: np.ndarray) -> Problem:
    rng = np.random.default_rng(0)
    names = ("x", "z", "a", "b")
    table = Table(
        tuple(Column(n, columns.get(n, rng.uniform(1, 2, 50))) for n in (*names, "y")), "y", inputs=names
    )  # fmt: skip
    return prepare(read_question(table, Options(engine=Engine.NONE, ansatz=ansatz))).problem


def template(ansatz: str, scale: float = 1.0) -> Template:
    form = problem(ansatz).form
    assert form is not None
    inputs: dict[str, Node] = {n: Variable(f"x{i}") for i, n in enumerate(("x", "z", "a", "b"))}
    if scale != 1:
        inputs["x"] = multiply(Number(scale), Variable("x0"))
    return Template(form, ("x0", "x1", "x2", "x3"), inputs, scale)


def _parts(form: Form, law: Node | None) -> dict[str, str]:
    assert law is not None
    return {name: to_text(formula) for name, formula in form.formulas(law).items()}


@pytest.mark.parametrize(
    ("ansatz", "combine", "expressions"),
    [
        ("exp(f(x))*z**2", "exp(f(x0))*x1^2", ["f"]),
        ("f(x) + g(z)", "f(x0) + g(x1)", ["f", "g"]),
        ("f(f(x))", "f(f(x0))", ["f"]),
        ("2*pi/f(x, a*z)", "2*3.141592653589793/f(x0, x2*x1)", ["f"]),
        ("-h(z)/atan(x - 3)", "-h(x1)/atan(x0 - 3)", ["h"]),
    ],
)
def test_a_form_is_julia_code(ansatz: str, combine: str, expressions: list[str]) -> None:
    assert template(ansatz).arguments() == {
        "combine": combine,
        "expressions": expressions,
        "variable_names": ["x0", "x1", "x2", "x3"],
    }


def test_free_constants_are_elements_of_a_vector_and_scales_are_undone() -> None:
    arguments = template("k*sin(x) + c*f(z)", scale=1e6).arguments()
    assert arguments["combine"] == "(p[1]*sin(1000000*x0) + p[2]*f(x1))/1000000"
    assert arguments["parameters"] == {"p": 2}


def test_an_integral_is_a_weighted_sum() -> None:
    combine = template("integral(f(t), t, a, b)").arguments()["combine"]
    assert combine.count("f(0.5*(x3 + x2) + ") == 8
    assert "integral" not in combine
    plain = template("integral(t**2, t, a, b) + f(x)").arguments()["combine"]
    value = eval(plain.replace("^", "**"), {"x2": 1.0, "x3": 3.0, "x0": 0.0, "f": lambda x: 0.0})
    assert value == pytest.approx(26 / 3)


def test_recorded_equations_are_laws() -> None:
    made = template("f(x) + g(z)")
    rows = (HERE / "recorded" / "template.csv").read_text().splitlines()[1:]
    laws = [made.law(row.split('"')[1]) for row in rows]
    assert _parts(made.form, laws[4]) == {"f": "x*x", "g": "cos(z)*1.9975606"}
    free = template("f(x, z) + a*c")
    law = free.law("f = (#1 * 2.5) + #2; p = [0.75]")
    assert _parts(free.form, law) == {"f": "x*2.5 + z"}
    assert law is not None
    assert free.form.values(law) == {"c": 0.75}


@pytest.mark.parametrize("equation", ["f = Inf; g = #1", "f = #1", "g = #1; f = #9", "x0 + x1", "f = #1; g = NaN"])
def test_what_is_no_law_is_none(equation: str) -> None:
    assert template("f(x) + g(z)").law(equation) is None


def test_the_engine_is_given_the_form_and_its_equations_come_back_as_laws(
    standin: Callable[..., None],  # noqa: F811
    pysr: PySR,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANSATZ_STANDIN_RECORD", str(HERE / "recorded" / "template.csv"))
    observed = problem("f(x) + g(z)")
    laws: list[Node] = []
    pysr.search(observed, Budget(60), laws.append)
    assert observed.form is not None
    assert {"f": "x*x", "g": "cos(z)*1.9975606"} in [_parts(observed.form, law) for law in laws]
    call = json.loads((tmp_path / "calls").read_text().splitlines()[0])
    assert call["expression_spec"]["expressions"] == ["f", "g"]
    assert "guesses" not in call

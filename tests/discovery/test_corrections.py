"""A dominant term with a correction of about 1e-4 of its size: found as what it is, not lost beside the large term."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from ansatz.discovery import Candidate, Column, Engine, Options, Table, discover
from ansatz.discovery.expression import FUNCTIONS, evaluate, parse
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.residual.leftover import dominant_formulas

NAMES = ("a", "b", "c")


def columns(low: float, high: float) -> Mapping[str, np.ndarray]:
    return dict(zip(NAMES, np.random.default_rng(5).uniform(low, high, (3, 150)), strict=True))


def best(law: str) -> Candidate:
    seen = columns(1, 5)
    y = Column("y", evaluate(parse(law, NAMES), seen, 150))
    table = Table((*(Column(n, v) for n, v in seen.items()), y), "y")
    return discover(table, Options(engine=Engine.NONE, budget_seconds=60.0)).candidates[0]


@pytest.mark.parametrize(
    "law",
    [
        "a*b/c**2*(1 + 0.0001*a**2)",
        "a*b/c**2 + 0.0001*sin(a)",
        "a*b/c**2*(1 + 0.0001*exp(-b))",
        "0.5*a*b**2 + 0.0001*c**3",
        "6.283185307179586*sqrt(a/9.81)*(1 + (0.02*b)**2/16)",
        "sqrt(a*b)*(1 + 0.0001*c)",
        "exp(-a)*(1 + 0.0001*b*c)",
        "sin(2*a) + 0.0001*b/c",
    ],
)
def test_a_small_correction_is_found(law: str) -> None:
    found = best(law)
    assert found.scores.relative_error < 1e-14
    wider = columns(0.5, 10)
    np.testing.assert_allclose(
        evaluate(found.formula, wider, 150), evaluate(parse(law, NAMES), wider, 150), rtol=1e-10, atol=1e-12
    )
    assert found.complexity <= 25


def archive(noise: float, formula: str) -> Archive:
    seen = columns(1, 5)
    y = seen["a"] * seen["b"] * (1 + 2e-4 * seen["c"] ** 2)
    y = y + noise * np.std(y) * np.random.default_rng(1).standard_normal(150)
    X = np.asfortranarray(np.column_stack(list(seen.values())))
    made = Archive(Problem(X, y, NAMES, frozenset(FUNCTIONS), 40, 0))
    for text in ("7.5", formula):
        made.propose(parse(text, NAMES), Origin("test"))
    return made


def test_what_a_dominant_formula_leaves_is_searched_only_where_it_is_no_noise() -> None:
    assert dominant_formulas(archive(0.0, "1.01*a**1.01*b"))
    assert not dominant_formulas(archive(0.05, "1.01*a**1.01*b"))  # what it leaves is noise
    assert not dominant_formulas(archive(0.0, "7.5*a"))  # explains little
    assert not dominant_formulas(archive(0.0, "a*b*(1 + 0.0002*c**2)"))  # leaves nothing

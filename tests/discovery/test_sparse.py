"""Sparse sums of terms and waves, with no ansatz at all."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery.asked.options import DEFAULT_FUNCTIONS
from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node, evaluate, parse, to_text
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.sparse import SparseRegression

ROWS = 400
NAMES = ("t", "x", "v")
T = np.linspace(0, 16, ROWS)
X, V = np.random.default_rng(2).uniform(-2, 2, (2, ROWS))
LAWS = [
    "-1.3*x - 0.4*v*abs(v) + 0.7*x**3", "2.1*cos(1.7*t) - 0.6*x", "0.8*x*sin(2.3*t) - 0.3*v**3 + 0.5",
    "1.4*x*v - 0.2*x**2",
]  # fmt: skip


def found(law: str, noise: float, functions: frozenset[str] = frozenset(DEFAULT_FUNCTIONS)) -> Archive:
    columns = dict(zip(NAMES, (T, X, V), strict=True))
    y = evaluate(parse(law, NAMES), columns, ROWS)
    y = y + noise * np.std(y) * np.random.default_rng(5).standard_normal(ROWS)
    problem = Problem(np.asfortranarray(np.column_stack([T, X, V])), y, NAMES, functions, 40, 0)
    archive = Archive(problem)

    def emit(formula: Node) -> None:
        archive.propose(formula, Origin("sparse"))

    SparseRegression().search(problem, Budget(60, lambda: archive.solved), emit)
    return archive


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize("law", LAWS)
def test_laws_of_motion_are_found(law: str, noise: float) -> None:
    best = found(law, noise).entries[0]
    rng = np.random.default_rng(0)
    wide = dict(zip(NAMES, rng.uniform(-3, 3, (3, 200)), strict=True))
    truth, ours = (evaluate(f, wide, 200) for f in (parse(law, NAMES), best.formula))
    assert np.max(np.abs(ours - truth)) < (1e-9 if not noise else 0.1) * np.std(truth) + 0.4 * noise
    assert to_text(best.formula).count("cos") == law.count("cos")
    assert to_text(best.formula).count("sin") == law.count("sin")


def test_only_allowed_functions_are_used() -> None:
    archive = found("2.1*cos(1.7*t) - 0.6*x", 0.05, frozenset({"exp"}))
    assert not any(f in to_text(e.formula) for e in archive.entries for f in ("cos", "sin", "abs"))

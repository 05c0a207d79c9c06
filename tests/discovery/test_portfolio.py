"""What a search owes its reader when something goes wrong on the way."""

from __future__ import annotations

import numpy as np

from ansatz.discovery import Column, Engine, Options, Table, discover
from ansatz.discovery.asked.ansatz import Ansatz
from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import FUNCTIONS, parse
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.outcome import Outcome
from ansatz.discovery.search.portfolio import Portfolio
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.residual.refinement import FormulaRefinement


class Broken:
    """A searcher with a fault."""

    name = "broken"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        raise ZeroDivisionError("a fault")


class Unhurried:
    """A searcher that works until it is told to stop."""

    name = "unhurried"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        while not budget.spent:
            pass


def _problem() -> Problem:
    rng = np.random.default_rng(0)
    X = np.asfortranarray(rng.uniform(1, 3, (60, 1)))
    y = 2 * X[:, 0] + np.tanh(5 * (X[:, 0] - 2))
    return Problem(X, y, ("x",), frozenset(FUNCTIONS), 40, 0)


def _refined(portfolio: Portfolio, seconds: float) -> Outcome:
    problem = _problem()
    ansatz = Ansatz(parse("2.1*x", ["x"]))
    return FormulaRefinement(portfolio).run(ansatz, problem, Budget(seconds), Archive(problem)).outcome


def test_a_searcher_that_fails_on_a_residual_is_warned_of() -> None:
    outcome = _refined(Portfolio([Broken()], None, lambda stage: None), seconds=10)
    assert [w.code for w in outcome.warnings] == ["SEARCHER_FAILED"]
    assert "broken" in outcome.warnings[0].message


def test_a_residual_that_was_not_searched_to_the_end_is_told() -> None:
    outcome = _refined(Portfolio([Unhurried()], None, lambda stage: None), seconds=0.2)
    assert outcome.cut_stages[-1] == "residual"


def test_what_rounding_leaves_is_no_term() -> None:
    a, b, c, d = np.random.default_rng(0).uniform(1, 5, (4, 150))
    columns = [Column(n, v) for n, v in zip("abcd", (a, b, c, d), strict=True)]
    y = Column("y", a + b + 2 * np.sqrt(a * b) * np.cos(c))
    best = discover(Table((*columns, y), "y"), Options(engine=Engine.NONE, budget_seconds=300)).candidates[0]
    assert best.scores.relative_error < 1e-14
    assert "d" not in best.text
    assert all(abs(constant.value) > 1e-6 for constant in best.constants)

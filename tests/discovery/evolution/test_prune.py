"""Pruning takes off what the data do not need, and nothing else."""

from __future__ import annotations

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import complexity, parse
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.evolution.prune import prune

NAMES = ("a", "b", "c")


def problem() -> Problem:
    X = np.asfortranarray(np.random.default_rng(0).uniform(1, 5, (200, 3)))
    return Problem(X, X[:, 0] * X[:, 1] / X[:, 2] ** 2, NAMES, frozenset({"exp", "sin", "cos", "sqrt"}), 40, 0)


def test_bloat_is_taken_off() -> None:
    bloated = "1.1*a*b/(1.05*c)**2 + 1e-13*exp(sin(0.3*a)) + 1e-12*cos(b)/(7.1 - 0.2*c) + 1e-13"
    shortest = prune(parse(bloated, NAMES), problem(), Budget(60))[-1]
    fit = fit_constants(shortest, problem())
    assert fit.rmse < 1e-9
    assert complexity(shortest) < 12


def test_each_step_is_shorter() -> None:
    found = prune(parse("1.1*a*b/(1.05*c)**2 + 1e-13*exp(sin(0.3*a)) + 1e-13", NAMES), problem(), Budget(60))
    sizes = [complexity(f) for f in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == len(sizes) > 0


def test_a_lean_formula_is_left_alone() -> None:
    assert prune(parse("a*b/c**2", NAMES), problem(), Budget(60)) == []


def test_a_spent_budget_ends_it() -> None:
    assert prune(parse("a*b/c**2 + 1e-13*sin(a)", NAMES), problem(), Budget(0)) == []

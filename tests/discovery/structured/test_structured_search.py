"""The structured searchers, asked through their one protocol: which laws they propose, and that nothing trips them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
import pytest

from ansatz.discovery.asked.options import DEFAULT_FUNCTIONS
from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import FUNCTIONS, Array, Node, complexity, evaluate, parse, to_text, variables, walk
from ansatz.discovery.expression.node import Apply
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.structured import searchers

Box = Mapping[str, tuple[float, float]]


def problem_of(X: Array, y: Array, names: tuple[str, ...], functions: tuple[str, ...] = DEFAULT_FUNCTIONS) -> Problem:
    return Problem(np.asfortranarray(X), y, names, frozenset(functions), 40, 0)


def sampled(law: str, box: Box, rows: int = 200, noise: float = 0.0, junk: int = 0) -> tuple[Problem, Node]:
    rng = np.random.default_rng(5)
    X = np.column_stack([rng.uniform(low, high, rows) for low, high in box.values()])
    tree = parse(law, list(box))
    y = evaluate(tree, {n: X[:, j] for j, n in enumerate(box)}, rows)
    y = y + noise * np.std(y) * rng.standard_normal(rows)
    X = np.column_stack([X, rng.uniform(1, 5, (rows, junk))])
    return problem_of(X, y, (*box, *(f"junk{k}" for k in range(junk)))), tree


def search(problem: Problem) -> tuple[Archive, list[Node]]:
    archive = Archive(problem)
    proposals: list[Node] = []

    def emit(formula: Node) -> None:
        proposals.append(formula)
        archive.propose(formula, Origin("structured"))

    budget = Budget(60.0, lambda: archive.solved)
    for searcher in searchers():
        if not budget.spent:
            searcher.search(problem, budget, emit)
    return archive, proposals


LAWS: dict[str, Box] = {
    "0.079577*q1*q2/(e*r**2)": {"q1": (1, 5), "q2": (1, 5), "e": (1, 5), "r": (1, 5)},
    "3.5*a**2.6/b**0.3333333333333333": {"a": (0.001, 1000), "b": (0.001, 1000)},
    "-2*a*b**2": {"a": (-3, 3), "b": (-3, 3)},
    "m*v**2/2 + m*9.81*h": {"m": (1, 5), "v": (1, 5), "h": (1, 5)},
    "m/sqrt(1 - v**2/c**2)": {"m": (1, 5), "v": (1, 2), "c": (3, 10)},
    "1/(1/d1 + n/d2)": {"d1": (1, 5), "d2": (1, 5), "n": (1, 5)},
    "sqrt((x2 - x1)**2 + (y2 - y1)**2)": {"x1": (1, 5), "x2": (1, 5), "y1": (1, 5), "y2": (1, 5)},
    "h*w**3/(exp(0.159*h*w/(k*T)) - 1)": {"h": (1, 5), "w": (1, 5), "k": (1, 5), "T": (1, 5)},
    "asin(n*sin(t))": {"n": (0, 1), "t": (1, 5)},
    "(u + v)/(1 + u*v/c**2)": {"c": (1, 5), "v": (1, 5), "u": (1, 5)},
    "x1*(cos(w*t) + a*cos(w*t)**2)": {"x1": (1, 3), "w": (1, 3), "t": (1, 3), "a": (1, 3)},
    "V*S**2.5/(K**2.5 + S**2.5)": {"V": (1, 5), "S": (1, 5), "K": (1, 5)},
    "(a*exp(-a/T) + b*exp(-b/T))/(1 + exp(-a/T) + exp(-b/T))": {"a": (1, 3), "b": (2, 5), "T": (1, 4)},
    "p/sqrt((x - a)**2 + y**2) + q/sqrt((x + a)**2 + y**2)": {
        "p": (1, 5), "q": (1, 5), "x": (2, 5), "y": (1, 5), "a": (0.5, 1.5),
    },
    "N*(1 - (1 - p)**k)": {"N": (1, 5), "p": (0.05, 0.95), "k": (1, 20)},
    "k*(1/r - 1/sqrt(r**2 + d**2 - 2*r*d*cos(t)))": {"k": (1, 5), "r": (4, 8), "d": (1, 3), "t": (0, 3)},
}  # fmt: skip


@pytest.mark.parametrize("law", LAWS)
def test_a_law_without_noise_is_proposed_exactly(law: str) -> None:
    problem, truth = sampled(law, LAWS[law])
    archive, _ = search(problem)
    assert archive.solved
    best = archive.entries[0]
    assert best.complexity <= 1.5 * complexity(truth) + 6, to_text(best.formula)
    assert problem.rmse(problem.evaluate(best.formula)) < 1e-10 * problem.y_scale


@pytest.mark.slow
def test_noise_does_not_hide_the_law() -> None:
    problem, truth = sampled(
        "q*(E + B*v*sin(t))", {"q": (1, 5), "E": (1, 5), "B": (1, 5), "v": (1, 5), "t": (1, 5)}, noise=0.01
    )
    archive, _ = search(problem)
    found = archive.entries[0].formula
    error = problem.evaluate(found) - problem.evaluate(truth)
    assert np.sqrt(np.mean(error**2)) < 0.005 * np.std(problem.y), to_text(found)
    assert complexity(found) <= complexity(truth) + 4


def test_irrelevant_inputs_are_left_out() -> None:
    problem, _ = sampled("a*sqrt(b**2 + c**2)", {"a": (1, 5), "b": (1, 5), "c": (1, 5)}, junk=10)
    archive, _ = search(problem)
    assert archive.solved
    assert set(variables(archive.entries[0].formula)) == {"a", "b", "c"}


def test_only_allowed_functions_and_sizes_are_proposed() -> None:
    rng = np.random.default_rng(1)
    X = rng.uniform(1, 5, (100, 2))
    problem = problem_of(X, np.exp(np.sin(X[:, 0])) * X[:, 1], ("a", "b"), functions=("log",))
    _, proposals = search(problem)
    called = {n.op for f in proposals for n in walk(f) if isinstance(n, Apply) and n.op in FUNCTIONS}
    assert proposals
    assert called <= {"log"}
    assert max(complexity(f) for f in proposals) <= problem.max_complexity


@pytest.mark.slow
def test_the_same_problem_gives_the_same_proposals() -> None:
    first, second = (
        search(sampled("a*log(b) + c", {"a": (1, 5), "b": (1, 5), "c": (1, 5)}, noise=0.05)[0])[1] for _ in "12"
    )
    assert [to_text(f) for f in first] == [to_text(f) for f in second]


def _odd(case: str, seed: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.uniform(1, 5, (60, 3))
    noise = rng.standard_normal(60)
    y = X[:, 0] * X[:, 1] + noise
    if case == "constant target":
        y = np.full(60, 3.0)
    elif case == "few rows":
        X, y = X[:5], y[:5]
    elif case == "negative and zero":
        X = X - 3
        X[0] = 0.0
        y = np.where(X[:, 0] > 0, y, -y)
        y[1] = 0.0
    elif case == "forty decades":
        X = 10 ** rng.uniform(-20, 20, (60, 3))
        y = 1e-30 * X[:, 0] * X[:, 1] * (1 + 0.1 * noise)
    elif case == "two hundred decades":
        X = 10 ** rng.uniform(-99, 99, (60, 3))
        y = np.sqrt(X[:, 0]) * (1 + 0.1 * noise)
    elif case == "large values":
        X, y = 1e90 * X, 1e99 * y
    elif case == "small values":
        X, y = 1e-90 * X, 1e-99 * y
    elif case == "integers":
        X = rng.integers(0, 4, (60, 3)).astype(np.float64)
        y = np.round(y)
    elif case == "steps":
        X = np.floor(X)
        y = 1e9 * X[:, 0] + noise
    elif case == "constant column":
        X[:, 2] = 7.0
    else:
        X = X[:, :1]
    return X, y


ODD = ["constant target", "few rows", "negative and zero", "forty decades", "integers", "constant column", "one input"]
AT_THE_ENDS = ["two hundred decades", "large values", "small values"]


def _trips_nothing(case: str, seed: int) -> None:
    X, y = _odd(case, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, proposals = search(problem_of(X, y, ("a", "b", "c")[: X.shape[1]]))
    assert all(complexity(f) <= 40 for f in proposals)


@pytest.mark.parametrize("case", ODD)
def test_odd_data_trip_nothing(case: str) -> None:
    _trips_nothing(case, 2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4, 5, 6])
@pytest.mark.parametrize("case", [*ODD, *AT_THE_ENDS, "steps"])
def test_odd_data_trip_nothing_whatever_their_values(case: str, seed: int) -> None:
    _trips_nothing(case, seed)


@pytest.mark.parametrize("case", AT_THE_ENDS)
def test_values_at_the_ends_of_what_a_table_may_hold_trip_nothing(case: str) -> None:
    _trips_nothing(case, 2)

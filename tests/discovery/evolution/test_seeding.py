"""Engines begin with what others have found: formulas survive the way into an engine's terms, and help."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Apply, Node, Number, Variable, evaluate, parse, to_text, walk
from ansatz.discovery.expression.node import BINARY_OPERATORS, UNARY_FUNCTIONS
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.evolution.hall_of_fame import formula as from_pysr
from ansatz.discovery.search.evolution.hall_of_fame import guess
from ansatz.discovery.search.evolution.operon import Operon
from ansatz.discovery.search.evolution.operon_run import Evolution, Member
from ansatz.discovery.search.evolution.operon_tree import primitives, to_formula, to_tree
from ansatz.discovery.search.evolution.seeding import seed_formulas, without_powers
from ansatz.discovery.search.portfolio import Portfolio
from ansatz.discovery.search.protocol import Emit, Seeds, no_seeds

COLUMNS = {name: np.random.default_rng(5).uniform(0.2, 0.9, 40) for name in ("a", "b")}
FUNCTIONS = [f for f in UNARY_FUNCTIONS if f != "sign"]
HASHES = {"a": 11, "b": 12}


def random_formula(rng: np.random.Generator, depth: int) -> Node:
    kind = rng.integers(4) if depth else 0
    if kind == 0:
        return Variable(str(rng.choice(["a", "b"]))) if rng.random() < 0.7 else Number(float(rng.normal()))
    if kind == 1:
        return Apply(str(rng.choice(FUNCTIONS)), (random_formula(rng, depth - 1),))
    if kind == 2:
        exponent = float(rng.choice([-3, -2, -1, -0.5, 0.5, 1.5, 2, 3, 4, 7, 2.6, 1 / 3]))
        return Apply("**", (random_formula(rng, depth - 1), Number(exponent)))
    return Apply(
        str(rng.choice(BINARY_OPERATORS[:4])), (random_formula(rng, depth - 1), random_formula(rng, depth - 1))
    )


def agree(ours: Node, theirs: Node) -> bool:
    """Equal where both are defined (exp(p*log(x)) is not, for x < 0) and rounding does not grow beyond measure."""
    a, b = (evaluate(f, COLUMNS, 40) for f in (ours, theirs))
    moved = evaluate(ours, {name: values * (1 + 1e-13) for name, values in COLUMNS.items()}, 40)
    firm = np.isfinite(a) & np.isfinite(b) & np.isclose(a, moved, rtol=1e-9, atol=0)
    return bool(np.allclose(a[firm], b[firm], rtol=1e-7, atol=1e-12))


def test_a_formula_survives_the_way_to_operon_and_back() -> None:
    rng = np.random.default_rng(0)
    back = {11: Variable("a"), 12: Variable("b")}
    for _ in range(300):
        formula = random_formula(rng, 4)
        assert agree(formula, to_formula(to_tree(without_powers(formula), HASHES), back)), to_text(formula)


def test_a_formula_survives_the_way_to_pysr_and_back() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        formula = random_formula(rng, 4)
        assert agree(formula, from_pysr(guess(without_powers(formula)), ("a", "b"))), to_text(formula)


def test_positive_powers_are_defined_where_they_were() -> None:
    for exponent in (-3, -0.5, 1.5, 2.6, 7):
        values = evaluate(without_powers(Apply("**", (Variable("a"), Number(exponent)))), COLUMNS, 40)
        np.testing.assert_allclose(values, COLUMNS["a"] ** exponent, rtol=1e-13)


def test_a_function_that_operon_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="min"):
        to_tree(parse("min(a, b)", HASHES), HASHES)


def beat() -> Problem:
    """A law that is far for an engine with little time."""
    t, w = np.random.default_rng(3).uniform(1, 5, (2, 200))
    y = 1e-20 * (np.exp(-0.7 * t) * np.sin(9.3 * t) * w + 0.3 * w)
    return Problem(np.asfortranarray(np.column_stack((t, 1e12 * w))), y, ("t", "w"), frozenset(FUNCTIONS), 40, seed=0)


SEED = parse("1e-20*exp(-0.7*t)*sin(9.3*t) + 3e-33*w", ["t", "w"])


def errors(problem: Problem, seeds: Seeds) -> list[float]:
    """Of what Operon finds with the common functions in few generations."""
    pytest.importorskip("pyoperon")
    found: list[float] = []

    def emit(formula: Node) -> None:
        found.append(problem.rmse(problem.evaluate(formula)))

    Operon(generations=4).search(problem, Budget(60), emit, seeds)
    return found


def test_operon_goes_on_from_a_seed() -> None:
    problem = beat()
    start = problem.rmse(problem.evaluate(SEED))
    assert min(errors(problem, no_seeds)) > start
    assert min(errors(problem, lambda: [SEED])) < 1e-6 * start


def test_seeds_that_an_engine_cannot_take_are_left_out() -> None:
    problem = replace(beat(), functions=frozenset({"exp"}), max_complexity=9)
    texts = ["3.5", "exp(t)", "sin(t)", "other*t", "t*w*t*w*t + 1/(w*t) + exp(w*t)", "1e-8*t/w"]
    seeds = [parse(text, ["t", "w", "other"]) for text in texts]
    taken = list(seed_formulas(problem, (1.0, 1e12), seeds, problem.functions))
    assert len(taken) == 2  # exp(t), and t/w, whose number is near 1 in the engine's scales
    assert all(1e-30 < abs(n.value) < 1e30 for f in taken for n in walk(f) if isinstance(n, Number))


def test_trees_beyond_the_bounds_do_not_enter_the_population() -> None:
    pytest.importorskip("pyoperon")
    X = np.random.default_rng(0).uniform(1, 2, (50, 1))
    evolution = Evolution(X, X[:, 0], primitives({"exp"}), max_length=5, generations=1, seed=0)
    (hash_,) = evolution.input_hashes
    texts = ["x + x*x - x*x*x", "sin(x)", "exp(exp(exp(exp(x))))", "exp(x*x)"]
    trees = [to_tree(parse(t, ["x"]), {"x": hash_}) for t in texts]
    fronts: list[list[Member]] = []

    def after(generation: int, front: list[Member]) -> bool:
        fronts.append(front)
        return False

    evolution.run(after, trees)
    assert {n.type for front in fronts for m in front for n in m.tree} <= set(primitives({"exp"}))
    assert max(m.length for front in fronts for m in front) <= 5


class Asking:
    """An engine that asks for seeds until it has some, and tells them."""

    name = "asking"
    fills_forms = False

    def __init__(self) -> None:
        self.seeds: list[Node] = []

    def search(self, problem: Problem, budget: Budget, emit: Emit, seeds: Seeds = no_seeds) -> None:
        while not budget.spent and not self.seeds:
            self.seeds = [*seeds()]


class Knowing:
    name = "knowing"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        emit(parse("2*t*w", ["t", "w"]))


def test_the_portfolio_seeds_its_engine_with_the_best_found() -> None:
    t, w = beat().X.T
    problem, engine = replace(beat(), y=2 * t * w + 1e12 * np.sin(t)), Asking()
    Portfolio([Knowing()], engine, lambda stage: None).run(problem, Budget(20), Archive(problem))
    assert "2*t*w" in map(to_text, engine.seeds)

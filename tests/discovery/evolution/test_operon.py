"""The embedded engine: what it finds, that it repeats itself, and that it stops."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import numpy as np
import pytest

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Apply, Node, evaluate, to_text, walk
from ansatz.discovery.expression.node import FUNCTIONS
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.evolution.operon import Operon

pytest.importorskip("pyoperon")

Law = Callable[..., np.ndarray]


def problem(law: Law, scale: float = 1.0, functions: tuple[str, ...] = ("exp", "log", "sqrt", "sin", "cos")) -> Problem:
    X = np.asfortranarray(np.random.default_rng(1).uniform(1, 5, (100, 2)))
    return Problem(X * scale, law(*X.T), ("v", "m"), frozenset(functions), 30, seed=4)


def found(of: Problem, seconds: float = 60.0, enough: Callable[[Node], bool] = lambda formula: False) -> list[Node]:
    formulas: list[Node] = []
    Operon().search(of, Budget(seconds, lambda: bool(formulas) and enough(formulas[-1])), formulas.append)
    return formulas


def exact(of: Problem) -> Callable[[Node], bool]:
    return lambda formula: fit_constants(formula, of).rmse < 1e-9 * of.y_scale


def test_finds_a_simple_law() -> None:
    kinetic = problem(lambda v, m: 0.5 * m * v**2)
    formulas = found(kinetic, enough=exact(kinetic))
    assert exact(kinetic)(formulas[-1])


def test_finds_it_in_units_beyond_single_precision() -> None:
    tiny = problem(lambda v, m: 3e45 * m / v, scale=1e-41)
    formulas = found(tiny, enough=exact(tiny))
    assert exact(tiny)(formulas[-1])


def test_constants_are_good_enough_to_start_a_fit_from() -> None:
    formulas = found(problem(lambda v, m: np.sin(v) + m), enough=lambda _: True)
    errors = [problem(lambda v, m: np.sin(v) + m).rmse(evaluate(f, problem(np.add).columns, 100)) for f in formulas]
    assert formulas
    assert min(errors) < 1.5


def first(count: int, of: Problem) -> list[str]:
    formulas: list[Node] = []
    Operon().search(of, Budget(60, lambda: len(formulas) >= count), formulas.append)
    return [to_text(f) for f in formulas[:count]]


def test_the_same_seed_gives_the_same_formulas() -> None:
    hard = problem(lambda v, m: np.exp(-v) * np.cos(m * v) + m)
    once = first(12, hard)
    assert len(once) == 12
    assert first(12, hard) == once


def test_uses_allowed_functions_only() -> None:
    formulas: list[Node] = []
    arithmetic = problem(lambda v, m: np.exp(-v) * np.cos(m), functions=("sqrt",))
    Operon().search(arithmetic, Budget(60, lambda: len(formulas) > 15), formulas.append)
    called = {n.op for f in formulas for n in walk(f) if isinstance(n, Apply)} & set(FUNCTIONS)
    assert formulas
    assert called <= {"sqrt"}


def test_stops_when_told_and_leaves_no_thread_behind() -> None:
    stop = threading.Event()
    formulas: list[Node] = []

    def emit(formula: Node) -> None:
        formulas.append(formula)
        stop.set()

    Operon().search(problem(lambda v, m: np.sin(v * m)), Budget(3600, stop.is_set), emit)
    for thread in threading.enumerate():
        if thread.name == "operon":
            thread.join(30)
    assert len(formulas) == 1
    assert not [t for t in threading.enumerate() if t.name == "operon"]


def test_a_spent_budget_means_no_search() -> None:
    assert found(problem(np.add), seconds=0.0) == []


def test_works_off_the_main_thread_and_emits_on_the_callers() -> None:
    emitters: set[int] = set()
    own: list[int] = []

    def run() -> None:
        own.append(threading.get_ident())
        stop = threading.Event()

        def emit(_: Node) -> None:
            emitters.add(threading.get_ident())
            stop.set()

        Operon().search(problem(np.multiply), Budget(60, stop.is_set), emit)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert emitters == set(own)


def test_an_error_of_the_caller_ends_the_search() -> None:
    def emit(_: Node) -> None:
        raise LookupError("not wanted")

    with pytest.raises(LookupError):
        Operon().search(problem(np.add), Budget(60), emit)


def test_a_constant_target_has_nothing_to_search() -> None:
    assert found(problem(lambda v, m: np.full(v.size, 3.0))) == []


def test_weights_count_in_the_linear_scaling() -> None:
    """Operon knows no weights; the scaling of what it finds is fitted with them all the same."""
    plain = problem(lambda v, m: np.where(v > 3, 2 * m, 5 * m))
    weights = np.where(plain.X[:, 0] > 3, 1.9, 0.1)
    weighted = Problem(plain.X, plain.y, plain.names, plain.functions, 30, 4, weights / weights.mean())
    a, b = found(plain, enough=lambda _: True)[0], found(weighted, enough=lambda _: True)[0]
    assert math.isfinite(weighted.rmse(weighted.evaluate(b)))
    assert weighted.rmse(weighted.evaluate(b)) < weighted.rmse(weighted.evaluate(a))

"""PySR's process and the searcher before it; a stand-in for the package plays back what PySR recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from ansatz.discovery.asked.options import DEFAULT_FUNCTIONS, Engine
from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node, parse, to_text, variables
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.evolution import engine_statuses
from ansatz.discovery.search.evolution.pysr import PySR, PySRError
from ansatz.discovery.search.evolution.pysr_child import ChildEnded

HERE = Path(__file__).parent
COLUMNS = ("gamma", "I", "S", "height", "pi")


def problem(functions: tuple[str, ...] = ("exp", "sqrt"), weighted: bool = False) -> Problem:
    X = np.asfortranarray(np.random.default_rng(0).normal(size=(50, 5)))
    y = np.sign(X[:, 0])  # of scale 1, so that equations come out as they were recorded
    return Problem(X, y, COLUMNS, frozenset(functions), 40, 7, np.ones(50) if weighted else None)


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets how the stand-in ends a fit, and its version."""

    def choose(end: str, version: str = "2.7.2") -> None:
        monkeypatch.setenv("ANSATZ_STANDIN_END", end)
        monkeypatch.setenv("ANSATZ_STANDIN_VERSION", version)

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE / "standin"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("ANSATZ_STANDIN_RECORD", str(HERE / "recorded" / "example_det.csv"))
    monkeypatch.setenv("ANSATZ_STANDIN_CALLS", str(tmp_path / "calls"))
    choose("return")
    return choose


@pytest.fixture
def pysr() -> Iterator[PySR]:
    engine = PySR()
    yield engine
    engine.close()


def calls(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]


def children() -> list[psutil.Process]:
    """The running engine processes of this one; other tests may have servers for children."""
    running = [p for p in psutil.Process().children(recursive=True) if p.status() != psutil.STATUS_ZOMBIE]
    return [p for p in running if any("pysr_process" in word for word in p.cmdline())]


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.mark.usefixtures("standin")
def test_the_hall_of_fame_arrives_in_the_problems_own_names(pysr: PySR) -> None:
    formulas: list[Node] = []
    pysr.search(problem(), Budget(60), formulas.append)
    texts = [to_text(f) for f in formulas]
    assert "exp(cos(height))" in texts
    assert {name for f in formulas for name in variables(f)} <= set(COLUMNS)


@pytest.mark.usefixtures("standin")
def test_few_functions_come_first_and_their_best_seed_the_rest(pysr: PySR, tmp_path: Path) -> None:
    pysr.search(problem(DEFAULT_FUNCTIONS, weighted=True), Budget(60), lambda _: None)
    few, rest = calls(tmp_path)
    assert set(few["unary_operators"]) < set(rest["unary_operators"])
    assert "guesses" not in few
    assert len(rest["guesses"]) >= 2
    assert few["names"] == ["x0", "x1", "x2", "x3", "x4"]
    assert few["weighted"]
    assert few["timeout_in_seconds"] < rest["timeout_in_seconds"] <= 60


@pytest.mark.usefixtures("standin")
def test_formulas_of_others_are_guesses_in_pysrs_own_spelling(pysr: PySR, tmp_path: Path) -> None:
    seeds = [parse(text, COLUMNS) for text in ("height**3*gamma", "log(I)", "exp(-pi/S)")]
    pysr.search(problem(), Budget(60), lambda _: None, lambda: seeds)
    (call,) = calls(tmp_path)
    assert call["guesses"] == ["((x3 * square(x3)) * x0)", "exp(((-1.0 * x4) / x2))"]


@pytest.mark.usefixtures("standin")
def test_nothing_is_left_on_disk(pysr: PySR, tmp_path: Path) -> None:
    pysr.search(problem(), Budget(60), lambda _: None)
    (call,) = calls(tmp_path)
    assert not Path(call["output_directory"]).exists()


@pytest.mark.usefixtures("standin")
def test_the_process_stays_warm_between_searches(pysr: PySR) -> None:
    pysr.warm()
    (before,) = children()
    pysr.search(problem(), Budget(60), lambda _: None)
    pysr.search(problem(), Budget(60), lambda _: None)
    assert [p.pid for p in children()] == [before.pid]


@pytest.mark.parametrize(("end", "version", "survives"), [
    ("obey", "2.7.2", True), ("deaf", "2.7.2", False), ("deaf", "1.5.10", False),
])  # fmt: skip
def test_a_running_fit_is_stopped_and_its_last_front_counts(
    standin: Callable[..., None], pysr: PySR, end: str, version: str, survives: bool
) -> None:
    standin(end, version)
    formulas: list[Node] = []
    pysr.search(problem(), Budget(3600, lambda: len(formulas) >= 5), formulas.append)
    assert len(formulas) >= 5
    assert bool(children()) is survives


def test_a_process_that_dies_is_told_of_and_replaced(standin: Callable[..., None], pysr: PySR) -> None:
    standin("die")
    formulas: list[Node] = []
    with pytest.raises(ChildEnded, match="signal 11"):
        pysr.search(problem(), Budget(60), formulas.append)
    assert formulas
    standin("return")
    again: list[Node] = []
    pysr.search(problem(), Budget(60), again.append)
    assert again == formulas


def test_a_refusal_is_told_without_a_stack(standin: Callable[..., None], pysr: PySR) -> None:
    standin("refuse")
    with pytest.raises(PySRError, match="PySR refuses the column name I"):
        pysr.search(problem(), Budget(60), lambda _: None)
    standin("return")
    assert len(children()) == 1


@pytest.mark.usefixtures("standin")
def test_a_spent_budget_does_not_wait_for_the_process(pysr: PySR) -> None:
    with pytest.raises(PySRError, match="still starting"):
        pysr.search(problem(), Budget(0), lambda _: None)


def test_a_killed_searcher_leaves_no_engine_behind(standin: Callable[..., None], tmp_path: Path) -> None:
    standin("deaf")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from test_pysr import *\n"
        "PySR().search(problem(), Budget(3600), lambda _: None)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(HERE)])
    assert eventually((tmp_path / "calls").exists)
    (engine,) = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    assert eventually(lambda: not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE)


def julia_missing() -> str:
    (status,) = [s for s in engine_statuses() if s.engine is Engine.PYSR]
    return "" if status.ready else f"{status.detail}; `ansatz engines install pysr` makes this test run"


@pytest.mark.julia
@pytest.mark.skipif(bool(julia_missing()), reason=julia_missing())
@pytest.mark.skipif("ANSATZ_STANDIN_END" in os.environ, reason="the stand-in is on")
def test_the_real_pysr_finds_a_law(pysr: PySR) -> None:
    X = np.asfortranarray(np.random.default_rng(0).uniform(1, 5, (100, 2)))
    kinetic = Problem(X, 0.5 * X[:, 1] * X[:, 0] ** 2, ("v", "m"), frozenset({"exp"}), 20, 0)
    errors: list[float] = []
    budget = Budget(240, lambda: bool(errors) and min(errors) < 1e-6)
    pysr.search(kinetic, budget, lambda f: errors.append(kinetic.rmse(kinetic.evaluate(f))))
    assert min(errors) < 1e-6

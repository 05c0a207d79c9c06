"""PySR, the evolutionary engine in Julia, in a warm process of its own."""

from __future__ import annotations

import atexit
import math
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.errors import InvalidInputError
from ansatz.discovery.expression import Array, Node, Number, Variable, complexity, multiply, substitute
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.evolution import hall_of_fame
from ansatz.discovery.search.evolution.hall_of_fame import Equation
from ansatz.discovery.search.evolution.improvement import Improvements
from ansatz.discovery.search.evolution.parameters import GRACEFUL_STOP_SINCE, LIMITS, regressor_parameters, safe_names
from ansatz.discovery.search.evolution.pysr_child import PySRChild
from ansatz.discovery.search.evolution.pysr_errors import explain
from ansatz.discovery.search.evolution.scaling import input_scales, scaled_inputs
from ansatz.discovery.search.evolution.seeding import seed_formulas
from ansatz.discovery.search.evolution.template import Template
from ansatz.discovery.search.protocol import Emit, Seeds, no_seeds

FIRST_FUNCTIONS: Final = frozenset({"exp", "sqrt"})


@dataclass(frozen=True)
class _Effort:
    """Divide the work of a search. Chosen by judgement; `python -m bench.recovery --engine pysr` holds them.

    Attributes:
        rows: looked at.
        first: share of the time that is searched with few functions.
        guesses: best equations of the first search that the second begins with.
        seeds: formulas of others that a search begins with.
        poll_seconds: how long to wait for a reply before the hall of fame is read and the budget asked.
        grace_seconds: how long to wait for a graceful stop; compiled code takes about as long.
    """

    rows: int = 2000
    first: float = 1 / 3
    guesses: int = 5
    seeds: int = 20
    poll_seconds: float = 0.1
    grace_seconds: float = 1.0


_EFFORT: Final = _Effort()


class PySRError(RuntimeError):
    """Tell that PySR refused a search or failed in it; the message says why, without Julia's stack."""


class PySR:
    """Search with few functions first, then with all that are allowed.

    The second search begins with the best equations found by the first, both with the formulas of others.

    Looks at a sample of the rows, drawn by the problem's seed; row weights count. A problem with a form is searched as
    a template expression. Runs on several threads differ from one to the next. With `deterministic` the same problem
    and seed give the same formulas, by one thread and counted iterations, more slowly. One search at a time: another
    waits. A process that has died is replaced at the next use.
    """

    name = "pysr"
    fills_forms = True

    def __init__(self, deterministic: bool = False) -> None:
        self._deterministic = deterministic
        self._child: PySRChild | None = None
        self._lock = threading.Lock()
        atexit.register(self.close)

    def warm(self) -> None:
        """Start the process; it is ready some 20 to 40 s later. Returns at once."""
        with self._lock:
            self._running()

    def close(self) -> None:
        """End the process, whatever it does."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def search(self, problem: Problem, budget: Budget, emit: Emit, seeds: Seeds = no_seeds) -> None:
        """Search as `SeededSearcher.search` does, on any thread; `emit` is called on the caller's.

        Raises PySRError, or ChildEnded where the process died; what was found before is emitted all the same.
        """
        with self._lock, tempfile.TemporaryDirectory(prefix="ansatz-pysr-") as directory:
            child = self._running()
            if not _wait_until_ready(child, budget):
                return
            job = _Job(child, problem.subsample(_EFFORT.rows), Path(directory), self._deterministic, seeds)
            few = problem.functions & FIRST_FUNCTIONS
            if few != problem.functions:
                job.run(few, budget.part(budget.remaining * _EFFORT.first), budget, emit)
            if not budget.spent:
                job.run(problem.functions, budget, budget, emit)

    def _running(self) -> PySRChild:
        if self._child is None or not self._child.alive:
            self._child = PySRChild()
        return self._child


def _wait_until_ready(child: PySRChild, budget: Budget) -> bool:
    while child.version is None and not budget.spent:
        child.reply(_EFFORT.poll_seconds)
    if child.version is None and budget.remaining == 0:
        raise PySRError("PySR was still starting when the time was spent; the next search finds it warm")
    return child.version is not None


def _template(problem: Problem, scales: Sequence[float], safe: Sequence[str]) -> Template | None:
    """Return the form of a problem for PySR; None where it has none."""
    if problem.form is None:
        return None
    columns = zip(problem.names, safe, scales, strict=True)
    inputs: dict[str, Node] = {n: Variable(s) if c == 1 else multiply(Number(c), Variable(s)) for n, s, c in columns}
    return Template(problem.form, safe, inputs, problem.y_scale)


@dataclass(eq=False)
class _Job:
    """Ask for fits for one problem: y over its scale, inputs near 1, columns by safe names.

    Attributes:
        child: the process.
        problem: as it was.
        directory: where the hall of fame is written.
        deterministic: whether the same seed must give the same result.
        seeds: formulas of others.
    """

    child: PySRChild
    problem: Problem
    directory: Path
    deterministic: bool
    seeds: Seeds
    _improvements: Improvements = field(default_factory=Improvements)
    _runs: int = 0

    def __post_init__(self) -> None:
        self._scales = input_scales(self.problem)
        self._safe = safe_names(len(self.problem.names))
        self._inputs = dict(zip(self._safe, scaled_inputs(self.problem, self._scales), strict=True))
        self._template = _template(self.problem, self._scales, self._safe)

    def run(self, functions: frozenset[str], timed: Budget, whole: Budget, emit: Emit) -> None:
        """Fit for `timed` seconds at most; end with `whole` in any case."""
        # A template takes no guesses that are texts.
        guesses = [] if self._template else self._guesses(functions)
        self._runs += 1
        self.child.request({"parameters": self._parameters(functions, timed.seconds, guesses)}, *self._arrays())
        reply = None
        try:
            while reply is None and not whole.spent:
                reply = self.child.reply(_EFFORT.poll_seconds)
                self._emit_new(emit)
            if reply is None:
                self._stop()
        finally:
            self._emit_new(emit)
        if reply is not None and reply["kind"] == "failed":
            raise PySRError(explain(reply["error"], reply["text"]))

    def _parameters(self, functions: frozenset[str], seconds: float, guesses: Sequence[str]) -> dict[str, object]:
        assert self.child.version is not None
        parameters = regressor_parameters(
            functions=functions, max_complexity=self.problem.max_complexity, seconds=seconds, seed=self.problem.seed,
            directory=self.directory, run=self._run_name, version=self.child.version, guesses=guesses,
            deterministic=self.deterministic,
        )  # fmt: skip
        return parameters if self._template is None else {**parameters, "template": self._template.arguments()}

    def _guesses(self, functions: frozenset[str]) -> list[str]:
        return [*self._seed_equations(functions), *(e.text for e in self._equations()[-_EFFORT.guesses :])]

    def _seed_equations(self, functions: frozenset[str]) -> list[str]:
        safe = {name: Variable(s) for name, s in zip(self.problem.names, self._safe, strict=True)}
        formulas = seed_formulas(self.problem, self._scales, self.seeds(), functions)
        smaller = [f for f in formulas if complexity(f) <= min(self.problem.max_complexity, LIMITS.most_size)]
        return [hall_of_fame.guess(substitute(f, safe)) for f in smaller[: _EFFORT.seeds]]

    def _arrays(self) -> list[Array]:
        arrays = [self.problem.X / np.array(self._scales), self.problem.y / self.problem.y_scale]
        return arrays if self.problem.weights is None else [*arrays, self.problem.weights]

    @property
    def _run_name(self) -> str:
        return f"run{self._runs}"

    def _equations(self) -> tuple[Equation, ...]:
        return hall_of_fame.read(self.directory / self._run_name)

    def _emit_new(self, emit: Emit) -> None:
        for equation in self._equations():
            if math.isfinite(equation.loss) and self._improvements.improves(equation.complexity, equation.loss):
                formula = self._formula(equation)
                if formula is not None:
                    emit(formula)

    def _formula(self, equation: Equation) -> Node | None:
        """Return the equation in the problem's own units; None where it is no formula (an infinite constant)."""
        if self._template is not None:
            return self._template.law(equation.text)
        try:
            found = substitute(hall_of_fame.formula(equation.text, self._safe), self._inputs)
        except InvalidInputError:
            return None
        scale = self.problem.y_scale
        return found if scale == 1 else multiply(Number(scale), found)

    def _stop(self) -> None:
        """End the fit: gracefully where this PySR can and does so soon, else with its process."""
        assert self.child.version is not None
        if self.child.version >= GRACEFUL_STOP_SINCE:
            self.child.interrupt()
            if self.child.reply(_EFFORT.grace_seconds) is not None:
                return
        self.child.kill()

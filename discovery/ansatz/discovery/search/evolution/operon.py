"""Operon, the embedded evolutionary engine: no Julia, installed from the package index."""

from __future__ import annotations

import contextlib
import math
import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, variables
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.evolution.improvement import Improvements
from ansatz.discovery.search.evolution.operon_run import Evolution, Member
from ansatz.discovery.search.evolution.operon_tree import TreeNode, affine, primitives, to_formula, to_tree
from ansatz.discovery.search.evolution.prune import prune
from ansatz.discovery.search.evolution.scaling import input_scales, scaled_inputs
from ansatz.discovery.search.evolution.seeding import seed_formulas
from ansatz.discovery.search.protocol import Emit, Seeds, no_seeds

COMMON_FUNCTIONS: Final = frozenset({"exp", "log", "sqrt", "sin", "cos"})


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a search. Chosen by judgement; `python -m bench.recovery --engine operon` holds them.

    Attributes:
        rows: looked at.
        length: nodes of a tree.
        cycles: through the sets of functions.
        every: generations after which what is new is told.
        pruned: members of a round's front that are pruned, the longest.
        poll_seconds: how long to wait for what is new before the budget is asked.
    """

    rows: int = 1000
    length: int = 25
    cycles: int = 3
    every: int = 5
    pruned: int = 2
    poll_seconds: float = 0.05


@dataclass(frozen=True)
class _Exactness:
    """Say when an error is rounding, by that of float32, in which Operon computes.

    Attributes:
        exact: normalised mean squared error where single precision ends, and the run with it.
        nearly: the same where a fit in float64 is likely to be exact, and is tried at once.
        negligible: spread or intercept of the target, over its scale, that is none.
    """

    exact: float = 3e-13
    nearly: float = 1e-9
    negligible: float = 1e-6


_EFFORT: Final = _Effort()
_EXACTNESS: Final = _Exactness()


@dataclass(frozen=True)
class Operon:
    """Run Operon in rounds, each from a new start and the seeds.

    The rounds have arithmetic only, the common functions, all functions that are allowed; again.

    Work is counted in generations, so the same problem, random seed and seeds give the same formulas. Looks at a sample
    of the rows, drawn by the random seed. Operon knows no row weights: they are left to the refit of what it finds. It
    stops between generations only; one under way when `search` returns ends by itself in some tenths of a second.

    Attributes:
        name: of the searcher.
        generations: of a round; half as many where there is only arithmetic.
    """

    fills_forms: ClassVar[bool] = False
    name: str = "operon"
    generations: int = 80

    def warm(self) -> None:
        """Import the engine (some 30 ms), so that the first search need not."""
        import pyoperon  # noqa: F401

    def search(self, problem: Problem, budget: Budget, emit: Emit, seeds: Seeds = no_seeds) -> None:
        """Search as `SeededSearcher.search` does, on any thread; `emit` is called on the caller's."""
        view = _View.of(problem.subsample(_EFFORT.rows))
        if view is None:
            return
        cycle = (
            (frozenset[str](), self.generations // 2),
            (problem.functions & COMMON_FUNCTIONS, self.generations),
            (problem.functions, self.generations),
        )
        for i, (functions, generations) in enumerate(cycle * _EFFORT.cycles):
            if budget.spent:
                return
            length = min(_EFFORT.length, problem.max_complexity)
            evolution = Evolution(
                view.X, view.y, primitives(functions),
                max_length=length, generations=generations, seed=problem.seed + i,
            )  # fmt: skip
            first = view.trees(seeds(), functions, evolution.input_hashes)
            _round(view, _Background(evolution, first), budget, emit)


@dataclass(frozen=True, eq=False)
class _View:
    """Hold a problem as Operon sees it, so that single precision holds its numbers.

    Attributes:
        problem: as it was.
        scales: what each input was divided by.
        inputs: over their scales, as formulas.
        X: their values, of shape `(n, d)`.
        y: the target, standardised, of shape `(n,)`.
    """

    problem: Problem
    scales: tuple[float, ...]
    inputs: tuple[Node, ...]
    X: Array
    y: Array

    @staticmethod
    def of(problem: Problem) -> _View | None:
        """Return the view of a problem; None where there is nothing to search: y is constant, or there is no input."""
        y = problem.y / problem.y_scale
        spread = float(np.std(y))
        if not problem.names or spread < _EXACTNESS.negligible:
            return None
        scales = input_scales(problem)
        X = problem.X / np.array(scales)
        return _View(problem, scales, scaled_inputs(problem, scales), X, (y - np.mean(y)) / spread)

    def trees(self, seeds: Sequence[Node], functions: frozenset[str], hashes: list[int]) -> list[tuple[TreeNode, ...]]:
        """Return the seeds as trees; those that hold what Operon lacks, or other functions, are left out."""
        variables = dict(zip(self.problem.names, hashes, strict=True))
        found: list[tuple[TreeNode, ...]] = []
        for formula in seed_formulas(self.problem, self.scales, seeds, functions):
            with contextlib.suppress(ValueError):
                found.append(to_tree(formula, variables))
        return found

    def formula(self, member: Member, hashes: list[int]) -> Node | None:
        """Return the member in the problem's own units, its linear scaling fitted in float64; None off its domain."""
        try:
            tree = to_formula(member.tree, dict(zip(hashes, self.inputs, strict=True)))
        except ValueError:
            return None
        return self._fitted(tree) if variables(tree) else None

    def _fitted(self, tree: Node) -> Node | None:
        values = self.problem.evaluate(tree)
        with np.errstate(all="ignore"):
            unit = float(np.max(np.abs(values)))
            if not (math.isfinite(unit) and unit > 0):
                return None
            design = np.column_stack((values / unit, np.ones_like(values)))
            root = 1.0 if self.problem.weights is None else np.sqrt(self.problem.weights)
            scaled = (design.T * root).T, self.problem.y / self.problem.y_scale * root
            (slope, intercept), *_ = np.linalg.lstsq(*scaled)
        slope, intercept = float(slope * self.problem.y_scale / unit), float(intercept * self.problem.y_scale)
        if not (math.isfinite(slope) and math.isfinite(intercept)) or slope == 0:
            return None
        return affine(tree, slope, intercept if abs(intercept) > _EXACTNESS.negligible * self.problem.y_scale else 0.0)


def _round(view: _View, run: _Background, budget: Budget, emit: Emit) -> None:
    best: dict[int, Node] = {}
    for front in run.fronts(budget):
        for member in front:
            formula = view.formula(member, run.evolution.input_hashes)
            if formula is not None:
                best[member.length] = formula
                # Once an exact formula is proposed the search is over: its shortest form goes first.
                exact = member.error < _EXACTNESS.nearly
                for found in (*(reversed(prune(formula, view.problem, budget)) if exact else ()), formula):
                    emit(found)
            if budget.spent:
                return
    for length in sorted(best, reverse=True)[: _EFFORT.pruned]:
        for shorter in prune(best[length], view.problem, budget):
            emit(shorter)


@dataclass(eq=False)
class _Background:
    """Run an evolution on a thread of its own, begun with `seeds`."""

    evolution: Evolution
    seeds: Sequence[Sequence[TreeNode]]
    _fronts: queue.SimpleQueue[list[Member] | Exception | None] = field(default_factory=queue.SimpleQueue)
    _left: threading.Event = field(default_factory=threading.Event)
    _improvements: Improvements = field(default_factory=Improvements)

    def fronts(self, budget: Budget) -> Iterator[list[Member]]:
        """Yield what is new on the front, every few generations, until the run or the budget ends."""
        threading.Thread(target=self._run, name="operon").start()
        try:
            while not budget.spent:
                try:
                    found = self._fronts.get(timeout=_EFFORT.poll_seconds)
                except queue.Empty:
                    continue
                if found is None:
                    return
                if isinstance(found, Exception):
                    raise found
                yield found
        finally:
            self._left.set()

    def _run(self) -> None:
        try:
            self.evolution.run(self._after_generation, self.seeds)
        except Exception as error:  # raised by `fronts`
            self._fronts.put(error)
        self._fronts.put(None)

    def _after_generation(self, generation: int, front: list[Member]) -> bool:
        front = sorted((m for m in front if math.isfinite(m.error)), key=lambda m: m.length)
        lowest = min((m.error for m in front), default=math.inf)
        if generation % _EFFORT.every == 0 or lowest < _EXACTNESS.nearly or generation == self.evolution.generations:
            better = [m for m in front if self._improvements.improves(m.length, m.error)]
            if better:
                self._fronts.put(better)
        return self._left.is_set() or lowest <= _EXACTNESS.exact

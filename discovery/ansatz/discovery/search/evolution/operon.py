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

ROWS: Final = 1000
MAX_LENGTH: Final = 25
CYCLES: Final = 3
COMMON_FUNCTIONS: Final = frozenset({"exp", "log", "sqrt", "sin", "cos"})
_EMIT_EVERY: Final = 5
_EXACT: Final = 3e-13  # where single precision ends
_NEARLY_EXACT: Final = 1e-9
_PRUNED: Final = 2
_POLL_SECONDS: Final = 0.05
_NEGLIGIBLE: Final = 1e-6


@dataclass(frozen=True)
class Operon:
    """Rounds of Operon, each from a new start and the seeds: arithmetic only, the common functions, all that are
    allowed; again.

    Work is counted in generations, so the same problem, random seed and seeds give the same formulas. Looks at no more
    than 1,000 rows, drawn by the random seed. Operon knows no row weights: they are left to the refit of what it finds.
    It stops between generations only; one under way when `search` returns ends by itself in some tenths of a second.
    """

    fills_forms: ClassVar[bool] = False
    name: str = "operon"
    generations: int = 80
    """Of a round; half as many where there is only arithmetic."""

    def warm(self) -> None:
        """Import the engine (some 30 ms), so that the first search need not."""
        import pyoperon  # noqa: F401

    def search(self, problem: Problem, budget: Budget, emit: Emit, seeds: Seeds = no_seeds) -> None:
        """As `SeededSearcher.search`, on any thread; `emit` is called on the caller's."""
        view = _View.of(problem.subsample(ROWS))
        if view is None:
            return
        cycle = (
            (frozenset[str](), self.generations // 2),
            (problem.functions & COMMON_FUNCTIONS, self.generations),
            (problem.functions, self.generations),
        )
        for i, (functions, generations) in enumerate(cycle * CYCLES):
            if budget.spent:
                return
            length = min(MAX_LENGTH, problem.max_complexity)
            evolution = Evolution(
                view.X, view.y, primitives(functions),
                max_length=length, generations=generations, seed=problem.seed + i,
            )  # fmt: skip
            first = view.trees(seeds(), functions, evolution.input_hashes)
            _round(view, _Background(evolution, first), budget, emit)


@dataclass(frozen=True, eq=False)
class _View:
    """A problem as Operon sees it: y standardised, inputs over their scale, so that single precision holds them."""

    problem: Problem
    scales: tuple[float, ...]
    inputs: tuple[Node, ...]
    X: Array
    y: Array

    @staticmethod
    def of(problem: Problem) -> _View | None:
        """None where there is nothing to search: y is constant, or there is no input."""
        y = problem.y / problem.y_scale
        spread = float(np.std(y))
        if not problem.names or spread < _NEGLIGIBLE:
            return None
        scales = input_scales(problem)
        X = problem.X / np.array(scales)
        return _View(problem, scales, scaled_inputs(problem, scales), X, (y - np.mean(y)) / spread)

    def trees(self, seeds: Sequence[Node], functions: frozenset[str], hashes: list[int]) -> list[tuple[TreeNode, ...]]:
        """The seeds as trees; those that hold what Operon lacks, or other functions, are left out."""
        variables = dict(zip(self.problem.names, hashes, strict=True))
        found: list[tuple[TreeNode, ...]] = []
        for formula in seed_formulas(self.problem, self.scales, seeds, functions):
            with contextlib.suppress(ValueError):
                found.append(to_tree(formula, variables))
        return found

    def formula(self, member: Member, hashes: list[int]) -> Node | None:
        """The member in the problem's own units, its linear scaling fitted in float64; None outside its domain."""
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
        return affine(tree, slope, intercept if abs(intercept) > _NEGLIGIBLE * self.problem.y_scale else 0.0)


def _round(view: _View, run: _Background, budget: Budget, emit: Emit) -> None:
    best: dict[int, Node] = {}
    for front in run.fronts(budget):
        for member in front:
            formula = view.formula(member, run.evolution.input_hashes)
            if formula is not None:
                best[member.length] = formula
                # Once an exact formula is proposed the search is over: its shortest form goes first.
                exact = member.error < _NEARLY_EXACT
                for found in (*(reversed(prune(formula, view.problem, budget)) if exact else ()), formula):
                    emit(found)
            if budget.spent:
                return
    for length in sorted(best, reverse=True)[:_PRUNED]:
        for shorter in prune(best[length], view.problem, budget):
            emit(shorter)


@dataclass(eq=False)
class _Background:
    """A run on a thread of its own, begun with `seeds`."""

    evolution: Evolution
    seeds: Sequence[Sequence[TreeNode]]
    _fronts: queue.SimpleQueue[list[Member] | Exception | None] = field(default_factory=queue.SimpleQueue)
    _left: threading.Event = field(default_factory=threading.Event)
    _improvements: Improvements = field(default_factory=Improvements)

    def fronts(self, budget: Budget) -> Iterator[list[Member]]:
        """What is new on the front, every few generations, until the run or the budget ends."""
        threading.Thread(target=self._run, name="operon").start()
        try:
            while not budget.spent:
                try:
                    found = self._fronts.get(timeout=_POLL_SECONDS)
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
        if generation % _EMIT_EVERY == 0 or lowest < _NEARLY_EXACT or generation == self.evolution.generations:
            better = [m for m in front if self._improvements.improves(m.length, m.error)]
            if better:
                self._fronts.put(better)
        return self._left.is_set() or lowest <= _EXACT

"""The archive of a search: every proposal fitted, named, scored and, if it is worth it, kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import formula_bits, is_exact, residual_bits
from ansatz.discovery.evidence.equivalence import Probe, same_values
from ansatz.discovery.evidence.naming import Name, Named, name_constants
from ansatz.discovery.evidence.rank import pareto_front
from ansatz.discovery.expression import FUNCTIONS, Apply, Array, Node, complexity, simplify, variables, walk
from ansatz.discovery.expression.grammar import is_readable
from ansatz.discovery.expression.numbers import fitted_positions, skeleton
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.units.dimensions import RIGHT, WRONG

SCREEN_ROWS = 2000
_KEPT = 200
_WORTH_BITS = 60.0
_TRIES_PER_SKELETON = 3
_ROUNDS = 3
_SOLVED_SHARE = 0.75
_MOST_DEFERRED = 300


@dataclass(frozen=True, eq=False)
class Entry:
    """A formula of the archive: constants fitted and named, `description_length` in bits on the screening rows;
    `wrongness` of its dimensions, as `Dimensions.wrongness` has it, 0 where there are none."""

    named: Named
    origin: Origin
    description_length: float
    probe_values: Array
    wrongness: int = RIGHT

    @property
    def formula(self) -> Node:
        return self.named.fit.formula

    @property
    def rmse(self) -> float:
        return self.named.fit.rmse

    @property
    def fitted(self) -> int:
        return len(self.named.fit.free)

    @property
    def names(self) -> dict[int, Name]:
        return self.named.names

    @property
    def complexity(self) -> int:
        return complexity(self.formula)


class Archive:
    """Keeps the formulas that are best at their size or nearly best by description length.

    Constants are fitted and scores computed on `screen`: all rows, or at most 2,000 drawn by the seed. `on_better` is
    called after each proposal that improves the shortest description or the Pareto front. Where units are given,
    formulas of right dimension stand before others, and those that no constants make right are put off: see
    `admit_deferred`.
    """

    def __init__(self, problem: Problem, on_better: Callable[[], None] = lambda: None) -> None:
        self.screen = problem.subsample(SCREEN_ROWS)
        self.solved = False
        self._on_better = on_better
        self._probe = Probe(self.screen)
        self._positive = problem.positive
        self._tries: dict[str, int] = {}
        self._entries: list[Entry] = []
        self._baseline_bits = math.inf
        self._deferred: list[tuple[Node, Origin]] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """By dimension, right before wrong, then by description length, shortest first."""
        return tuple(self._entries)

    def propose(self, formula: Node, origin: Origin) -> Entry | None:
        """Fit, name, score; the entry if it was kept (it may be an equal one found before), else None."""
        if not self._admissible(formula):
            return None
        simple = self._simplify(formula)
        if complexity(simple) > self.screen.max_complexity or not self._first_tries(simple):
            return None
        if self._wrongness(simple) == WRONG and not origin.is_given:
            self._deferred.append((simple, origin))
            return None
        return self._consider(simple, origin)

    def admit(self, named: Named, origin: Origin) -> Entry | None:
        """A formula of the caller's, as it stands; the entry if it was kept."""
        formula = named.fit.formula
        if not self._admissible(formula) or complexity(formula) > self.screen.max_complexity:
            return None
        return self._insert(self._entry(named, origin)) if math.isfinite(named.fit.rmse) else None

    def admit_deferred(self, budget: Budget) -> None:
        """Consider what was put off for its dimensions, the first 300, unless an exact law of right dimension is there:
        units may have been given wrongly."""
        if self.solved:
            return
        for formula, origin in self._deferred[:_MOST_DEFERRED]:
            if budget.spent:
                return
            self._consider(formula, origin)

    def _wrongness(self, formula: Node) -> int:
        dimensions = self.screen.dimensions
        return RIGHT if dimensions is None else dimensions.wrongness(self.screen.composed(formula))

    def _consider(self, simple: Node, origin: Origin) -> Entry | None:
        fit = fit_constants(simple, self.screen, fitted_positions(simple))
        if len(fit.free) >= self.screen.rows or not self._worth_naming(fit):
            return None
        entry = self._entry(self._settle(fit), origin)
        return self._insert(entry) if complexity(entry.formula) <= self.screen.max_complexity else None

    def _admissible(self, formula: Node) -> bool:
        called = {n.op for n in walk(formula) if isinstance(n, Apply) and n.op in FUNCTIONS}
        return called <= self.screen.functions and set(variables(formula)) <= set(self.screen.variables)

    def _simplify(self, formula: Node) -> Node:
        return simplify(formula, self._positive, roots="sqrt" in self.screen.functions)

    def _first_tries(self, formula: Node) -> bool:
        """A formula that differs from an earlier one in its constants only gets a few starts."""
        key = skeleton(formula)
        self._tries[key] = self._tries.get(key, 0) + 1
        return self._tries[key] <= _TRIES_PER_SKELETON

    def _worth_naming(self, fit: FormulaFit) -> bool:
        if not math.isfinite(fit.rmse):
            return False
        wrongness = self._wrongness(fit.formula)
        rivals = [e for e in self._entries if e.wrongness <= wrongness]
        size = complexity(fit.formula)
        if all(e.rmse > fit.rmse for e in rivals if e.complexity <= size):
            return True
        bits = formula_bits(fit.formula, len(self.screen.variables)) + residual_bits(
            fit.rmse, len(fit.free), self.screen
        )
        return bits < min(e.description_length for e in rivals) + _WORTH_BITS

    def _settle(self, fit: FormulaFit) -> Named:
        """Constants named and the result simplified, until nothing changes."""
        named = name_constants(fit, self.screen)
        for _ in range(_ROUNDS):
            simple = self._simplify(named.fit.formula)
            if simple == named.fit.formula:
                break
            refit = fit_constants(simple, self.screen)
            if refit.rmse > named.fit.rmse * (1 + 1e-9) and not is_exact(refit.rmse, self.screen):
                break
            named = name_constants(refit, self.screen)
        return named

    def _entry(self, named: Named, origin: Origin) -> Entry:
        formula = named.fit.formula
        bits = named.description_length(self.screen)
        return Entry(named, origin, bits, self._probe.values(formula), self._wrongness(formula))

    def _insert(self, entry: Entry) -> Entry | None:
        # Whatever is reported can be given back: to compare it, to start from it, to choose experiments by it.
        if not is_readable(self.screen.composed(entry.formula)):
            return None
        replaced: int | None = None
        for i, other in enumerate(self._entries):
            if same_values(entry.probe_values, other.probe_values):
                if _preference(entry) >= _preference(other):
                    return other
                replaced = i
                break
        before = self._front_key()
        others = [e for i, e in enumerate(self._entries) if i != replaced]
        # A new list, whole at any time: an engine reads it on its own thread.
        self._entries = sorted([*others, entry], key=lambda e: (e.wrongness, e.description_length, e.complexity))
        constant = not variables(entry.formula)
        if constant:
            self._baseline_bits = entry.description_length
        if is_exact(entry.rmse, self.screen) and entry.wrongness == RIGHT:
            # A formula with about as many constants as rows is exact without being a law.
            law = entry.description_length < _SOLVED_SHARE * self._baseline_bits
            self.solved |= law or constant
        self._trim()
        if self._front_key() != before:
            self._on_better()
        return entry

    def _front_key(self) -> tuple[object, ...]:
        return tuple(id(e) for e in self._entries[:1]), tuple(id(e) for e in pareto_front(self._entries))

    def _trim(self) -> None:
        if len(self._entries) > _KEPT:
            front = {id(e) for e in pareto_front(self._entries)}
            front |= {id(e) for e in self._entries if e.origin.is_given}
            self._entries = [e for i, e in enumerate(self._entries) if i < _KEPT // 2 or id(e) in front]


def _preference(entry: Entry) -> tuple[int, bool, float]:
    """Of two equal formulas, that of right dimension is kept, then the caller's own, then the shorter."""
    return entry.wrongness, not entry.named.fit.marks.any, entry.description_length

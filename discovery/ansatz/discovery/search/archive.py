"""The archive of a search: every proposal fitted, named, scored and, if it is worth it, kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.equivalence import Probe, same_fit, same_values
from ansatz.discovery.evidence.form_price import form_bits
from ansatz.discovery.evidence.measure import Measure, given, mean_square, measured, scores
from ansatz.discovery.evidence.naming import Name, Named, name_constants
from ansatz.discovery.evidence.noise import NoiseQuestion, Verdict
from ansatz.discovery.evidence.rank import pareto_front
from ansatz.discovery.expression import FUNCTIONS, Apply, Array, Node, complexity, simplify, variables, walk
from ansatz.discovery.expression.grammar import is_readable
from ansatz.discovery.expression.numbers import fitted_positions, skeleton
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.units.dimensions import RIGHT, WRONG

SCREEN_ROWS = 2000


@dataclass(frozen=True)
class _Effort:
    """Say what the archive fits and keeps. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        kept: entries, at most; beyond half of them only the Pareto front and the caller's own.
        worth_bits: beside the best within which a formula is worth naming.
        tries: fits of formulas that differ in their constants only.
        rounds: of naming and simplifying, until nothing changes.
        solved_share: of the description of the constant below which an exact formula is a law.
        most_deferred: formulas of wrong dimension that are considered in the end.
    """

    kept: int = 200
    worth_bits: float = 60.0
    tries: int = 3
    rounds: int = 3
    solved_share: float = 0.75
    most_deferred: int = 300


_EFFORT: Final = _Effort()


@dataclass(frozen=True, eq=False)
class Entry:
    """A formula of the archive, its constants fitted and named.

    Attributes:
        named: the fit, and what constants are called.
        origin: who proposed it.
        measure: what the evidence asks of it.
        description_length: its score in bits beside the other formulas; lower is better.
        probe_values: its values at the points where formulas are compared.
        wrongness: of its dimensions, as `Dimensions.wrongness` has it, 0 where there are none.
    """

    named: Named
    origin: Origin
    measure: Measure
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


def rescored(
    entries: Sequence[Entry], problem: Problem, rows: int | None = None, of_mean: float | None = None
) -> list[Entry]:
    """Return the entries with their scores beside each other on a problem whose rows are worth so many.

    `of_mean` is as `scores` has it.
    """
    found = scores([e.measure for e in entries], problem, rows, of_mean) if entries else ()
    return [
        e if e.description_length == score else replace(e, description_length=float(score))
        for e, score in zip(entries, found, strict=True)
    ]


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
        self._known_bits: float | None = None
        self._own_nodes = 0
        self._verdicts: dict[Node, Verdict] = {}
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
        if not self._is_within(simple, origin) or not self._first_tries(simple):
            return None
        if self._wrongness(simple) == WRONG and not origin.is_given:
            self._deferred.append((simple, origin))
            return None
        return self._consider(simple, origin)

    def admit(self, named: Named, origin: Origin) -> Entry | None:
        """A formula of the caller's, as it stands; the entry if it was kept."""
        formula = named.fit.formula
        within = self._is_within(formula, origin)
        if not (self._admissible(formula) and within and math.isfinite(named.fit.rmse)):
            return None
        if origin.is_given:
            self._known_bits = form_bits(formula, 0, 0.0, self.screen)
            self._own_nodes = complexity(formula)
        return self._insert(self._entry(named, origin))

    def leaves(self, entry: Entry) -> Verdict:
        """Whether an entry leaves only noise on the screening rows."""
        if entry.formula not in self._verdicts:
            self._verdicts[entry.formula] = self._noise.of(entry.formula, entry.named.fit.marks)
        return self._verdicts[entry.formula]

    @cached_property
    def _noise(self) -> NoiseQuestion:
        return NoiseQuestion(self.screen)

    def admit_deferred(self, budget: Budget) -> None:
        """Consider what was put off for its dimensions, the first 300, unless an exact law of right dimension is there:
        units may have been given wrongly."""
        if self.solved:
            return
        for formula, origin in self._deferred[: _EFFORT.most_deferred]:
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
        return self._insert(entry) if self._is_within(entry.formula, origin) else None

    def _is_within(self, formula: Node, origin: Origin) -> bool:
        return complexity(formula) <= origin.most_nodes(self.screen.max_complexity, self._own_nodes)

    def _admissible(self, formula: Node) -> bool:
        called = {n.op for n in walk(formula) if isinstance(n, Apply) and n.op in FUNCTIONS}
        return called <= self.screen.functions and set(variables(formula)) <= set(self.screen.variables)

    def _simplify(self, formula: Node) -> Node:
        return simplify(formula, self._positive, roots="sqrt" in self.screen.functions)

    def _first_tries(self, formula: Node) -> bool:
        """A formula that differs from an earlier one in its constants only gets a few starts."""
        key = skeleton(formula)
        self._tries[key] = self._tries.get(key, 0) + 1
        return self._tries[key] <= _EFFORT.tries

    def _worth_naming(self, fit: FormulaFit) -> bool:
        if not math.isfinite(fit.rmse):
            return False
        wrongness = self._wrongness(fit.formula)
        rivals = [e for e in self._entries if e.wrongness <= wrongness]
        size = complexity(fit.formula)
        if all(e.rmse > fit.rmse for e in rivals if e.complexity <= size):
            return True
        rough = Measure(mean_square(fit.rmse, self.screen), len(fit.free), 0, 0.0)
        best = min(rivals, key=lambda e: e.description_length)
        found, least = scores([rough, best.measure], self.screen)
        return bool(found < least + _EFFORT.worth_bits)

    def _settle(self, fit: FormulaFit) -> Named:
        """Constants named and the result simplified, until nothing changes."""
        named = name_constants(fit, self.screen)
        for _ in range(_EFFORT.rounds):
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
        known = self._known_bits if origin.of_caller else None
        measure = given(named, self.screen) if origin.is_given else measured(named, self.screen, known)
        return Entry(named, origin, measure, math.nan, self._probe.values(formula), self._wrongness(formula))

    def _insert(self, entry: Entry) -> Entry | None:
        # Whatever is reported can be given back: to compare it, to start from it, to choose experiments by it.
        if not is_readable(self.screen.composed(entry.formula)):
            return None
        equal = next((i for i, other in enumerate(self._entries) if _same(entry, other)), None)
        others = list(self._entries)
        if equal is not None:
            old, new = rescored([others.pop(equal), entry], self.screen)
            if _preference(new) >= _preference(old):
                return self._entries[equal]
        before = self._front_key()
        found = rescored([entry, *others], self.screen)
        entry = found[0]
        # A new list, whole at any time: an engine reads it on its own thread.
        self._entries = sorted(found, key=lambda e: (e.wrongness, e.description_length, e.complexity))
        self.solved |= self._solves(entry)
        self._trim()
        if self._front_key() != before:
            self._on_better()
        return entry

    def _solves(self, entry: Entry) -> bool:
        """Whether an entry is exact and a law: with about as many constants as rows it is exact without being one."""
        if not is_exact(entry.rmse, self.screen) or entry.wrongness != RIGHT:
            return False
        constant = next((e for e in self._entries if not variables(e.formula)), None)
        if constant is None or constant is entry:
            return True
        return entry.description_length < _EFFORT.solved_share * constant.description_length

    def _front_key(self) -> tuple[object, ...]:
        return (
            tuple(e.formula for e in self._entries[:1]),
            tuple(e.formula for e in pareto_front(self._entries)),
        )

    def _trim(self) -> None:
        if len(self._entries) > _EFFORT.kept:
            front = {id(e) for e in pareto_front(self._entries)}
            front |= {id(e) for e in self._entries if e.origin.is_given}
            self._entries = [e for i, e in enumerate(self._entries) if i < _EFFORT.kept // 2 or id(e) in front]


def _same(a: Entry, b: Entry) -> bool:
    """Whether two entries are one function, as far as their fits are settled."""
    if same_values(a.probe_values, b.probe_values):
        return True
    alike = a.measure.constants == b.measure.constants and a.complexity == b.complexity
    return alike and same_fit(a.probe_values, b.probe_values, a.rmse, b.rmse)


def _preference(entry: Entry) -> tuple[bool, int, bool, float]:
    """Of two equal formulas, the caller's own is kept, then that of right dimension, then one of the caller's names,
    then the shorter."""
    return not entry.origin.is_given, entry.wrongness, not entry.named.fit.marks.any, entry.description_length

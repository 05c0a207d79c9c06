"""Right-hand sides of one state: sparse sums of library terms, and what the portfolio of structured searchers finds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.rank import pareto_front
from ansatz.discovery.expression import Array, Node, Number, Variable, complexity, evaluate, simplify, variables
from ansatz.discovery.expression.node import calls
from ansatz.discovery.expression.numbers import skeleton
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import BASELINE, Origin
from ansatz.discovery.search import structured
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.outcome import Outcome
from ansatz.discovery.search.portfolio import Portfolio
from ansatz.discovery.search.reduction import reductions
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.selection import Regression, Selection
from ansatz.discovery.trajectories.integral import Explained, IntegralForm, Smoothed
from ansatz.discovery.trajectories.library import Library, Variables, libraries

_MOST_TERMS = 8
_MOST_PAIRED = 60
_PAIRS = 6
_FITTED = 16
_TERM_BITS = 12.0
_KEPT = 14
_SWITCHED = 4
_TRIES = 2
_REDUCED = 5
_EXTENDED = 3
_ADDED = 5
_POLE = 1e3
_LOOKED_AT = 60
_EXACT = 3e-7
_SHORT_BITS = 600.0
_ROUNDS = 4
_PROPOSED = 16
_PORTFOLIO_PIECES = 1500
_LEAST_ROWS = 12


@dataclass(frozen=True, eq=False)
class RightHandSide:
    """A right-hand side in integral form and who found it."""

    explained: Explained
    origin: Origin

    @property
    def formula(self) -> Node:
        return self.explained.formula

    @property
    def bits(self) -> float:
        return self.explained.bits


class Candidates:
    """Collects and ranks the right-hand sides of one state."""

    def __init__(self, smoothed: Smoothed, state: int, options: Options) -> None:
        self.form = IntegralForm(smoothed, state)
        self._smoothed, self._state, self._options = smoothed, state, options
        self._searched: list[tuple[Library, Array]] = []
        self._tries: dict[str, int] = {}
        self._done: set[Node] = set()
        self._found: dict[str, RightHandSide] = {}
        self._positive = frozenset(n for n, v in smoothed.columns.items() if np.all(v > 0))

    @property
    def best(self) -> list[RightHandSide]:
        """The shortest descriptions, and those that no simpler one beats."""
        ordered = sorted(self._found.values(), key=lambda p: p.bits)
        front: list[RightHandSide] = []
        for proposal in sorted(self._found.values(), key=lambda p: (complexity(p.formula), p.explained.rms)):
            if not front or proposal.explained.rms < 0.97 * front[-1].explained.rms:
                front.append(proposal)
        front.sort(key=lambda p: p.bits)
        chosen = [*ordered[: _KEPT // 2], *front, *ordered[_KEPT // 2 :]]
        return sorted(list(dict.fromkeys(chosen))[:_KEPT], key=lambda p: p.bits)

    @property
    def switched(self) -> list[RightHandSide]:
        """The shortest descriptions that have a threshold."""
        found = (p for p in self._found.values() if next(calls(p.formula, "sign", "max"), None) is not None)
        return sorted(found, key=lambda p: p.bits)[:_SWITCHED]

    @property
    def exact(self) -> bool:
        """Whether a short right-hand side leaves nothing."""
        return any(p.explained.rms < _EXACT * self.form.scale and p.bits < _SHORT_BITS for p in self._found.values())

    def propose(self, formula: Node, origin: Origin) -> RightHandSide | None:
        """Fit in integral form and keep; the same with other constants gets few starts."""
        simple = simplify(formula, self._positive, roots="sqrt" in self._options.functions)
        key = skeleton(simple)
        self._tries[key] = self._tries.get(key, 0) + 1
        if self._tries[key] > _TRIES or complexity(simple) > self._options.max_complexity:
            return None
        explained = self.form.fit(simple)
        if explained is None or self._has_pole(explained.formula):
            return None
        proposal = RightHandSide(explained, origin)
        known = self._found.get(key)
        if known is None or known.bits > proposal.bits:
            self._found[key] = proposal
        return proposal

    def _has_pole(self, formula: Node) -> bool:
        """Whether the formula is far larger somewhere along the motion than elsewhere: a pole between samples."""
        columns = self._smoothed.columns
        size = np.abs(evaluate(formula, columns, self._smoothed.node_times.size))
        return bool(size.max() > _POLE * np.quantile(size, 0.95))

    def sparse(self, budget: Budget, names: Sequence[str], explicit: Sequence[Node] = ()) -> None:
        """Sums of few terms of every library over the named variables, and of the `explicit` terms in time."""
        self.propose(Number(0.5), BASELINE)
        for name in names:
            self.propose(build.linear([0.5, 0.5], [Variable(name), build.ONE]), BASELINE)
        for library in self._libraries(names, explicit):
            if budget.spent or self.exact:
                return
            self._propose_sums(library, budget)

    def driven(self, budget: Budget, names: Sequence[str], waves: Sequence[Node]) -> None:
        """Sums of few terms of the plainest library and of waves in time."""
        self._propose_sums(next(self._libraries(names, waves)), budget)

    def _libraries(self, names: Sequence[str], explicit: Sequence[Node]) -> Iterator[Library]:
        columns = {n: self._smoothed.columns[n] for n in names}
        functions = frozenset(self._options.functions)
        return libraries(Variables(columns, tuple(names), functions, self._smoothed.columns), explicit)

    def _propose_sums(self, library: Library, budget: Budget) -> None:
        features = self.form.integrated(library.values)
        self._searched.append((library, features))
        for formula in self._sums(library, features):
            self.propose(formula, Origin(f"sparse.{library.name}"))
            if budget.spent:
                return

    def _sums(self, library: Library, features: Array) -> Iterator[Node]:
        nodes = library.nodes
        rows = self.form.rows.size
        regression = Regression(self.form.target, features, self.form.known, np.ones(rows))
        most = min(_MOST_TERMS, max(1, rows // 8))
        models = list(regression.forward(most))
        models += regression.completed(models, _PAIRS, min(len(nodes), _MOST_PAIRED))
        ranked = _ranked(models, rows, lambda m: sum(complexity(nodes[i]) for i in m.support))[:_FITTED]
        if library.plain:
            ranked += _of_each_family(regression, library)
        k = self.form.known.shape[1]
        for model in ranked:
            yield build.linear(model.coefficients[k:], [nodes[i] for i in model.support])

    def extend(self, budget: Budget) -> None:
        """Add to the best the terms that explain most of what they leave, again for as long as that shortens them."""
        features = np.hstack([f for _, f in self._searched])
        nodes = [node for library, _ in self._searched for node in library.nodes]
        families = [skeleton(node) for node in nodes]
        done: set[Node] = set()
        for _ in range(_ROUNDS):
            before = self.best[:1]
            for proposal in self.best[:_EXTENDED]:
                if proposal.formula in done:
                    continue
                done.add(proposal.formula)
                residual, slopes = self.form.linearised(proposal.formula)
                known = np.hstack([self.form.known, slopes])
                regression = Regression(residual, features, known, np.ones(residual.size))
                gains = regression.gains(())
                order = np.argsort(-gains, kind="stable")
                best_of = dict.fromkeys(families[int(i)] for i in order[:_LOOKED_AT])
                firsts = [next(int(i) for i in order if families[int(i)] == f) for f in list(best_of)[:_ADDED]]
                for i in firsts:
                    if budget.spent or self.exact:
                        return
                    coefficient = float(regression.fit((i,)).coefficients[-1])
                    self.propose(build.linear([1.0, coefficient], [proposal.formula, nodes[i]]), proposal.origin)
            if self.best[:1] == before:
                return

    def reduce(self, budget: Budget) -> None:
        """Take off the best what does not pay, again for as long as that shortens them."""
        for _ in range(_ROUNDS):
            before = self.best[:1]
            for proposal in self.best[:_REDUCED]:
                if proposal.formula in self._done:
                    continue
                self._done.add(proposal.formula)
                for reduced in reductions(proposal.formula):
                    if budget.spent:
                        return
                    self.propose(reduced, proposal.origin)
            if self.best[:1] == before:
                return

    def searched(self, budget: Budget, names: Sequence[str], on_stage: Callable[[str], None]) -> Outcome:
        """Search the estimated derivatives with the structured searchers."""
        problem = self._derivative_problem(names)
        archive = Archive(problem)
        archive.propose(Number(float(np.mean(problem.y))), BASELINE)
        searchers = [Baseline(), *structured.searchers()] if problem.names else [Baseline()]
        part = budget.part(pieces=_PORTFOLIO_PIECES)
        outcome = Portfolio(searchers, None, on_stage).run(problem, part, archive)
        front = pareto_front(archive.entries)[-_PROPOSED:]
        for entry in dict.fromkeys([*archive.entries[:_PROPOSED], *front]):
            if variables(entry.formula):
                self.propose(entry.formula, entry.origin)
        return outcome

    def _derivative_problem(self, names: Sequence[str]) -> Problem:
        """Rows as many as the smoothed states have freedom, away from the ends of the runs where derivatives are
        poor."""
        rows: list[int] = []
        rates = self._smoothed.rates[:, self._state]
        freedom = self._smoothed.freedom.max(axis=1)
        for run, free in zip(self._smoothed.record.runs, freedom, strict=True):
            count = run.stop - run.start
            margin = 0 if free >= count else count // 40 + 1
            most = int(min(count, max(3 * free, _LEAST_ROWS)))
            rows += [int(i) for i in np.linspace(run.start + margin, run.stop - 1 - margin, most)]
        chosen = np.unique(rows)
        chosen = chosen[np.isfinite(rates[chosen])]
        X = np.column_stack([self._smoothed.samples[n][chosen] for n in names])
        options = self._options
        return Problem(
            np.asfortranarray(X), rates[chosen], tuple(names), frozenset(options.functions), options.max_complexity,
            options.seed,
        )  # fmt: skip


def _of_each_family(regression: Regression, library: Library) -> Iterator[Selection]:
    """For every family of terms that differ in a constant inside, its best member beside none, beside one or two plain
    terms."""
    best: dict[tuple[str, int], tuple[float, tuple[int, ...]]] = {}
    families = [skeleton(node) for node in library.nodes]
    members = {f: [i for i, g in enumerate(families) if g == f] for f in dict.fromkeys(families)}
    for size in (0, 1, 2):
        for chosen in combinations(range(library.plain), size):
            gains = regression.gains(chosen)
            left = 1.0 - regression.fit(chosen).error ** 2
            for family, indices in members.items():
                i = indices[int(np.argmax(gains[indices]))]
                gain = left + float(gains[i])
                key = (family, size)
                if i not in chosen and (key not in best or gain > best[key][0]):
                    best[key] = (gain, (*chosen, i))
    for _, support in best.values():
        yield regression.fit(support)


def _ranked(models: Sequence[Selection], rows: int, size: Callable[[Selection], int]) -> list[Selection]:
    """By a rough description length, each support once."""
    distinct = {tuple(sorted(m.support)): m for m in models}

    def bits(model: Selection) -> float:
        return rows * math.log2(max(model.error, 1e-10)) + _TERM_BITS * len(model.support) + 2.0 * size(model)

    return sorted(distinct.values(), key=bits)

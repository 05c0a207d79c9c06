"""Right-hand sides of one state: sparse sums of library terms, and what the portfolio of structured searchers finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np

from ansatz.discovery.asked.options import Options
from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.rank import pareto_front, pareto_front_by
from ansatz.discovery.expression import Array, Node, Number, Variable, complexity, evaluate, simplify, variables
from ansatz.discovery.expression.node import calls
from ansatz.discovery.expression.numbers import free_positions, skeleton
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import BASELINE, Origin
from ansatz.discovery.search import structured
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.baseline import Baseline
from ansatz.discovery.search.outcome import Outcome
from ansatz.discovery.search.portfolio import Portfolio
from ansatz.discovery.search.reduction import reductions
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.selection import Regression
from ansatz.discovery.trajectories.integral import Explained, IntegralForm, Smoothed
from ansatz.discovery.trajectories.library import Library, Variables, libraries
from ansatz.discovery.trajectories.sums import sparse_sums


@dataclass(frozen=True)
class _Kept:
    """Say what is kept of what was fitted. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        best: right-hand sides.
        sizes: numbers of constants of which the best is kept, whatever is longer.
        front: share of the residual of a simpler one that one must leave at most to be kept for it.
        switched: right-hand sides with a threshold.
        tries: fits of one structure: the same with other constants seldom gets elsewhere.
        pole: the largest value over one that nearly all nodes stay below; more is a pole between samples.
        nearly_all: the share of nodes meant there.
        exact: share of the state's spread that counts as nothing left: three times what counts at all.
        short_bits: longer ones that leave nothing are interpolation, not a law.
        accurate: error of the smooth curves over the spread, below which what is left of a state tells it is settled.
        settled: factor of that error up to which nothing is left but it.
        form_bits: of formula and constants: longer ones settle nothing.
    """

    best: int = 14
    sizes: tuple[int, ...] = (1, 2, 3, 4)
    front: float = 0.97
    switched: int = 4
    tries: int = 2
    pole: float = 1e3
    nearly_all: float = 0.95
    exact: float = 3e-7
    short_bits: float = 600.0
    accurate: float = 3e-3
    settled: float = 1.2
    form_bits: float = 300.0


@dataclass(frozen=True)
class _Improving:
    """Say how the best are improved. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        rounds: of extending or reducing, at most.
        reduced: right-hand sides from which terms are taken off, in a round.
        extended: right-hand sides to which terms are added, in a round.
        looked_at: terms among which families are told, those that explain most of what is left.
        added: families of terms of which the best member is added.
    """

    rounds: int = 4
    reduced: int = 5
    extended: int = 3
    looked_at: int = 60
    added: int = 5


@dataclass(frozen=True)
class _Derivatives:
    """Say how estimated derivatives are searched. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        pieces: of work that the portfolio may do.
        proposed: formulas taken from its archive, and as many from its front.
        rows_a_freedom: rows for each constant that the smooth curve has: more would tell nothing new.
        least_rows: of a run.
        margin: one sample in so many, and one more, is left out at either end, where derivatives are poor.
    """

    pieces: int = 1500
    proposed: int = 16
    rows_a_freedom: int = 3
    least_rows: int = 12
    margin: int = 40


_KEPT: Final = _Kept()
_IMPROVING: Final = _Improving()
_DERIVATIVES: Final = _Derivatives()


@dataclass(frozen=True, eq=False)
class RightHandSide:
    """A right-hand side in integral form and who found it."""

    explained: Explained
    origin: Origin

    @property
    def formula(self) -> Node:
        """Return the formula with its constants fitted."""
        return self.explained.formula

    @property
    def bits(self) -> float:
        """Return its description length in integral form."""
        return self.explained.bits


class Candidates:
    """Collect and rank the right-hand sides of one state."""

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
        """Return the shortest descriptions, those that no simpler one beats, and the best of so many constants."""
        ordered = sorted(self._found.values(), key=lambda p: p.bits)
        front = pareto_front_by(ordered, lambda p: (complexity(p.formula), p.explained.rms), _KEPT.front)
        front.sort(key=lambda p: p.bits)
        half = _KEPT.best // 2
        sizes = [len(free_positions(p.formula)) for p in ordered]
        of_size = [ordered[sizes.index(k)] for k in _KEPT.sizes if k in sizes]
        chosen = [*ordered[:half], *of_size, *front, *ordered[half:]]
        return sorted(list(dict.fromkeys(chosen))[: _KEPT.best], key=lambda p: p.bits)

    @property
    def switched(self) -> list[RightHandSide]:
        """Return the shortest descriptions that have a threshold."""
        found = (p for p in self._found.values() if next(calls(p.formula, "sign", "max"), None) is not None)
        return sorted(found, key=lambda p: p.bits)[: _KEPT.switched]

    @property
    def exact(self) -> bool:
        """Return whether a short right-hand side leaves nothing."""
        least = _KEPT.exact * self.form.scale
        return any(p.explained.rms < least and p.bits < _KEPT.short_bits for p in self._found.values())

    @property
    def is_accurate(self) -> bool:
        """Return whether the smooth curves err so little that what is left of the state tells right from wrong."""
        return self.form.floor < _KEPT.accurate

    @property
    def settled(self) -> bool:
        """Return whether a short right-hand side leaves no more than the smooth curves err, which are accurate."""
        if not self.is_accurate:
            return False
        least = _KEPT.settled * self.form.floor * self.form.scale
        return any(p.explained.rms < least and p.explained.form_bits < _KEPT.form_bits for p in self._found.values())

    def propose(self, formula: Node, origin: Origin) -> RightHandSide | None:
        """Fit in integral form and keep; the same with other constants gets few starts."""
        simple = simplify(formula, self._positive, roots="sqrt" in self._options.functions)
        key = skeleton(simple)
        self._tries[key] = self._tries.get(key, 0) + 1
        if self._tries[key] > _KEPT.tries or complexity(simple) > self._options.max_complexity:
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
        """Return whether the formula is far larger somewhere along the motion than elsewhere: a pole."""
        columns = self._smoothed.columns
        size = np.abs(evaluate(formula, columns, self._smoothed.node_times.size))
        return bool(size.max() > _KEPT.pole * np.quantile(size, _KEPT.nearly_all))

    def sparse(self, budget: Budget, names: Sequence[str], explicit: Sequence[Node] = ()) -> None:
        """Propose sums of few terms of every library over the named variables, and of the `explicit` terms in time."""
        self._simplest(names)
        for library in self._libraries(names, explicit):
            if budget.spent or self.exact:
                return
            self._propose_sums(library, budget)

    def _simplest(self, names: Sequence[str]) -> None:
        self.propose(Number(0.5), BASELINE)
        for name in names:
            self.propose(build.linear([0.5, 0.5], [Variable(name), build.ONE]), BASELINE)

    def polynomial(self, budget: Budget, names: Sequence[str]) -> None:
        """Propose sums of few low powers."""
        self._simplest(names)
        self._propose_sums(next(self._libraries(names, ())), budget)

    def waves(self, budget: Budget, names: Sequence[str]) -> None:
        """Propose sums of few waves of the variables, and of low powers."""
        _, library, *_ = islice(self._libraries(names, ()), 2)
        self._propose_sums(library, budget)

    def driven(self, budget: Budget, names: Sequence[str], waves: Sequence[Node]) -> None:
        """Propose sums of few terms of the plainest library and of waves in time."""
        self._propose_sums(next(self._libraries(names, waves)), budget)

    def _libraries(self, names: Sequence[str], explicit: Sequence[Node]) -> Iterator[Library]:
        columns = {n: self._smoothed.columns[n] for n in names}
        functions = frozenset(self._options.functions)
        return libraries(Variables(columns, tuple(names), functions, self._smoothed.columns), explicit)

    def _propose_sums(self, library: Library, budget: Budget) -> None:
        features = self.form.integrated(library.values)
        self._searched.append((library, features))
        for formula in sparse_sums(library, features, self.form):
            self.propose(formula, Origin(f"sparse.{library.name}"))
            if budget.spent:
                return

    def extend(self, budget: Budget) -> None:
        """Add to the best the terms that explain most of what they leave, again for as long as that shortens them."""
        features = np.hstack([f for _, f in self._searched])
        nodes = [node for library, _ in self._searched for node in library.nodes]
        families = [skeleton(node) for node in nodes]
        done: set[Node] = set()
        for _ in range(_IMPROVING.rounds):
            before = self.best[:1]
            for proposal in self.best[: _IMPROVING.extended]:
                if proposal.formula in done:
                    continue
                done.add(proposal.formula)
                residual, slopes = self.form.linearised(proposal.formula)
                known = np.hstack([self.form.known, slopes])
                regression = Regression(residual, features, known, np.ones(residual.size))
                gains = regression.gains(())
                order = np.argsort(-gains, kind="stable")
                best_of = dict.fromkeys(families[int(i)] for i in order[: _IMPROVING.looked_at])
                added = list(best_of)[: _IMPROVING.added]
                firsts = [next(int(i) for i in order if families[int(i)] == f) for f in added]
                for i in firsts:
                    if budget.spent or self.exact:
                        return
                    coefficient = float(regression.fit((i,)).coefficients[-1])
                    self.propose(build.linear([1.0, coefficient], [proposal.formula, nodes[i]]), proposal.origin)
            if self.best[:1] == before:
                return

    def reduce(self, budget: Budget, most: int = _IMPROVING.reduced) -> None:
        """Take off the best, so many at `most`, what does not pay, again for as long as that shortens them."""
        for _ in range(_IMPROVING.rounds):
            before = self.best[:1]
            for proposal in self.best[:most]:
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
        part = budget.part(pieces=_DERIVATIVES.pieces)
        outcome = Portfolio(searchers, None, on_stage).run(problem, part, archive)
        front = pareto_front(archive.entries)[-_DERIVATIVES.proposed :]
        for entry in dict.fromkeys([*archive.entries[: _DERIVATIVES.proposed], *front]):
            if variables(entry.formula):
                self.propose(entry.formula, entry.origin)
        return outcome

    def _derivative_problem(self, names: Sequence[str]) -> Problem:
        """Return the problem of the derivatives, on rows away from the ends of the runs where they are poor.

        There are as many rows as the smoothed states have freedom, and some more.
        """
        rows: list[int] = []
        rates = self._smoothed.rates[:, self._state]
        freedom = self._smoothed.freedom.max(axis=1)
        for run, free in zip(self._smoothed.record.runs, freedom, strict=True):
            count = run.stop - run.start
            margin = 0 if free >= count else count // _DERIVATIVES.margin + 1
            most = int(min(count, max(_DERIVATIVES.rows_a_freedom * free, _DERIVATIVES.least_rows)))
            rows += [int(i) for i in np.linspace(run.start + margin, run.stop - 1 - margin, most)]
        chosen = np.unique(rows)
        chosen = chosen[np.isfinite(rates[chosen])]
        X = np.column_stack([self._smoothed.samples[n][chosen] for n in names])
        options = self._options
        return Problem(
            np.asfortranarray(X), rates[chosen], tuple(names), frozenset(options.functions), options.max_complexity,
            options.seed,
        )  # fmt: skip

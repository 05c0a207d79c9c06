"""The portfolio: all searchers under one budget, the engine beside them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.noise import Answer
from ansatz.discovery.evidence.rank import pareto_front
from ansatz.discovery.expression import Node, variables
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import Origin
from ansatz.discovery.report.report import Warning
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.engine_thread import EngineThread
from ansatz.discovery.search.outcome import Outcome, cut, told
from ansatz.discovery.search.protocol import Searcher, SeededSearcher
from ansatz.discovery.search.reduction import reduce
from ansatz.discovery.search.residual.leftover import Leftover, dominant_formulas
from ansatz.discovery.search.stopping import Standing, may_stop, smooth_error

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Pace:
    """Say when engine and searchers take turns. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        alone: the engine starts after this many searchers, where they leave more than noise: a simple law is found
            before it would have begun.
        first_to_outlive: after this searcher a law may have lasted: those before take too little time.
        poll_seconds: how long to wait for the engine's next formulas.
        abandon_seconds: how long to wait for an engine that was told to stop.
        most_late: proposals taken from a searcher that had to stop: each costs a fit.
        seeds: shortest descriptions that the engine begins with, beside the Pareto front.
        most_followed: dominant formulas whose residual is searched.
    """

    alone: int = 7
    first_to_outlive: str = "structured.rational"
    poll_seconds: float = 0.05
    abandon_seconds: float = 0.3
    most_late: int = 5
    seeds: int = 10
    most_followed: int = 2


_PACE: Final = _Pace()


@dataclass(frozen=True, eq=False)
class Portfolio:
    """Run searchers in order, cheapest first, into one archive, and an evolutionary engine on a thread beside them.

    Attributes:
        searchers: in the order in which they run.
        engine: begins with the best formulas of the archive; None for none.
        on_stage: hears the name of each stage.
        followers: search what a dominant formula leaves, as soon as there is one.
    """

    searchers: Sequence[Searcher]
    engine: SeededSearcher | None
    on_stage: Callable[[str], None]
    followers: Sequence[Searcher] = ()

    def run(self, problem: Problem, budget: Budget, archive: Archive) -> Outcome:
        """Search until solved, done, or the budget is spent; the archive holds what was found.

        Where the searchers leave only noise the engine is not waited for: it could only tell the same otherwise.
        """
        return _Run(self, problem, budget, archive).run()


class _Run:
    """One run of a portfolio."""

    def __init__(self, portfolio: Portfolio, problem: Problem, budget: Budget, archive: Archive) -> None:
        self._portfolio, self._problem, self._archive = portfolio, problem, archive
        self._budget = budget
        self._explained = False
        self._until_done = budget.part(also_stop=lambda: archive.solved or self._explained)
        self._engine: EngineThread | None = None
        self._followed: set[Node] = set()
        self._outcome = Outcome()
        self._leader: Node | None = None
        self._found = 0
        self._patient = False

    def run(self) -> Outcome:
        for i, searcher in enumerate(self._portfolio.searchers):
            if i >= _PACE.alone and not leaves_noise(self._archive):
                self._start_engine()
            if not self._until_done.spent:
                self._run_one(searcher)
                self._follow()
                self._patient |= searcher.name == _PACE.first_to_outlive
                self._look()
            if self._explained:
                break
            if self._until_done.spent and not self._archive.solved:
                self._outcome += cut(searcher.name)
        self._reduce()
        self._explained = leaves_noise(self._archive)
        self._start_engine()
        if self._engine is not None and not self._archive.solved and not self._explained:
            self._finish(self._engine)
            self._reduce()
        return self._outcome

    def _look(self) -> None:
        """End the search where the best formula leaves noise and has lasted."""
        if not self._archive.entries:
            return
        best, work = self._archive.entries[0], self._until_done.asked
        if best.formula != self._leader:
            self._leader, self._found = best.formula, work
        if not self._patient or self._explained or not variables(best.formula):
            return
        free = sum(1 for p in best.named.fit.open if p not in best.names)
        now = Standing(best.formula, free, best.rmse, self._found, work)
        if now.has_lasted:
            self._explained = may_stop(now, self._archive.leaves(best), self._smooth_error)

    @cached_property
    def _smooth_error(self) -> float:
        return smooth_error(self._archive.screen)

    def _start_engine(self) -> None:
        engine = self._portfolio.engine
        if engine is not None and self._engine is None and not self._until_done.spent:
            self._engine = EngineThread(engine, self._problem, self._until_done, lambda: _best_of(self._archive))

    def _reduce(self) -> None:
        if self._archive.entries and not self._archive.solved and not self._budget.spent:
            self._portfolio.on_stage("reduction")
            if self._explained:  # what else was found has nothing that the law lacks
                reduce(self._archive, self._budget, entries=1)
            else:
                reduce(self._archive, self._budget)
            if self._budget.spent:
                self._outcome += cut("reduction")

    def _follow(self) -> None:
        """Search what the dominant formulas leave, each once."""
        if not self._portfolio.followers or self._until_done.spent:
            return
        known = set(self._problem.names)
        leaders = [
            f for f in dominant_formulas(self._archive) if f not in self._followed and set(variables(f)) <= known
        ]
        for leader in leaders[: _PACE.most_followed - len(self._followed)]:
            self._followed.add(leader)
            self._run_one(Leftover(leader, self._portfolio.followers))

    def _run_one(self, searcher: Searcher) -> None:
        self._portfolio.on_stage(searcher.name)
        late = 0

        def emit(formula: Node) -> None:
            # What a searcher has in hand when it must stop counts, but only the best of it: each proposal is a fit.
            nonlocal late
            late += self._until_done.spent
            if late <= _PACE.most_late:
                self._archive.propose(formula, Origin.named(searcher.name))
                self._look()

        try:
            searcher.search(self._problem, self._until_done, emit)
        except Exception as error:  # one searcher's failure must not cost the others' results
            self._failed(searcher.name, error)

    def _failed(self, name: str, error: Exception) -> None:
        logger.error("searcher %s failed", name, exc_info=error)
        text = f"{name} ended with {type(error).__name__}: {error}; the others went on."
        self._outcome += told(Warning("SEARCHER_FAILED", text))

    def _finish(self, engine: EngineThread) -> None:
        """Wait for the engine, and take what it finds."""
        self._outcome += Outcome(engine_took_part=True)
        self._portfolio.on_stage(engine.name)
        while not self._until_done.spent:
            ended = not engine.alive
            self._take(engine, _PACE.poll_seconds)
            if ended:
                break
        engine.join(_PACE.abandon_seconds)
        self._take(engine, 0.0)
        if engine.error is not None:
            self._failed(engine.name, engine.error)
        elif not self._archive.solved and self._budget.spent:
            self._outcome += cut(engine.name)

    def _take(self, engine: EngineThread, wait_seconds: float) -> None:
        """Propose what the engine has found; once the search is over, only the newest of it."""
        formulas = engine.found(wait_seconds)
        for formula in formulas[-_PACE.most_late :] if engine.over else formulas:
            self._archive.propose(formula, Origin.named(engine.name))


def leaves_noise(archive: Archive) -> bool:
    """Return whether nothing is left to find in the residual of the shortest description."""
    if not archive.entries:
        return False
    best = archive.entries[0]
    return bool(variables(best.formula)) and archive.leaves(best).answer is Answer.NOISE


def _best_of(archive: Archive) -> list[Node]:
    """Return the shortest descriptions and the Pareto front."""
    entries = archive.entries
    return list(dict.fromkeys(e.formula for e in (*entries[: _PACE.seeds], *pareto_front(entries))))

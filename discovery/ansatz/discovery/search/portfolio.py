"""The portfolio: all searchers under one budget, the engine beside them."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.rank import pareto_front
from ansatz.discovery.evidence.residual import residual_verdict
from ansatz.discovery.expression import Node, variables
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Warning
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.protocol import Searcher, SeededSearcher, Seeds
from ansatz.discovery.search.reduction import reduce
from ansatz.discovery.search.residual.leftover import Leftover, dominant_formulas

_ALONE = 3
"""The engine starts after this many searchers: a simple law is found before it would have begun."""
_POLL_SECONDS = 0.05
_ABANDON_SECONDS = 0.3
_MOST_LATE = 5
_SEEDS = 10
_MOST_FOLLOWED = 2

logger = logging.getLogger(__name__)


@dataclass
class Portfolio:
    """Runs searchers in order, cheapest first, into one archive, and an evolutionary engine on a thread beside them,
    seeded with the best of the archive.

    `on_stage` hears the name of each stage; `followers` search what a dominant formula leaves, as soon as
    there is one. `cut_stages` and `warnings` say afterwards what did not run to its end, and
    `engine_took_part` whether the engine searched at all.
    """

    searchers: Sequence[Searcher]
    engine: SeededSearcher | None
    on_stage: Callable[[str], None]
    followers: Sequence[Searcher] = ()
    cut_stages: list[str] = field(default_factory=list)
    warnings: list[Warning] = field(default_factory=list)
    engine_took_part: bool = False
    _explained: bool = field(default=False, init=False)

    def run(self, problem: Problem, budget: Budget, archive: Archive) -> None:
        """Search until solved, done, or the budget is spent; the archive holds what was found.

        Where the searchers leave only noise the engine is not waited for: it could only tell the same otherwise.
        """
        until_done = budget.part(also_stop=lambda: archive.solved or self._explained)
        engine: _EngineThread | None = None
        followed: set[Node] = set()
        for i, searcher in enumerate(self.searchers):
            if i == _ALONE and self.engine is not None and not until_done.spent:
                engine = _EngineThread(self.engine, problem, until_done, lambda: _best_of(archive))
            if not until_done.spent:
                self.on_stage(searcher.name)
                self._run_one(searcher, problem, until_done, archive)
                self._follow(problem, until_done, archive, followed)
            if until_done.spent and not archive.solved:
                self.cut_stages.append(searcher.name)
        self._reduce(archive, budget)
        self._explained = leaves_noise(archive)
        if engine is None and self.engine is not None and not until_done.spent:
            engine = _EngineThread(self.engine, problem, until_done, lambda: _best_of(archive))
        if engine is not None and not archive.solved and not self._explained:
            self._finish_engine(engine, budget, until_done, archive)
            self._reduce(archive, budget)

    def _reduce(self, archive: Archive, budget: Budget) -> None:
        if archive.entries and not archive.solved and not budget.spent:
            self.on_stage("reduction")
            reduce(archive, budget)
            if budget.spent:
                self.cut_stages.append("reduction")

    def _follow(self, problem: Problem, budget: Budget, archive: Archive, followed: set[Node]) -> None:
        """Search what the dominant formulas leave, each once."""
        if not self.followers or budget.spent:
            return
        known = set(problem.names)
        leaders = [f for f in dominant_formulas(archive) if f not in followed and set(variables(f)) <= known]
        for leader in leaders[: _MOST_FOLLOWED - len(followed)]:
            followed.add(leader)
            searcher = Leftover(leader, self.followers)
            self.on_stage(searcher.name)
            self._run_one(searcher, problem, budget, archive)

    def _run_one(self, searcher: Searcher, problem: Problem, budget: Budget, archive: Archive) -> None:
        late = 0

        def emit(formula: Node) -> None:
            # What a searcher has in hand when it must stop counts, but only the best of it: each proposal is a fit.
            nonlocal late
            late += budget.spent
            if late <= _MOST_LATE:
                archive.propose(formula, searcher.name)

        try:
            searcher.search(problem, budget, emit)
        except Exception as error:  # one searcher's failure must not cost the others' results
            self._failed(searcher.name, error)

    def _failed(self, name: str, error: BaseException) -> None:
        logger.error("searcher %s failed", name, exc_info=error)
        text = f"{name} ended with {type(error).__name__}: {error}; the others went on."
        if (warning := Warning("SEARCHER_FAILED", text)) not in self.warnings:
            self.warnings.append(warning)

    def _finish_engine(self, engine: _EngineThread, budget: Budget, until_done: Budget, archive: Archive) -> None:
        self.engine_took_part = True
        self.on_stage(engine.name)
        while not until_done.spent:
            ended = not engine.alive
            _take(engine, _POLL_SECONDS, archive)
            if ended:
                break
        engine.join(_ABANDON_SECONDS)
        _take(engine, 0.0, archive)
        if engine.error is not None:
            self._failed(engine.name, engine.error)
        elif not archive.solved and budget.spent:
            self.cut_stages.append(engine.name)


def _best_of(archive: Archive) -> list[Node]:
    """The ten shortest descriptions and the Pareto front."""
    entries = archive.entries
    return list(dict.fromkeys(e.formula for e in (*entries[:_SEEDS], *pareto_front(entries))))


def leaves_noise(archive: Archive) -> bool:
    """Whether nothing is left to find in the residual of the shortest description."""
    if not archive.entries:
        return False
    best = archive.entries[0]
    verdict = residual_verdict(best.formula, archive.screen, best.named.fit.marks)
    # On too few rows to tell, an engine could only fit the noise.
    return verdict is None or verdict.is_noise


def _take(engine: _EngineThread, wait_seconds: float, archive: Archive) -> None:
    """Propose what the engine has found; once the search is over, only the newest of it."""
    formulas = engine.found(wait_seconds)
    for formula in formulas[-_MOST_LATE:] if engine.over else formulas:
        archive.propose(formula, engine.name)


class _EngineThread:
    """An engine on a thread of its own (its inner loop runs without the interpreter lock, or in another process)."""

    def __init__(self, engine: SeededSearcher, problem: Problem, budget: Budget, seeds: Seeds) -> None:
        self.name = engine.name
        self.error: BaseException | None = None
        self._budget = budget
        self._found: queue.SimpleQueue[Node] = queue.SimpleQueue()

        def run() -> None:
            try:
                engine.search(problem, budget, self._found.put, seeds)
            except Exception as error:  # reported by the portfolio
                self.error = error

        # A daemon: an engine that does not stop in time is abandoned, not waited for.
        self._thread = threading.Thread(target=run, name=f"engine-{engine.name}", daemon=True)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Whether it was told to stop."""
        return self._budget.spent

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def join(self, seconds: float) -> None:
        self._thread.join(seconds)

    def found(self, wait_seconds: float) -> list[Node]:
        """What was found since the last call; waits at most that long for the first."""
        formulas: list[Node] = []
        try:
            formulas.append(self._found.get(timeout=wait_seconds) if wait_seconds else self._found.get_nowait())
            while True:
                formulas.append(self._found.get_nowait())
        except queue.Empty:
            return formulas

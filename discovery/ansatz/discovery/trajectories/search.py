"""The stages of a search for laws of motion: candidates by state, assembled to systems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Node
from ansatz.discovery.listening import Teller
from ansatz.discovery.search.outcome import Outcome, cut
from ansatz.discovery.trajectories.alone import Alone
from ansatz.discovery.trajectories.assembly import Assembly
from ansatz.discovery.trajectories.candidates import Candidates
from ansatz.discovery.trajectories.conditional import switching_systems, switching_terms
from ansatz.discovery.trajectories.integral import Smoothed
from ansatz.discovery.trajectories.library import monomials
from ansatz.discovery.trajectories.likely_terms import LikelyTerms


@dataclass(frozen=True)
class _Shares:
    """Say what share of the time that is left a stage has. Chosen by judgement, held by `python -m bench.odebench`.

    Attributes:
        alone: for low powers and rate laws, in each equation by itself.
        sparse: for sums of few terms, in all states.
        assembly: for systems of the candidates.
        switch: for terms that switch at a threshold.
    """

    alone: float = 0.5
    sparse: float = 0.4
    assembly: float = 0.8
    switch: float = 0.1


_SHARES: Final = _Shares()


class MotionSearch:
    """Search a motion in stages, from plain laws to those that only a portfolio finds.

    `explained` says whether the best system so far leaves nothing to be found; `outcome` what was cut or failed.
    """

    def __init__(  # noqa: PLR0917
        self,
        smoothed: Smoothed,
        proposed: Sequence[Candidates],
        assembly: Assembly,
        terms: LikelyTerms,
        tell: Teller,
        budget: Budget,
        explained: Callable[[], bool],
    ) -> None:
        self._smoothed, self._proposed, self._assembly, self._terms = smoothed, proposed, assembly, terms
        self._record = smoothed.record
        self._tell, self._budget, self._explained = tell, budget, explained
        self._alone = Alone(smoothed, proposed, terms.names, terms.functions)
        self.outcome = Outcome()

    def polynomial(self) -> None:
        """Try polynomial laws, where there are several states."""
        self._tell.stage("polynomial")
        if len(self._record.states) > 1:
            names = self._terms.names
            self._assembly.polynomial(self._smoothed, monomials(names, 3 if len(names) == 2 else 2))

    def run(self) -> None:
        """Search until exact, done, or the budget is spent."""
        self._each_alone()
        if not self._done():
            self.polynomial()
        if self._record.order == 2 and not self._done():
            # An oscillator that is driven is plain otherwise, and no law of states alone comes near it.
            self._drive()
        if not self._done():
            self._sparse()
        self._assemble(self._switch())
        if not self._done() and (waves := self._drive()) and not self._done() and not self._explained():
            self._sparse(waves)
            self._assemble(waves)
        if not self._done() and not self._explained():
            self._portfolio()
            self._assemble(())
        self._tell.stage("constants")
        self._assembly.settle(self._budget)
        self._note_cut()

    def _each_alone(self) -> None:
        """Propose rate laws beside low powers for every state, and the best of each as a system."""
        self._tell.stage("rates")
        self._alone.plain(self._budget.part(self._budget.remaining * _SHARES.alone))
        self._alone.rate_laws(self._budget.part(self._budget.remaining * _SHARES.alone))
        self._assembly.best_of_each([c.best for c in self._proposed])
        self._note_cut()

    def _sparse(self, explicit: Sequence[Node] = ()) -> None:
        """Propose sums of few terms for every state."""
        budget = self._budget.part(self._budget.remaining * _SHARES.sparse)
        self._tell.stage("sparse")
        for j, candidates in enumerate(self._proposed):
            if j in self._settled:
                continue
            share = budget.part(budget.remaining / (len(self._proposed) - j))
            candidates.sparse(share, self._terms.names, explicit)
            candidates.reduce(share)
            if not candidates.exact:
                candidates.extend(share)
                candidates.reduce(share)
            self._tell.progress()
        if not all(c.exact for c in self._proposed):
            self._note_cut()

    def _assemble(self, explicit: Sequence[Node]) -> None:
        """Make systems of the candidates, and fit these to the trajectories."""
        self._tell.stage("assemble")
        self._assembly.run(
            [c.best for c in self._proposed],
            [*self._terms.low_powers(), *explicit],
            self._budget.part(_SHARES.assembly * self._budget.remaining),
            self._settled,
        )
        self._note_cut()

    def _drive(self) -> list[Node]:
        """Return waves in time that explain what no function of the states does.

        Plain laws with them were tried then.
        """
        best = self._assembly.systems.best
        if best is None or self._explained() or not self._terms.may_be_waves:
            return []
        self._tell.stage("driving")
        waves = self._terms.waves(best, [c.form for c in self._proposed])
        if waves:
            part = self._budget.part(self._budget.remaining * _SHARES.sparse)
            for candidates in self._proposed:
                candidates.driven(part, self._terms.names, waves)
                candidates.reduce(part)
            self._assemble(waves)
        return waves

    def _switch(self) -> list[Node]:
        """Return terms that switch at a threshold on a state, after systems with them were tried.

        They are sought where they explain as much as smooth laws.
        """
        if self._done() or self._record.inputs or not self._terms.may_switch:
            return []
        part = self._budget.part(self._budget.remaining * _SHARES.switch)
        terms = switching_terms(self._smoothed, self._proposed, self._terms.names, part)
        if terms:
            self._tell.stage("threshold")
            for picked in switching_systems(self._proposed):
                self._assembly.systems.propose([p.formula for p in picked], [p.origin for p in picked])
        return terms

    def _portfolio(self) -> None:
        """Run the structured searchers, for states whose law is not plain yet."""
        for j, candidates in enumerate(self._proposed):
            if candidates.exact or self._budget.spent:
                continue
            share = self._budget.part(self._budget.remaining / (2 * (len(self._proposed) - j)))
            # What a searcher leaves open in its own budget is no cut of the whole search.
            found = candidates.searched(share, self._terms.names, self._tell.stage)
            self.outcome += Outcome(warnings=found.warnings)
            candidates.reduce(share)
        self._note_cut()

    @property
    def _settled(self) -> frozenset[int]:
        """Return the states whose equations are right by themselves; none where that leaves a fault to nobody."""
        settled = frozenset(j for j, c in enumerate(self._proposed) if c.settled)
        return settled if len(settled) < len(self._proposed) else frozenset()

    def _done(self) -> bool:
        best = self._assembly.systems.best
        return self._budget.spent or (best is not None and best.exact)

    def _note_cut(self) -> None:
        if self._budget.spent:
            self.outcome += cut(self._tell.at)

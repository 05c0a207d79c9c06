"""Search for the unknown parts of a form: each alone, in the light of the others, by the whole portfolio.

Where the form can be inverted for a part, the part is a problem of its own, exactly. Else its values are estimated:
all parts are fitted together by polynomials first, and each then becomes a problem, the others held. What is found for
the parts is joined, and all constants are fitted together to the target. The search goes round again, with formulas in
place of polynomials, for as long as that pays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.rank import pareto_front
from ansatz.discovery.expression import Node, Number
from ansatz.discovery.problem.form import Form, Part
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.origin import PARTS
from ansatz.discovery.search.archive import Archive
from ansatz.discovery.search.outcome import Outcome, cut
from ansatz.discovery.search.parts.calls import PartView
from ansatz.discovery.search.parts.gauge import Gauge, fixed, gauges
from ansatz.discovery.search.parts.inverse import isolated
from ansatz.discovery.search.parts.smooth import smooth_fit
from ansatz.discovery.search.parts.starts import starting_laws
from ansatz.discovery.search.portfolio import Portfolio, leaves_noise
from ansatz.discovery.search.reduction import reduce
from ansatz.discovery.search.structured.surrogate import SMOOTH_FIT, best_view


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a search. Chosen by judgement; the tests of unknown parts hold them.

    Attributes:
        rounds: through all parts, after the first.
        gain_bits: by which a round must shorten the best description for another to be made.
        joined: formulas of each part of which all combinations are fitted, by the number of parts.
        starts: best simple laws from which polynomials are fitted.
        branches: of an inverse that are searched, each as a problem of its own, where nothing else was found.
    """

    rounds: int = 3
    gain_bits: float = 3.0
    joined: tuple[int, ...] = (12, 5, 3)
    starts: int = 3
    branches: int = 4


_EFFORT: Final = _Effort()


class PartsSearch:
    """Fill an archive of laws for a problem with a form, with the searchers of a portfolio."""

    def __init__(self, portfolio: Portfolio, problem: Problem, archive: Archive) -> None:
        self.portfolio, self.problem, self.archive = portfolio, problem, archive
        self._outcome = Outcome()

    @cached_property
    def gauges(self) -> tuple[Gauge, ...]:
        """Return what no data can settle, and is fixed in every law proposed."""
        return gauges(self.problem)

    @property
    def form(self) -> Form:
        """Return the form around the parts."""
        assert self.problem.form is not None
        return self.problem.form

    def run(self, budget: Budget) -> Outcome:
        """Search until solved, done, or the budget is spent."""
        until = budget.part(also_stop=lambda: self.archive.solved)
        if not self._alone(until):
            self._together(until)
        if not self.archive.entries and not until.spent:
            self._alone(until, branches=_EFFORT.branches)
        self._reduce(until)
        for _ in range(_EFFORT.rounds):
            if until.spent or leaves_noise(self.archive):
                break
            before = self._bits()
            self._around(until)
            self._reduce(until)
            if self._bits() > before - _EFFORT.gain_bits:
                break
        if self._engine_fills_forms and not until.spent and not leaves_noise(self.archive):
            whole = replace(self.portfolio, searchers=())
            self._outcome += whole.run(self.problem, until, self.archive)
        if until.spent and not self.archive.solved:
            self._outcome += cut(PARTS.name)
        return self._outcome

    @property
    def _engine_fills_forms(self) -> bool:
        """Tell whether the engine takes the whole problem with its form, rather than one part at a time."""
        return self.portfolio.engine is not None and self.portfolio.engine.fills_forms

    def _bits(self) -> float:
        return self.archive.entries[0].description_length if self.archive.entries else np.inf

    def _alone(self, budget: Budget, branches: int = 1) -> bool:
        """Search the only part exactly, and tell whether that gave a law.

        It may where no constants stand around the part, and the form can be inverted in at most so many ways.
        """
        if len(self.form.parts) > 1 or self.form.constants:
            return False
        (part,) = self.form.parts
        law = self.form.law([Number(1.0)])
        problems = sorted(isolated(PartView(self.problem, law, part), known=False), key=_roughness)
        if len(problems) > branches:
            return False
        for i, problem in enumerate(problems):
            self._search(problem, part, law, budget.part(budget.remaining / (len(problems) - i)))
            if self.archive.entries and leaves_noise(self.archive):
                break
        return bool(problems) and bool(self.archive.entries)

    def _together(self, budget: Budget) -> None:
        """Fit all parts as polynomials first, from the best of some simple laws; then search each for itself."""
        self.portfolio.on_stage("parts.smooth")
        for law in starting_laws(self.problem):
            if budget.spent:
                return
            self._propose_law(law)
        names = [p.name for p in self.form.parts]
        laws = [entry.formula for entry in self.archive.entries[: _EFFORT.starts]]
        fits = [smooth_fit(self.problem, law, names, self.gauges, budget) for law in laws]
        smooth = min((f for f in fits if f is not None), key=lambda f: f.bits, default=None)
        if smooth is None:
            return
        found: list[list[Node]] = []
        for i, part in enumerate(self.form.parts):
            share = budget.part(budget.remaining / (len(names) - i + 1))
            found.append(self._formulas(smooth.law, part, share))
        self._join(found, smooth.law, budget)

    def _around(self, budget: Budget) -> None:
        """Search each part anew, the others as in the best law."""
        for part in self.form.parts:
            if budget.spent or not self.archive.entries:
                return
            law = self.archive.entries[0].formula
            smooth = smooth_fit(self.problem, law, [part.name], (), budget)
            self._formulas(smooth.law if smooth else law, part, budget.part(budget.remaining / 2))

    def _formulas(self, law: Node, part: Part, budget: Budget) -> list[Node]:
        """Return formulas for a part, the best first, where the others are as in the law."""
        view = PartView(self.problem, law, part)
        problem = next(isolated(view, known=True), None) or view.responses()
        return [] if problem is None else self._search(problem, part, law, budget)

    def _search(self, problem: Problem, part: Part, law: Node, budget: Budget) -> list[Node]:
        """Run the portfolio on a part's own problem, and propose what it finds in the law."""

        carried: set[Node] = set()

        def carry(most: int = 1) -> None:
            # What is on the front counts too: where the part is known only roughly, the right formula may be simpler.
            for entry in (*found.entries[:most], *pareto_front(found.entries)):
                if entry.formula not in carried and not budget.spent:
                    carried.add(entry.formula)
                    self._propose(entry.formula, part, law)

        found = Archive(problem, carry)
        engine = None if self._engine_fills_forms else self.portfolio.engine
        portfolio = replace(self.portfolio, engine=engine)
        outcome = portfolio.run(problem, budget.part(also_stop=lambda: found.solved), found)
        # What was cut matters only where the law as a whole is not found.
        self._outcome += replace(outcome, cut_stages=()) if self.archive.solved else outcome
        carry(self._joined)
        return [e.formula for e in found.entries[: self._joined]]

    @property
    def _joined(self) -> int:
        by_parts = _EFFORT.joined
        return by_parts[min(len(self.form.parts), len(by_parts)) - 1]

    def _propose(self, formula: Node, part: Part, law: Node) -> None:
        formulas = {**self.form.formulas(law), part.name: formula}
        self._propose_law(self.form.law(list(formulas.values()), self._constants(law)))

    def _propose_law(self, law: Node) -> None:
        self.archive.propose(fixed(law, self.gauges, self.form), PARTS)

    def _constants(self, law: Node) -> list[float]:
        return list(self.form.values(law).values())

    def _join(self, found: Sequence[Sequence[Node]], law: Node, budget: Budget) -> None:
        for formulas in sorted(product(*map(enumerate, found)), key=lambda c: sum(i for i, _ in c)):
            if budget.spent:
                return
            self._propose_law(self.form.law([f for _, f in formulas], self._constants(law)))

    def _reduce(self, budget: Budget) -> None:
        if self.archive.entries and not budget.spent:
            reduce(self.archive, budget)


def _roughness(problem: Problem) -> float:
    """Return the share of the target that a smooth function of the inputs leaves."""
    small = problem.subsample(SMOOTH_FIT.rows)
    view, error = best_view(small)
    return view.share(small, error)

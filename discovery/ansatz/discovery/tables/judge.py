"""From archive entries to candidates: fitted on all rows, scored with the caller's weights, ranked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.accuracy import Accuracy
from ansatz.discovery.evidence.measure import mean_square
from ansatz.discovery.evidence.naming import Named
from ansatz.discovery.evidence.rank import pareto_front, ranked_by_score
from ansatz.discovery.expression import variables
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Candidate, Scores
from ansatz.discovery.search.archive import Entry, rescored
from ansatz.discovery.tables.constants import constants_of
from ansatz.discovery.tables.extrapolation import Extrapolation
from ansatz.discovery.tables.form_constants import constants_of_law

MAX_CANDIDATES = 20
MANY_ROWS = 100_000
"""Above this many rows only the six best candidates are proved on all rows."""
_MAX_CANDIDATES_OF_MANY_ROWS = 6


@dataclass(frozen=True, eq=False)
class TableJudge:
    """Score formulas on all rows: `problem` holds the weights of the fit, `caller_weights` those of the scores."""

    problem: Problem
    caller_weights: NDArray[np.float64] | None

    def shortlist(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return at most 20 entries (6 above 100,000 rows), best first.

        They are the shortest descriptions, the Pareto front, the caller's ansatz as it was given, however well it does,
        and the constant, against which a law is claimed.
        """
        most = MAX_CANDIDATES if self.problem.rows <= MANY_ROWS else _MAX_CANDIDATES_OF_MANY_ROWS
        order = ranked_by_score(entries)
        given = [e for e in order if e.origin.is_given][:1]
        constant = [e for e in order if not variables(e.formula)][:1]
        chosen = [*given, *constant, *order[: most // 2], *pareto_front(list(entries)), *order[most // 2 :]]
        kept = list(dict.fromkeys(chosen))[:most]
        return [e for e in order if e in kept]

    def on_all_rows(self, entry: Entry, refit: bool = True) -> Entry:
        """Return the entry with its constants fitted, unless not wanted, and its description length computed, on all
        rows."""
        marks = entry.named.fit.marks
        free = tuple(p for p in free_positions(entry.formula) if p not in entry.names) if refit else ()
        fit = fit_constants(entry.formula, self.problem, free, max_evaluations=20, marks=marks)
        measure = replace(entry.measure, mean_square=mean_square(fit.rmse, self.problem))
        (found,) = rescored([replace(entry, named=Named(fit, entry.names), measure=measure)], self.problem)
        return found

    def candidates(self, entries: Sequence[Entry], extrapolation: Extrapolation | None) -> tuple[Candidate, ...]:
        """Return entries as candidates, in their order, rank from 1; without `extrapolation` that score is NaN."""
        front = {id(e) for e in pareto_front(list(entries))}
        return tuple(
            self._candidate(rank, entry, extrapolation, id(entry) in front) for rank, entry in enumerate(entries, 1)
        )

    def _candidate(self, rank: int, entry: Entry, extrapolation: Extrapolation | None, on_front: bool) -> Candidate:
        form, dimensions = self.problem.form, self.problem.dimensions
        formula = self.problem.composed(entry.formula)
        if form is None:
            constants, correlations = constants_of(entry.named, self.problem)
        else:
            constants, correlations = constants_of_law(entry.named, self.problem, form)
        return Candidate(
            rank=rank,
            formula=formula,
            constants=constants,
            scores=self._scores(entry, extrapolation),
            on_pareto_front=on_front,
            origin=entry.origin,
            dimensions=dimensions.of(formula) if dimensions else None,
            correlations=correlations,
            parts=form.formulas(entry.formula) if form else {},
        )

    def _scores(self, entry: Entry, extrapolation: Extrapolation | None) -> Scores:
        accuracy = Accuracy.of(self.problem.evaluate(entry.formula), self.problem.y, self.caller_weights)
        free = tuple(p for p in free_positions(entry.formula) if p not in entry.names)
        return Scores(
            rmse=accuracy.rmse,
            r2=accuracy.r2,
            relative_error=accuracy.relative_error,
            description_length=entry.description_length,
            extrapolation_rmse=math.nan if extrapolation is None else extrapolation.rmse(entry.named.fit, free),
        )

"""From archive entries to candidates: fitted on all rows, scored with the caller's weights, ranked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.evidence.accuracy import Accuracy
from ansatz.discovery.evidence.measure import mean_square
from ansatz.discovery.evidence.naming import Named, name_constants
from ansatz.discovery.evidence.rank import pareto_front, ranked_by_score
from ansatz.discovery.expression import Number, simplify, variables
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.constants import FormulaFit
from ansatz.discovery.fit.noise import FIXED_NOISE, NoiseModel, fit_with_noise
from ansatz.discovery.fit.polish import polished
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Candidate, Scores
from ansatz.discovery.search.archive import SCREEN_ROWS, Entry, rescored
from ansatz.discovery.tables.constants import constants_of
from ansatz.discovery.tables.extrapolation import Extrapolation
from ansatz.discovery.tables.form_constants import constants_of_law

MAX_CANDIDATES = 20
MANY_ROWS = 100_000
"""Above this many rows only the six best candidates are proved on all rows."""
_MAX_CANDIDATES_OF_MANY_ROWS = 6


@dataclass(frozen=True, eq=False)
class TableJudge:
    """Score formulas on all rows.

    `problem` holds the weights of the fit, `caller_weights` those of the scores, `noise` what they are about a formula.
    """

    problem: Problem
    caller_weights: NDArray[np.float64] | None
    noise: NoiseModel = FIXED_NOISE

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

    def likeliest(self, entries: Sequence[Entry]) -> Entry:
        """Return the best of the shortlist by what the noise says of them as they stand."""

        def seen(entry: Entry) -> Entry:
            rmse = self.noise.at(self.problem, entry.formula).rmse
            return replace(entry, measure=replace(entry.measure, mean_square=mean_square(rmse, self.problem)))

        found = [e for e in map(seen, self.shortlist(entries)) if math.isfinite(e.measure.mean_square)]
        return ranked_by_score(rescored(found, self.problem))[0] if found else entries[0]

    def of_mean(self) -> float | None:
        """Return the mean square that the mean leaves, as the noise counts it; None where weights alone count."""
        if self.noise.is_fixed:
            return None
        problem = replace(self.problem, form=None)
        mean = Number(float(np.average(problem.y, weights=problem.weights)))
        fit = fit_with_noise(FormulaFit(mean, math.inf, (0,)), (0,), problem, self.noise)
        return mean_square(fit.rmse, problem)

    def on_all_rows(self, entry: Entry, refit: bool = True) -> Entry:
        """Return the entry with its constants fitted, unless not wanted, and its description length computed, on all
        rows."""
        # Names were given with weights that were not this formula's own: they are given anew.
        named = entry.named if self.noise.is_fixed or entry.origin.of_caller else Named(entry.named.fit, {})
        free = tuple(p for p in free_positions(entry.formula) if p not in named.names) if refit else ()
        fit = fit_with_noise(named.fit, free, self.problem, self.noise)
        if entry.origin.is_given and refit and self.noise.is_fixed:
            fit = polished(fit, self.problem)
        if named is not entry.named and refit:
            named = self._named(fit)
            fit = named.fit
        measure = replace(entry.measure, mean_square=mean_square(fit.rmse, self.problem))
        (found,) = rescored([replace(entry, named=Named(fit, named.names), measure=measure)], self.problem)
        return found

    def _named(self, fit: FormulaFit) -> Named:
        """Return a fit with names for its constants, by the noise about the formula; none that would make it another.

        On many rows there are none: those of a sample would not be known as well as the constants.
        """
        if self.problem.rows > SCREEN_ROWS:
            return Named(fit, {})
        named = name_constants(fit, self.noise.at(self.problem, fit.formula).problem)
        roots = "sqrt" in self.problem.functions
        if simplify(named.fit.formula, self.problem.positive, roots=roots) != named.fit.formula:
            return Named(fit, {})
        rmse = self.noise.at(self.problem, named.fit.formula).rmse
        return Named(replace(named.fit, rmse=rmse), named.names)

    def candidates(self, entries: Sequence[Entry], extrapolation: Extrapolation | None) -> tuple[Candidate, ...]:
        """Return entries as candidates, in their order, rank from 1; without `extrapolation` that score is NaN."""
        front = {id(e) for e in pareto_front(list(entries))}
        return tuple(
            self._candidate(rank, entry, extrapolation, id(entry) in front) for rank, entry in enumerate(entries, 1)
        )

    def _candidate(self, rank: int, entry: Entry, extrapolation: Extrapolation | None, on_front: bool) -> Candidate:
        form, dimensions = self.problem.form, self.problem.dimensions
        formula = self.problem.composed(entry.formula)
        at = self.noise.at(self.problem, entry.formula)
        if form is None:
            constants, correlations = constants_of(entry.named, at.problem, at.known_std)
        else:
            constants, correlations = constants_of_law(entry.named, at.problem, form, at.known_std)
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

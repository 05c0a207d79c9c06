"""From entries of grouped data to candidates: fitted on all rows, scored with each group's own constants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ansatz.discovery.evidence.accuracy import Accuracy
from ansatz.discovery.evidence.measure import mean_square
from ansatz.discovery.evidence.rank import pareto_front, ranked_by_score
from ansatz.discovery.evidence.uncertainty import t_quantile
from ansatz.discovery.expression import Array
from ansatz.discovery.expression.node import is_integer
from ansatz.discovery.expression.numbers import given_numbers, numbers
from ansatz.discovery.groups.archive import GroupedEntry, rescored
from ansatz.discovery.groups.fit import fit_groups
from ansatz.discovery.groups.problem import GroupedProblem
from ansatz.discovery.groups.score import uncertainty
from ansatz.discovery.groups.sharing import scored
from ansatz.discovery.groups.structure import GroupedFit
from ansatz.discovery.report.report import Candidate, Constant, GroupValue, Scores


@dataclass(frozen=True)
class _Limits:
    """Say how many candidates are judged, and how far. Chosen by judgement.

    Attributes:
        most_of_many_rows: candidates where rows are many.
        most_candidates: candidates otherwise.
        many_rows: rows above which they are many; extrapolation is computed on so many.
        last_steps: of the optimiser, from constants that were fitted on fewer rows.
    """

    most_of_many_rows: int = 6
    most_candidates: int = 20
    many_rows: int = 20_000
    last_steps: int = 10


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class GroupedJudge:
    """Score structures on all rows.

    `problem` holds the weights of the fit; `caller_weights`, shape (n,) in its order of rows, those of scores.
    """

    problem: GroupedProblem
    caller_weights: Array | None

    def shortlist(self, entries: Sequence[GroupedEntry]) -> list[GroupedEntry]:
        """Return at most 20 entries (6 above 20,000 rows), best first."""
        rows = self.problem.problem.rows
        return ranked_by_score(entries)[
            : _LIMITS.most_candidates if rows <= _LIMITS.many_rows else _LIMITS.most_of_many_rows
        ]

    def on_all_rows(self, entry: GroupedEntry) -> GroupedEntry:
        """Return the entry with its constants fitted and its score computed on all rows."""
        fit = entry.fit
        final = fit_groups(
            fit.structure, self.problem, fit.values, fit.per_group, fit.fixed, max_steps=_LIMITS.last_steps
        )
        prediction = fit.structure.predict(final.values, self.problem)
        measure = replace(entry.measure, mean_square=mean_square(final.rmse, self.problem.problem))
        fitted = scored(final, self.problem, entry.scored.names)
        (found,) = rescored([replace(entry, scored=fitted, prediction=prediction, measure=measure)], self.problem)
        return found

    def candidates(self, entries: Sequence[GroupedEntry], extrapolate: bool) -> tuple[Candidate, ...]:
        """Return entries as candidates, in their order, rank from 1."""
        front = {id(e) for e in pareto_front(entries)}
        dimensions = self.problem.problem.dimensions
        return tuple(
            Candidate(
                rank=rank,
                formula=entry.formula,
                constants=self.constants(entry),
                scores=self._scores(entry, extrapolate),
                on_pareto_front=id(entry) in front,
                origin=entry.origin,
                dimensions=dimensions.of(entry.formula) if dimensions else None,
            )
            for rank, entry in enumerate(entries, start=1)
        )

    def constants(self, entry: GroupedEntry) -> tuple[Constant, ...]:
        """Return the constants in order of appearance.

        They are the numbers that are no integers, those with the caller's names, and those that differ between groups.
        """
        constants = entry.fit.structure.constants
        where = {p: j for j, constant in enumerate(constants) for p in constant.positions}
        at = _Estimates.of(entry, self.problem)
        given = given_numbers(entry.formula)
        found = []
        for position, value in enumerate(numbers(entry.formula)):
            j = where.get(position)
            if j is not None and (j in entry.fit.per_group or constants[j].name or not is_integer(value)):
                found.append(at.constant(j, float(value)))
            elif position in given:
                found.append(Constant.given(float(value), given[position]))
            elif j is None and not is_integer(value):
                found.append(Constant(float(value)))
        return tuple(found)

    def _scores(self, entry: GroupedEntry, extrapolate: bool) -> Scores:
        accuracy = Accuracy.of(entry.prediction, self.problem.problem.y, self.caller_weights)
        return Scores(
            rmse=accuracy.rmse,
            r2=accuracy.r2,
            relative_error=accuracy.relative_error,
            description_length=entry.description_length,
            extrapolation_rmse=self._extrapolation(entry.fit) if extrapolate else math.nan,
        )

    def _extrapolation(self, fit: GroupedFit) -> float:
        """Return the error on the outermost fifth of each group's rows, all constants fitted on the others."""
        problem = self.problem.subsample(_LIMITS.many_rows)
        inner_rows, outer_rows = problem.inner_and_outer
        inner = problem.rows_only(inner_rows)
        if not outer_rows.size or inner.problem.rows <= fit.fitted:
            return math.nan
        refitted = fit_groups(fit.structure, inner, fit.values, fit.per_group, fit.fixed)
        # Small groups have no outer rows: the prediction is made for all groups, and looked at where there are some.
        prediction = fit.structure.predict(refitted.values, problem)[outer_rows]
        error = problem.problem.rows_only(outer_rows).rmse(prediction)
        return error if math.isfinite(error) else math.nan


@dataclass(frozen=True, eq=False)
class _Estimates:
    """Hold the least-squares constants of an entry and their standard errors, both of shape (k, G).

    Constants that stand at a name are among them. `half` is half a 95 % interval in standard errors.
    """

    entry: GroupedEntry
    labels: tuple[str, ...]
    values: Array
    errors: Array
    half: float

    @classmethod
    def of(cls, entry: GroupedEntry, problem: GroupedProblem) -> _Estimates:
        fit, errors = entry.fit, entry.scored.errors
        if entry.scored.names:
            held = fit.fixed - entry.scored.names.keys()
            fit = fit_groups(fit.structure, problem, fit.values, fit.per_group, held, max_steps=_LIMITS.last_steps)
            errors = uncertainty(fit, problem)
        half = t_quantile(problem.problem.rows - fit.fitted)
        return cls(entry, problem.labels, fit.values, errors, half)

    def constant(self, j: int, value: float) -> Constant:
        structure = self.entry.fit.structure
        if j in self.entry.fit.per_group:
            values, errors = self.entry.fit.values[j], self.entry.scored.errors[j]
            found = {
                label: GroupValue(float(v), None if math.isnan(e) else float(e))
                for label, v, e in zip(self.labels, values, errors, strict=True)
            }
            return Constant(value, parameter=structure.constants[j].name, per_group=found)
        centre, error = float(self.values[j, 0]), float(self.errors[j, 0])
        known = not math.isnan(error)
        return Constant(
            value=value,
            std_error=error if known else None,
            lower=min(centre - self.half * error, value) if known else None,
            upper=max(centre + self.half * error, value) if known else None,
            name=self.entry.scored.names.get(j, ("", 0.0))[0] if not is_integer(value) else "",
            parameter=structure.constants[j].name,
        )

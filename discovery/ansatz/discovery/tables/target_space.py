"""Candidates found in a metric, as formulas of the target itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ansatz.discovery.asked.metric import Metric, change_of_variables_bits
from ansatz.discovery.evidence.accuracy import Accuracy
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.expression import Node, Variable, constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.report.report import Candidate, Constant


@dataclass(frozen=True, eq=False)
class TargetSpace:
    """`target` is the problem in the target's own values, with the weights of the scores; `found` the same problem in
    the metric, in which formulas are found and fitted."""

    metric: Metric
    target: Problem
    found: Problem

    def candidates(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        """Return the candidates with the way back around their formulas; constants keep the errors that they have
        there."""
        return tuple(map(self._candidate, candidates))

    def outer_rmse(self, outer: Problem, formula: Node) -> float:
        """Return root of the mean squared error, in the target's unit, of a formula found in the metric."""
        with np.errstate(all="ignore"):
            known = replace(outer, y=self.metric.inverse(outer.y))
            return known.rmse(self.metric.inverse(outer.evaluate(formula)))

    def bits(self, candidate: Candidate) -> float:
        """Return bits to add to the description length, so that metrics compare; 0 for what is exact in any of them."""
        if is_exact(self.found.rmse(self.found.evaluate(candidate.formula)), self.found):
            return 0.0
        return change_of_variables_bits(self.metric, self.target.y, self.target.y_scale, self.found.y_scale)

    def _candidate(self, candidate: Candidate) -> Candidate:
        formula = self.metric.restored(candidate.formula)
        accuracy = Accuracy.of(self.target.evaluate(formula), self.target.y, self.target.weights)
        scores = replace(
            candidate.scores,
            rmse=accuracy.rmse,
            r2=accuracy.r2,
            relative_error=accuracy.relative_error,
            description_length=candidate.scores.description_length + self.bits(candidate),
        )
        # Of the numbers of the way back only a guess rate is no integer, and it stands last.
        own = constants(self.metric.restored(Variable("z")))
        known = tuple(Constant(value, 0.0, value, value) for value in own)
        return replace(
            candidate,
            formula=formula,
            constants=(*candidate.constants, *known),
            scores=scores,
            correlations=() if known else candidate.correlations,
            dimensions=None,
        )

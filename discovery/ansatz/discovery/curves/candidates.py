"""From fitted laws to candidates of a report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.curves.fit import CurveFit
from ansatz.discovery.curves.intervals import Interval, constant_quantity, profile
from ansatz.discovery.curves.search import Found
from ansatz.discovery.evidence.accuracy import Accuracy
from ansatz.discovery.evidence.rank import pareto_front_by
from ansatz.discovery.expression import Node, Number, Variable, complexity, substitute, to_text, walk
from ansatz.discovery.expression.node import KEPT, NEGATION, calls, is_integer
from ansatz.discovery.report.curves import LawConstant, LawFacts
from ansatz.discovery.report.report import Candidate, Constant, Scores


@dataclass(frozen=True)
class _Told:
    """Say how much is told. Chosen by judgement.

    Attributes:
        most: candidates.
        with_intervals: candidates whose constants have intervals: each costs fits.
        probability: of the intervals.
    """

    most: int = 12
    with_intervals: int = 3
    probability: float = 0.95


_TOLD: Final = _Told()


def candidates(found: Sequence[Found], target: str, intervals: bool) -> tuple[Candidate, ...]:
    """Return the first twelve whose constants are finite, by rank, and the caller's own law wherever it stands.

    The first three have profile intervals, the others none, if any are asked for.
    """
    made: list[Candidate] = []
    front = {id(f) for f in pareto_front_by(found, lambda f: (complexity(f.law.formula_tree), f.fit.noise))}
    for one in found:
        formula = one.fit.model.formula(one.fit.u, target)
        if formula is not None and (len(made) < _TOLD.most or one.own):
            known = law_constants(one.fit, intervals and len(made) < _TOLD.with_intervals)
            made.append(_candidate(one, formula, known, len(made) + 1, id(one) in front))
    return tuple(made)


def _candidate(found: Found, formula: Node, known: tuple[LawConstant, ...], rank: int, on_front: bool) -> Candidate:
    return Candidate(
        rank=rank,
        formula=formula,
        constants=_in_order(found, known),
        scores=scores(found.fit, found.score, found.foretold.rmse if found.foretold else math.nan),
        on_pareto_front=on_front,
        origin=found.origin,
        law=_facts(found, known),
    )


def law_constants(fit: CurveFit, intervals: bool) -> tuple[LawConstant, ...]:
    """Return the published constants, with profile intervals where they are asked for."""
    made = []
    for name, value in fit.model.constants(fit.u).items():
        if not intervals or not math.isfinite(value):
            made.append(LawConstant(name, value))
            continue
        quantity, logarithm = constant_quantity(fit, name)
        found = _constant(name, value, profile(fit, quantity, _TOLD.probability), logarithm)
        # At a bound it would go on beyond: the curvature of the cost there says nothing of it.
        made.append(replace(found, std_error=None) if name in fit.bound_constants else found)
    return tuple(made)


def _constant(name: str, value: float, interval: Interval, logarithm: bool) -> LawConstant:
    error, ends = interval.std_error, (interval.lower, interval.upper)
    with np.errstate(over="ignore"):
        if logarithm:
            error, ends = abs(value) * error, (float(np.exp(ends[0])), float(np.exp(ends[1])))
    lower, upper = (end if math.isfinite(end) and (end > 0 or not logarithm) else None for end in ends)
    determined = math.isfinite(error) and (lower is not None or upper is not None)
    return LawConstant(name, value, error if determined else None, lower, upper)


def _in_order(found: Found, known: tuple[LawConstant, ...]) -> tuple[Constant, ...]:
    """Return the numbers of the formula that are no integers, and free constants, in order of appearance."""
    by_name = {c.name: c for c in known}
    made = []
    negated = {id(n.args[0]) for n in calls(found.law.formula_tree, NEGATION)}
    for node in walk(found.law.formula_tree):
        if isinstance(node, Variable) and node.name in by_name:
            c = by_name[node.name]
            parameter = c.name if c.name in found.law.own else ""
            if parameter:
                made.append(Constant(c.value, c.std_error, c.lower, c.upper, parameter=parameter))
            elif not is_integer(c.value):
                # A minus belongs to the number: the formula is read so.
                number = Constant(c.value, c.std_error, c.lower, c.upper)
                made.append(number.negative() if id(node) in negated else number)
        elif isinstance(node, Number) and node.name:
            if not is_integer(node.value):
                made.append(Constant.given(node.value, "" if node.name == KEPT else node.name))
        elif isinstance(node, Number) and node.is_free:
            made.append(Constant(node.value))
    return tuple(made)


def scores(fit: CurveFit, bits: float, extrapolation_rmse: float) -> Scores:
    """Return errors on the rows that were fitted, in the target's unit."""
    accuracy = Accuracy.of(fit.values, fit.sample.y, fit.sample.counts)
    return Scores(
        rmse=accuracy.rmse,
        r2=accuracy.r2,
        relative_error=accuracy.relative_error,
        description_length=bits,
        extrapolation_rmse=extrapolation_rmse,
    )


def _facts(found: Found, known: tuple[LawConstant, ...]) -> LawFacts:
    law, binding = found.law, found.fit.model.binding
    named: dict[str, Node] = {v: Variable(column) for v, column in binding.items()}
    return LawFacts(
        name=law.name,
        title=law.title,
        formula=to_text(substitute(law.formula_tree, named)),
        source=law.source,
        implicit=law.implicit,
        columns=dict(binding),
        constants=known,
        held_out_error=found.foretold.error if found.foretold else None,
    )

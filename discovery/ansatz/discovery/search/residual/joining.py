"""Joined models: everything refitted together, what the joint fit makes useless taken off, the rest simplified."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.naming import Named
from ansatz.discovery.evidence.uncertainty import standard_errors
from ansatz.discovery.expression import Apply, Node, simplify, variables
from ansatz.discovery.expression.numbers import numbers
from ansatz.discovery.fit.constants import FormulaFit
from ansatz.discovery.fit.many_starts import fit_of, refit_model
from ansatz.discovery.fit.model import AnsatzModel
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Effort:
    """Bound the work of pruning. Chosen by judgement; `python -m bench.calibration` holds what is refined.

    Attributes:
        rough: evaluations of a rough fit.
        refitted: best of the roughly fitted options that are fitted in full.
    """

    rough: int = 12
    refitted: int = 2


_EFFORT: Final = _Effort()


@dataclass(frozen=True, eq=False)
class Joined:
    """Hold a fitted model with its description length on a problem."""

    model: AnsatzModel
    problem: Problem

    @cached_property
    def fit(self) -> FormulaFit:
        """Return the fit of the model's formula."""
        return fit_of(self.model, self.problem)

    @cached_property
    def bits(self) -> float:
        """Return the description length."""
        return Named(self.fit, {}).description_length(self.problem)

    @property
    def is_exact(self) -> bool:
        """Tell whether the model explains the target to rounding."""
        return is_exact(self.fit.rmse, self.problem)


def roughly(found: Joined, formula: Node) -> Joined:
    """Return the model with another formula, simplified, all constants refitted together in a few steps."""
    problem = found.problem
    simple = simplify(formula, problem.positive, roots="sqrt" in problem.functions)
    return Joined(refit_model(replace(found.model, formula=simple), problem, _EFFORT.rough), problem)


def refitted(found: Joined) -> Joined:
    """Return the model with all constants at the optimum next to it."""
    return Joined(refit_model(found.model, found.problem), found.problem)


def pruned(found: Joined, budget: Budget) -> Joined:
    """Return the model without the terms that do not pay, and with 1 for numbers that the data do not determine.

    The rest is refitted each time. Each round, the options are refitted roughly, and the best of them in full.
    """
    while not budget.spent:
        rough: list[Joined] = []
        for shorter in dict.fromkeys((*_shorter(found.model.formula), *_settled(found))):
            if budget.spent:
                return found
            if variables(shorter):
                rough.append(roughly(found, shorter))
        likely = sorted(rough, key=lambda option: option.bits)[: _EFFORT.refitted]
        best = min(map(refitted, likely), key=lambda option: option.bits, default=found)
        if best.bits > found.bits or best.model.formula == found.model.formula:
            return found
        found = best
    return found


def _settled(found: Joined) -> Iterator[Node]:
    """Yield the formula with 1 in place of a number of its own that the data do not determine."""
    fit = found.fit
    errors = standard_errors(fit.formula, fit.rmse, fit.free, found.problem, fit.marks)
    loose = [p for p, error in zip(fit.free, errors, strict=True) if math.isnan(error)]
    for p in loose:
        values = numbers(fit.formula)
        values[p] = 1.0
        yield found.model.with_numbers(values).formula


def _shorter(formula: Node) -> Iterator[Node]:
    """Yield formulas that lack one term of a sum."""
    if not isinstance(formula, Apply):
        return
    if formula.op in ("+", "-"):
        left, right = formula.args
        yield left
        yield right if formula.op == "+" else Apply("neg", (right,))
    for i, argument in enumerate(formula.args):
        for shorter in _shorter(argument):
            yield Apply(formula.op, (*formula.args[:i], shorter, *formula.args[i + 1 :]))

"""Pruning: what evolution grew and the data do not need is taken off again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Apply, Node, Number, complexity, simplify, variables
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Pruning:
    """Bound the trials, and say what does no harm. Chosen by judgement; `bench.recovery --engine operon` holds them.

    Attributes:
        rows: looked at.
        trials: of a shorter formula, each with a fit.
        evaluations: of such a fit.
        harmless: times the error before that a shorter formula leaves at most.
        nothing: error over the scale of y that counts for none: float32, in which the engine computes.
        constant: that a subtree is replaced with, to be fitted.
    """

    rows: int = 200
    trials: int = 300
    evaluations: int = 20
    harmless: float = 1.02
    nothing: float = 1e-7
    constant: float = 0.5


_PRUNING: Final = _Pruning()


def prune(formula: Node, problem: Problem, budget: Budget) -> list[Node]:
    """Return shorter formulas that fit about as well, the shortest last, their constants refitted.

    Greedy: of all trees with one subtree replaced by a child of its own or by a constant, the shortest that does no
    harm is the next to be pruned.
    """
    return _Pruner(problem.subsample(_PRUNING.rows), budget).prune(formula)


class _Pruner:
    def __init__(self, problem: Problem, budget: Budget) -> None:
        self._problem = problem
        self._budget = budget
        self._trials = _PRUNING.trials

    def prune(self, formula: Node) -> list[Node]:
        found: list[Node] = []
        best: FormulaFit | None = None if self._budget.spent else fit_constants(self._simplify(formula), self._problem)
        while best is not None and math.isfinite(best.rmse):
            best = self._shorter(best)
            if best is not None:
                found.append(best.formula)
        return found

    def _shorter(self, start: FormulaFit) -> FormulaFit | None:
        """Return the shortest replacement that does no harm; None where there is none, or no time for more trials."""
        size = complexity(start.formula)
        allowed = max(start.rmse * _PRUNING.harmless, _PRUNING.nothing * self._problem.y_scale)
        candidates = {r: complexity(r) for r in replacements(start.formula) if variables(r)}
        for candidate in sorted((c for c, nodes in candidates.items() if nodes < size), key=candidates.__getitem__):
            if self._trials == 0 or self._budget.spent:
                return None
            self._trials -= 1
            fit = fit_constants(candidate, self._problem, max_evaluations=_PRUNING.evaluations)
            if fit.rmse <= allowed:
                return fit_constants(self._simplify(fit.formula), self._problem)
        return None

    def _simplify(self, formula: Node) -> Node:
        return simplify(formula, self._problem.positive)


def replacements(formula: Node) -> Iterator[Node]:
    """Yield the formula with one of its subtrees replaced by one of that subtree's children, or by a constant."""
    if not isinstance(formula, Apply):
        return
    yield from formula.args
    for i, argument in enumerate(formula.args):
        rest = [*replacements(argument), *([Number(_PRUNING.constant)] if variables(argument) else [])]
        for changed in rest:
            yield Apply(formula.op, (*formula.args[:i], changed, *formula.args[i + 1 :]))

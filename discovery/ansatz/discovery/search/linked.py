"""Laws of counts and shares that everybody tries first: a line within an exponential, or a logistic curve.

These are the generalised linear models with the canonical links (McCullagh & Nelder 1989): log-linear rates and
logistic regression, also of the logarithms of the inputs, which makes power laws and Hill's curves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Number, Variable, add, call, divide, multiply
from ansatz.discovery.expression.node import power
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit


class Link(StrEnum):
    """The function that makes a line of the mean."""

    LOG = "log"
    LOGIT = "logit"


@dataclass(frozen=True)
class _Limits:
    """Bound the lines. Chosen by judgement.

    Attributes:
        rows: looked at.
        inputs: lines of one are fitted to each of so many, and one of all up to so many.
        inside: how far from its ends a mean is taken to be, as share of what it is between: those of single rows are at
            the ends, where the link is infinite.
    """

    rows: int = 2000
    inputs: int = 12
    inside: float = 0.05


_LIMITS: Final = _Limits()
_ONE: Final = Number(1.0)


@dataclass(frozen=True)
class LinkedLines:
    """Propose lines under a link, of each input and of all, and of their logarithms."""

    link: Link
    name: str = "linked"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        if problem.form is not None:
            return
        small = problem.subsample(_LIMITS.rows)
        z = self._linked(small.y)
        every = list(range(len(small.names)))
        choices = [[j] for j in every[: _LIMITS.inputs]]
        if 1 < len(every) <= _LIMITS.inputs:
            choices.append(every)
        for inputs in choices:
            if budget.spent:
                return
            emit(self._formula(small, z, inputs, logarithms=False))
            if np.all(small.X[:, inputs] > 0):
                emit(self._formula(small, z, inputs, logarithms=True))

    def _linked(self, y: Array) -> Array:
        if self.link is Link.LOG:
            return np.asarray(np.log(np.maximum(y, _LIMITS.inside * max(float(y.mean()), 1e-300))))
        p = np.clip(y, _LIMITS.inside, 1 - _LIMITS.inside)
        return np.asarray(np.log(p / (1 - p)))

    def _formula(self, problem: Problem, z: Array, inputs: list[int], *, logarithms: bool) -> Node:
        X = problem.X[:, inputs]
        columns = np.column_stack([np.log(X) if logarithms else X, np.ones(problem.rows)])
        *slopes, level = map(float, np.linalg.lstsq(columns, z, rcond=None)[0])
        names = [Variable(problem.names[j]) for j in inputs]
        sign = 1.0 if self.link is Link.LOG else -1.0
        if logarithms:
            inner: Node = Number(float(np.exp(sign * level)))
            for slope, name in zip(slopes, names, strict=True):
                inner = multiply(inner, power(name, Number(sign * slope)))
        else:
            inner = Number(sign * level)
            for slope, name in zip(slopes, names, strict=True):
                inner = add(inner, multiply(Number(sign * slope), name))
            inner = call("exp", inner)
        return inner if self.link is Link.LOG else divide(_ONE, add(_ONE, inner))

"""Ordinary laws fitted to targets: the least sum of squares of every family, over counted starts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from ansatz.discovery.evidence.ordinary.families import BENT, INPUTS, MOST_INPUTS, Family, of_inputs
from ansatz.discovery.expression import Array, evaluate
from ansatz.discovery.problem.problem import Problem

_INDEPENDENT = 1e-10
"""Relative size below which a column is taken for a sum of the others."""


@dataclass(frozen=True, eq=False)
class Member:
    """A family of some inputs of a problem.

    Attributes:
        family: the family.
        columns: positions of its inputs.
        bits: minus the logarithm of its weight, the choice of inputs included.
        trials: values of its bent constants, shape (trials, bent).
        designs: orthonormal columns for each trial, shape (trials, n, terms); columns of zeros where fewer do.
        width: the range of its first input.
    """

    family: Family
    columns: tuple[int, ...]
    bits: float
    trials: Array
    designs: Array
    width: float

    @cached_property
    def _flat(self) -> Array:
        trials, n, terms = self.designs.shape
        return np.ascontiguousarray(self.designs.transpose(0, 2, 1)).reshape(trials * terms, n)

    @property
    def charges(self) -> Array:
        """Bits for each trial: waves pay for their periods within the data."""
        if not self.family.waves:
            return np.zeros(self.trials.shape[0])
        turns: Array = np.log2(np.maximum(self.trials[:, 0] * self.width / (2 * np.pi), 1.0))
        return turns

    def explained(self, targets: Array) -> Array:
        """Return the sum of squares that each trial explains of targets, shape (n, m): shape (trials, m)."""
        trials, _, terms = self.designs.shape
        squares = (self._flat @ targets) ** 2
        found: Array = squares.reshape(trials, terms, -1).sum(axis=1)
        return found


def members(problem: Problem, fewest: int = 1) -> Iterator[Member]:
    """Return the families that apply to a problem, of each choice of its inputs, at least so many; rows by the roots of
    their weights."""
    names = [j for j, x in enumerate(problem.X.T) if np.ptp(x) > 0][:MOST_INPUTS]
    roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
    for count in range(fewest, len(names) + 1):
        choices = math.log2(len(names)) + (math.log2(math.comb(len(names), count)) if count > 1 else 0.0)
        for family in of_inputs(count):
            if family.constants >= problem.rows:
                continue
            for columns in combinations(names, count):
                X = problem.X[:, list(columns)]
                if family.positive and not float(X.min()) > 0:
                    continue
                trials, designs = _designs(family, X, roots)
                if trials.shape[0]:
                    yield Member(family, columns, family.bits + choices, trials, designs, float(np.ptp(X[:, 0])))


def _designs(family: Family, X: Array, roots: Array) -> tuple[Array, Array]:
    """Trials of the bent constants that can be evaluated, and their orthonormal designs."""
    with np.errstate(all="ignore"):
        trials = np.zeros((1, 0)) if family.starts is None else family.starts(X)
        columns = {x: X[None, :, j] for j, x in enumerate(INPUTS[: X.shape[1]])}
        columns |= {b: trials[:, j, None] for j, b in enumerate(BENT[: trials.shape[1]])}
        shape = (trials.shape[0], X.shape[0])
        terms = np.stack([np.broadcast_to(evaluate(t, columns, X.shape[0]), shape) for t in family.nodes()], axis=2)
        terms = terms * roots[:, None]
        norms = np.linalg.norm(terms, axis=1, keepdims=True)
        usable = np.all(np.isfinite(norms) & (norms > 0), axis=(1, 2))
    trials, unit = trials[usable], terms[usable] / norms[usable]
    if not trials.shape[0] or unit.shape[2] == 1:
        return trials, unit
    q, triangle = np.linalg.qr(unit)
    sizes = np.abs(np.diagonal(triangle, axis1=1, axis2=2))
    return trials, q * (sizes > _INDEPENDENT)[:, None, :]

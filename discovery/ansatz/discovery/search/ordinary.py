"""Ordinary laws: the families that measured data are usually described by, each at its best start."""

from __future__ import annotations

from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.bayes_factor import against_constant
from ansatz.discovery.evidence.exactness import least_mean_square
from ansatz.discovery.evidence.ordinary.families import BENT, INPUTS
from ansatz.discovery.evidence.ordinary.fits import Member, members
from ansatz.discovery.expression import Array, Node, evaluate
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit

_ROWS: Final = 200
_WORTH_BITS: Final = 20.0
_MOST: Final = 16


class Ordinary:
    """Proposes the ordinary laws that explain the target best for what they cost."""

    name = "ordinary"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(_ROWS)
        found: list[tuple[float, Member, Array]] = []
        for member in members(small):
            if budget.spent:
                break
            bits, bent = _best(member, small)
            found.append((bits, member, bent))
        limit = max((bits for bits, *_ in found), default=0.0) - _WORTH_BITS
        for bits, member, bent in sorted(found, key=lambda f: -f[0])[:_MOST]:
            if bits < limit or budget.spent:
                return
            emit(_formula(member, bent, small))


def _best(member: Member, problem: Problem) -> tuple[float, Array]:
    """Bits for a family at its best start, and that start."""
    roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
    y = problem.y * roots
    total = float(np.sum((roots * (problem.y - np.average(problem.y, weights=problem.weights))) ** 2))
    floor = least_mean_square(problem) * problem.rows * problem.y_scale**2
    explained = member.explained(y[:, None])[:, 0]
    halvings = np.log2(max(total, 1e-300) / np.maximum(float(y @ y) - explained, max(floor, 1e-300)))
    told = against_constant(problem.rows, member.family.constants, halvings) - member.charges
    best = int(np.argmax(told))
    return float(told[best]) - member.bits, member.trials[best]


def _formula(member: Member, bent: Array, problem: Problem) -> Node:
    """The family's formula at a start of its bent constants, its linear ones solved for."""
    names = tuple(problem.names[j] for j in member.columns)
    columns = {own: problem.X[:, j] for own, j in zip(INPUTS, member.columns, strict=False)}
    columns |= {b: np.full(problem.rows, v) for b, v in zip(BENT, bent, strict=False)}
    design = np.column_stack([evaluate(term, columns, problem.rows) for term in member.family.nodes()])
    roots = np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)
    norms = np.linalg.norm(design, axis=0)
    linear = np.linalg.lstsq(design / norms * roots[:, None], problem.y * roots, rcond=1e-14)[0] / norms
    return member.family.formula(names, linear, bent)

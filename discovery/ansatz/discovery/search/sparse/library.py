"""The terms of a sparse sum: products of the inputs' powers, with sizes such as v*abs(v)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Variable, call, multiply
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured import terms

_MOST: Final = 300
_MANY: Final = 4


@dataclass(frozen=True, eq=False)
class Term:
    """A formula without a coefficient, and its values, shape (n,)."""

    node: Node
    values: Array


def library(problem: Problem) -> list[Term]:
    """Terms that are finite and vary on the rows, the simplest first; the constant is no part of it.

    Monomials of degree three at most (two for more than four inputs), negative exponents for inputs that do not
    change sign; inputs times the size of one that does.
    """
    atoms = terms.inputs(problem)
    degree = 3 if len(atoms) <= _MANY else 2
    signless = {j for j, atom in enumerate(atoms) if atom.values.min() > 0 or atom.values.max() < 0}
    powers = terms.monomials(len(atoms), (-2, -1, 1, 2, 3), degree, degree)
    listed = [p for p in powers if all(e > 0 or j in signless for j, e in p)]
    bank = terms.bank(problem, atoms, terms.simplest(listed, _MOST, len(atoms)))
    plain = [Term(bank.node(k), bank.values[:, k]) for k in range(len(bank.terms))]
    return [*plain, *(_sizes(problem, atoms) if "abs" in problem.functions else ())][:_MOST]


def _sizes(problem: Problem, atoms: list[terms.Atom]) -> Iterator[Term]:
    """|x| and y|x| for inputs x of both signs."""
    for atom in atoms:
        if not float(atom.values.min()) < 0 < float(atom.values.max()):
            continue
        size, values = call("abs", atom.node), np.abs(atom.values)
        yield Term(size, values)
        for other in atoms:
            yield Term(multiply(other.node, size), other.values * values)


def carriers(problem: Problem, clock: str) -> list[Term | None]:
    """What a wave in `clock` may be multiplied with: nothing (None), or another input."""
    others = [Term(Variable(n), v) for n, v in problem.columns.items() if n != clock and np.ptp(v) > 0]
    return [None, *others]

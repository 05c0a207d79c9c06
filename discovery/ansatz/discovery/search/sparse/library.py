"""The terms of a sparse sum: products of the inputs' powers, with sizes such as v*abs(v)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Variable, call, multiply
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured import terms


@dataclass(frozen=True)
class _Limits:
    """Bound the library. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        most: terms, the simplest.
        degree: total degree of a monomial.
        many: inputs up to which that holds.
        degree_of_many: total degree with more inputs, whose cubic terms would fill the library.
    """

    most: int = 300
    degree: int = 3
    many: int = 4
    degree_of_many: int = 2


_LIMITS: Final = _Limits()


@dataclass(frozen=True, eq=False)
class Term:
    """Hold a formula without a coefficient, and its values, of shape `(n,)`."""

    node: Node
    values: Array


def library(problem: Problem) -> list[Term]:
    """Return terms that are finite and vary on the rows, the simplest first; the constant is no part of it.

    Monomials of degree three at most (two for more than four inputs), negative exponents for inputs that do not
    change sign; inputs times the size of one that does.
    """
    atoms = terms.inputs(problem)
    degree = _LIMITS.degree if len(atoms) <= _LIMITS.many else _LIMITS.degree_of_many
    signless = {j for j, atom in enumerate(atoms) if atom.values.min() > 0 or atom.values.max() < 0}
    powers = terms.monomials(len(atoms), (-2, -1, 1, 2, 3), degree, degree)
    listed = [p for p in powers if all(e > 0 or j in signless for j, e in p)]
    bank = terms.bank(problem, atoms, terms.simplest(listed, _LIMITS.most, len(atoms)))
    plain = [Term(bank.node(k), bank.values[:, k]) for k in range(len(bank.terms))]
    return [*plain, *(_sizes(atoms) if "abs" in problem.functions else ())][: _LIMITS.most]


def _sizes(atoms: list[terms.Atom]) -> Iterator[Term]:
    """Yield |x| and y|x| for inputs x of both signs."""
    for atom in atoms:
        if not float(atom.values.min()) < 0 < float(atom.values.max()):
            continue
        size, values = call("abs", atom.node), np.abs(atom.values)
        yield Term(size, values)
        for other in atoms:
            yield Term(multiply(other.node, size), other.values * values)


def carriers(problem: Problem, clock: str) -> list[Term | None]:
    """Return what a wave in `clock` may be multiplied with: nothing (None), or another input."""
    others = [Term(Variable(n), v) for n, v in problem.columns.items() if n != clock and np.ptp(v) > 0]
    return [None, *others]

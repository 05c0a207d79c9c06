"""Banks of terms: products of powers of atoms, as columns of values with the formula of each at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import comb
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Variable, call, multiply, subtract
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured import build

Powers = tuple[tuple[int, float], ...]
"""Atoms, by position, and their exponents."""


@dataclass(frozen=True)
class _Limits:
    """Bound banks by the memory and the time that they take. Chosen by judgement.

    Attributes:
        cells: values of a bank, rows times terms: 48 MB.
        products: products of so many atoms that are listed at all.
    """

    cells: int = 6_000_000
    products: int = 20_000


@dataclass(frozen=True)
class _Costs:
    """Say how simple a term is, so that the first of a bank are the likely ones. Chosen by judgement.

    Attributes:
        of: an exponent costs.
        other: any other exponent costs.
        extra: an atom that is no input costs more than one that is.
    """

    of: Mapping[float, float] = field(
        default_factory=lambda: {
            1.0: 1.0, -1.0: 1.4, 2.0: 1.4, -2.0: 1.9, 0.5: 2.2, -0.5: 2.4, 3.0: 2.2, -3.0: 2.6, 4.0: 2.6,
        }
    )  # fmt: skip
    other: float = 3.0
    extra: float = 0.6


_LIMITS: Final = _Limits()
_COSTS: Final = _Costs()


@dataclass(frozen=True, eq=False)
class Atom:
    """Name a factor of terms: a formula and its values, of shape `(n,)`."""

    node: Node
    values: Array


@dataclass(frozen=True, eq=False)
class Bank:
    """Hold terms with their values.

    Attributes:
        atoms: what the terms are products of.
        terms: p of them, by the powers of atoms.
        values: of shape `(n, p)`.
        functions: names of those that formulas may call.
    """

    atoms: tuple[Atom, ...]
    terms: tuple[Powers, ...]
    values: Array
    functions: frozenset[str]

    def node(self, index: int) -> Node:
        """Return the formula of a term of the bank."""
        return self.formula(self.terms[index])

    def formula(self, term: Powers) -> Node:
        """Return the formula of any term of the bank's atoms."""
        factors = [(self.atoms[a].node, e) for a, e in term]
        return build.product(1.0, factors, self.functions) if factors else build.ONE


def bank(problem: Problem, atoms: Sequence[Atom], terms: Iterable[Powers]) -> Bank:
    """Return the bank of the terms that are finite and not constant on the rows: as many as memory allows, in order."""
    most = _LIMITS.cells // max(problem.rows, 1)
    powers: dict[tuple[int, float], Array] = {}
    kept: list[Powers] = []
    columns: list[Array] = []
    with np.errstate(all="ignore"):
        for term in terms:
            if len(kept) >= most:
                break
            values: Array | None = None
            for factor in term:
                if factor not in powers:
                    powers[factor] = atoms[factor[0]].values ** factor[1]
                values = powers[factor] if values is None else values * powers[factor]
            if values is None:
                continue
            kept.append(term)
            columns.append(values)
        matrix = np.array(columns).T if columns else np.empty((problem.rows, 0))
        usable = np.isfinite(matrix.sum(axis=0)) & (np.ptp(matrix, axis=0) > 0)
    return Bank(
        tuple(atoms), tuple(t for t, u in zip(kept, usable, strict=True) if u), matrix[:, usable], problem.functions
    )


def inputs(problem: Problem) -> list[Atom]:
    """Return the inputs that vary."""
    return [Atom(Variable(n), v) for n, v in problem.columns.items() if np.ptp(v) > 0]


def applied(problem: Problem, functions: Sequence[str], arguments: Sequence[Atom]) -> list[Atom]:
    """Return allowed functions of the arguments, where defined on all rows."""
    atoms = []
    from ansatz.discovery.expression.evaluate import apply_function

    with np.errstate(all="ignore"):
        for name in functions:
            if name in problem.functions:
                for argument in arguments:
                    values = apply_function(name, argument.values)
                    if np.all(np.isfinite(values)):
                        atoms.append(Atom(call(name, argument.node), values))
    return atoms


@np.errstate(all="ignore")
def differences(atoms: Sequence[Atom]) -> list[Atom]:
    """Return x_i - x_j of all pairs."""
    return [Atom(subtract(a.node, b.node), a.values - b.values) for a, b in combinations(atoms, 2)]


@np.errstate(all="ignore")
def products(atoms: Sequence[Atom]) -> list[Atom]:
    """Return x_i * x_j of all pairs."""
    return [Atom(multiply(a.node, b.node), a.values * b.values) for a, b in combinations(atoms, 2)]


def monomials(
    count: int, exponents: Sequence[float], most_factors: int, most_total: float, first: int = 0
) -> Iterator[Powers]:
    """Return products of at most `most_factors` of `count` atoms from position `first`, low totals first.

    The sum of |exponent| is at most `most_total`. With so many atoms that products of k would be too many, those of
    fewer only.
    """
    nonzero = [e for e in exponents if e != 0]
    found: list[tuple[float, Powers]] = []
    for factors in range(1, min(most_factors, count) + 1):
        if comb(count, factors) * len(nonzero) ** factors > _LIMITS.products:
            break
        for chosen in combinations(range(first, first + count), factors):
            for powers in product(nonzero, repeat=factors):
                total = sum(abs(e) for e in powers)
                if total <= most_total:
                    found.append((total, tuple(zip(chosen, powers, strict=True))))
    found.sort(key=lambda item: item[0])
    return (term for _, term in found)


def simplest(terms: Iterable[Powers], most: int, plain: int) -> list[Powers]:
    """Return at most `most` terms, by what they cost to say; atoms from position `plain` cost a little more."""

    def cost(term: Powers) -> float:
        return sum(_COSTS.of.get(e, _COSTS.other) + (_COSTS.extra if a >= plain else 0.0) for a, e in term)

    return sorted(dict.fromkeys(terms), key=cost)[:most]

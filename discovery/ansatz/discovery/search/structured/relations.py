"""T(y) = P / Q with P and Q polynomials in an alphabet: an exact linear relation among the terms m and T(y)*m.

Every alphabet is tried at growing degree. A product T(y)*m that depends linearly on those before it and on the terms
gives such a relation. Terms that it does not need are taken off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, complexity
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit
from ansatz.discovery.search.structured import outer as outers
from ansatz.discovery.search.structured.alphabets import Alphabet, alphabets
from ansatz.discovery.search.structured.outer import Outer, transformed
from ansatz.discovery.search.structured.quotient import Monomial, Quotient
from ansatz.discovery.search.structured.selection import EFFORT
from ansatz.discovery.search.structured.shortlist import Shortlist

_ALL: Final = (
    outers.IDENTITY, outers.SQUARE, outers.LOG, outers.TANGENT, outers.COSINE, outers.SINE, outers.EXP,
    outers.LOG_COMPLEMENT, outers.ARCTANH,
)  # fmt: skip
_FEW: Final = (outers.IDENTITY, outers.SQUARE, outers.LOG)


@dataclass(frozen=True)
class _Effort:
    """Bound the work of a search. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        rows: looked at by each function T; twice as many are drawn, since some rows are of no use to one.
        least_rows: rows below which nothing is searched.
        most_inputs: of a problem that is searched: alphabets grow with the cube of these and more.
        most_degree: total degree of a term.
        terms: of one alphabet.
        relations: dependent products of which a sparse relation is made.
        a_piece: alphabets that are tried before the budget is asked.
    """

    rows: int = 120
    least_rows: int = 24
    most_inputs: int = 3
    most_degree: int = 7
    terms: int = 35
    relations: int = 4
    a_piece: int = 8


@dataclass(frozen=True)
class _Tolerances:
    """Tell an exact relation from a close one, on columns of unit length. Chosen by judgement, above rounding.

    Attributes:
        magnified: |y T'(y)| of a row at most, so that the rounding of y stays below `exact` in T(y).
        dependent: length of what a column has beside those before it, below which it depends on them.
        exact: residual of an exact relation at most.
        nothing: coefficient, over the largest or 1, of a term that is not needed.
        support: terms that a relation has fewer than; a longer one is no law but a chance of many terms.
        singular: share of the largest singular value below which one counts as 0.
    """

    magnified: float = 1e5
    dependent: float = 1e-9
    exact: float = 1e-10
    nothing: float = 1e-6
    support: int = 10
    singular: float = 1e-13


_EFFORT: Final = _Effort()
_TOLERANCES: Final = _Tolerances()


@dataclass(frozen=True)
class Relations:
    """Propose algebraic laws in the inputs and at most two functions of them, within `pieces` of work."""

    name: str = "structured.relations"
    pieces: int = 600

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(2 * _EFFORT.rows)
        if not 1 <= len(problem.names) <= _EFFORT.most_inputs or small.rows < _EFFORT.least_rows:
            return
        with Shortlist(problem, budget, emit, self.pieces) as shortlist:
            for letters in (0, 1, 2):
                targets = list(_targets(small, _ALL if letters < 2 else _FEW))
                found = list(_relations(small, targets, letters, shortlist.budget))
                formulas = [f for quotient in found for f in quotient.formulas(problem.functions)]
                for formula in sorted(formulas, key=complexity):
                    shortlist.offer(formula)
                    if shortlist.budget.spent:
                        return


@dataclass(frozen=True, eq=False)
class _Target:
    """Hold T(y), of shape `(k,)`, on the k `rows` where T magnifies no rounding error beyond use."""

    outer: Outer
    values: Array
    rows: NDArray[np.intp]


def _targets(problem: Problem, chosen: Sequence[Outer]) -> Iterator[_Target]:
    for outer in chosen:
        with np.errstate(all="ignore"):
            magnified = np.abs(problem.y * outer.slope(problem.y))
        rows = np.flatnonzero(magnified < _TOLERANCES.magnified)[: _EFFORT.rows]
        if rows.size >= _EFFORT.least_rows and (found := transformed(problem.rows_only(rows), outer)) is not None:
            yield _Target(outer, found.target, rows)


def _relations(problem: Problem, targets: Sequence[_Target], letters: int, budget: Budget) -> Iterator[Quotient]:
    for k, alphabet in enumerate(alphabets(problem, letters)):
        if k % _EFFORT.a_piece == 0 and budget.spent:
            return
        spelled: dict[bytes, _Spelled] = {}
        for target in targets:
            key = target.rows.tobytes()
            if key not in spelled:
                spelled[key] = _Spelled(alphabet, target.rows)
            yield from spelled[key].relations(target)


@lru_cache(maxsize=64)
def _monomials(atoms: int, most: int) -> tuple[Monomial, ...]:
    """Return monomials by total degree; whole degrees only, beyond the first at most `most` in all."""
    kept: list[Monomial] = [()]
    for degree in range(1, _EFFORT.most_degree + 1):
        level = list(combinations_with_replacement(range(atoms), degree))
        if degree > 1 and len(kept) + len(level) > most:
            break
        kept += level
    return tuple(kept)


class _Spelled:
    """Hold independent monomials of an alphabet on some rows, columns of unit length, and a basis of their span."""

    def __init__(self, alphabet: Alphabet, rows: NDArray[np.intp]) -> None:
        self._alphabet = alphabet
        monomials = _monomials(len(alphabet.atoms), min(_EFFORT.terms, rows.size // EFFORT.rows_a_term))
        columns: dict[Monomial, Array] = {(): np.ones(rows.size)}
        atoms = [atom.values[rows] for atom in alphabet.atoms]
        with np.errstate(all="ignore"):
            for m in monomials[1:]:
                columns[m] = columns[m[:-1]] * atoms[m[-1]]
            matrix = np.column_stack([columns[m] for m in monomials])
            sizes = np.linalg.norm(matrix, axis=0)
        usable = np.flatnonzero(np.isfinite(sizes) & (sizes > 0))
        matrix = matrix[:, usable] / sizes[usable]
        independent = np.abs(np.diag(np.linalg.qr(matrix, mode="r"))) > _TOLERANCES.dependent
        self._monomials = [monomials[i] for i in usable[independent]]
        self._sizes = sizes[usable[independent]]
        self._matrix = matrix[:, independent]
        self._basis = np.linalg.qr(self._matrix)[0]

    def relations(self, target: _Target) -> list[Quotient]:
        """Return T(y)*Q = P of least degree: the first few of them, none where there is no exact one."""
        products = self._matrix * target.values[:, None]
        sizes = np.linalg.norm(products, axis=0)
        if not (np.all(np.isfinite(sizes)) and np.all(sizes > 0)):
            return []
        products = products / sizes
        if not self._dependent(products, len(self._monomials)):
            return []
        degrees = [len(m) for m in self._monomials]
        for degree in range(1, max(degrees) + 1):
            p = sum(d <= degree for d in degrees)
            dependent = self._dependent(products, p)
            models = [self._model(products[:, : k + 1], p, dependent) for k in dependent[: _EFFORT.relations]]
            found = [self._quotient(model, sizes, p, target.outer) for model in models if model is not None]
            if found:
                return found
        return []

    def _dependent(self, products: Array, p: int) -> list[int]:
        """Return which of the first p products are combinations of those before them and of the first p monomials."""
        basis = self._basis[:, :p]
        left = products[:, :p] - basis @ (basis.T @ products[:, :p])
        return np.flatnonzero(np.abs(np.diag(np.linalg.qr(left, mode="r"))) < _TOLERANCES.dependent).tolist()

    def _model(self, products: Array, p: int, dependent: Sequence[int]) -> dict[int, float] | None:
        """Return the last product as a sparse sum, by position, and its own coefficient, -1.

        The sum is of the first p monomials, at 0 to p - 1, and of independent products.
        """
        last = products.shape[1] - 1
        before = [k for k in range(last) if k not in dependent]
        model = _sparse(np.hstack([self._matrix[:, :p], products[:, before]]), products[:, last])
        if model is None or min(model) >= p:
            return None
        return {(i if i < p else p + before[i - p]): c for i, c in model.items()} | {p + last: -1.0}

    def _quotient(self, model: dict[int, float], sizes: Array, p: int, outer: Outer) -> Quotient:
        scales = [*self._sizes[:p], *(self._sizes[:p] * sizes[:p])]
        above = {self._monomials[i]: float(c / scales[i]) for i, c in model.items() if i < p}
        below = {self._monomials[i - p]: -float(c / scales[i]) for i, c in model.items() if i >= p}
        return Quotient(self._alphabet.atoms, outer, above, below)


def _sparse(columns: Array, target: Array) -> dict[int, float] | None:
    """Return the few columns that the target is a combination of, each with its coefficient, or None."""
    chosen = np.arange(columns.shape[1])
    while chosen.size:
        solution = np.linalg.lstsq(columns[:, chosen], target, rcond=_TOLERANCES.singular)[0]
        if float(np.linalg.norm(target - columns[:, chosen] @ solution)) > _TOLERANCES.exact:
            return None
        keep = np.abs(solution) > _TOLERANCES.nothing * max(1.0, float(np.max(np.abs(solution))))
        if np.all(keep):
            few = chosen.size < _TOLERANCES.support
            return dict(zip(chosen.tolist(), solution.tolist(), strict=True)) if few else None
        chosen = chosen[keep]
    return None

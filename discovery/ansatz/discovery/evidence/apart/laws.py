"""Laws that rows may be apart from: formulas, ordinary families among them, and smooth surrogates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from ansatz.discovery.evidence.apart.far import FAR, Fitted, Kept
from ansatz.discovery.evidence.ordinary.families import BENT, INPUTS
from ansatz.discovery.evidence.ordinary.fits import Member
from ansatz.discovery.expression import Array, Node, evaluate
from ansatz.discovery.expression.numbers import free_positions
from ansatz.discovery.fit.chebyshev import basis as chebyshev
from ansatz.discovery.fit.constants import fit_constants, values_and_slopes
from ansatz.discovery.fit.marks import UNMARKED, Marks
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Rounds:
    """Bound the work of a robust fit. Chosen by judgement; `python -m bench.outliers` holds them.

    Attributes:
        absolute: towards least absolute errors, for laws with linear constants only.
        near: share of the median error below which an error counts as no smaller.
        surrogate_share: of the rows, the terms that a surrogate may have.
        surrogate_terms: that it may have at most.
        evaluations: of a formula in one fit.
    """

    absolute: int = 10
    near: float = 1e-2
    surrogate_share: float = 0.3
    surrogate_terms: int = 40
    evaluations: int = 50


_ROUNDS: Final = _Rounds()


class Law(Protocol):
    """A law with constants to be fitted."""

    @property
    def bits(self) -> float:
        """Of its form."""

    @property
    def constants(self) -> int: ...

    def at_first(self) -> Fitted | None:
        """Return it as it stands, far rows counting little; None where it is not finite."""

    def fitted(self, kept: Kept) -> Fitted | None:
        """Return it fitted to the rows that are kept; None where it is not finite."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Orthonormal columns of all rows, shape (n, k), over the roots of their weights; `y` (n,) likewise."""

    columns: Array
    y: Array
    bits: float

    @property
    def constants(self) -> int:
        return int(self.columns.shape[1])

    def at_first(self) -> Fitted | None:
        residual = absolute(self.columns[None], self.y)[0]
        return Fitted(residual, self.y - residual, self.columns)

    def fitted(self, kept: Kept) -> Fitted | None:
        solution = np.linalg.lstsq(self.columns[kept], self.y[kept], rcond=1e-12)[0]
        prediction = self.columns @ solution
        return Fitted(self.y - prediction, prediction, self.columns)


@dataclass(frozen=True, eq=False)
class Formula:
    """A formula on a problem; its free constants start where they stand."""

    formula: Node
    problem: Problem
    bits: float
    constants: int
    marks: Marks = UNMARKED

    def on(self, problem: Problem) -> Formula:
        """Return it on other rows."""
        return replace(self, problem=problem)

    def fit(self, kept: Kept) -> Formula:
        """Return it with its constants fitted to some rows."""
        rows = self.problem.rows_only(np.flatnonzero(kept))
        free = free_positions(self.formula)
        found = fit_constants(self.formula, rows, free, max_evaluations=_ROUNDS.evaluations, marks=self.marks)
        return replace(self, formula=found.formula)

    def fitted(self, kept: Kept) -> Fitted | None:
        return self.fit(kept).at_first()

    def at_first(self) -> Fitted | None:
        groups = [self.marks.together(p) for p in self.marks.leaders(free_positions(self.formula))]
        with np.errstate(all="ignore"):
            prediction, slopes = values_and_slopes(self.formula, self.problem, groups)
        if not (np.all(np.isfinite(prediction)) and np.all(np.isfinite(slopes))):
            return None
        roots = roots_of(self.problem)
        return Fitted((self.problem.y - prediction) * roots, prediction * roots, slopes * roots[:, None])


def roots_of(problem: Problem) -> Array:
    """Return the roots of the row weights, shape (n,)."""
    return np.ones(problem.rows) if problem.weights is None else np.sqrt(problem.weights)


def surrogates(problem: Problem) -> Iterator[Linear]:
    """Yield polynomials of all inputs, plain and in logarithms, by total degree, the constant first."""
    roots = roots_of(problem)
    y = problem.y * roots
    yield Linear(roots[:, None] / np.linalg.norm(roots), y, 0.0)
    most = min(_ROUNDS.surrogate_terms, int(_ROUNDS.surrogate_share * problem.rows))
    plain = [x for x in problem.X.T if np.ptp(x) > 0]
    logs = [np.log(x) if float(x.min()) > 0 else x for x in plain]
    for columns in (plain, logs):
        parts, ends = chebyshev(columns, most) if len(columns) < most else (np.empty((problem.rows, 0)), ())
        if not parts.shape[1]:
            continue
        whole = np.linalg.qr(parts * roots[:, None])[0]
        for end in ends[1:]:
            yield Linear(whole[:, :end], y, 4.0 + len(ends))


def absolute(designs: Array, y: Array) -> Array:
    """Return the residuals, shape (trials, n), of fits of least absolute errors to orthonormal designs, shape
    (trials, n, k), by iterated weights (Schlossmacher 1973)."""
    residual: Array = y - np.einsum("tnk,tk->tn", designs, np.einsum("tnk,n->tk", designs, y))
    ridge = 1e-12 * np.eye(designs.shape[2])
    turned = np.ascontiguousarray(designs.transpose(0, 2, 1))
    for _ in range(_ROUNDS.absolute):
        size = np.abs(residual)
        near = np.maximum(_ROUNDS.near * np.median(size, axis=1, keepdims=True), 1e-300)
        weighted = turned * (near / np.maximum(size, near))[:, None, :]
        normal = weighted @ designs
        normal += ridge * np.trace(normal, axis1=1, axis2=2)[:, None, None]
        solution = np.linalg.solve(normal, weighted @ y[:, None])
        residual = y - (designs @ solution)[:, :, 0]
    return residual


def spread(residual: Array, constants: int) -> Array:
    """Return the standard deviation by the middle of residuals, shape (…, n), after a fit of so many constants."""
    n = residual.shape[-1]
    middle = np.asarray(np.quantile(np.abs(residual), FAR.middle, axis=-1), dtype=np.float64)
    found: Array = np.asarray(middle * (math.sqrt(n / max(n - constants, 1)) / FAR.gaussian_middle))
    return found


def formula_of(member: Member, bent: Array, residual: Array, problem: Problem) -> Formula:
    """Return an ordinary law on all rows, at a start of its bent constants, its linear ones solved for on the rows of
    which it leaves the smaller half."""
    names = tuple(problem.names[j] for j in member.columns)
    columns = {own: problem.X[:, j] for own, j in zip(INPUTS, member.columns, strict=False)}
    columns |= {b: np.full(problem.rows, v) for b, v in zip(BENT, bent, strict=False)}
    with np.errstate(all="ignore"):
        design = np.column_stack([evaluate(term, columns, problem.rows) for term in member.family.nodes()])
    half = np.argsort(np.abs(residual), kind="stable")[: max(residual.size // 2 + 1, design.shape[1] + 1)]
    roots = roots_of(problem)[half]
    norms = np.linalg.norm(design[half], axis=0)
    norms = np.where(norms > 0, norms, 1.0)
    linear = np.linalg.lstsq(design[half] / norms * roots[:, None], problem.y[half] * roots, rcond=1e-14)[0] / norms
    return Formula(member.family.formula(names, linear, bent), problem, member.bits, member.family.constants)

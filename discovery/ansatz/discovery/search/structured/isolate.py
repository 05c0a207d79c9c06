"""One additive term that carries an input alone: y = c*b(v, x) + h(x), with b out of a bank and h smooth.

For each input v a polynomial in the others is projected out of the target and of every term that contains v. The term
that then explains most is judged by the leave-one-out error, like every other reduction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Apply, Array, Variable
from ansatz.discovery.fit.chebyshev import basis
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured import build, terms
from ansatz.discovery.search.structured.reduction import Reduction, shifted
from ansatz.discovery.search.structured.surrogate import View
from ansatz.discovery.search.structured.terms import Bank, Powers

_SIMPLE: Final = tuple(sorted({n / m for n in range(1, 7) for m in (1, 2, 3, 4)}))


@dataclass(frozen=True)
class _Limits:
    """Say which terms are tried. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        share: of the rows that the polynomial of the other inputs may have terms.
        most_terms: of that polynomial.
        bank: monomials of the bank.
        waved: monomials for each input that waves are multiplied with, the simplest.
        tried: best terms of each input.
        spanned: least length of a term of unit length outside the polynomial.
        near: by which share a coefficient may miss a simple fraction: the smooth rest bends it.
    """

    share: float = 0.3
    most_terms: int = 70
    bank: int = 1500
    waved: int = 6
    tried: int = 3
    spanned: float = 1e-3
    near: float = 0.03


_LIMITS: Final = _Limits()


def isolated(problem: Problem, view: View) -> Iterator[tuple[float, Reduction]]:
    """Yield problems without one input and one term of it, each with the leave-one-out error that remains."""
    if len(problem.names) < 2:
        return
    bank = _bank(problem)
    target, roots = view.target(problem)
    columns = [view.column(v) for v in problem.columns.values()]
    for j, name in enumerate(problem.names):
        rest = columns[:j] + columns[j + 1 :]
        position = next((k for k, atom in enumerate(bank.atoms) if atom.node == Variable(name)), None)
        chosen = [k for k, term in enumerate(bank.terms) if any(_belongs(bank, a, name) for a, _ in term)]
        if position is None or not chosen:
            continue
        for k in _best(bank.values[:, chosen], rest, target, roots):
            index = chosen[k]
            left = view.fit_columns(rest, problem, [bank.values[:, index]])
            coefficient = _simple(float(left.coefficients[0]) * problem.y_scale)
            reduction = shifted(problem, build.scaled(coefficient, bank.node(index)), [j])
            if reduction is not None:
                yield left.error, reduction


def _belongs(bank: Bank, atom: int, name: str) -> bool:
    node = bank.atoms[atom].node
    return node == Variable(name) or (isinstance(node, Apply) and Variable(name) in node.args)


def _bank(problem: Problem) -> Bank:
    atoms = terms.inputs(problem)
    d = len(atoms)
    waves = terms.applied(problem, ("sin", "cos"), atoms)
    plain = list(terms.monomials(d, (-2, -1, 1, 2), 4, 5))[: _LIMITS.bank]
    small: list[Powers] = [(), *plain[: _LIMITS.waved * d]]
    return terms.bank(
        problem, [*atoms, *waves], [*plain, *(((d + k, 1.0), *s) for s in small for k in range(len(waves)))]
    )


def _best(features: Array, rest: list[Array], target: Array, roots: Array) -> list[int]:
    """Return the features that explain most beside a polynomial of the other inputs."""
    n = target.size
    design = basis(rest, min(_LIMITS.most_terms, int(_LIMITS.share * n)))[0] * roots[:, None]
    q = np.linalg.qr(design)[0]
    weighted = target * roots
    residual = weighted - q @ (q.T @ weighted)
    with np.errstate(all="ignore"):
        scaled = features * roots[:, None]
        scaled = scaled / np.linalg.norm(scaled, axis=0)
        scaled = scaled - q @ (q.T @ scaled)
        size = np.linalg.norm(scaled, axis=0)
        gain = np.where(size > _LIMITS.spanned, (residual @ scaled) ** 2 / size**2, 0.0)
    order = np.argsort(-np.nan_to_num(gain), kind="stable")
    return [int(k) for k in order[: _LIMITS.tried]]


def _simple(value: float) -> float:
    size = abs(value)
    near = min(_SIMPLE, key=lambda s: abs(s - size))
    return float(np.copysign(near, value)) if abs(near - size) <= _LIMITS.near * size else value

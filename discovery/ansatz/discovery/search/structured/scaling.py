"""Scaling symmetries: y(l**a_i * x_i) = l**b * y(x), read off the slopes of a smooth fit.

This is dimensional analysis without units. A symmetry with a_k != 0 takes an input away: with l = x_k**(-1/a_k),
y / x_k**(b/a_k) is a function of the others, x_i / x_k**(a_i/a_k).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from math import gcd
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, Variable, substitute
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.reduction import Reduction, fresh_names, peeled_values, replaced
from ansatz.discovery.search.structured.surrogate import View


@dataclass(frozen=True)
class _Limits:
    """Say which symmetries are believed. Chosen by judgement; `python -m bench.recovery` holds them.

    Attributes:
        largest: size of an exponent a, by how many inputs the symmetry has, from one on.
        most_degree: size of the exponent b.
        poor: violation by the slopes, over their size, above which a symmetry is none.
        length: by which share each unit of |a| makes a violation count for more: of two the simple one is true.
        degree: the same for each unit of |b|, in units of |a|.
    """

    largest: tuple[int, ...] = (3, 3, 2, 1)
    most_degree: float = 12.0
    poor: float = 0.2
    length: float = 0.15
    degree: float = 0.25


_LIMITS: Final = _Limits()


@lru_cache(maxsize=16)
def _directions(d: int) -> Array:
    """Return whole directions a, of shape `(m, d)`: few small entries, no common factor, the first one positive."""
    found: list[tuple[int, ...]] = []
    for count, limit in enumerate(_LIMITS.largest[:d], start=1):
        entries = [e for e in range(-limit, limit + 1) if e]
        for chosen in combinations(range(d), count):
            for values in product(entries, repeat=count):
                if values[0] > 0 and gcd(*values) == 1:
                    a = [0] * d
                    for k, e in zip(chosen, values, strict=True):
                        a[k] = e
                    found.append(tuple(a))
    return np.array(found, dtype=np.float64)


def symmetries(problem: Problem, view: View, most: int) -> list[tuple[Array, float]]:
    """Return the likeliest (a, b), best first: those that the slopes violate least, simple ones before others."""
    slopes, value = view.gradient(problem)
    usable = np.all(np.isfinite(slopes), axis=1) & np.isfinite(value)
    columns = np.column_stack([slopes[usable], -value[usable]])
    with np.errstate(all="ignore"):
        gram = columns.T @ columns
    d = slopes.shape[1]
    if not np.all(np.isfinite(gram)) or gram[d, d] <= 0:
        return []
    a = _directions(d)
    b = -(a @ gram[:d, d]) / gram[d, d]
    b = np.clip(np.round(2 * b) / 2, -_LIMITS.most_degree, _LIMITS.most_degree)
    vectors = np.column_stack([a, b])
    with np.errstate(all="ignore"):
        left = np.einsum("ij,ij->i", vectors @ gram, vectors)
        size = vectors**2 @ np.diag(gram)
        violation = np.sqrt(np.maximum(left, 0) / size)
    length = np.abs(a).sum(axis=1) + _LIMITS.degree * np.abs(b)
    order = np.argsort(violation * (1 + _LIMITS.length * length), kind="stable")
    return [(a[k], float(b[k])) for k in order[:most] if violation[k] < _LIMITS.poor]


def scaled(problem: Problem, a: Array, b: float) -> Reduction | None:
    """Return the problem without the input that the symmetry takes away; None where that is not finite."""
    names, X = problem.names, problem.X
    pivot = _pivot(problem, a, b)
    if pivot is None:
        return None
    x = Variable(names[pivot])
    others = [i for i in range(len(names)) if i != pivot]
    fresh = dict(zip([i for i in others if a[i]], fresh_names(problem), strict=False))
    replacements: dict[str, Node] = {}
    columns: list[Array] = []
    with np.errstate(all="ignore"):
        for i in others:
            exponent = -float(a[i] / a[pivot])
            columns.append(X[:, i] * X[:, pivot] ** exponent if a[i] else X[:, i])
            if a[i]:
                factors = [(Variable(names[i]), 1.0), (x, exponent)]
                replacements[fresh[i]] = build.product(1.0, factors, problem.functions)
    if not all(np.all(np.isfinite(c)) for c in columns):
        return None
    factor = build.product(1.0, [(x, b / float(a[pivot]))] if b else [], problem.functions)
    smaller = replaced(problem, columns, [fresh.get(i, names[i]) for i in others])
    reduced = peeled_values(smaller, problem.evaluate(factor))
    if reduced is None:
        return None
    return Reduction(
        reduced,
        lambda formula: build.times(factor, substitute(formula, replacements)),
        "scale " + ", ".join(f"{n}:{e:g}" for n, e in zip((*names, "y"), (*a, b), strict=True) if e),
    )


def _pivot(problem: Problem, a: Array, b: float) -> int | None:
    """Return the input to take away: one whose powers exist on all rows, of the least exponent."""
    usable = []
    for k in np.flatnonzero(a):
        x = problem.X[:, k]
        whole = all(float(e / a[k]).is_integer() for e in (*a, b))
        if np.all(x > 0) or (whole and np.all(x != 0)):
            usable.append((not whole, abs(a[k]), int(k)))
    return min(usable)[2] if usable else None

"""Sums of few terms of a library that explain one state: by matching pursuit, and one of each family of terms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from ansatz.discovery.expression import Array, Node, complexity
from ansatz.discovery.expression.numbers import skeleton
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.selection import Regression, Selection
from ansatz.discovery.trajectories.integral import IntegralForm
from ansatz.discovery.trajectories.library import Library


@dataclass(frozen=True)
class _Sums:
    """Say which sums of a library's terms are fitted. Chosen by judgement; `python -m bench.odebench` holds them.

    Attributes:
        most_terms: of a sum.
        rows_a_term: with fewer rows for each term, sums are of fewer.
        pairs: of terms, the best beside each short sum, that are tried.
        most_paired: terms of which all pairs are tried.
        fitted: sums of a library: those of the shortest rough description.
        term_bits: a term's constant in the rough description.
        node_bits: each node of a tree in the rough description.
        least_error: share of the state below which residuals count alike in it.
        plain: low monomials beside the best member of a family of terms, at most.
    """

    most_terms: int = 8
    rows_a_term: int = 8
    pairs: int = 6
    most_paired: int = 60
    fitted: int = 16
    term_bits: float = 12.0
    node_bits: float = 2.0
    least_error: float = 1e-10
    plain: int = 2


_SUMS: Final = _Sums()


def sparse_sums(library: Library, features: Array, form: IntegralForm) -> Iterator[Node]:
    """Yield sums of few terms of a library, the likely ones first, with constants that a fit may start from.

    `features` `(rows, p)` are its terms in integral form.
    """
    nodes = library.nodes
    rows = form.rows.size
    regression = Regression(form.target, features, form.known, np.ones(rows))
    most = min(_SUMS.most_terms, max(1, rows // _SUMS.rows_a_term))
    models = list(regression.forward(most))
    models += regression.completed(models, _SUMS.pairs, min(len(nodes), _SUMS.most_paired))
    ranked = _ranked(models, rows, lambda m: sum(complexity(nodes[i]) for i in m.support))[: _SUMS.fitted]
    if library.plain:
        ranked += _of_each_family(regression, library)
    k = form.known.shape[1]
    for model in ranked:
        yield build.linear(model.coefficients[k:], [nodes[i] for i in model.support])


def _of_each_family(regression: Regression, library: Library) -> Iterator[Selection]:
    """Yield, for every family of terms that differ in a constant inside, its best member beside few plain terms."""
    best: dict[tuple[str, int], tuple[float, tuple[int, ...]]] = {}
    families = [skeleton(node) for node in library.nodes]
    members = {f: [i for i, g in enumerate(families) if g == f] for f in dict.fromkeys(families)}
    for size in range(_SUMS.plain + 1):
        for chosen in combinations(range(library.plain), size):
            gains = regression.gains(chosen)
            left = 1.0 - regression.fit(chosen).error ** 2
            for family, indices in members.items():
                i = indices[int(np.argmax(gains[indices]))]
                gain = left + float(gains[i])
                key = (family, size)
                if i not in chosen and (key not in best or gain > best[key][0]):
                    best[key] = (gain, (*chosen, i))
    for _, support in best.values():
        yield regression.fit(support)


def _ranked(models: Sequence[Selection], rows: int, size: Callable[[Selection], int]) -> list[Selection]:
    """Sort by a rough description length, each support once."""
    distinct = {tuple(sorted(m.support)): m for m in models}

    def bits(model: Selection) -> float:
        left = rows * math.log2(max(model.error, _SUMS.least_error))
        return left + _SUMS.term_bits * len(model.support) + _SUMS.node_bits * size(model)

    return sorted(distinct.values(), key=bits)

"""Search by dimensional analysis.

The target over a product of inputs of its own dimension is a function of the dimensionless products of the inputs
(Buckingham 1914, Phys. Rev. 4, 345): a problem of fewer variables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.expression import Array, Node, Number, Variable, substitute, to_text
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.protocol import Emit, Searcher
from ansatz.discovery.search.structured import build
from ansatz.discovery.search.structured.reduction import ROOM, Reduction, fresh_names, peeled_values, replaced
from ansatz.discovery.search.structured.shortlist import Shortlist
from ansatz.discovery.units.dimensionless import MAX_INPUTS, Powers, dimensionless_products, prefactors


@dataclass(frozen=True)
class _Limits:
    """Bound the reduced problems. Chosen by judgement; `python -m bench.recovery --units` holds them.

    Attributes:
        rows: looked at.
        prefactors: products of the target's dimension that it is divided by, the simplest.
    """

    rows: int = 2000
    prefactors: int = 3


_LIMITS: Final = _Limits()


@dataclass(frozen=True)
class Dimensional:
    """Hand the reduced problems of the three simplest prefactors to a solver."""

    solver: Searcher

    @property
    def name(self) -> str:
        return f"dimensional.{self.solver.name.rpartition('.')[2]}"

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        if problem.dimensions is None or not 1 <= len(problem.names) <= MAX_INPUTS:
            return
        reductions = _reductions(problem.subsample(_LIMITS.rows))
        with Shortlist(problem, budget, emit) as shortlist:
            for product in reductions.products:
                shortlist.offer(product)
            for reduced in reductions.problems:
                if shortlist.budget.spent:
                    return
                self.solver.search(reduced.problem, shortlist.budget, reduced.emit(shortlist.take))


def with_dimensional(searchers: Sequence[Searcher], problem: Problem) -> list[Searcher]:
    """Return the searchers, each preceded by itself on the problems reduced by dimensional analysis.

    Where there is but one dimensionless product, all of these come first. Only the searchers where the problem has no
    dimensions.
    """
    if problem.dimensions is None:
        return list(searchers)
    reduced = [Dimensional(s) for s in searchers]
    if problem.dimensions.products <= 1:
        return [*reduced, *searchers]
    return [s for pair in zip(reduced, searchers, strict=True) for s in pair]


@dataclass(frozen=True, eq=False)
class _Reductions:
    """Hold what dimensional analysis makes of a problem: multiples of products of inputs, and reduced problems."""

    products: Sequence[Node]
    problems: Sequence[Reduction]


@lru_cache(maxsize=1)
def _reductions(problem: Problem) -> _Reductions:
    assert problem.dimensions is not None
    inputs = {name: problem.dimensions.inputs[name] for name in problem.names}
    dimensionless = _usable(dimensionless_products(inputs), problem)
    factors = [_product(p, problem) for p in prefactors(inputs, problem.dimensions.target)[: _LIMITS.prefactors]]
    scaled = [(factor, _scale(factor, problem)) for factor in factors]
    reduced = [_reduce(problem, factor, dimensionless) for factor in factors] if dimensionless else []
    return _Reductions(
        [build.times(factor, Number(scale)) for factor, scale in scaled if scale is not None],
        [smaller for smaller in reduced if smaller is not None],
    )


def _product(powers: Powers, problem: Problem) -> Node:
    return build.product(1.0, [(Variable(n), float(e)) for n, e in powers.items()], problem.functions)


def _usable(products: Sequence[Powers], problem: Problem) -> list[Node]:
    """Return the products as formulas, upside down where they are not finite; none if one is not finite either way."""
    found: list[Node] = []
    for powers in products:
        ways = (_product(powers, problem), _product({n: -e for n, e in powers.items()}, problem))
        finite = [way for way in ways if np.all(np.isfinite(problem.evaluate(way)))]
        if not finite:
            return []
        found.append(finite[0])
    return found


def _scale(factor: Node, problem: Problem) -> float | None:
    """Return the multiple of the factor that is nearest to the target; None where it is not finite or zero."""
    with np.errstate(all="ignore"):
        values = problem.evaluate(factor) / problem.y_scale
        scale = float(_mean(values * problem.y, problem) / _mean(values * values, problem)) / problem.y_scale
    return scale if np.isfinite(scale) and scale else None


def _mean(values: Array, problem: Problem) -> float:
    return float(np.average(values, weights=problem.weights))


def _reduce(problem: Problem, factor: Node, dimensionless: Sequence[Node]) -> Reduction | None:
    """Return the problem of y / factor as a function of the dimensionless products."""
    peeled = peeled_values(problem, problem.evaluate(factor))
    if peeled is None:
        return None
    named: dict[str, Node] = dict(zip(fresh_names(problem), dimensionless, strict=False))
    smaller = replace(
        replaced(peeled, [problem.evaluate(p) for p in dimensionless], list(named)),
        dimensions=None,
        max_complexity=problem.max_complexity + ROOM.nodes,
    )
    return Reduction(
        smaller, lambda formula: build.times(factor, substitute(formula, named)), f"products over {to_text(factor)}"
    )

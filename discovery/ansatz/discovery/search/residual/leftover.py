"""Search of what a dominant formula leaves: a small correction, added to it or a factor of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ansatz.discovery.budget import Budget
from ansatz.discovery.evidence.description_length import is_exact
from ansatz.discovery.evidence.noise import Answer
from ansatz.discovery.evidence.rank import pareto_front
from ansatz.discovery.expression import Node, Number, add, complexity, multiply, simplify, substitute, variables
from ansatz.discovery.expression.node import exponent_positions, is_integer
from ansatz.discovery.expression.numbers import free_positions, numbers, with_numbers
from ansatz.discovery.fit.constants import fit_constants
from ansatz.discovery.problem.problem import Problem
from ansatz.discovery.search.archive import SCREEN_ROWS, Archive
from ansatz.discovery.search.protocol import Emit, Searcher
from ansatz.discovery.search.structured.reduction import ROOM, Reduction, fresh_names, peeled_values
from ansatz.discovery.search.structured.relevance import without_irrelevant
from ansatz.discovery.search.structured.shortlist import Shortlist


@dataclass(frozen=True)
class _Dominance:
    """Say when a formula is dominant. Chosen by judgement; `python -m bench.recovery` holds them.

    With constants enough a wrong formula bends to anything smooth, so that the bounds are narrow.

    Attributes:
        share: of the target's spread that a formula of one constant leaves at most.
        a_constant: times that for one constant more.
        constants: at most.
        nodes: at most.
        exponent: by how much an exponent may miss a half and count for simple, though fitted without the correction.
    """

    share: float = 0.01
    a_constant: float = 0.1
    constants: int = 2
    nodes: int = 15
    exponent: float = 0.05


_DOMINANCE: Final = _Dominance()


def dominant_formulas(archive: Archive) -> list[Node]:
    """Return formulas that explain nearly all, but not what has structure: the simplest, and the best.

    The simplest has simple exponents. None where the best leaves only noise, or nothing.
    """
    problem = archive.screen
    front = pareto_front(archive.entries)
    spread = front[0].rmse
    nearly = [e for e in front if variables(e.formula) and e.rmse < _most_left(e.formula) * spread]
    if not nearly or is_exact(front[-1].rmse, problem):
        return []
    best = min(nearly, key=lambda e: e.description_length)
    if archive.leaves(best).answer is not Answer.STRUCTURE:
        return []
    return list(dict.fromkeys((_with_simple_exponents(nearly[0].formula, problem), best.formula)))


def _most_left(formula: Node) -> float:
    """Return the share of the spread below which the formula is dominant; 0 for a long one, or of many constants."""
    exponents = exponent_positions(formula)
    values = numbers(formula)
    constants = sum(not (i in exponents and _near_simple(values[i])) for i in free_positions(formula))
    if constants > _DOMINANCE.constants or complexity(formula) > _DOMINANCE.nodes:
        return 0.0
    return _DOMINANCE.share * _DOMINANCE.a_constant ** max(constants - 1, 0)


def _near_simple(exponent: float) -> bool:
    return abs(exponent - round(2 * exponent) / 2) < _DOMINANCE.exponent


def _with_simple_exponents(formula: Node, problem: Problem) -> Node:
    """Return the formula with exponents at the whole or half numbers that are near them; 0 takes a factor out."""
    values = numbers(formula)
    exponents = exponent_positions(formula)
    for i in exponents:
        if _near_simple(values[i]):
            values[i] = round(2 * values[i]) / 2
    free = [i for i in free_positions(formula) if not is_integer(2 * values[i] if i in exponents else values[i])]
    return simplify(fit_constants(with_numbers(formula, values), problem, free).formula, problem.positive)


@dataclass(frozen=True, eq=False)
class Leftover:
    """Hand the residual of a formula to searchers, and join what they find with it.

    The residual is searched as a factor, y/f - 1, and as a sum, y - f. Since f was fitted without its correction, some
    of f is left in the second: f is an input of that problem.

    Attributes:
        leader: the formula f.
        searchers: see both problems, in turn.
        name: of the searcher.
        pieces: of work.
    """

    leader: Node
    searchers: Sequence[Searcher]
    name: str = "leftover"
    pieces: int = 1500

    def search(self, problem: Problem, budget: Budget, emit: Emit) -> None:
        small = problem.subsample(SCREEN_ROWS)
        with Shortlist(small, budget, emit, self.pieces) as shortlist:
            for residual in self._residuals(small):
                emit_joined = residual.emit(shortlist.take)
                relevant = without_irrelevant(residual.problem, shortlist.budget, few=1) or residual.problem
                for searcher in self.searchers:
                    if shortlist.budget.spent:
                        return
                    searcher.search(relevant, shortlist.budget, emit_joined)

    def _residuals(self, problem: Problem) -> Iterator[Reduction]:
        """Yield what the leader leaves, as a factor and as a sum."""
        leader = self.leader
        roomy = replace(problem, max_complexity=problem.max_complexity + ROOM.nodes, dimensions=None)
        f = problem.evaluate(leader)
        if (ratio := peeled_values(roomy, f)) is not None:
            factor = replace(ratio, y=ratio.y - 1.0)
            yield Reduction(
                factor, lambda g: simplify(multiply(leader, add(Number(1.0), g)), problem.positive), "leftover factor"
            )
        name = next(fresh_names(problem))
        X = np.asfortranarray(np.column_stack([problem.X, f]))
        rest = replace(roomy, X=X, names=(*problem.names, name), y=problem.y - f)
        yield Reduction(
            rest, lambda g: simplify(add(leader, substitute(g, {name: leader})), problem.positive), "leftover sum"
        )

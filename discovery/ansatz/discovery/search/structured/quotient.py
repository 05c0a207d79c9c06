"""Quotients of polynomials in atoms, as formulas as short as may be."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ansatz.discovery.expression import Apply, Node, divide
from ansatz.discovery.search.structured import build, squares
from ansatz.discovery.search.structured.outer import LOG, Outer
from ansatz.discovery.search.structured.terms import Atom, Bank, Powers

Monomial = tuple[int, ...]
"""Positions of atoms, each as often as it is a factor, in ascending order."""


@dataclass(frozen=True)
class _Tolerances:
    """Say when a coefficient is a whole number. Chosen by judgement, above the rounding of an exact relation.

    Attributes:
        whole: distance from the whole number, over the coefficient or 1.
    """

    whole: float = 1e-6


_TOLERANCES: Final = _Tolerances()


@dataclass(frozen=True, eq=False)
class Quotient:
    """State the law T(y) = sum of `above` / sum of `below`.

    Attributes:
        atoms: what monomials are products of.
        outer: T.
        above: coefficients by monomial.
        below: coefficients by monomial.
    """

    atoms: tuple[Atom, ...]
    outer: Outer
    above: Mapping[Monomial, float]
    below: Mapping[Monomial, float]

    def formulas(self, functions: Collection[str]) -> Iterator[Node]:
        """Yield the law for y: coefficients near whole numbers made whole, and as they are."""
        size = self._unit()
        for whole in (True, False):
            above = {m: _whole(c / size) if whole else c / size for m, c in self.above.items()}
            below = {m: _whole(c / size) if whole else c / size for m, c in self.below.items()}
            yield self._formula(above, below, functions)

    def _unit(self) -> float:
        """Return the coefficient by which to divide for most whole numbers."""
        values = [*self.below.values(), *self.above.values()]

        def score(unit: float) -> tuple[int, float]:
            return sum(_whole(v / unit) == round(v / unit) != 0 for v in values), -max(abs(v / unit) for v in values)

        return max(values, key=score)

    def _formula(
        self, above: Mapping[Monomial, float], below: Mapping[Monomial, float], functions: Collection[str]
    ) -> Node:
        top = [(c, _powers(m)) for m, c in above.items()]
        bottom = [(c, _powers(m)) for m, c in below.items()]
        if len(bottom) == 1:
            ((size, monomial),) = bottom
            top = [(c / size, _over(m, monomial)) for c, m in top]
            bottom = []
        front: list[tuple[Node, float]] = []
        if self.outer is LOG and not bottom:
            top, front = self._without_logarithms(top)
        total = self._sum(top, functions)
        if bottom:
            total = divide(total, self._sum(bottom, functions))
        formula = self.outer.inverse(total, functions)
        return build.product(1.0, [*front, (formula, 1.0)], functions) if front else formula

    def _without_logarithms(self, parts: Sequence[squares.Part]) -> tuple[list[squares.Part], list[tuple[Node, float]]]:
        """Return the parts without c*log(x), and x**c of these."""
        rest: list[squares.Part] = []
        front: list[tuple[Node, float]] = []
        for c, term in parts:
            node = self.atoms[term[0][0]].node if len(term) == 1 and term[0][1] == 1.0 else None
            if isinstance(node, Apply) and node.op == "log":
                front.append((node.args[0], c))
            else:
                rest.append((c, term))
        return rest, front

    def _sum(self, parts: Sequence[squares.Part], functions: Collection[str]) -> Node:
        bank = Bank(self.atoms, (), np.empty((0, 0)), frozenset(functions))
        if (whole := squares.completed(list(parts), bank)) is not None:
            return whole
        return build.linear([c for c, _ in parts], [bank.formula(t) for _, t in parts])


def _whole(value: float) -> float:
    near = float(round(value))
    return near if abs(value - near) <= _TOLERANCES.whole * max(1.0, abs(value)) else value


def _powers(monomial: Monomial) -> Powers:
    return tuple((atom, float(monomial.count(atom))) for atom in dict.fromkeys(monomial))


def _over(above: Powers, below: Powers) -> Powers:
    total = dict(above)
    for atom, e in below:
        total[atom] = total.get(atom, 0.0) - e
    return tuple((atom, e) for atom, e in total.items() if e)

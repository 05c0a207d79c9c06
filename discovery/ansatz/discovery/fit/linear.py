"""Tell which constants of a formula enter it linearly, all together."""

from __future__ import annotations

from collections.abc import Sequence

from ansatz.discovery.expression import Apply, Node, Number
from ansatz.discovery.expression.node import NEGATION


def linear_slots(formula: Node, groups: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return the indices of those groups of number positions in which the formula is affine together.

    Of two factors that both hold constants, the one with more of them keeps its own.
    """
    owner = {p: i for i, group in enumerate(groups) for p in group}
    count = 0

    def visit(node: Node) -> tuple[frozenset[int], frozenset[int]]:
        """Return the slots in which the node is affine, and those in which it is not."""
        nonlocal count
        if isinstance(node, Number):
            count += 1
            slot = owner.get(count - 1)
            return (frozenset() if slot is None else frozenset({slot})), frozenset()
        if not isinstance(node, Apply):
            return frozenset(), frozenset()
        found = [visit(argument) for argument in node.args]
        affine = [a for a, _ in found]
        bent = frozenset().union(*(b for _, b in found))
        if node.op in ("+", "-", NEGATION):
            return frozenset().union(*affine) - bent, bent
        if node.op == "*":
            keep, give = affine if len(affine[0]) >= len(affine[1]) else reversed(affine)
            bent |= give
            return keep - bent, bent
        if node.op == "/":
            bent |= affine[1]
            return affine[0] - bent, bent
        return frozenset(), bent.union(*affine)

    affine, bent = visit(formula)
    return tuple(sorted(affine - bent))


def wave_arguments(formula: Node, groups: Sequence[Sequence[int]]) -> dict[int, tuple[Node, int]]:
    """Return, for the groups inside a sine or cosine, its argument, and how many numbers stand before that.

    In constants of these groups the error of a fit has many minima.
    """
    owner = {p: i for i, group in enumerate(groups) for p in group}
    found: dict[int, tuple[Node, int]] = {}
    count = 0

    def visit(node: Node, inside: tuple[Node, int] | None) -> None:
        nonlocal count
        if isinstance(node, Number):
            if inside and count in owner:
                found.setdefault(owner[count], inside)
            count += 1
        elif isinstance(node, Apply):
            for argument in node.args:
                visit(argument, (argument, count) if node.op in ("sin", "cos") else inside)

    visit(formula, None)
    return found

"""A formula of grouped data in one group: with that group's constants where a report gives the median over groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansatz.discovery.expression import Node, Number, Variable
from ansatz.discovery.expression.node import rebuild
from ansatz.discovery.report.report import Constant


def in_group(formula: Node, constants: Sequence[Constant], label: str) -> Node:
    """Return the formula with the values that its constants have in a group."""

    def of_group(constant: Constant) -> Node:
        found = constant.per_group.get(label)
        return Number(constant.value if found is None else found.value)

    return with_differing(formula, constants, of_group)


def with_differing(formula: Node, constants: Sequence[Constant], value: Callable[[Constant], Node]) -> Node:
    """Return the formula with each constant that differs from group to group replaced by what `value` makes of it.

    `constants` are those of a candidate, in order of appearance: every number that is no integer is one, and integers
    only where they differ or the caller has named them.
    """
    queue = list(constants)

    def leaf(node: Number | Variable) -> Node:
        if isinstance(node, Variable) or not queue or abs(node.value) != abs(queue[0].value):
            return node
        listed = node.is_free or node.name or queue[0].per_group or queue[0].parameter
        if not listed:
            return node
        constant = queue.pop(0)
        # A minus before a free constant belongs to the number where the formula was read.
        constant = constant if constant.value == node.value else constant.negative()
        return value(constant) if constant.per_group else node

    return rebuild(formula, leaf)


def differs(constants: Sequence[Constant]) -> bool:
    """Return whether a constant differs from group to group."""
    return any(c.per_group for c in constants)

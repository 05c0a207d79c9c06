"""Right-hand sides that switch: what they are on either side of every sign(…) in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ansatz.discovery.expression import Array, Node, Variable
from ansatz.discovery.expression.derivative import derivative
from ansatz.discovery.expression.node import Apply
from ansatz.discovery.trajectories.tape import Tape


@dataclass(frozen=True, eq=False)
class Held:
    """Equations in which each sign(…) is a variable of its own, to be held while a motion stays on one side.

    `inside` are the arguments of the signs.
    """

    equations: tuple[Node, ...]
    inside: tuple[Node, ...]

    @classmethod
    def of(cls, equations: Sequence[Node]) -> Held:
        """Return the equations with their outermost signs held."""
        inside = tuple(dict.fromkeys(u for e in equations for u in _switching(e)))
        return cls(tuple(_held(e, inside) for e in equations), inside)

    @property
    def sides(self) -> tuple[str, ...]:
        """Return the variables that stand for the signs."""
        return tuple(_side(k) for k in range(len(self.inside)))


class Switches:
    """Compute values and derivatives of the arguments of signs; what is inside another sign is left as it is."""

    def __init__(self, inside: Sequence[Node], components: Sequence[str], time: str, parameters: Sequence[str],
                 names: Sequence[str]) -> None:  # fmt: skip
        self.count = len(inside)
        by = (*components, *parameters, time)
        self._values = Tape(inside, names)
        self._slopes = Tape([derivative(u, name) for u in inside for name in by], names)

    def values(self, variables: Sequence[Array | float], points: int) -> Array:
        """Return the arguments, `(K, N)`."""
        return _stacked(self._values(variables), points)

    def slopes(self, variables: Sequence[Array | float], points: int) -> Array:
        """Return their derivatives by the components, by the parameters and by time, `(K, D + p + 1, N)`."""
        return _stacked(self._slopes(variables), points).reshape(self.count, -1, points)


def _stacked(values: Sequence[Array | float], points: int) -> Array:
    return np.array([np.broadcast_to(v, points) for v in values])


def _side(k: int) -> str:
    return f"@{k}"


def _switching(node: Node) -> Iterator[Node]:
    """Yield the arguments of outermost signs."""
    if isinstance(node, Apply):
        if node.op == "sign":
            yield node.args[0]
        else:
            for a in node.args:
                yield from _switching(a)


def _held(node: Node, inside: Sequence[Node]) -> Node:
    if not isinstance(node, Apply):
        return node
    if node.op == "sign":
        return Variable(_side(inside.index(node.args[0])))
    return Apply(node.op, tuple(_held(a, inside) for a in node.args))

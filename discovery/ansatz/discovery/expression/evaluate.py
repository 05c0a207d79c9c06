"""Values of a formula on columns, and their derivatives with respect to its numbers, in float64.

Outside a function's domain the value is NaN, as in numpy; no warning is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.node import Apply, Node, Number, Variable

Array = NDArray[np.float64]
Numbers = Array | Sequence[Array]
"""Numbers of a formula: each of shape () or (rows,)."""

QUADRATURE_POINTS: Final = 32
_MOST_VALUES: Final = 1_000_000
_ABSCISSAE, _QUADRATURE_WEIGHTS = np.polynomial.legendre.leggauss(QUADRATURE_POINTS)

NUMPY_NAME: Final[Mapping[str, str]] = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "min": "minimum", "max": "maximum",
}  # fmt: skip

_UNARY: Final[Mapping[str, Callable[[Array], Array]]] = {
    **{name: getattr(np, NUMPY_NAME.get(name, name)) for name in tree.UNARY_FUNCTIONS},
    tree.NEGATION: np.negative,
}
_BINARY: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power,
    "min": np.minimum, "max": np.maximum,
}  # fmt: skip
UNARY_SLOPE: Final[Mapping[str, Callable[[Array, Array], Array]]] = {
    "exp": lambda u, f: f,
    "log": lambda u, f: 1 / u,
    "sqrt": lambda u, f: 0.5 / f,
    "sin": lambda u, f: np.cos(u),
    "cos": lambda u, f: -np.sin(u),
    "tan": lambda u, f: 1 + f * f,
    "asin": lambda u, f: 1 / np.sqrt(1 - u * u),
    "acos": lambda u, f: -1 / np.sqrt(1 - u * u),
    "atan": lambda u, f: 1 / (1 + u * u),
    "sinh": lambda u, f: np.cosh(u),
    "cosh": lambda u, f: np.sinh(u),
    "tanh": lambda u, f: 1 - f * f,
    "abs": lambda u, f: np.sign(u),
    "sign": lambda u, f: np.zeros_like(u),
    tree.NEGATION: lambda u, f: -np.ones_like(u),
}
"""d f(u)/du given u and f(u)."""


def numpy_function(op: str) -> Callable[..., Array]:
    """Return the operator or function as numpy has it."""
    return _UNARY[op] if op in _UNARY else _BINARY[op]


def apply_function(op: str, *arguments: Array) -> Array:
    """Return the operator or function on arrays of one shape."""
    if len(arguments) == 1:
        return _UNARY[op](arguments[0])
    return _BINARY[op](arguments[0], arguments[1])


def evaluate(node: Node, columns: Mapping[str, Array], rows: int) -> Array:
    """Return values of shape (rows,). `columns` maps each variable to an array of shape (rows,)."""
    with np.errstate(all="ignore"):
        return _on_rows(_evaluate(node, columns), rows)


def _on_rows(value: Array, rows: int) -> Array:
    return value if value.ndim else np.full(rows, value)


def _evaluate(node: Node, columns: Mapping[str, Array]) -> Array:
    """Return values of shape (rows,), or a scalar where the node holds no variable: numpy is faster with scalars."""
    if isinstance(node, Number):
        return np.array(node.value)[()]
    if isinstance(node, Variable):
        return columns[node.name]
    if node.op == tree.INTEGRAL:
        return _integral(node, columns)
    return apply_function(node.op, *(_evaluate(a, columns) for a in node.args))


def _quadrature(low: Array, high: Array) -> Iterator[tuple[Array, Array]]:
    """Yield points between the limits and their weights, Gauss-Legendre: blocks of shape (m, rows) or (m, 1), 32 points
    in all, small enough for memory."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    block = max(1, min(QUADRATURE_POINTS, _MOST_VALUES // np.size(half)))
    for first in range(0, QUADRATURE_POINTS, block):
        chosen = slice(first, first + block)
        yield middle + _ABSCISSAE[chosen, None] * half, _QUADRATURE_WEIGHTS[chosen, None] * half


def _summed(values: Array) -> Array:
    """Return the sum over the points of a quadrature, shape (rows,), or a scalar where it is the same for all rows."""
    total: Array = np.asarray(np.asarray(values).sum(axis=0), dtype=np.float64)
    return total.reshape(())[()] if total.size == 1 else total


def _integral(node: Apply, columns: Mapping[str, Array]) -> Array:
    body, bound, *limits = node.args
    assert isinstance(bound, Variable)
    low, high = (_evaluate(a, columns) for a in limits)
    parts = [
        _summed(weights * _evaluate(body, {**columns, bound.name: points}))
        for points, weights in _quadrature(low, high)
    ]
    return _summed(np.array(parts)) if len(parts) > 1 else parts[0]


def values_and_jacobian(
    node: Node, columns: Mapping[str, Array], rows: int, free: Sequence[int], numbers: Numbers | None = None
) -> tuple[Array, Array]:
    """Return values of shape (rows,) and derivatives of shape (rows, len(free)).

    `numbers` stand in for all numbers of the formula, in order of appearance, where they are given; each may differ
    from row to row, outside integrals.

    `free` are positions among the numbers of the formula (all of them, integers included), in order of appearance.
    Reverse-mode differentiation: the cost is a small multiple of one evaluation, whatever the number of constants.
    """
    jacobian = np.zeros((rows, len(free)), order="F")
    slot = {position: j for j, position in enumerate(free)}
    with np.errstate(all="ignore"):
        forward = _Forward(node, columns, numbers)
        forward.pull_back(np.ones(rows), slot, jacobian)
    return np.array(_on_rows(forward.value, rows)), jacobian


class _Forward:
    """A node with its values; numbers are counted in order of appearance."""

    __slots__ = ("children", "first_number", "node", "numbers", "slopes", "value")

    def __init__(
        self, node: Node, columns: Mapping[str, Array], numbers: Numbers | None, first_number: int = 0
    ) -> None:
        self.node = node
        self.first_number = first_number
        self.children: list[_Forward] = []
        self.numbers = 0
        if isinstance(node, Number):
            self.numbers = 1
            self.value: Array = np.array(node.value)[()] if numbers is None else numbers[first_number]
        elif isinstance(node, Variable):
            self.value = columns[node.name]
        elif node.op == tree.INTEGRAL:
            self._integrate(node, columns, numbers)
        else:
            for argument in node.args:
                child = _Forward(argument, columns, numbers, first_number + self.numbers)
                self.children.append(child)
                self.numbers += child.numbers
            self.value = apply_function(node.op, *(c.value for c in self.children))

    def _integrate(self, node: Apply, columns: Mapping[str, Array], numbers: Numbers | None) -> None:
        """Children are the body at blocks of points and the two limits; the slopes belong to them."""
        body, bound, *limits = node.args
        assert isinstance(bound, Variable)
        inside = sum(isinstance(n, Number) for n in tree.walk(body))
        low = _Forward(limits[0], columns, numbers, self.first_number + inside)
        high = _Forward(limits[1], columns, numbers, low.first_number + low.numbers)

        def at(point: Array) -> _Forward:
            return _Forward(body, {**columns, bound.name: point}, numbers, self.first_number)

        blocks = list(_quadrature(low.value, high.value))
        within = [at(points) for points, _ in blocks]
        self.children = [*within, low, high]
        self.slopes: list[Array] = [*(weights for _, weights in blocks), -at(low.value).value, at(high.value).value]
        self.numbers = inside + low.numbers + high.numbers
        sums = [_summed(weights * c.value) for (_, weights), c in zip(blocks, within, strict=True)]
        self.value = _summed(np.array(sums)) if len(sums) > 1 else sums[0]

    def pull_back(self, adjoint: Array, slot: Mapping[int, int], jacobian: Array) -> None:
        if not self.numbers or not any(self.first_number <= p < self.first_number + self.numbers for p in slot):
            return
        if isinstance(self.node, Apply):
            for child, slope in zip(self.children, self._slopes(self.node.op), strict=True):
                child.pull_back(adjoint * slope, slot, jacobian)
        else:
            jacobian[:, slot[self.first_number]] += adjoint if np.ndim(adjoint) < 2 else adjoint.sum(axis=0)

    def _slopes(self, op: str) -> tuple[Array | float, ...]:
        f = self.value
        if op == tree.INTEGRAL:
            return tuple(self.slopes)
        if len(self.children) == 1:
            return (UNARY_SLOPE[op](self.children[0].value, f),)
        u, v = (c.value for c in self.children)
        if op == "+":
            return 1.0, 1.0
        if op == "-":
            return 1.0, -1.0
        if op == "*":
            return v, u
        if op == "/":
            return 1 / v, -f / v
        if op == "**":
            to_exponent = f * np.log(u) if self.children[1].numbers else np.zeros_like(f)
            # 0**p has slope 0 in p for p > 0, where the product above says NaN.
            return v * np.power(u, v - 1), np.where((u == 0) & (v > 0), 0.0, to_exponent)
        first = u <= v if op == "min" else u >= v
        return np.where(first, 1.0, 0.0), np.where(first, 0.0, 1.0)

"""Values of a formula on columns, in float64.

Outside a function's domain the value is NaN, as in numpy; no warning is printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.node import Node, Number, Variable

Array = NDArray[np.float64]

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


def apply_function(op: str, *arguments: Array) -> Array:
    """The operator or function on arrays of one shape."""
    if len(arguments) == 1:
        return _UNARY[op](arguments[0])
    return _BINARY[op](arguments[0], arguments[1])


def evaluate(node: Node, columns: Mapping[str, Array], rows: int) -> Array:
    """Values of shape (rows,). `columns` maps each variable to an array of shape (rows,)."""
    with np.errstate(all="ignore"):
        return _on_rows(_evaluate(node, columns), rows)


def _on_rows(value: Array, rows: int) -> Array:
    return value if value.ndim else np.full(rows, value)


def _evaluate(node: Node, columns: Mapping[str, Array]) -> Array:
    """Values of shape (rows,), or a scalar where the node holds no variable: numpy is faster with scalars."""
    if isinstance(node, Number):
        return np.array(node.value)[()]
    if isinstance(node, Variable):
        return columns[node.name]
    return apply_function(node.op, *(_evaluate(a, columns) for a in node.args))

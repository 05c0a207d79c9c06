"""Values of one formula for many settings of its parameters at once, with derivatives, in float64.

Parameters are arrays `(s, 1)`, columns `(n,)`: everything broadcasts to `(s, n)`. Derivatives run forward, with the
values: a law has few parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ansatz.discovery.expression import Apply, Array, Node, Number, Variable
from ansatz.discovery.expression.evaluate import UNARY_SLOPE, apply_function

Dual = tuple[Array, dict[str, Array]]
"""A value and its derivatives by parameter; a parameter that does not occur has none."""


def batch_values(node: Node, values: Mapping[str, Array]) -> Array:
    """Return the value of the formula, broadcast over its variables."""
    if isinstance(node, Number):
        return np.float64(node.value)  # type: ignore[return-value]
    if isinstance(node, Variable):
        return values[node.name]
    return apply_function(node.op, *(batch_values(a, values) for a in node.args))


def batch_dual(node: Node, values: Mapping[str, Array], parameters: frozenset[str]) -> Dual:
    """Return the value of the formula and its derivatives with respect to `parameters`."""
    if isinstance(node, Number):
        return np.float64(node.value), {}  # type: ignore[return-value]
    if isinstance(node, Variable):
        slopes = {node.name: np.ones_like(values[node.name])} if node.name in parameters else {}
        return values[node.name], slopes
    parts = [batch_dual(a, values, parameters) for a in node.args]
    value = apply_function(node.op, *(v for v, _ in parts))
    if all(not slopes for _, slopes in parts):
        return value, {}
    return value, _chain(node, value, parts)


def _chain(node: Apply, f: Array, parts: list[Dual]) -> dict[str, Array]:
    if len(parts) == 1:
        ((u, slopes),) = parts
        outer = UNARY_SLOPE[node.op](u, f)
        return {name: outer * slope for name, slope in slopes.items()}
    (u, du), (v, dv) = parts
    by_u, by_v = _partial(node.op, (u, v), f, (bool(du), bool(dv)))
    total = {name: by_u * slope for name, slope in du.items()}
    for name, slope in dv.items():
        total[name] = total[name] + by_v * slope if name in total else by_v * slope
    return total


def _partial(op: str, arguments: tuple[Array, Array], f: Array, needed: tuple[bool, bool]) -> tuple[Array, Array]:
    """Return the derivatives of u op v with respect to u and v; what is not needed may be anything."""
    (u, v), (needs_u, needs_v) = arguments, needed
    one = np.float64(1.0)
    if op == "+":
        return one, one  # type: ignore[return-value]
    if op == "-":
        return one, -one  # type: ignore[return-value]
    if op == "*":
        return v, u
    if op == "/":
        return 1 / v, (-f / v if needs_v else f)
    if op == "**":
        by_u = v * np.power(u, v - 1) if needs_u else f
        by_v = np.where((u == 0) & (v > 0), 0.0, f * np.log(u)) if needs_v else f
        return by_u, by_v
    first = u <= v if op == "min" else u >= v
    return np.where(first, 1.0, 0.0), np.where(first, 0.0, 1.0)

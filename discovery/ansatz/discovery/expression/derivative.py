"""The derivative of a formula with respect to one of its variables, as a formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.node import Apply, Node, Number, Variable, add, call, divide, multiply, power, subtract

ZERO: Final = Number(0.0)
_ONE: Final = Number(1.0)
_HALF: Final = Number(0.5)

# d f(u)/du given u and f(u).
_SLOPE: Final[Mapping[str, Callable[[Node, Node], Node]]] = {
    "exp": lambda u, f: f,
    "log": lambda u, f: divide(_ONE, u),
    "sqrt": lambda u, f: divide(_HALF, f),
    "sin": lambda u, f: call("cos", u),
    "cos": lambda u, f: Apply(tree.NEGATION, (call("sin", u),)),
    "tan": lambda u, f: add(_ONE, multiply(f, f)),
    "asin": lambda u, f: divide(_ONE, call("sqrt", subtract(_ONE, multiply(u, u)))),
    "acos": lambda u, f: divide(Number(-1.0), call("sqrt", subtract(_ONE, multiply(u, u)))),
    "atan": lambda u, f: divide(_ONE, add(_ONE, multiply(u, u))),
    "sinh": lambda u, f: call("cosh", u),
    "cosh": lambda u, f: call("sinh", u),
    "tanh": lambda u, f: subtract(_ONE, multiply(f, f)),
    "abs": lambda u, f: call("sign", u),
    "sign": lambda u, f: ZERO,
    tree.NEGATION: lambda u, f: Number(-1.0),
}


def derivative(node: Node, name: str) -> Node:
    """d node / d name; where a kink has no derivative, the mean of those beside it."""
    if isinstance(node, Variable):
        return _ONE if node.name == name else ZERO
    if isinstance(node, Number):
        return ZERO
    slopes = tuple(derivative(a, name) for a in node.args)
    if all(s == ZERO for s in slopes):
        return ZERO
    if len(slopes) == 1:
        return _times(_SLOPE[node.op](node.args[0], node), slopes[0])
    return _of_two(node, *slopes)


def _of_two(node: Apply, du: Node, dv: Node) -> Node:
    u, v = node.args
    if node.op == "+":
        return _plus(du, dv)
    if node.op == "-":
        return _minus(du, dv)
    if node.op == "*":
        return _plus(_times(du, v), _times(u, dv))
    if node.op == "/":
        return _minus(_over(du, v), _times(_over(node, v), dv))
    if node.op == "**":
        of_base = _times(multiply(v, power(u, _minus(v, _ONE))), du)
        return _plus(of_base, _times(multiply(node, call("log", u)), dv) if dv != ZERO else ZERO)
    # min(u, v) = (u + v - |u - v|)/2, max with a plus.
    bend = _times(call("sign", subtract(u, v)), _minus(du, dv))
    total = _plus(du, dv)
    return _times(_HALF, _minus(total, bend) if node.op == "min" else _plus(total, bend))


def _plus(a: Node, b: Node) -> Node:
    if ZERO in (a, b):
        return b if a == ZERO else a
    return add(a, b)


def _minus(a: Node, b: Node) -> Node:
    if isinstance(a, Number) and isinstance(b, Number):
        return Number(a.value - b.value)
    if b == ZERO:
        return a
    return Apply(tree.NEGATION, (b,)) if a == ZERO else subtract(a, b)


def _times(a: Node, b: Node) -> Node:
    if ZERO in (a, b):
        return ZERO
    if _ONE in (a, b):
        return b if a == _ONE else a
    return multiply(a, b)


def _over(a: Node, b: Node) -> Node:
    return ZERO if a == ZERO else divide(a, b)

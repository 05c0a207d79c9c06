"""The terms of right-hand sides: what equations share, and which are the same but for constants and order."""

from __future__ import annotations

from collections.abc import Sequence

from ansatz.discovery.expression import Node, Number, multiply, simplify, to_text, walk
from ansatz.discovery.expression.node import Apply
from ansatz.discovery.expression.numbers import skeleton
from ansatz.discovery.expression.printing import number_text


def structure(equation: Node) -> tuple[str, ...]:
    """Return what two equations have in common that differ in constants and in the order of terms alone."""
    return tuple(sorted(skeleton(term) for term in summands(equation)))


def shared_terms(equations: Sequence[Node]) -> tuple[str, ...]:
    """Return the terms that stand in several equations, whatever their sign."""
    seen: dict[str, set[int]] = {}
    for i, equation in enumerate(equations):
        for term in summands(equation):
            if any(isinstance(n, Apply) for n in walk(term)):
                seen.setdefault(_unsigned(term), set()).add(i)
    return tuple(text for text, where in seen.items() if len(where) > 1)


def _unsigned(term: Node) -> str:
    """Return a term without its sign, its factors in one order."""
    size, factors = 1.0, []
    for factor in _factors(term):
        if isinstance(factor, Number):
            size *= abs(factor.value)
        else:
            factors.append(to_text(factor))
    texts = ([number_text(size)] if size != 1.0 else []) + [f"({t})" if " " in t else t for t in sorted(factors)]
    return "*".join(texts)


def _factors(node: Node) -> list[Node]:
    if isinstance(node, Apply) and node.op == "*":
        return [f for a in node.args for f in _factors(a)]
    return _factors(node.args[0]) if isinstance(node, Apply) and node.op == "neg" else [node]


def summands(node: Node) -> list[Node]:
    """Return the terms of a sum, without their signs; products with a sum are multiplied out."""
    if isinstance(node, Apply) and node.op in ("+", "-"):
        return [t for a in node.args for t in summands(a)]
    if isinstance(node, Apply) and node.op == "neg":
        return summands(node.args[0])
    if isinstance(node, Apply) and node.op == "*":
        for k in (0, 1):
            inner = summands(node.args[k])
            if len(inner) > 1:
                other = node.args[1 - k]
                return [t for part in inner for t in [_product(other, part)]]
    if isinstance(node, Number):
        return [Number(abs(node.value))]
    return [node]


def _product(a: Node, b: Node) -> Node:
    product = simplify(multiply(a, b))
    return summands(product)[0] if len(summands(product)) == 1 else product

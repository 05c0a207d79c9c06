"""The value of a formula at one point to fifty digits: tells a difference between formulas from rounding."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ansatz.discovery.expression import Node, Number, Variable, evaluate
from ansatz.discovery.expression import node as tree


@dataclass(frozen=True)
class _Limits:
    """Say how precisely values are computed.

    Attributes:
        digits: decimal ones: far beyond what cancellation takes of float64.
        largest: value of a part of a formula: beyond it, powers may take for ever.
    """

    digits: int = 50
    largest: float = 1e300


_LIMITS: Final = _Limits()


_NAMES: Final = {"abs": "fabs"}


def precise_difference(a: Node, b: Node, point: Mapping[str, float]) -> tuple[float, float] | None:
    """Return |a - b| and the larger of |a| and |b| at a point, both computed to fifty digits and then rounded.

    It is None where a part of a or b is not finite there in float64 either.
    """
    import mpmath

    if not (_tame(a, point) and _tame(b, point)):
        return None
    with mpmath.workdps(_LIMITS.digits):
        try:
            left, right = _value(a, point, mpmath), _value(b, point, mpmath)
            difference, size = float(abs(left - right)), float(max(abs(left), abs(right)))
        except (ValueError, ZeroDivisionError, OverflowError, TypeError):
            return None
    return (difference, size) if math.isfinite(difference) and math.isfinite(size) else None


def _tame(formula: Node, point: Mapping[str, float]) -> bool:
    """Return whether every part of the formula is finite and of bounded size, so that digits cost bounded time."""
    columns = {name: np.array([value]) for name, value in point.items()}
    return all(abs(float(evaluate(part, columns, 1)[0])) <= _LIMITS.largest for part in _parts(formula))


def _parts(node: Node) -> list[Node]:
    if not isinstance(node, tree.Apply):
        return [node]
    # The body of an integral has no value by itself.
    arguments = node.args[2:] if node.op == tree.INTEGRAL else node.args
    return [node, *(part for argument in arguments for part in _parts(argument))]


def _integral(node: tree.Apply, point: Mapping[str, float], mpmath: Any) -> Any:
    body, variable, *limits = node.args
    assert isinstance(variable, Variable)
    window = [_value(limit, point, mpmath) for limit in limits]
    return mpmath.quad(lambda s: _value(body, {**point, variable.name: s}, mpmath), window)


def _value(node: Node, point: Mapping[str, float], mpmath: Any) -> Any:
    if isinstance(node, Number):
        return mpmath.mpf(node.value)
    if isinstance(node, Variable):
        return mpmath.mpf(point[node.name])
    if node.op == tree.INTEGRAL:
        return _integral(node, point, mpmath)
    values = [_value(a, point, mpmath) for a in node.args]
    match node.op:
        case "+":
            return values[0] + values[1]
        case "-":
            return values[0] - values[1]
        case "*":
            return values[0] * values[1]
        case "/":
            return values[0] / values[1]
        case "**":
            return mpmath.power(values[0], values[1])
        case tree.NEGATION:
            return -values[0]
        case "min" | "max":
            return (min if node.op == "min" else max)(values)
        case _:
            return getattr(mpmath, _NAMES.get(node.op, node.op))(*values)

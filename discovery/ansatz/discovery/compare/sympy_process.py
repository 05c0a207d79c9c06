"""A process that asks sympy whether two formulas are equal: ``python -m ansatz.discovery.compare.sympy_process``.

In a process of its own, since sympy can take any time and memory. Reads one JSON object {"a", "b", "names",
"positive"} from standard input; formulas are parsed by our grammar, and sympy sees trees that are built from ours.
Writes "equal" where it finds a proof.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from ansatz.discovery.expression import Node, Number, Variable, parse
from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.normal_form import exact

MAX_BYTES: Final = 2 * 1024**3


@dataclass(frozen=True)
class _Exact:
    """Say which numbers sympy gets exactly. Chosen by judgement.

    Attributes:
        denominator: of a fraction that a float64 stands for, at most.
        pi_denominator: of a multiple of pi, or of a square, at most.
    """

    denominator: int = 10**6
    pi_denominator: int = 100


_EXACT: Final = _Exact()


_NAMES: Final = {"abs": "Abs", "min": "Min", "max": "Max"}


def main() -> None:
    _limit_memory()
    asked = json.load(sys.stdin)
    positive = frozenset(asked["positive"])
    a, b = (_to_sympy(parse(asked[which], asked["names"]), positive) for which in ("a", "b"))
    if _equal(a, b):
        print("equal")


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on this system
        return
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))


def _equal(a: Any, b: Any) -> bool:
    """Return whether a - b becomes 0, by the cheaper rewritings first."""
    import sympy

    difference = a - b
    for rewrite in (sympy.expand, sympy.cancel, sympy.radsimp, sympy.simplify, _as_exponentials):
        try:
            if rewrite(difference) == 0:
                return True
        except (ValueError, TypeError, ArithmeticError, NotImplementedError, RecursionError, sympy.PolynomialError):
            continue
    return False


def _as_exponentials(difference: Any) -> Any:
    import sympy

    return sympy.simplify(sympy.expand(difference.rewrite(sympy.exp)))


def _to_sympy(node: Node, positive: Collection[str]) -> Any:
    import sympy

    if isinstance(node, Number):
        return _number(node.value)
    if isinstance(node, Variable):
        return sympy.Symbol(node.name, real=True, positive=True if node.name in positive else None)
    if node.op == tree.INTEGRAL:
        body, variable, *limits = (_to_sympy(a, positive) for a in node.args)
        return sympy.integrate(body, (variable, *limits))
    parts = [_to_sympy(a, positive) for a in node.args]
    match node.op:
        case "+":
            return parts[0] + parts[1]
        case "-":
            return parts[0] - parts[1]
        case "*":
            return parts[0] * parts[1]
        case "/":
            return parts[0] / parts[1]
        case "**":
            return parts[0] ** parts[1]
        case tree.NEGATION:
            return -parts[0]
        case _:
            return getattr(sympy, _NAMES.get(node.op, node.op))(*parts)


def _number(value: float) -> Any:
    """Return the number that a float64 stands for: a short fraction, a multiple of pi or a root where it is the
    rounding of one, else its decimal literal."""
    import sympy

    fraction = exact(value)
    if fraction.denominator <= _EXACT.denominator:
        return sympy.Rational(fraction.numerator, fraction.denominator)
    share = Fraction(value / math.pi).limit_denominator(_EXACT.pi_denominator)
    if share and math.isclose(float(share) * math.pi, value, rel_tol=4e-16):
        return sympy.Rational(share.numerator, share.denominator) * sympy.pi
    square = Fraction(value * value).limit_denominator(_EXACT.pi_denominator)
    if square and math.isclose(math.sqrt(square), abs(value), rel_tol=3e-16):
        return int(math.copysign(1, value)) * sympy.sqrt(sympy.Rational(square.numerator, square.denominator))
    return sympy.Rational(fraction.numerator, fraction.denominator)


if __name__ == "__main__":
    main()

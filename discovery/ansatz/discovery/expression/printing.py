"""A formula as text: in Python's operators, as a numpy expression, and in LaTeX."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.evaluate import NUMPY_NAME, QUADRATURE_POINTS
from ansatz.discovery.expression.node import Apply, Node, Number, Variable

_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)
_PRECEDENCE: Final = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, tree.NEGATION: _SIGN, "**": _POWER}

_GREEK: Final = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split()
)
_LATEX_FUNCTION: Final = {"asin": r"\arcsin", "acos": r"\arccos", "atan": r"\arctan"}


def number_text(value: float) -> str:
    """Return the shortest decimal literal that round-trips float64; integers without a point."""
    return str(int(value)) if tree.is_integer(value) and abs(value) < 1e15 else repr(float(value))


def to_text(node: Node) -> str:
    """Return the formula in Python's operators and the documented functions; parses back to the same values."""
    return _python(node, "")


def to_numpy(node: Node) -> str:
    """Return one Python expression in which ``np`` is numpy and variables are float arrays."""
    return _python(node, "np.")


def _python(node: Node, prefix: str) -> str:
    if isinstance(node, Number):
        return number_text(node.value)
    if isinstance(node, Variable):
        return node.name
    if node.op in _PRECEDENCE:
        return _operator(node, prefix)
    if node.op == tree.INTEGRAL and prefix:
        return _quadrature(node, prefix)
    name = prefix + NUMPY_NAME.get(node.op, node.op) if prefix else node.op
    return f"{name}({', '.join(_python(a, prefix) for a in node.args)})"


def _quadrature(node: Apply, prefix: str) -> str:
    """Return the integral as a weighted sum of its body."""
    body, variable, *limits = node.args
    low, high = (_bracketed(a, _PRODUCT, prefix) for a in limits)
    names = [n for n in ("s_", "w_", "s__", "w__") if n not in tree.variables(body)]
    s, w = (next(n for n in names if n.startswith(letter)) for letter in "sw")
    t = _python(variable, prefix)
    return (
        f"sum({w}/2*({high} - {low})*({_python(body, prefix)}) "
        f"for {s}, {w} in zip(*{prefix}polynomial.legendre.leggauss({QUADRATURE_POINTS})) "
        f"for {t} in [({high} + {low})/2 + {s}/2*({high} - {low})])"
    )


def _operator(node: Apply, prefix: str) -> str:
    own = _PRECEDENCE[node.op]
    if node.op == tree.NEGATION:
        return "-" + _bracketed(node.args[0], _SIGN, prefix)
    left, right = node.args
    if node.op == "**":
        return f"{_bracketed(left, _ATOM, prefix)}**{_bracketed(right, _SIGN, prefix)}"
    gap = " " if own == _SUM else ""
    # The right operand of - and / needs brackets at its own level; so does that of + and *, to keep the tree.
    return f"{_bracketed(left, own, prefix)}{gap}{node.op}{gap}{_bracketed(right, own + 1, prefix)}"


def _bracketed(node: Node, floor: int, prefix: str) -> str:
    text = _python(node, prefix)
    return f"({text})" if _strength(node) < floor else text


def _strength(node: Node) -> int:
    if isinstance(node, Number):
        return _SIGN if node.value < 0 else _ATOM
    return _PRECEDENCE.get(node.op, _ATOM) if isinstance(node, Apply) else _ATOM


def to_latex(node: Node) -> str:
    """LaTeX for reading: numbers to six digits, small fractions as such, Greek names and subscripts set."""
    return _latex(node)


def rate_latex(state: str, order: int) -> str:
    """Return the derivative of a state with respect to time."""
    return rf"\{'ddot' if order == 2 else 'dot'}{{{_latex_name(state)}}}"


def _latex(node: Node) -> str:
    if isinstance(node, Number):
        return _latex_number(node.value)
    if isinstance(node, Variable):
        return _latex_name(node.name)
    if node.op == "/":
        return rf"\frac{{{_latex(node.args[0])}}}{{{_latex(node.args[1])}}}"
    if node.op == "sqrt":
        return rf"\sqrt{{{_latex(node.args[0])}}}"
    if node.op == "abs":
        return rf"\left|{_latex(node.args[0])}\right|"
    if node.op in _PRECEDENCE:
        return _latex_operator(node)
    if node.op == tree.INTEGRAL:
        body, variable, low, high = map(_latex, node.args)
        return rf"\int_{{{low}}}^{{{high}}} \left({body}\right) \, d{variable}"
    inner = ", ".join(_latex(a) for a in node.args)
    name = r"\operatorname{sign}" if node.op == "sign" else _LATEX_FUNCTION.get(node.op, "\\" + node.op)
    return rf"{name}\left({inner}\right)"


def _latex_operator(node: Apply) -> str:
    own = _PRECEDENCE[node.op]
    if node.op == tree.NEGATION:
        return "-" + _latex_bracketed(node.args[0], _SIGN)
    left, right = node.args
    if node.op == "**":
        base = _latex_bracketed(left, _ATOM)
        if isinstance(left, Apply) and left.op in ("/", "sqrt"):
            base = rf"\left({_latex(left)}\right)"
        return f"{base}^{{{_latex(right)}}}"
    if node.op == "*":
        text = _latex_bracketed(right, own)
        joint = r" \cdot " if re.match(r"[-0-9]", text) else r" \, "
        return _latex_bracketed(left, own) + joint + text
    return f"{_latex_bracketed(left, own)} {node.op} {_latex_bracketed(right, own + 1)}"


def _latex_bracketed(node: Node, floor: int) -> str:
    text = _latex(node)
    fraction = isinstance(node, Apply) and node.op == "/"
    return rf"\left({text}\right)" if _strength(node) < floor and not fraction else text


def _latex_number(value: float) -> str:
    if tree.is_integer(value) and abs(value) < 1e6:
        return str(int(value))
    small = Fraction(value).limit_denominator(12)
    if float(small) == value:
        sign = "-" if value < 0 else ""
        return rf"{sign}\frac{{{abs(small.numerator)}}}{{{small.denominator}}}"
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def _latex_name(name: str) -> str:
    head, *subscripts = name.strip("_").split("_") if name.strip("_") else [name]
    if not subscripts and (match := re.fullmatch(r"([A-Za-z]+)([0-9]+)", head)):
        head, subscripts = match.group(1), [match.group(2)]
    base = "\\" + head if head in _GREEK else head if len(head) <= 1 else rf"\mathrm{{{head}}}"
    base = base.replace("_", r"\_")
    return rf"{base}_{{\mathrm{{{','.join(subscripts)}}}}}" if subscripts else base

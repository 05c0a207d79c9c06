"""How many additive terms two formulas share: the score by which agents that propose laws are compared.

The strict score is the Jaccard overlap of the sets of terms, constants left out and exponents kept. The loose one, as
published for VIPER-R1 (S_struct, arXiv:2508.17380), leaves out the exponents too, so that -k*x counts as -k*x**3.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from ansatz.discovery.expression import Node, Variable
from ansatz.discovery.expression.normal_form import Base, Form, FrozenForm, Monomial, TooLargeError, normal_form
from ansatz.discovery.expression.printing import number_text, to_text

_EXPONENT_DIGITS = 6
Skeleton = tuple[Any, ...]
"""A monomial without its constants: a sorted tuple of (base, exponent), bases without theirs; exponents in the strict
form alone."""


@dataclass(frozen=True)
class TermOverlap:
    """Jaccard overlaps in [0, 1] of the term sets of two formulas a and b, and the terms with their exponents, as text.

    Products are multiplied out first; a constant by itself is the term "1".
    """

    strict: float
    loose: float
    terms_a: tuple[str, ...]
    terms_b: tuple[str, ...]


def term_overlap(a: Node, b: Node) -> TermOverlap:
    """Return the terms that a and b share."""
    forms = [_form(a), _form(b)]
    strict = [{_skeleton(m, _rounded): _text(m) for m in form} for form in forms]
    loose = [{_skeleton(m, _nothing) for m in form} for form in forms]
    return TermOverlap(
        strict=_jaccard(strict[0], strict[1]),
        loose=_jaccard(loose[0], loose[1]),
        terms_a=tuple(sorted(strict[0].values())),
        terms_b=tuple(sorted(strict[1].values())),
    )


def _jaccard(a: Collection[Skeleton], b: Collection[Skeleton]) -> float:
    """Return the share of all that is in both; two empty sets are the same set."""
    either = set(a) | set(b)
    return len(set(a) & set(b)) / len(either) if either else 1.0


def _form(formula: Node) -> Form:
    """Return the terms of a formula; one that cannot be multiplied out is one term."""
    try:
        return normal_form(formula)
    except (TooLargeError, ZeroDivisionError, OverflowError):
        return normal_form(Variable(f"({to_text(formula)})"))


def _rounded(exponent: float) -> tuple[float, ...]:
    return (float(f"{exponent:.{_EXPONENT_DIGITS}g}"),)


def _nothing(exponent: float) -> tuple[float, ...]:
    return ()


def _skeleton(monomial: Monomial, kept: Callable[[float], tuple[float, ...]]) -> Skeleton:
    """Return a monomial without its constants; `kept` says what of an exponent counts."""
    factors = (
        (_base_skeleton(base, kept), () if base[0] == "exp" else kept(float(exponent)))
        for base, exponent in monomial
        if base[0] != "number"
    )
    return tuple(sorted(set(factors)))


def _base_skeleton(base: Base, kept: Callable[[float], tuple[float, ...]]) -> Skeleton:
    """Return a base without constants; the exponent of exp(m)**c is a constant of the argument."""
    kind, *arguments = base
    if kind == "var":
        return (kind, arguments[0])
    if kind == "exp":
        return (kind, _skeleton(arguments[0], kept))
    return (kind, *(tuple(sorted({_skeleton(m, kept) for m, _ in argument})) for argument in arguments))


def _text(monomial: Monomial) -> str:
    """Return the term without its constants; 1 for a constant."""
    parts = [_factor_text(base, float(exponent)) for base, exponent in monomial if base[0] != "number"]
    return "*".join(dict.fromkeys(parts)) or "1"


def _factor_text(base: Base, exponent: float) -> str:
    kind, *arguments = base
    if kind == "exp":
        return f"exp({_text(arguments[0])})"
    if kind == "var":
        text = str(arguments[0])
    elif kind == "sum":
        text = f"({_sum_text(arguments[0])})"
    elif kind == "**":
        text = f"({_sum_text(arguments[0])})**({_sum_text(arguments[1])})"
    else:
        text = f"{kind}({', '.join(map(_sum_text, arguments))})"
    return text if exponent == 1 else f"{text}**{number_text(*_rounded(exponent))}"


def _sum_text(form: FrozenForm) -> str:
    return " + ".join(dict.fromkeys(_text(m) for m, _ in form)) or "0"

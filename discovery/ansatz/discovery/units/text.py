"""Units as text: a closed grammar of names, products, quotients and powers.

    unit   = [number] factor {("*" | "·" | " " | "/") factor}      for example  m/s^2   kg m**2   10^-3 N·m   1/s
    factor = (name | "(" unit ")") [("^" | "**") exponent | ["-"] digits | superscript digits]
    exponent = integer | decimal | "(" integer "/" integer ")"

Numbers only scale a unit, which changes no dimension. Multiplication by juxtaposition or "·" after a "/" is refused:
readers do not agree what it means.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from ansatz.discovery.units.dimension import NONE, Dimension
from ansatz.discovery.units.registry import UnknownUnitError, dimension_of

MAX_LENGTH: Final = 100
_MAX_EXPONENT: Final = 24
_MAX_DENOMINATOR: Final = 12

_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SYMBOLS: Final = {"%": "percent", "°": "degree", "‰": "permille"}
_TOKEN: Final = re.compile(
    r"(?P<space>[ \t]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>°[CF](?![A-Za-z])|[^\W\d_]+(?:_[^\W\d_]+)*|[%°‰])"
    r"|(?P<power>\^|\*\*)"
    r"|(?P<raised>[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<symbol>[*·⋅×/()+-])"
)


class UnitSyntaxError(ValueError):
    """The text is no unit; the message says where and what to do."""


def parse_unit(text: str) -> Dimension:
    """Return the dimension of a unit, at most 100 characters. Empty text is dimensionless. Raises UnitSyntaxError, or
    UnknownUnitError for a name that is no unit."""
    if len(text) > MAX_LENGTH:
        raise UnitSyntaxError(f"has {len(text)} characters; a unit has at most {MAX_LENGTH}")
    if not text.strip():
        return NONE
    parser = _Parser(_tokens(text.strip()))
    dimension = parser.unit(at_start=True)
    parser.expect_end()
    return dimension


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise UnitSyntaxError(f"has {text[position]!r}, which no unit has; write it as in m/s^2 or kg*m**2")
        tokens.append((match.lastgroup, match.group()))
        position = match.end()
    return [t for i, t in enumerate(tokens) if t[0] != "space" or _joins(tokens, i)]


def _joins(tokens: list[tuple[str, str]], i: int) -> bool:
    """Return whether the blank at i multiplies what stands around it."""
    before, after = tokens[i - 1], tokens[i + 1]
    ends = before[0] in ("number", "name", "raised") or before[1] == ")"
    return ends and (after[0] in ("name", "number") or after[1] == "(")


class _Parser:
    """Recursive descent; as deep as brackets nest."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def unit(self, at_start: bool = False) -> Dimension:
        dimension = self._scale() if at_start and self._kind == "number" else self._factor()
        divided = False
        while self._kind == "space" or self._text in ("*", "·", "⋅", "×", "/"):
            kind, operator = self._next()
            if operator == "/":
                divided = True
                dimension = dimension / self._factor()
            elif divided and (kind == "space" or operator in "·⋅"):
                raise UnitSyntaxError("multiplies after a /, which can be read in two ways; put brackets, as J/(kg K)")
            else:
                dimension = dimension * self._factor()
        return dimension

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise UnitSyntaxError(f"cannot be read from {self._text!r} on; write it as in m/s^2 or kg*m**2")

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    @property
    def _text(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ("", "")
        self._at += 1
        return token

    def _scale(self) -> Dimension:
        self._next()
        self._exponent()
        return NONE

    def _factor(self) -> Dimension:
        kind, text = self._next()
        if kind == "name":
            dimension = dimension_of(_SYMBOLS.get(text, text))
        elif text == "(":
            dimension = self.unit()
            if self._next()[1] != ")":
                raise UnitSyntaxError("has a bracket that is not closed")
        elif kind == "number":
            raise UnitSyntaxError(f"has the number {text[:20]} inside; a number may only stand first, as in 1/s")
        else:
            raise UnitSyntaxError(f"lacks a unit {'before ' + repr(text) if text else 'at its end'}; write it as m/s^2")
        return dimension ** self._exponent()

    def _exponent(self) -> Fraction:
        if self._kind == "power":
            self._next()
            return self._bounded(self._fraction() if self._text == "(" else self._signed())
        if self._kind == "raised":
            digits = self._next()[1].translate(_SUPERSCRIPTS)
            if not re.fullmatch(r"-?\d{1,3}", digits):
                raise UnitSyntaxError("has superscripts that are no whole number")
            return self._bounded(Fraction(digits))
        if self._kind == "number" or (self._text in ("-", "+") and self._tokens[self._at - 1][0] == "name"):
            return self._bounded(self._signed())
        return Fraction(1)

    def _signed(self) -> Fraction:
        sign = -1 if self._text == "-" else 1
        if self._text in ("-", "+"):
            self._next()
        kind, text = self._next()
        if kind != "number" or not re.fullmatch(r"[\d.]{1,8}", text):
            raise UnitSyntaxError(f"has the exponent {text[:20]!r}; give a small number, as in s^-2 or m^(1/2)")
        return sign * Fraction(text)

    def _fraction(self) -> Fraction:
        self._next()
        value = self._signed()
        if self._text == "/":
            self._next()
            below = self._signed()
            if below == 0:
                raise UnitSyntaxError("has an exponent that divides by zero")
            value /= below
        if self._next()[1] != ")":
            raise UnitSyntaxError("has an exponent in brackets that is no fraction; write it as m^(1/2)")
        return value

    def _bounded(self, exponent: Fraction) -> Fraction:
        if abs(exponent) > _MAX_EXPONENT or exponent.denominator > _MAX_DENOMINATOR:
            raise UnitSyntaxError(
                f"has the exponent {exponent}; exponents are fractions up to {_MAX_EXPONENT} with denominators up to"
                f" {_MAX_DENOMINATOR}, as in m^(1/3)"
            )
        return exponent


__all__ = ["MAX_LENGTH", "UnitSyntaxError", "UnknownUnitError", "parse_unit"]

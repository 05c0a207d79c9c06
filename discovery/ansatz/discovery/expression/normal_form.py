"""A formula as a sum of products, multiplied out, with exact numbers: equal forms are equal formulas.

A form is {monomial: coefficient}; a monomial is a sorted tuple of (base, exponent). A base is a variable, a function of
forms, or a sum that cannot be multiplied out. Decimals are taken at the fractions that they say. Every rule holds
wherever the formula as given is defined (the form may be defined on more).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from ansatz.discovery.expression import node as tree
from ansatz.discovery.expression.node import Node, Number, Variable

Base = tuple[Any, ...]
"""("var", name), ("exp", monomial), ("sum", frozen form), ("number", fraction), or (function, frozen forms)."""
Monomial = tuple[tuple[Base, Fraction], ...]
Form = dict[Monomial, Fraction]
FrozenForm = tuple[tuple[Monomial, Fraction], ...]

ONE: Final[Monomial] = ()
_ODD: Final = frozenset({"sin", "tan", "asin", "atan", "sinh", "tanh", "sign"})
_EVEN: Final = frozenset({"cos", "cosh", "abs"})


@dataclass(frozen=True)
class _Limits:
    """Bound the work of a normal form: what is larger has none. Chosen by judgement.

    Attributes:
        terms: of a sum, at most.
        power: of a sum that is multiplied out, at most.
        denominator: of a fraction that a float64 is taken for, and of roots that are taken, at most.
        bits: of numerator and denominator together, at most.
    """

    terms: int = 500
    power: int = 12
    denominator: int = 1000
    bits: int = 4000


_LIMITS: Final = _Limits()


class TooLargeError(ValueError):
    """The formula has no form of bounded size."""


def exact(value: float) -> Fraction:
    """Return the fraction that a float64 stands for: a short one where that is its rounding, else its decimal
    literal's."""
    near = Fraction(value).limit_denominator(_LIMITS.denominator)
    return near if float(near) == value else Fraction(repr(value))


def normal_form(node: Node, positive: Collection[str] = ()) -> Form:
    """Return the form of a formula; `positive` names variables that are > 0. Raises TooLargeError, and
    ZeroDivisionError where a part of the formula is not defined anywhere."""
    return _Normaliser(frozenset(positive)).form(node)


def frozen(form: Form) -> FrozenForm:
    return tuple(sorted(form.items()))


class _Normaliser:
    def __init__(self, positive: frozenset[str]) -> None:
        self._positive = positive

    def form(self, node: Node) -> Form:
        if isinstance(node, Number):
            return {ONE: exact(node.value)} if node.value else {}
        if isinstance(node, Variable):
            return {((("var", node.name), Fraction(1)),): Fraction(1)}
        if node.op == "**":
            return self._to_the(self.form(node.args[0]), self.form(node.args[1]))
        if node.op == tree.INTEGRAL:
            return self._integral(node)
        parts = [self.form(a) for a in node.args]
        match node.op:
            case "+":
                return _sum(parts[0], parts[1], 1)
            case "-":
                return _sum(parts[0], parts[1], -1)
            case "*":
                return self._product(parts[0], parts[1])
            case "/":
                return self._product(parts[0], self._power(parts[1], Fraction(-1)))
            case tree.NEGATION:
                return _sum({}, parts[0], -1)
            case "sqrt":
                return self._power(parts[0], Fraction(1, 2))
            case "exp":
                return _exponential(parts[0])
        return self._function(node.op, parts)

    def _integral(self, node: tree.Apply) -> Form:
        """Return the name of the variable of integration does not count."""
        body, variable, low, high = node.args
        assert isinstance(variable, Variable)
        inside = tree.substitute(body, {variable.name: Variable("")})
        return _atom((node.op, *(frozen(self.form(part)) for part in (inside, low, high))))

    def _function(self, op: str, parts: list[Form]) -> Form:
        if len(parts) == 2:
            return _atom((op, *sorted(map(frozen, parts))))
        (argument,) = parts
        if op in _ODD or op in _EVEN:
            if not argument and op in _ODD:
                return {}
            if argument and min(argument.items())[1] < 0:
                flipped = _atom((op, frozen(_sum({}, argument, -1))))
                return flipped if op in _EVEN else _sum({}, flipped, -1)
        if op == "abs" and self._is_positive_form(argument):
            return argument
        return _atom((op, frozen(argument)))

    def _to_the(self, base: Form, exponent: Form) -> Form:
        if not exponent or set(exponent) == {ONE}:
            return self._power(base, exponent.get(ONE, Fraction(0)))
        if len(base) == 1:
            ((monomial, coefficient),) = base.items()
            if coefficient == 1 and len(monomial) == 1 and monomial[0][0][0] == "exp":
                return _exponential(self._product(_logarithm(monomial[0]), exponent))
        return _atom(("**", frozen(base), frozen(exponent)))

    def _product(self, a: Form, b: Form) -> Form:
        if len(a) * len(b) > _LIMITS.terms:
            raise TooLargeError
        result: Form = {}
        for m, c in a.items():
            for n, d in b.items():
                for term, e in self._joined(m, n).items():
                    _add(result, term, c * d * e)
        return result

    def _joined(self, m: Monomial, n: Monomial) -> Form:
        """Return the product of two monomials; a sum whose exponent has become whole and positive is multiplied out."""
        factors = dict(m)
        for base, exponent in n:
            factors[base] = factors.get(base, Fraction(0)) + exponent
        whole = [(b, e) for b, e in factors.items() if _opens(b, e)]
        rest = tuple(sorted((b, e) for b, e in factors.items() if e and not _opens(b, e)))
        result: Form = {rest: Fraction(1)}
        for base, exponent in whole:
            opened = dict(base[1]) if base[0] == "sum" else {ONE: base[1]}
            result = self._product(result, self._power(opened, exponent))
        return result

    def _power(self, form: Form, exponent: Fraction) -> Form:
        if exponent == 1:
            return form
        if exponent == 0:
            return {ONE: Fraction(1)}
        if not form:
            if exponent < 0:
                raise ZeroDivisionError
            return {}
        if len(form) == 1:
            ((monomial, coefficient),) = form.items()
            return self._monomial_power(monomial, coefficient, exponent)
        if exponent.denominator == 1 and 0 < exponent <= _LIMITS.power:
            result = form
            for _ in range(int(exponent) - 1):
                result = self._product(result, form)
            return result
        # The sum over its first coefficient, so that 1/(2*x + 2) is 0.5/(x + 1).
        first = min(form.items())[1]
        scale = first if exponent.denominator == 1 else abs(first)
        base = ("sum", frozen({m: c / scale for m, c in form.items()}))
        return self._product(_number_power(scale, exponent), {((base, exponent),): Fraction(1)})

    def _monomial_power(self, monomial: Monomial, coefficient: Fraction, exponent: Fraction) -> Form:
        whole = exponent.denominator == 1
        single = len(monomial) == 1 and coefficient > 0
        if whole or (coefficient > 0 and all(self._is_positive(b) for b, _ in monomial)):
            powered = {tuple((b, e * exponent) for b, e in monomial): Fraction(1)}
        elif single and monomial[0][1].numerator % 2:  # x**3 under a root is defined for x >= 0 alone
            ((base, inner),) = monomial
            powered = {((base, inner * exponent),): Fraction(1)}
        else:
            scale = abs(coefficient)
            base = ("sum", frozen({monomial: coefficient / scale}))
            return self._product(_number_power(scale, exponent), {((base, exponent),): Fraction(1)})
        # Sums that were powers, such as (1/(x + 1))**-1, may now be multiplied out.
        return self._product(_number_power(coefficient, exponent), self._joined(next(iter(powered)), ONE))

    def _is_positive(self, base: Base) -> bool:
        if base[0] == "var":
            return base[1] in self._positive
        if base[0] == "sum":
            return self._is_positive_form(dict(base[1]))
        return base[0] in ("exp", "cosh", "number")

    def _is_positive_form(self, form: Form) -> bool:
        return bool(form) and all(c > 0 and all(self._is_positive(b) for b, _ in m) for m, c in form.items())


def _opens(base: Base, exponent: Fraction) -> bool:
    if exponent.denominator != 1:
        return False
    return base[0] == "number" or (base[0] == "sum" and 0 < exponent <= _LIMITS.power)


def _atom(base: Base) -> Form:
    return {((base, Fraction(1)),): Fraction(1)}


def _add(form: Form, monomial: Monomial, coefficient: Fraction) -> None:
    total = form.get(monomial, Fraction(0)) + coefficient
    if total:
        form[monomial] = total
    else:
        form.pop(monomial, None)
    if len(form) > _LIMITS.terms or total.denominator.bit_length() + total.numerator.bit_length() > _LIMITS.bits:
        raise TooLargeError


def _sum(a: Form, b: Form, sign: int) -> Form:
    result = dict(a)
    for monomial, coefficient in b.items():
        _add(result, monomial, sign * coefficient)
    return result


def _exponential(argument: Form) -> Form:
    """exp of a sum as a product of powers: exp(2*x + y) is exp(x)**2 * exp(y)."""
    return {tuple(sorted((("exp", monomial), coefficient) for monomial, coefficient in argument.items())): Fraction(1)}


def _logarithm(factor: tuple[Base, Fraction]) -> Form:
    base, exponent = factor
    return {base[1]: exponent}


def _number_power(value: Fraction, exponent: Fraction) -> Form:
    """Return a positive number (any for a whole exponent) to a power: a fraction where that is exact."""
    if exponent.denominator == 1:
        if abs(exponent) * max(value.numerator.bit_length(), value.denominator.bit_length()) > _LIMITS.bits:
            raise TooLargeError
        return {ONE: value ** int(exponent)}
    above, below = _root(value.numerator, exponent.denominator), _root(value.denominator, exponent.denominator)
    if above is not None and below is not None:
        return _number_power(Fraction(above, below), Fraction(exponent.numerator))
    return {((("number", value), exponent),): Fraction(1)}


def _root(value: int, degree: int) -> int | None:
    """Return the whole root of a whole number, where it has one."""
    if value.bit_length() > 1000 or degree > _LIMITS.denominator:
        return None
    near = round(value ** (1.0 / degree))
    return near if near**degree == value else None


__all__ = ["ONE", "Base", "Form", "FrozenForm", "Monomial", "TooLargeError", "exact", "frozen", "normal_form"]

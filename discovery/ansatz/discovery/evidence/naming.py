"""Names for constants: short rationals, multiples of π, e and square roots, where the data allow them.

A name is tried only within the constant's error. It stands if the description length falls by enough bits that
chance would seldom do the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from ansatz.discovery.evidence.description_length import (
    added_bits,
    description_length,
    integer_bits,
    precision_bits,
)
from ansatz.discovery.evidence.uncertainty import standard_errors, t_quantile
from ansatz.discovery.expression import constants
from ansatz.discovery.expression.node import Number, exponent_positions, is_integer
from ansatz.discovery.expression.numbers import free_positions, numbers, set_groups, with_numbers
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.problem.problem import Problem


@dataclass(frozen=True)
class _Rule:
    """Say when a constant gets a name. Chosen by judgement; `python -m bench.recovery` holds it.

    Attributes:
        within: quantile of Student's t up to which a name is within the error: 2.6 standard errors on many rows.
        least_gain: bits that a name must save. Constants drawn at random, known to any precision, then get one by
            chance in fewer than one of a hundred cases.
        least_gain_expected: bits where the name is what one expects. A random exponent known to 1 % would get a
            fraction in a quarter of all cases: exponents of laws are fractions, as a rule.
    """

    within: float = 0.995
    least_gain: float = 8.0
    least_gain_expected: float = 2.0


@dataclass(frozen=True)
class _Fractions:
    """Say which fractions are looked at, and what they cost. Chosen by judgement; `python -m bench.recovery` holds it.

    Attributes:
        most: the largest denominator.
        least_ratio: smallest multiple of a symbol that is looked at.
        most_ratio: largest multiple: whole numbers beyond cost more bits than they could save.
        half: bits of a denominator of 2: halves are common in laws.
        other: bits of any other denominator beside those of its size.
        usual: denominators of the exponents that laws have.
        tenth: bits of a number of one decimal beside those of its tenths: formulas that were fitted and written down
            have them.
        zero: bits of zero: it takes an operator and a leaf out of the formula with it.
        rounding: share of the value by which a name may always be off: two roundings of float64.
    """

    most: int = 16
    least_ratio: float = 1e-6
    most_ratio: float = 1e9
    half: float = 1.5
    other: float = 2.0
    usual: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 10)
    tenth: float = 3.0
    zero: float = -6.0
    rounding: float = 4e-16


RULE: Final = _Rule()
_FRACTIONS: Final = _Fractions()
# Text, value and bits: about as many as are frequent in laws, the shorter the more so. Chosen by judgement.
_SYMBOLS: Final = (
    ("pi", math.pi, 3.0), ("pi**2", math.pi**2, 5.0), ("1/pi", 1 / math.pi, 4.0), ("1/pi**2", 1 / math.pi**2, 6.0),
    ("sqrt(pi)", math.sqrt(math.pi), 5.0), ("1/sqrt(pi)", 1 / math.sqrt(math.pi), 6.0),
    ("sqrt(2*pi)", math.sqrt(2 * math.pi), 6.0), ("1/sqrt(2*pi)", 1 / math.sqrt(2 * math.pi), 6.0),
    ("e", math.e, 4.0), ("1/e", 1 / math.e, 5.0), ("pi**3", math.pi**3, 6.0), ("1/pi**3", 1 / math.pi**3, 7.0),
    ("sqrt(2)", math.sqrt(2), 4.0), ("sqrt(3)", math.sqrt(3), 4.5), ("sqrt(5)", math.sqrt(5), 5.0),
    ("pi/180", math.pi / 180, 11.0),
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """What a constant may be called.

    Attributes:
        text: as a reader sees it.
        value: of the constant under this name.
        bits: to say it.
        symbol: what it is a multiple of; empty for a plain fraction.
        denominator: of the multiple.
    """

    text: str
    value: float
    bits: float
    symbol: str = ""
    denominator: int = 1

    @property
    def is_usual_exponent(self) -> bool:
        return not self.symbol and self.denominator in _FRACTIONS.usual


_MISFIT_BITS: Final = 0.5 / math.log(2)
"""Bits that the residual grows by where a constant is held one standard error off."""
_ZERO: Final = Name("0", 0.0, _FRACTIONS.zero)


@dataclass(frozen=True)
class Named:
    """A fit in which some constants stand at their names' values; `names` maps positions among all numbers to names.

    A number that became an integer is no constant any more and has no name.
    """

    fit: FormulaFit
    names: dict[int, Name]

    def description_length(self, problem: Problem) -> float:
        """Return the bits of the formula, its constants and its residual on the rows of the problem."""
        positions = free_positions(self.fit.formula)
        # Numbers that the caller has fixed, or that repeat a constant, need no digits of their own.
        said = self.fit.marks.leaders(positions)
        found = standard_errors(self.fit.formula, self.fit.rmse, said, problem, self.fit.marks)
        errors = dict(zip(said, np.nan_to_num(found), strict=True))
        bits = [self.names[p].bits if p in self.names else math.nan if p in errors else 0.0 for p in positions]
        sizes = [errors.get(p, math.nan) for p in positions]
        return description_length(self.fit.formula, self.fit.rmse, sizes, bits, problem)


@dataclass(frozen=True)
class Choice:
    """A name worth trying for a constant.

    Attributes:
        name: the name.
        gain: bits of the constant's known digits, less those of the name.
        floor: bits that the gain must exceed, still when what the name adds to the residual is taken off.
    """

    name: Name
    gain: float
    floor: float


def choices(value: float, std_error: float, degrees: int, is_exponent: bool) -> Iterator[Choice]:
    """Yield the names worth trying for a constant known on so many degrees of freedom, shortest first.

    This rule holds for constants of every kind of observations: names within the error that save enough bits, and none
    where the error is NaN. Eight bits are asked for, so that chance seldom gives a name. Two are enough for a whole
    number, half, third … or tenth as an exponent, which is what one expects there; pi is not. So they are for zero,
    which is no coincidence to guard against: a term within its error of zero was never seen.
    """
    if math.isnan(std_error):
        return
    for name in names_near(value, t_quantile(degrees, RULE.within) * std_error):
        expected = (is_exponent and name.is_usual_exponent) or name is _ZERO
        floor = RULE.least_gain_expected if expected else RULE.least_gain
        gain = precision_bits(value, std_error) - name.bits
        if gain > floor:
            yield Choice(name, gain, floor)


def names_near(value: float, tolerance: float) -> Iterator[Name]:
    """Yield names within `tolerance` of the value, shortest first."""
    found = [_rational(value, tolerance, "", 1.0, 0.0)]
    found += [_rational(value, tolerance, symbol, size, bits) for symbol, size, bits in _SYMBOLS]
    found += [_tenths(value, tolerance), _ZERO if abs(value) <= tolerance else None]
    yield from sorted((n for n in found if n is not None), key=lambda n: n.bits)


def _rational(value: float, tolerance: float, symbol: str, size: float, symbol_bits: float) -> Name | None:
    """Return the shortest fraction times the symbol within tolerance."""
    ratio = value / size
    if not _FRACTIONS.least_ratio < abs(ratio) < _FRACTIONS.most_ratio:
        return None
    for denominator in range(1, _FRACTIONS.most + 1):
        numerator = round(ratio * denominator)
        if numerator and math.gcd(numerator, denominator) == 1:
            near = numerator / denominator * size
            if abs(near - value) <= max(tolerance, _FRACTIONS.rounding * abs(value)):
                bits = integer_bits(numerator) + _denominator_bits(denominator) + symbol_bits
                return Name(_name_text(Fraction(numerator, denominator), symbol), near, bits, symbol, denominator)
    return None


def _tenths(value: float, tolerance: float) -> Name | None:
    """Return the number of one decimal within tolerance, where halves do not say it."""
    tenths = round(10 * value)
    near = tenths / 10
    if not tenths % 5 or not abs(value) < _FRACTIONS.most_ratio or abs(near - value) > tolerance:
        return None
    return Name(f"{near:.1f}", near, integer_bits(tenths) + _FRACTIONS.tenth, denominator=10)


def _denominator_bits(denominator: int) -> float:
    """Return the bits of a denominator: fractions other than halves pay for being fractions."""
    if denominator <= 2:
        return _FRACTIONS.half * (denominator - 1)
    return integer_bits(denominator) + _FRACTIONS.other


def _name_text(ratio: Fraction, symbol: str) -> str:
    if not symbol:
        return str(ratio)
    over = symbol.startswith("1/")
    body = symbol[2:] if over else symbol
    top, bottom = abs(ratio.numerator), ratio.denominator
    above = [str(top)] if top != 1 or over else []
    below = [str(bottom)] if bottom != 1 else []
    (below if over else above).append(body)
    denominator = below[0] if len(below) == 1 else f"({'*'.join(below)})"
    return ("-" if ratio < 0 else "") + "*".join(above) + (f"/{denominator}" if below else "")


def name_constants(fit: FormulaFit, problem: Problem) -> Named:
    """Replace constants by named values where the description length falls, refitting the others each time.

    The most certain gain first; what is refused once is not asked again.
    """
    names: dict[int, Name] = {}
    refused: set[tuple[int, str]] = set()
    while True:
        found = _best_choice(fit, problem, names, refused)
        if found is None:
            return Named(fit, names)
        position, choice = found
        name = choice.name
        trial = _with_name(fit, problem, position, name)
        before, after = ((f.rmse, len(constants(f.formula))) for f in (fit, trial))
        if choice.gain - added_bits(before, after, problem) > choice.floor:
            fit = trial
            if not is_integer(name.value):
                names |= dict.fromkeys(fit.marks.together(position), name)
        else:
            refused.add((position, name.text))


def _best_choice(
    fit: FormulaFit, problem: Problem, names: dict[int, Name], refused: set[tuple[int, str]]
) -> tuple[int, Choice] | None:
    """Return the position of a constant and the name that gains most, its misfit taken off, of those not refused."""
    if isinstance(fit.formula, Number):
        return None  # a mean is a mean
    free = tuple(p for p in fit.open if p not in names)
    values = numbers(fit.formula)
    exponents = exponent_positions(fit.formula)
    best: tuple[int, Choice] | None = None
    most = -math.inf
    errors = standard_errors(fit.formula, fit.rmse, free, problem, fit.marks)
    degrees = problem.rows - len(free)
    for position, error in zip(free, map(float, errors), strict=True):
        for choice in choices(float(values[position]), error, degrees, position in exponents):
            if choice.name is _ZERO and position in fit.marks.parameters:
                continue  # the caller's term: whether it goes is not a matter of names
            off = _MISFIT_BITS * ((choice.name.value - values[position]) / error) ** 2 if error > 0 else 0.0
            if (position, choice.name.text) not in refused and choice.gain - off > most:
                best, most = (position, choice), choice.gain - off
    return best


def _with_name(fit: FormulaFit, problem: Problem, position: int, name: Name) -> FormulaFit:
    """Return the fit with a constant at a name's value, the others fitted again."""
    values = set_groups(numbers(fit.formula), [fit.marks.together(position)], [name.value])
    free = tuple(p for p in fit.free if p != position)
    return fit_constants(with_numbers(fit.formula, values), problem, free, marks=fit.marks)

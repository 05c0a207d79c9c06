"""Names for constants: short rationals, multiples of π, e and square roots, where the data allow them.

A name is tried only within the constant's error; it stands if the description length falls by enough bits that chance
would seldom do the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from ansatz.discovery.evidence.description_length import (
    ROUNDING,
    description_length,
    integer_bits,
    precision_bits,
    residual_bits,
)
from ansatz.discovery.evidence.uncertainty import standard_errors, t_quantile
from ansatz.discovery.expression import constants
from ansatz.discovery.expression.node import Number, exponent_positions, is_integer
from ansatz.discovery.expression.numbers import free_positions, numbers, set_groups, with_numbers
from ansatz.discovery.fit.constants import FormulaFit, fit_constants
from ansatz.discovery.problem.problem import Problem

WITHIN = 0.995  # quantile of Student's t: 2.6 standard errors on many rows, more on few
_LEAST_GAIN_EXPECTED = 2.0
_LEAST_GAIN = 8.0
_MAX_DENOMINATOR = 16
_SYMBOLS = (
    ("pi", math.pi, 3.0), ("pi**2", math.pi**2, 5.0), ("1/pi", 1 / math.pi, 4.0), ("1/pi**2", 1 / math.pi**2, 6.0),
    ("sqrt(pi)", math.sqrt(math.pi), 5.0), ("1/sqrt(pi)", 1 / math.sqrt(math.pi), 6.0),
    ("sqrt(2*pi)", math.sqrt(2 * math.pi), 6.0), ("1/sqrt(2*pi)", 1 / math.sqrt(2 * math.pi), 6.0),
    ("e", math.e, 4.0), ("1/e", 1 / math.e, 5.0), ("pi**3", math.pi**3, 6.0), ("1/pi**3", 1 / math.pi**3, 7.0),
    ("sqrt(2)", math.sqrt(2), 4.0), ("sqrt(3)", math.sqrt(3), 4.5), ("sqrt(5)", math.sqrt(5), 5.0),
    ("pi/180", math.pi / 180, 11.0),
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """What a constant may be called, its value, and the bits to say so; `symbol`: what it is a multiple of."""

    text: str
    value: float
    bits: float
    symbol: str = ""


_ZERO = Name("0", 0.0, -6.0)
"""Zero takes an operator and a leaf out of the formula with it."""


@dataclass(frozen=True)
class Named:
    """A fit in which some constants stand at their names' values; `names` maps positions among all numbers to names.

    A number that became an integer is no constant any more and has no name.
    """

    fit: FormulaFit
    names: dict[int, Name]

    def description_length(self, problem: Problem) -> float:
        """Bits of the formula, its constants and its residual on the rows of the problem."""
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

    `gain` are the bits of the constant's known digits, less those of the name; they must exceed `floor`, and still do
    when what the name adds to the residual is taken off.
    """

    name: Name
    gain: float
    floor: float


def choices(value: float, std_error: float, degrees: int, is_exponent: bool) -> Iterator[Choice]:
    """Yield the names worth trying for a constant known on so many degrees of freedom, shortest first.

    Those within its error that save enough bits; none where the error is NaN. This rule holds for constants of every
    kind of observations. A name of a coefficient must save eight bits: of the some hundred names that are looked at,
    one is as near by chance once in a few hundred constants. Two bits are enough for a plain fraction as an exponent,
    which is what one expects there (pi is not), and for zero, which is no coincidence to guard against: a term within
    its error of zero was never seen.
    """
    if math.isnan(std_error):
        return
    for name in names_near(value, t_quantile(degrees, WITHIN) * std_error):
        expected = (is_exponent and not name.symbol) or name is _ZERO
        floor = _LEAST_GAIN_EXPECTED if expected else _LEAST_GAIN
        gain = precision_bits(value, std_error) - name.bits
        if gain > floor:
            yield Choice(name, gain, floor)


def names_near(value: float, tolerance: float) -> Iterator[Name]:
    """Names within `tolerance` of the value, shortest first."""
    found = [_rational(value, tolerance, "", 1.0, 0.0)]
    found += [_rational(value, tolerance, symbol, size, bits) for symbol, size, bits in _SYMBOLS]
    found += [_ZERO] if abs(value) <= tolerance else []
    yield from sorted((n for n in found if n is not None), key=lambda n: n.bits)


def _rational(value: float, tolerance: float, symbol: str, size: float, symbol_bits: float) -> Name | None:
    """The shortest fraction times the symbol within tolerance."""
    ratio = value / size
    if not 1e-6 < abs(ratio) < 1e9:
        return None
    for denominator in range(1, _MAX_DENOMINATOR + 1):
        numerator = round(ratio * denominator)
        if numerator and math.gcd(numerator, denominator) == 1:
            near = numerator / denominator * size
            if abs(near - value) <= max(tolerance, 4e-16 * abs(value)):
                bits = integer_bits(numerator) + _denominator_bits(denominator) + symbol_bits
                return Name(_name_text(Fraction(numerator, denominator), symbol), near, bits, symbol)
    return None


def _denominator_bits(denominator: int) -> float:
    """Halves are common in laws; other fractions pay for being fractions."""
    if denominator <= 2:
        return 1.5 * (denominator - 1)
    return integer_bits(denominator) + 2.0


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
        cost = _residual_bits(trial, problem) - _residual_bits(fit, problem)
        if trial.rmse <= ROUNDING * 10 * problem.y_scale:
            cost = min(cost, 0.0)
        if choice.gain - cost > choice.floor:
            fit = trial
            if not is_integer(name.value):
                names |= dict.fromkeys(fit.marks.together(position), name)
        else:
            refused.add((position, name.text))


def _residual_bits(fit: FormulaFit, problem: Problem) -> float:
    return residual_bits(fit.rmse, len(constants(fit.formula)), problem)


def _best_choice(
    fit: FormulaFit, problem: Problem, names: dict[int, Name], refused: set[tuple[int, str]]
) -> tuple[int, Choice] | None:
    if isinstance(fit.formula, Number):
        return None  # a mean is a mean
    free = tuple(p for p in fit.open if p not in names)
    values = numbers(fit.formula)
    exponents = exponent_positions(fit.formula)
    best: tuple[int, Choice] | None = None
    errors = standard_errors(fit.formula, fit.rmse, free, problem, fit.marks)
    degrees = problem.rows - len(free)
    for position, error in zip(free, map(float, errors), strict=True):
        for choice in choices(float(values[position]), error, degrees, position in exponents):
            if choice.name is _ZERO and position in fit.marks.parameters:
                continue  # the caller's term: whether it goes is not a matter of names
            if (position, choice.name.text) not in refused and (best is None or choice.gain > best[1].gain):
                best = (position, choice)
    return best


def _with_name(fit: FormulaFit, problem: Problem, position: int, name: Name) -> FormulaFit:
    values = set_groups(numbers(fit.formula), [fit.marks.together(position)], [name.value])
    free = tuple(p for p in fit.free if p != position)
    return fit_constants(with_numbers(fit.formula, values), problem, free, marks=fit.marks)


__all__ = ["WITHIN", "Choice", "Name", "Named", "choices", "exponent_positions", "name_constants", "names_near"]

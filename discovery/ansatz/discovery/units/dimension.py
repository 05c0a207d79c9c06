"""Dimensions of physical quantities, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

BASE_UNITS: Final = ("kg", "m", "s", "A", "K", "mol", "cd")
"""The SI base units: mass, length, time, electric current, temperature, amount of substance, luminous intensity."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """The exponents of the seven SI base dimensions, in the order of `BASE_UNITS`."""

    exponents: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        if len(self.exponents) != len(BASE_UNITS):
            raise ValueError(f"a dimension has {len(BASE_UNITS)} exponents, not {len(self.exponents)}")

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a - b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __pow__(self, exponent: Fraction) -> Dimension:
        return Dimension(tuple(a * exponent for a in self.exponents))

    def __str__(self) -> str:
        """Return in SI base units, for example ``kg*m/s**2``; ``1`` for none."""
        factors = [(unit, e) for unit, e in zip(BASE_UNITS, self.exponents, strict=True) if e]
        above = "*".join(_raised(unit, e) for unit, e in factors if e > 0) or "1"
        below = [_raised(unit, -e) for unit, e in factors if e < 0]
        if not below:
            return above
        return f"{above}/{below[0] if len(below) == 1 else '(' + '*'.join(below) + ')'}"


def _raised(unit: str, exponent: Fraction) -> str:
    if exponent == 1:
        return unit
    return f"{unit}**{exponent}" if exponent.denominator == 1 else f"{unit}**({exponent})"


NONE: Final = Dimension((Fraction(0),) * len(BASE_UNITS))
"""The dimension of numbers, angles and ratios of like quantities."""


def rational(value: float) -> Fraction:
    """Return an exponent as a fraction: the simple one within rounding, else the exact value of the float."""
    near = Fraction(value).limit_denominator(1000)
    return near if abs(float(near) - value) <= 1e-12 * max(abs(value), 1.0) else Fraction(value)

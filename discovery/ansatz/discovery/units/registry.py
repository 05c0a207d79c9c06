"""Units by name: SI with its prefixes, and the units commonly used beside it, as pint knows them."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Final

from ansatz.discovery.units.dimension import Dimension

if TYPE_CHECKING:
    from pint import UnitRegistry

_PINT_DIMENSIONS: Final = (
    "[mass]", "[length]", "[time]", "[current]", "[temperature]", "[substance]", "[luminosity]",
)  # fmt: skip
_LARGEST_DENOMINATOR: Final = 12  # Gaussian units have half dimensions


class UnknownUnitError(ValueError):
    """The name is no unit that can be used; the message says why and what to do."""


@cache
def _registry() -> UnitRegistry[float]:
    from pint import UnitRegistry

    return UnitRegistry()


@cache
def dimension_of(name: str) -> Dimension:
    """Dimension of a unit by its name or symbol.

    `name` must hold letters and underscores only: pint computes what looks like a formula, however long that takes.
    Loads pint's definitions on first use, some tenths of a second. Raises UnknownUnitError.
    """
    from tokenize import TokenError

    from pint.errors import PintError

    registry = _registry()
    try:
        unit = registry.parse_units(name)
        exponents = registry.get_dimensionality(unit)
        at_zero = registry.Quantity(0.0, unit).to_base_units().magnitude
    except (PintError, ValueError, TypeError, AttributeError, KeyError, AssertionError, SyntaxError, TokenError):
        raise UnknownUnitError(f"{name!r} is no known unit; use SI names, and 1 for what has no dimension") from None
    if at_zero != 0:
        raise UnknownUnitError(
            f"{name!r} does not count from zero; convert the column to a unit that does (temperatures to K; their"
            " differences may be in delta_degC)"
        )
    if unknown := set(exponents) - set(_PINT_DIMENSIONS):
        raise UnknownUnitError(f"{name!r} has the dimension {sorted(unknown)[0]}, which is not of the SI")
    return Dimension(
        tuple(Fraction(str(exponents[d])).limit_denominator(_LARGEST_DENOMINATOR) for d in _PINT_DIMENSIONS)
    )

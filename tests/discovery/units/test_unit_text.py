"""Units as text: what is read, and what is refused with what words."""

from __future__ import annotations

import numpy as np
import pytest

from ansatz.discovery import Column, InvalidInputError, Table
from ansatz.discovery.units.text import UnitSyntaxError, UnknownUnitError, parse_unit


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("", "1"), ("1", "1"), ("%", "1"), ("rad", "1"), ("°", "1"), ("km/m", "1"),
        ("m/s^2", "m/s**2"), ("kg*m**2", "kg*m**2"), ("km/s", "m/s"), ("km / h", "m/s"), ("1/s", "1/s"), ("Hz", "1/s"),
        ("N", "kg*m/s**2"), ("J/(kg K)", "m**2/(s**2*K)"), ("J/kg/K", "m**2/(s**2*K)"), ("kg m-3", "kg/m**3"),
        ("m²·s⁻¹", "m**2/s"), ("Ω", "kg*m**2/(s**3*A**2)"), ("µm", "m"), ("10^-6 m", "m"), ("m^(1/2)", "m**(1/2)"),
        ("m^0.5", "m**(1/2)"), ("(m/s)^2", "m**2/s**2"), ("delta_degC", "K"), ("mol/L", "mol/m**3"),
        ("eV", "kg*m**2/s**2"), ("gauss", "kg**(1/2)/(m**(1/2)*s)"),
    ],
)  # fmt: skip
def test_units_have_the_dimension_they_should(text: str, dimension: str) -> None:
    assert str(parse_unit(text)) == dimension


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("USD", "is no known unit"),
        ("nan", "is no known unit"),
        ("degC", "does not count from zero"),
        ("°F", "does not count from zero"),
        ("dB", "does not count from zero"),
    ],
)
def test_names_that_are_no_units_are_refused(text: str, says: str) -> None:
    with pytest.raises(UnknownUnitError, match=says):
        parse_unit(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("9**9**9**9**9", "cannot be read from"),
        ("m**9**9**9", "cannot be read from"),
        ("m^99999999999999", "small number"),
        ("m^999", "up to 24"),
        ("m^0.333", "denominators up to 12"),
        ("m^(1/0)", "divides by zero"),
        ("m^1/2", "number 2 inside"),
        ("2*m*3", "number 3 inside"),
        ("J/kg K", "put brackets"),
        ("W/m²·K", "put brackets"),
        ("m+s", "exponent 's'"),
        ("m/", "at its end"),
        ("*m", "lacks a unit"),
        ("()", "lacks a unit"),
        ("(" * 90, "lacks a unit"),
        ("(m", "not closed"),
        ("m)", "cannot be read from"),
        ("m⁻", "superscripts"),
        ("__import__('os')", "which no unit has"),
        ("m; s", "which no unit has"),
        ("m\x00", "which no unit has"),
        ("m" * 101, "at most 100"),
    ],
)
def test_what_is_no_unit_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(UnitSyntaxError, match=says):
        parse_unit(text)


def test_a_table_names_every_column_whose_unit_is_wrong() -> None:
    rows = np.arange(1.0, 9.0)
    with pytest.raises(InvalidInputError) as caught:
        Table((Column("T", rows, "degC"), Column("v", rows, "m//s"), Column("y", rows, "m")), "y")
    assert [v.field for v in caught.value.violations] == ["table.columns['T'].unit", "table.columns['v'].unit"]
    assert "convert the column" in caught.value.violations[0].description
    assert "'m//s'" in caught.value.violations[1].description

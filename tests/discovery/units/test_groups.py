"""Dimensionless groups and prefactors."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ansatz.discovery.units.dimension import NONE, Dimension
from ansatz.discovery.units.dimensionless import Powers, dimensionless_products, prefactors
from ansatz.discovery.units.text import parse_unit


def dimensions(**units: str) -> dict[str, Dimension]:
    return {name: parse_unit(unit) for name, unit in units.items()}


def as_text(powers: Powers) -> str:
    return " ".join(f"{name}^{e}" for name, e in powers.items())


PENDULUM = dimensions(L="m", g="m/s^2", m="kg", a="rad")
DRAG = dimensions(rho="kg/m^3", v="m/s", d="m", mu="Pa*s")
PLANCK = dimensions(omega="1/s", T="K", h="J*s", kb="J/K", c="m/s")


@pytest.mark.parametrize(
    ("inputs", "groups"),
    [
        (PENDULUM, ["a^1"]),
        (DRAG, ["rho^1 v^1 d^1 mu^-1"]),
        (PLANCK, ["omega^1 T^-1 h^1 kb^-1"]),
        (dimensions(m="kg", v="m/s", c="m/s"), ["v^1 c^-1"]),
        (dimensions(x="m", t="s"), []),
        ({}, []),
    ],
)
def test_groups_are_the_textbook_ones(inputs: dict[str, Dimension], groups: list[str]) -> None:
    assert [as_text(g) for g in dimensionless_products(inputs)] == groups


@pytest.mark.parametrize(
    ("inputs", "target", "simplest"),
    [
        (PENDULUM, "s", "L^1/2 g^-1/2"),
        (dimensions(m="kg", v="m/s"), "J", "m^1 v^2"),
        (dimensions(G="m^3/(kg*s^2)", M="kg", a="m", e=""), "s", "G^-1/2 M^-1/2 a^3/2"),
        (dimensions(a="rad"), "1", ""),
    ],
)
def test_the_simplest_prefactor_comes_first(inputs: dict[str, Dimension], target: str, simplest: str) -> None:
    assert as_text(prefactors(inputs, parse_unit(target))[0]) == simplest


def test_every_prefactor_has_the_targets_dimension_and_every_group_none() -> None:
    force = parse_unit("N")
    found = prefactors(DRAG, force)
    assert len(found) == 3
    for powers, expected in [*((p, force) for p in found), *((g, NONE) for g in dimensionless_products(DRAG))]:
        product = NONE
        for name, exponent in powers.items():
            product = product * DRAG[name] ** exponent
        assert product == expected


def test_a_target_that_no_product_reaches_has_no_prefactor() -> None:
    assert prefactors(dimensions(a="m"), parse_unit("s")) == ()


def test_there_are_as_many_groups_as_inputs_less_the_rank() -> None:
    lengths = dimensions(x1="m", x2="m", y1="m", y2="m", t="s", v="m/s")
    groups = dimensionless_products(lengths)
    assert len(groups) == 4
    assert all(e == Fraction(e).numerator for g in groups for e in g.values())

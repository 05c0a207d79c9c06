"""The laws that are measured."""

from __future__ import annotations

from ansatz.discovery.units.consistency import Consistency
from ansatz.discovery.units.dimensions import Dimensions
from ansatz.discovery.units.text import parse_unit
from bench.cases import load


def test_the_units_of_a_law_agree_with_it() -> None:
    laws = [law for law in load(["feynman"]) if law.units]
    assert len(laws) == 50
    for law in laws:
        dimensions = Dimensions(parse_unit(law.unit), {n: parse_unit(u) for n, u in law.units.items()}, False)
        assert dimensions.of(law.formula) is Consistency.CONSISTENT, law.id

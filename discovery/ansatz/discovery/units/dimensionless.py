"""Dimensionless products and prefactors (Buckingham 1914, Phys. Rev. 4, 345), with small whole exponents first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from typing import Final

from ansatz.discovery.units.dimension import NONE, Dimension
from ansatz.discovery.units.linear import Row, null_vector, rank

MAX_INPUTS: Final = 10
"""More inputs have too many products to be listed."""

Powers = Mapping[str, Fraction]
"""A product of inputs: exponent by name, none of them 0."""


def dimensionless_products(inputs: Mapping[str, Dimension]) -> tuple[Powers, ...]:
    """Return a complete and independent set of dimensionless products of the inputs, the simplest there is.

    Every dimensionless product of the inputs is a product of powers of these. Exponents are whole and coprime. Of at
    most 10 inputs.
    """
    chosen: list[Powers] = []
    vectors: list[Row] = []
    for powers in sorted(map(_whole, _circuits(inputs)), key=_size):
        vector = tuple(powers.get(name, Fraction(0)) for name in inputs)
        if rank([*vectors, vector]) > len(vectors):
            chosen.append(powers)
            vectors.append(vector)
    return tuple(chosen)


def prefactors(inputs: Mapping[str, Dimension], target: Dimension) -> tuple[Powers, ...]:
    """Return products of inputs that have the target's dimension, each of as few inputs as can be, the simplest first.

    The empty product where the target is dimensionless; none where no product has its dimension.
    """
    if target == NONE:
        return ({},)
    names, dimensions = list(inputs), inputs
    found: list[Powers] = []
    for chosen in _subsets(dimensions):
        vector = null_vector([*(dimensions[n].exponents for n in chosen), target.exponents])
        if vector is not None and all(vector):
            found.append({n: -e for n, e in zip(chosen, vector, strict=False)})
    return tuple(sorted(found, key=lambda p: (_size(p), [names.index(n) for n in p])))


def _subsets(inputs: Mapping[str, Dimension]) -> Iterator[tuple[str, ...]]:
    """Sets of inputs, small ones first, that may be independent."""
    if len(inputs) > MAX_INPUTS:
        raise ValueError(f"{len(inputs)} inputs; at most {MAX_INPUTS}")
    most = rank([d.exponents for d in inputs.values()]) if inputs else 0
    for size in range(1, most + 1):
        yield from combinations(inputs, size)


def _circuits(inputs: Mapping[str, Dimension]) -> Iterator[Powers]:
    """Yield every dimensionless product from which no input can be left out."""
    names = list(inputs)
    for name, dimension in inputs.items():
        if dimension == NONE:
            yield {name: Fraction(1)}
    for chosen in _subsets(inputs):
        for last in names[names.index(chosen[-1]) + 1 :]:
            vector = null_vector([*(inputs[n].exponents for n in chosen), inputs[last].exponents])
            if vector is not None and all(vector):
                yield dict(zip((*chosen, last), vector, strict=True))


def _whole(powers: Powers) -> Powers:
    """Return with whole coprime exponents, more of them positive than negative, the first positive where they
    balance."""
    scale = math.lcm(*(e.denominator for e in powers.values()))
    divisor = math.gcd(*(int(e * scale) for e in powers.values()))
    whole = {name: e * scale / divisor for name, e in powers.items()}
    first = next(iter(whole.values()))
    balance = sum(1 if e > 0 else -1 for e in whole.values())
    return whole if balance > 0 or (balance == 0 and first > 0) else {name: -e for name, e in whole.items()}


def _size(powers: Powers) -> tuple[Fraction, int]:
    """Return what makes a product less simple: large or broken exponents, many inputs."""
    broken = sum((Fraction(e.denominator - 1) for e in powers.values()), Fraction(0))
    return sum((abs(e) for e in powers.values()), broken), len(powers)

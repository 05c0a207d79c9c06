"""Inputs near a target's seeds, the same every time: what `make fuzz` does at length, in a moment and without tools."""

from __future__ import annotations

import random
from collections.abc import Iterator

from tests.fuzz.targets import Target

_MAX_EDITS = 6
_MAX_REPEATS = 80


def inputs(target: Target, count: int, seed: int) -> Iterator[bytes]:
    """The seeds, and then `count` of their mutations."""
    yield from target.seeds
    draw = random.Random(seed)
    for _ in range(count):
        data = bytearray(draw.choice(target.seeds))
        for _ in range(draw.randint(1, _MAX_EDITS)):
            _edit(data, target, draw)
        yield bytes(data)


def _edit(data: bytearray, target: Target, draw: random.Random) -> None:
    start = draw.randint(0, len(data))
    end = min(len(data), start + draw.choice((0, 0, 1, 2, 8)))
    match draw.randrange(4):
        case 0:
            data[start:end] = draw.choice(target.words) if target.words else bytes([draw.randrange(256)])
        case 1:
            data[start:end] = draw.randbytes(draw.randrange(4))
        case 2:
            other = draw.choice(target.seeds)
            data[start:end] = other[draw.randint(0, len(other)) :]
        case _:
            data[start:end] = bytes(data[start:end]) * draw.randint(0, _MAX_REPEATS)

"""What options hold as text: lists of names, points, boxes."""

from __future__ import annotations

import csv

from ansatz.client.errors import InvalidRequest

Box = dict[str, tuple[float, float]]


def comma_separated(text: str | None) -> list[str]:
    """Return the names in "a,b"; a name with a comma in it stands in double quotes."""
    if not text:
        return []
    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True))]


def parse_box(text: str) -> Box:
    """Return the limits by input of "x=1:5,t=0:10". Raises InvalidRequest."""
    box: Box = {}
    for part in comma_separated(text):
        name, equals, limits = part.rpartition("=")
        lower, colon, upper = limits.partition(":")
        if not (name and equals and colon):
            raise InvalidRequest.of("--box", f"has {part!r}; give NAME=LOWER:UPPER, as in x=1:5,t=0:10")
        if name in box:
            raise InvalidRequest.of("--box", f"names {name!r} more than once; name it once")
        try:
            box[name] = (float(lower), float(upper))
        except ValueError:
            raise InvalidRequest.of("--box", f"has {part!r}; give numbers as LOWER and UPPER, as in x=1:5") from None
    return box


def parse_point(field: str, text: str) -> dict[str, float]:
    """Return the numbers by name of "N=7e10,D=1.4e12". Raises InvalidRequest that names the field."""
    point = {}
    for part in comma_separated(text):
        name, equals, value = part.partition("=")
        try:
            point[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise InvalidRequest.of(field, f"has {part!r}; give NAME=NUMBER for each input of the law")
    return point

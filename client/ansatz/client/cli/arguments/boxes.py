"""Boxes of inputs on the command line: "x=1:5,t=0:10", or the ranges of a table's columns."""

from __future__ import annotations

from ansatz.client.cli.arguments.shared import comma_separated
from ansatz.client.cli.files.table import read_columns
from ansatz.client.errors import InvalidRequest

Box = dict[str, tuple[float, float]]


def parse_box(text: str) -> Box:
    """The limits by input. Raises InvalidRequest."""
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
            raise InvalidRequest.of("--box", f"has {part!r}; LOWER and UPPER are numbers") from None
    return box


def box_of_data(source: str, inputs: str | None) -> Box:
    """From the least to the greatest value of each column of a table. Raises InvalidRequest."""
    columns = read_columns(source, comma_separated(inputs))
    return {name: (min(values), max(values)) for name, values in columns.items()}

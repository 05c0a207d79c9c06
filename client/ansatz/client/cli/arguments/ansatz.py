"""Options about an ansatz, a formula of the caller's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from ansatz.client.cli.arguments import panels
from ansatz.client.errors import InvalidRequest

_option = partial(typer.Option, rich_help_panel=panels.ANSATZ)


@dataclass(frozen=True)
class Ansatz:
    """A formula to fit and to complete, and what is known of its free constants."""

    ansatz: Annotated[
        str | None,
        _option(
            "--ansatz",
            metavar="FORMULA",
            help="A formula to fit, and to search for what it misses. Names in it that are no columns are free "
            "constants; f, g and h, where called as f(x), are unknown parts: functions to be found. Of a motion: "
            'equations by state, "x: a*x - b*x*y; y: c*x*y - d*y".',
        ),
    ] = None
    start: Annotated[
        list[str] | None,
        _option(
            "--start",
            metavar="NAME=VALUE",
            help="Where the fit of a free constant starts. Several: a=1,b=2, or the option again.",
        ),
    ] = None
    bounds: Annotated[
        list[str] | None,
        _option(
            "--bounds",
            metavar="NAME=LOW:HIGH",
            help="Between which values a free constant lies; one side may be left empty, as in a=0:",
        ),
    ] = None
    fixed_numbers: Annotated[
        bool,
        _option(
            "--fixed-numbers",
            help="Keep the numbers of the ansatz as they are where it has no named constants, too; not of a motion.",
        ),
    ] = False
    free_numbers: Annotated[
        bool,
        _option(
            "--free-numbers",
            help="Fit the numbers of the ansatz beside its named constants, too, whole ones apart. Default: they stay "
            "where constants are named.",
        ),
    ] = False
    loss: Annotated[
        str,
        _option(
            "--loss",
            metavar="squared|huber|log-huber",
            help="What the fit of the ansatz to a table minimises; with huber and log-huber outliers count little.",
        ),
    ] = "squared"
    per_group: Annotated[
        str | None,
        _option(
            "--per-group",
            metavar="A,B,…",
            help="With --group: the free constants that differ from group to group; default: which they are is found. "
            "Of curves: all, for constants of its own in each run.",
        ),
    ] = None

    def keywords(self) -> dict[str, Any]:
        """Return keywords of a search, all but per_group. Raises InvalidRequest."""
        return {
            "ansatz": self.ansatz,
            "start": _starts(self.start or ()),
            "bounds": _bounds(self.bounds or ()),
            "fixed_numbers": self.fixed_numbers,
            "free_numbers": self.free_numbers,
            "loss": self.loss,
        }


def _starts(texts: Iterable[str]) -> dict[str, float]:
    """The starting values by name, of texts such as "a=1"."""
    return {name: _number("--start", text, value) for text, name, value in _assignments("--start", texts, "a=1")}


def _bounds(texts: Iterable[str]) -> dict[str, tuple[float | None, float | None]]:
    """The bounds by name, of texts such as "a=0:10" or "a=0:"."""
    found: dict[str, tuple[float | None, float | None]] = {}
    for text, name, value in _assignments("--bounds", texts, "a=0:10"):
        low, colon, high = value.partition(":")
        if not colon:
            raise InvalidRequest.of("--bounds", f"has {text!r:.60}; give NAME=LOW:HIGH, where one side may be empty")
        lower, upper = (_number("--bounds", text, side) if side.strip() else None for side in (low, high))
        found[name] = (lower, upper)
    return found


def _assignments(flag: str, texts: Iterable[str], example: str) -> Iterator[tuple[str, str, str]]:
    for text in (part for joined in texts for part in joined.split(",")):
        name, equals, value = text.partition("=")
        if not (equals and name.strip() and value.strip()):
            raise InvalidRequest.of(flag, f"has {text!r:.60}; give NAME=VALUE, such as {example}")
        yield text, name.strip(), value.strip()


def _number(flag: str, text: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InvalidRequest.of(flag, f"has {text!r:.60}, and {value!r:.40} is no number; give one") from None

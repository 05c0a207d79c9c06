"""Options about curves that several commands share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ansatz.client.cli.files.curves import CurveFile
from ansatz.client.cli.printing.failures import say
from ansatz.client.errors import InvalidRequest

STD_ERRORS = Annotated[
    str | None, typer.Option("--std-errors", metavar="COL", help="Of curves: standard errors of the values.")
]
TRIALS = Annotated[
    str | None,
    typer.Option("--trials", metavar="COL", help="Of curves: numbers of trials; the value is the share of successes."),
]
SCALE = Annotated[
    str, typer.Option("--scale", metavar="auto|log|linear|share", help="Of curves: how errors are counted.")
]
ROLES = Annotated[
    list[str] | None,
    typer.Option("--role", metavar="N=COL", help="Of curves: what a column is: N, D, C, S (step), B (batch) or lr."),
]
WIDE = Annotated[
    str | None,
    typer.Option(
        "--wide", metavar="NAME", help="Of curves: columns are headed by values of NAME; --target names the cells."
    ),
]


def curve_arguments(file: CurveFile, scale: str, per_run: bool) -> dict[str, Any]:
    """Keywords of Client.submit_curves; tells of rows that have no value."""
    about, left_out = file.arguments()
    if left_out:
        say(f"{left_out} rows without a value of {file.target!r} were left out")
    return {**about, "scale": scale, "per_run": per_run}


def refuse(given: Mapping[str, object], why: str) -> None:
    """Raises InvalidRequest for the first option that was given though it is of no use."""
    for flag, value in given.items():
        if value:
            raise InvalidRequest.of(flag, why)

"""Options that several commands share."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from ansatz.client.cli.printing.output import Format

DATA = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A table: CSV with a header line (, ; tab or | between cells; lines that begin with # before the header "
        "are skipped), .tsv, .parquet, or - for CSV on standard input.",
        show_default=False,
    ),
]
TARGET = Annotated[str, typer.Option("--target", metavar="COL", help="The column to be explained.")]
INPUTS = Annotated[
    str | None,
    typer.Option("--inputs", metavar="A,B,…", help="The columns that may explain it; default: all others."),
]
WEIGHTS = Annotated[
    str | None, typer.Option("--weights", metavar="COL", help="Row weights: 1/variance up to a common factor.")
]
GROUP = Annotated[
    str | None,
    typer.Option(
        "--group",
        metavar="COL",
        help="The column, of numbers or text, that says which rows belong together: one structure for all groups, its "
        "constants shared or one for each.",
    ),
]
UNITS = Annotated[
    Path | None, typer.Option("--units", metavar="FILE.json", help='Units by column, as {"v": "m/s", …}.')
]
BOX = Annotated[
    str | None,
    typer.Option("--box", metavar="x=1:5,…", help="The values that each input may take.", show_default=False),
]
BUDGET = Annotated[
    float | None, typer.Option("--budget", metavar="SECONDS", help="Wall clock for the search.", show_default=False)
]
ENGINE = Annotated[
    str | None,
    typer.Option("--engine", metavar="auto|pysr|operon|none", help="The evolutionary engine.", show_default=False),
]
SEED = Annotated[int | None, typer.Option("--seed", metavar="N", help="Seed of every random choice.")]
SERVER = Annotated[
    str | None,
    typer.Option("--server", metavar="HOST:PORT", help="The server to use; default: a private one for this command."),
]
REQUIRED_SERVER = Annotated[str, typer.Option("--server", metavar="HOST:PORT", help="The server that has the jobs.")]
FORMAT = Annotated[Format, typer.Option("--format", help="How the result is written.")]
OUTPUT = Annotated[
    Path | None, typer.Option("--output", metavar="FILE", help="Write the result to a file, not to standard output.")
]
JOB = Annotated[str, typer.Argument(metavar="JOB", help="Id of the job.", show_default=False)]


def comma_separated(text: str | None) -> list[str]:
    """The names in "a,b" (a name with a comma in double quotes)."""
    if not text:
        return []
    return [name.strip() for name in next(csv.reader([text], skipinitialspace=True))]

"""Options that several commands take, one by one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ansatz.client.cli.arguments import panels
from ansatz.client.cli.printing.output import Format

_of_data = partial(typer.Option, rich_help_panel=panels.DATA)
_of_search = partial(typer.Option, rich_help_panel=panels.SEARCH)
_of_tables = partial(typer.Option, rich_help_panel=panels.TABLES)
_of_output = partial(typer.Option, rich_help_panel=panels.OUTPUT)

DATA = Annotated[
    str,
    typer.Argument(
        metavar="DATA",
        help="A file: CSV with a header line (, ; tab or | between cells; lines before it that begin with # are "
        "skipped), .tsv, .parquet, or - for CSV on standard input.",
        show_default=False,
    ),
]
TARGET = Annotated[str, _of_data("--target", metavar="COL", help="The column to be explained.")]
MAYBE_TARGET = Annotated[
    str | None, _of_data("--target", metavar="COL", help="The column to be explained, of tables and curves.")
]
INPUTS = Annotated[
    str | None,
    _of_data(
        "--inputs",
        metavar="A,B,…",
        help="The columns that may explain it; default: all others (of a motion: none), except that a "
        "table's columns called like the error of the target are left out.",
    ),
]
GROUP = Annotated[
    str | None,
    _of_data(
        "--group",
        metavar="COL",
        help="The column, of numbers or text, that says which rows belong together: the groups of a table, the runs of "
        "curves or of a motion.",
    ),
]
STD_ERRORS = Annotated[
    str | None,
    _of_data(
        "--std-errors",
        metavar="COL",
        help="The column of standard errors of the target, in its unit: rows count by them, and what the best formula "
        "leaves is compared with them. Of a motion A,B,…: one for each state, in their order.",
    ),
]
TRIALS = Annotated[
    str | None,
    _of_data(
        "--trials",
        metavar="COL",
        help="The column of numbers of trials; the target is the share of successes, of a table with --noise binomial "
        "also their number.",
    ),
]
INPUT_ERRORS = Annotated[
    list[str] | None,
    _of_tables(
        "--input-errors",
        metavar="x=COL",
        help="The column of standard errors of an input, in its unit; once for each: fits are by orthogonal distances.",
    ),
]
NOISE = Annotated[
    str | None,
    _of_tables(
        "--noise",
        metavar="gaussian|poisson|binomial",
        help="How the target scatters: poisson, as a count of events; binomial, as successes, or their share, among "
        "--trials. Default: gaussian.",
    ),
]
WEIGHTS = Annotated[
    str | None,
    _of_tables("--weights", metavar="COL", help="The column of row weights: 1/variance up to a common factor."),
]
UNITS = Annotated[
    Path | None,
    _of_tables(
        "--units",
        metavar="FILE.json",
        help='Units by column, as {"v": "m/s"}: a law of wrong dimension never ranks above a right one.',
    ),
]
_WALL_CLOCK = "Wall clock for the search, which ends earlier where nothing is left to find; default:"
BUDGET = Annotated[float | None, _of_search("--budget", metavar="SECONDS", help=f"{_WALL_CLOCK} 30.")]
BUDGET_AS_BEFORE = Annotated[float | None, _of_search("--budget", metavar="SECONDS", help=f"{_WALL_CLOCK} as it was.")]
ENGINE = Annotated[
    str | None,
    _of_search(
        "--engine",
        metavar="auto|pysr|operon|none",
        help="The evolutionary engine that searches tables beside the built-in searchers.",
    ),
]
SEED = Annotated[
    int | None,
    _of_search("--seed", metavar="N", help="The seed of random choices: the same seed gives the same answer."),
]
BOX = Annotated[
    str | None,
    typer.Option(
        "--box", metavar="x=1:5,…", help="The lowest and the highest value of each input.", rich_help_panel=panels.DATA
    ),
]
JOB = Annotated[str, typer.Argument(metavar="JOB", help="The id of the job.", show_default=False)]
SERVER = Annotated[
    str | None,
    _of_output("--server", metavar="HOST:PORT", help="The server to use; default: a private one for this command."),
]
REQUIRED_SERVER = Annotated[str, _of_output("--server", metavar="HOST:PORT", help="The server that has the jobs.")]
FORMAT = Annotated[Format, _of_output("--format", help="A table for people, or one JSON object for programs.")]
OUTPUT = Annotated[
    Path | None,
    _of_output("--output", metavar="FILE", help="Write the result to this file, not to standard output."),
]

"""ansatz discover"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from ansatz.client.cli import arguments, failures, following, free_constants
from ansatz.client.cli.output import Format, Output
from ansatz.client.cli.private_server import server_address
from ansatz.client.cli.read import read_data
from ansatz.client.client import Client
from ansatz.client.requests import search_options


class Kind(StrEnum):
    AUTO = "auto"
    TABLE = "table"


def discover(  # noqa: PLR0917 - typer calls it by keyword
    data: arguments.DATA,
    target: arguments.TARGET,
    inputs: arguments.INPUTS = None,
    kind: Annotated[Kind, typer.Option("--kind", help="What the rows are; auto: a table.")] = Kind.AUTO,
    weights: arguments.WEIGHTS = None,
    units: arguments.UNITS = None,
    group: arguments.GROUP = None,
    dimensional_constants: Annotated[
        bool, typer.Option("--dimensional-constants", help="Numbers of a formula may carry dimensions.")
    ] = False,
    ansatz: Annotated[
        str | None,
        typer.Option("--ansatz", metavar="FORMULA", help="Your own formula: fit it, and find what it misses."),
    ] = None,
    start: Annotated[
        list[str] | None,
        typer.Option("--start", metavar="NAME=VALUE", help="Where the fit of a free constant of the ansatz starts."),
    ] = None,
    bounds: Annotated[
        list[str] | None,
        typer.Option("--bounds", metavar="NAME=LOW:HIGH", help="Bounds of a free constant; one side may be empty."),
    ] = None,
    fixed_numbers: Annotated[
        bool, typer.Option("--fixed-numbers", help="Numbers of the ansatz stay as they are.")
    ] = False,
    loss: Annotated[
        str, typer.Option("--loss", metavar="squared|huber|log-huber", help="What the fit of the ansatz minimises.")
    ] = "squared",
    metric: Annotated[
        str | None,
        typer.Option("--metric", metavar="log|log-log|logit|guess:G|auto", help="The space of the law."),
    ] = None,
    per_group: Annotated[
        str | None,
        typer.Option(
            "--per-group",
            metavar="A,B,…",
            help="Free constants of the ansatz that differ from group to group; default: which they are is found.",
        ),
    ] = None,
    functions: Annotated[
        str | None, typer.Option("--functions", metavar="sin,exp,…", help="The only functions allowed in formulas.")
    ] = None,
    engine: arguments.ENGINE = None,
    budget: arguments.BUDGET = None,
    seed: arguments.SEED = None,
    max_complexity: Annotated[
        int | None, typer.Option("--max-complexity", metavar="N", help="Largest number of nodes of a formula.")
    ] = None,
    server: arguments.SERVER = None,
    format: arguments.FORMAT = Format.TABLE,
    output: arguments.OUTPUT = None,
) -> None:
    """Find the formulas that explain a column of a table by the others.

    Progress goes to standard error, the result to standard output. Exit status: 0 found, 1 failed, 2 bad input,
    130 interrupted (the partial result is printed).
    """
    written = Output(format, output)
    with failures.reported(written):
        written.check()
        options: dict[str, Any] = {
            "functions": arguments.comma_separated(functions) or None,
            "engine": engine,
            "budget": budget,
            "seed": seed,
            "max_complexity": max_complexity,
            "ansatz": ansatz,
            "dimensional_constants": dimensional_constants,
            "start": free_constants.starts(start or ()),
            "bounds": free_constants.bounds(bounds or ()),
            "fixed_numbers": fixed_numbers,
            "loss": loss,
            "metric": metric,
            "per_group": arguments.comma_separated(per_group) or None,
        }
        search_options(**options)  # what is plainly wrong is refused before a server is started
        read = read_data(data, target, arguments.comma_separated(inputs), weights, units, group=group)
        with server_address(server) as address, Client(address) as client:
            job = client.submit(**read.arguments(), **options)
            ending = following.follow(job)
        following.write_ending(ending, job.id, target, written)

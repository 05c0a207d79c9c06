"""ansatz evaluate"""

from __future__ import annotations

from typing import Annotated

import typer

from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.files.table import read_data
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.servers.private_server import server_address
from ansatz.client.cli.views.json_output import evaluation_object
from ansatz.client.cli.views.report import evaluation_view
from ansatz.client.client import Client


def evaluate(  # noqa: PLR0917 - typer calls it by keyword
    data: arguments.DATA,
    target: arguments.TARGET,
    formula: Annotated[str, typer.Option("--formula", metavar="FORMULA", help="In terms of the columns.")],
    refit: Annotated[bool, typer.Option("--refit", help="Fit the formula's numbers that are no integers.")] = False,
    inputs: arguments.INPUTS = None,
    weights: arguments.WEIGHTS = None,
    units: arguments.UNITS = None,
    server: arguments.SERVER = None,
    format: arguments.FORMAT = Format.TABLE,
    output: arguments.OUTPUT = None,
) -> None:
    """Score a formula of your own on a table."""
    written = Output(format, output)
    with failures.reported(written):
        written.check()
        read = read_data(data, target, arguments.comma_separated(inputs), weights, units)
        with server_address(server) as address, Client(address) as client:
            evaluation = client.evaluate(formula, **read.arguments(), refit=refit)
        written.result(evaluation_object(evaluation), evaluation_view(evaluation))

"""ansatz evaluate"""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ansatz.client.cli.arguments import options, panels
from ansatz.client.cli.arguments.help import examples
from ansatz.client.cli.arguments.records import flattened
from ansatz.client.cli.arguments.texts import comma_separated
from ansatz.client.cli.files.table import ErrorColumns, TableFile
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.servers.private_server import server_address
from ansatz.client.cli.views.json_output import evaluation_object
from ansatz.client.cli.views.report import evaluation_view
from ansatz.client.client import Client

EXAMPLES: Final = examples(
    'ansatz evaluate examples/leavitt/leavitt_1912.csv --target M --formula "15.5 - 2.1*logP" --refit'
)


@flattened
def evaluate(
    *,
    data: options.DATA,
    target: options.TARGET,
    formula: Annotated[
        str,
        typer.Option(
            "--formula",
            metavar="FORMULA",
            help="The formula, in the names of the columns.",
            rich_help_panel=panels.ANSATZ,
        ),
    ],
    refit: Annotated[
        bool,
        typer.Option(
            "--refit", help="Fit the numbers of the formula that are no integers first.", rich_help_panel=panels.ANSATZ
        ),
    ] = False,
    inputs: options.INPUTS = None,
    std_errors: options.STD_ERRORS = None,
    trials: options.TRIALS = None,
    weights: options.WEIGHTS = None,
    input_errors: options.INPUT_ERRORS = None,
    noise: options.NOISE = None,
    units: options.UNITS = None,
    server: options.SERVER = None,
    format: options.FORMAT = Format.TABLE,
    output: options.OUTPUT = None,
) -> None:
    """Score a formula of your own on a table.

    Shows its errors, its constants, and whether what it leaves is noise.
    """
    with failures.reported(Output(format, output)) as written:
        errors = ErrorColumns(std_errors, input_errors or (), noise, trials)
        file = TableFile(data, target, comma_separated(inputs), weights, units, errors=errors)
        table = file.arguments()
        with server_address(server) as address, Client(address) as client:
            evaluation = client.evaluate(formula, **table, refit=refit)
        written.result(evaluation_object(evaluation), evaluation_view(evaluation))

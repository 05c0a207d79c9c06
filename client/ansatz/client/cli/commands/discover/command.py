"""ansatz discover"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from ansatz.client.cli.arguments import options, panels
from ansatz.client.cli.arguments.help import examples
from ansatz.client.cli.arguments.records import flattened
from ansatz.client.cli.commands.discover.asked import Asked
from ansatz.client.cli.commands.discover.submission import submission
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.running import following, plots
from ansatz.client.cli.servers.private_server import server_address
from ansatz.client.client import Client

EXAMPLES: Final = examples(
    "# a table",
    "ansatz discover examples/kepler/planets.csv --target period --inputs semi_major_axis",
    "# a formula of your own, and what it misses",
    'ansatz discover examples/hubble/hubble_1929.csv --target v --ansatz "H*D" --start H=500',
    "# loss curves, with a picture",
    "ansatz discover examples/scaling/redpajama.csv --target loss --kind curve --plot loss.svg",
    "# a motion",
    "ansatz discover examples/lynx_hare/hudson-bay-lynx-hare.csv --time Year --states Hare,Lynx",
    "# for programs",
    "ansatz discover examples/leavitt/leavitt_1912.csv --target M --budget 5 --format json",
)


@flattened
def discover(
    *,
    asked: Asked,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot",
            metavar="FILE",
            help="Draw the best beside the data, as .svg or .png.",
            rich_help_panel=panels.OUTPUT,
        ),
    ] = None,
    server: options.SERVER = None,
    format: options.FORMAT = Format.TABLE,
    output: options.OUTPUT = None,
) -> None:
    """Find the laws in data: formulas of a table, laws of curves, equations of a motion.

    Progress goes to standard error, the result to standard output. Exit status: 0 found, 1 failed, 2 bad input,
    130 interrupted (the best formulas until then are printed).
    """
    with failures.reported(Output(format, output)) as written:
        if plot:
            plots.check(plot)
        submit = submission(asked)
        with server_address(server) as address, Client(address) as client:
            job = submit(client)
            ending = following.follow(job)
            if plot and ending.report and ending.report.candidates:
                plots.write(job, plot)
        following.write_ending(ending, job.id, asked.explained, written)

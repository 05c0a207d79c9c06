"""ansatz propose"""

from __future__ import annotations

from typing import Annotated, Final

import typer

from ansatz.client.cli.arguments import options, panels
from ansatz.client.cli.arguments.help import examples
from ansatz.client.cli.arguments.records import flattened
from ansatz.client.cli.arguments.texts import parse_box
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.views.proposal import proposal_object, proposal_view
from ansatz.client.client import Client

EXAMPLES: Final = examples("ansatz propose kinetic --box v=0.1:10 -n 5 --server 127.0.0.1:50051")


@flattened
def propose(
    *,
    job: options.JOB,
    server: options.REQUIRED_SERVER,
    box: options.BOX = None,
    n: Annotated[
        int,
        typer.Option(
            "-n", "--number", metavar="N", help="How many experiments to propose.", rich_help_panel=panels.SEARCH
        ),
    ] = 5,
    seed: Annotated[
        int,
        typer.Option("--seed", metavar="N", help="The seed of the points tried.", rich_help_panel=panels.SEARCH),
    ] = 0,
    format: options.FORMAT = Format.TABLE,
    output: options.OUTPUT = None,
) -> None:
    """Propose what to measure next, to tell the formulas of a job apart.

    These are the inputs at which the formulas of a job that has ended disagree most, for the noise seen.
    An input that is not in the box stays within the range of the data.
    """
    with failures.reported(Output(format, output)) as written:
        limits = parse_box(box) if box else None
        with Client(server) as client:
            proposal = client.propose(job, limits, n, seed=seed)
        written.result(proposal_object(proposal), proposal_view(proposal))

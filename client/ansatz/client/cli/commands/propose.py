"""ansatz propose"""

from __future__ import annotations

from typing import Annotated

import typer

from ansatz.client.cli.arguments import boxes
from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.views.proposal import proposal_object, proposal_view
from ansatz.client.client import Client


def propose(  # noqa: PLR0917 - typer calls it by keyword
    job: arguments.JOB,
    server: arguments.REQUIRED_SERVER,
    box: arguments.BOX = None,
    n: Annotated[int, typer.Option("-n", "--number", metavar="N", help="How many experiments.")] = 5,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the points tried.")] = 0,
    format: arguments.FORMAT = Format.TABLE,
    output: arguments.OUTPUT = None,
) -> None:
    """The experiments that tell the formulas of an ended job apart, for the noise seen.

    An input that is not in the box keeps to the range of the data.
    """
    written = Output(format, output)
    with failures.reported(written):
        written.check()
        limits = boxes.parse_box(box) if box else None
        with Client(server) as client:
            proposal = client.propose(job, limits, n, seed=seed)
        written.result(proposal_object(proposal), proposal_view(proposal))

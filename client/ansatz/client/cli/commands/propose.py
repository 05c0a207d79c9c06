"""ansatz propose"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ansatz.client.cli import failures
from ansatz.client.cli.arguments import boxes
from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.output import Format, Output
from ansatz.client.cli.views.report import number, short
from ansatz.client.client import Client
from ansatz.client.results.proposal import Proposal


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


def proposal_object(proposal: Proposal) -> dict[str, Any]:
    return {"state": "SUCCEEDED", **asdict(proposal), "error": None, "violations": []}


def proposal_view(proposal: Proposal) -> RenderableType:
    """A row for each experiment: what to set, what the leading formulas predict, what it tells apart."""
    shown = proposal.rivals[:3]
    table = Table(box=None, pad_edge=False, header_style="bold")
    inputs = list(proposal.experiments[0].inputs) if proposal.experiments else []
    for title in (*inputs, *(f"by formula {rival.rank}" for rival in shown), "tells apart", "by (std)"):
        table.add_column(Text(title), overflow="fold")
    for e in proposal.experiments:
        predicted = [number(value, 4) for value in e.predictions[: len(shown)]]
        apart = f"{e.first_rank} and {e.second_rank}"
        table.add_row(*(f"{e.inputs[name]:.6g}" for name in inputs), *predicted, apart, number(e.separation))
    formulas = [f"formula {r.rank} (probability {number(r.weight)}): {short(r.formula)}" for r in proposal.rivals]
    noise = f"noise assumed: {number(proposal.noise_std)}" + (" of the target" if proposal.noise_is_relative else "")
    warnings = [Text(f"warning {w.code}: {w.message}", style="yellow") for w in proposal.warnings]
    return Group(table, *map(Text, [*formulas, noise]), *warnings)

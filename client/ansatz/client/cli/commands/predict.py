"""ansatz predict"""

from __future__ import annotations

from typing import Annotated

import typer

from ansatz.client.cli.arguments import curves as curve_arguments
from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.files.curves import CurveFile
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.running import following
from ansatz.client.cli.servers.private_server import server_address
from ansatz.client.cli.views.curves import answers_object, answers_view
from ansatz.client.client import Client, JobHandle
from ansatz.client.errors import InvalidRequest


def predict(  # noqa: PLR0917 - typer calls it by keyword
    data: Annotated[
        str | None, typer.Argument(metavar="[DATA]", help="Curves, as of discover; or give --job.", show_default=False)
    ] = None,
    target: Annotated[str | None, typer.Option("--target", metavar="COL", help="The column of values.")] = None,
    inputs: arguments.INPUTS = None,
    group: arguments.GROUP = None,
    std_errors: curve_arguments.STD_ERRORS = None,
    trials: curve_arguments.TRIALS = None,
    scale: curve_arguments.SCALE = "auto",
    role: curve_arguments.ROLES = None,
    wide: curve_arguments.WIDE = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", metavar="N=7e10,D=1.4e12", help="A point to predict the value at.")
    ] = None,
    compute: Annotated[
        list[float] | None,
        typer.Option("--compute", metavar="FLOPS", help="A budget, 6*N*D: the best size and data for it."),
    ] = None,
    reach: Annotated[
        list[float] | None,
        typer.Option("--reach", metavar="VALUE", help="A value: the tokens or steps at which the law reaches it."),
    ] = None,
    probability: Annotated[float, typer.Option("--probability", help="Of the intervals.")] = 0.8,
    rank: Annotated[int, typer.Option("--rank", help="Rank of the law.")] = 1,
    job: Annotated[
        str | None, typer.Option("--job", metavar="JOB", help="A final job on curves, instead of DATA; with --server.")
    ] = None,
    budget: arguments.BUDGET = None,
    seed: arguments.SEED = None,
    server: arguments.SERVER = None,
    format: arguments.FORMAT = Format.TABLE,
    output: arguments.OUTPUT = None,
) -> None:
    """Say what a law of curves means for other scales: values with intervals, the best size for a budget, the tokens or
    steps to a value."""
    written = Output(format, output)
    with failures.reported(written):
        written.check()
        points = [_point(i, text) for i, text in enumerate(at or ())]
        if job:
            if data or not server:
                raise InvalidRequest.of("--job", "is a job of a server: give --server, and no DATA")
            with Client(server) as client:
                answers = client.job(job).predict(
                    points, budgets=compute or (), targets=reach or (), rank=rank, probability=probability
                )
        else:
            if not data or not target:
                raise InvalidRequest.of("data", "is not given; give DATA and --target, or --job and --server")
            file = CurveFile(
                data, target, arguments.comma_separated(inputs), group, std_errors, trials, wide, tuple(role or ())
            )
            about = curve_arguments.curve_arguments(file, scale, per_run=False)
            with server_address(server) as address, Client(address) as client:
                handle: JobHandle = client.submit_curves(**about, budget=budget, seed=seed)
                following.follow(handle)
                answers = handle.predict(
                    points, budgets=compute or (), targets=reach or (), rank=rank, probability=probability
                )
        written.result(answers_object(answers), answers_view(answers, points))


def _point(index: int, text: str) -> dict[str, float]:
    point = {}
    for part in arguments.comma_separated(text):
        name, equals, value = part.partition("=")
        try:
            point[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals or not name.strip():
            raise InvalidRequest.of(f"--at[{index}]", f"has {part!r}; give NAME=NUMBER for each input of the law")
    return point

"""ansatz discover"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ansatz.client.cli.arguments import curves as curve_arguments
from ansatz.client.cli.arguments import free_constants
from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.files.curves import CurveFile
from ansatz.client.cli.files.motion import MotionFlags
from ansatz.client.cli.files.table import read_data
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.running import following, plots
from ansatz.client.cli.servers.private_server import server_address
from ansatz.client.client import Client, JobHandle
from ansatz.client.encode.options import search_options
from ansatz.client.errors import InvalidRequest


class Kind(StrEnum):
    AUTO = "auto"
    TABLE = "table"
    CURVE = "curve"
    TRAJECTORY = "trajectory"


def discover(  # noqa: PLR0917 - typer calls it by keyword
    data: arguments.DATA,
    target: Annotated[
        str | None, typer.Option("--target", metavar="COL", help="The column to be explained (of a table).")
    ] = None,
    inputs: arguments.INPUTS = None,
    kind: Annotated[
        Kind, typer.Option("--kind", help="What the rows are; auto: samples of a motion with --states, else a table.")
    ] = Kind.AUTO,
    group: arguments.GROUP = None,
    time: Annotated[str | None, typer.Option("--time", metavar="COL", help="The column of times of a motion.")] = None,
    states: Annotated[
        str | None,
        typer.Option(
            "--states",
            metavar="X,V,…",
            help="The columns whose motion is to be explained by a system of "
            "differential equations; an empty cell is a missing sample.",
        ),
    ] = None,
    order: Annotated[
        int | None,
        typer.Option("--order", metavar="1|2", help="1: a law for dx/dt; 2: for d²x/dt², from positions alone."),
    ] = None,
    derivatives: Annotated[
        str | None,
        typer.Option("--derivatives", metavar="COLS", help="Columns of measured derivatives, one for each state."),
    ] = None,
    holdout: Annotated[
        str | None, typer.Option("--holdout", metavar="FILE", help="Further runs of a motion, that are only foretold.")
    ] = None,
    stochastic: Annotated[
        bool, typer.Option("--stochastic", help="Noise drives the motion: seek linear stochastic laws alone.")
    ] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="A picture of the best, as .svg or .png.")
    ] = None,
    weights: arguments.WEIGHTS = None,
    units: arguments.UNITS = None,
    std_errors: curve_arguments.STD_ERRORS = None,
    trials: curve_arguments.TRIALS = None,
    scale: curve_arguments.SCALE = "auto",
    role: curve_arguments.ROLES = None,
    wide: curve_arguments.WIDE = None,
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
    """Find the formulas that explain a column of a table, or the values of curves, by the other columns; or the
    differential equations behind a motion.

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
        if plot:
            plots.check(plot)
        search_options(**options)  # what is plainly wrong is refused before a server is started
        motion = MotionFlags(
            arguments.comma_separated(states), time, order, group, arguments.comma_separated(inputs),
            arguments.comma_separated(derivatives), holdout, stochastic,
        )  # fmt: skip
        chosen = arguments.comma_separated(inputs)
        of_tables = {"--weights": weights, "--units": units, "--dimensional-constants": dimensional_constants}
        of_tables |= {"--metric": metric}
        of_curves = {"--std-errors": std_errors, "--trials": trials, "--role": role, "--wide": wide}
        submit: Callable[[Client], JobHandle]
        if motion.states or kind is Kind.TRAJECTORY:
            curve_arguments.refuse({"--target": target, "--weights": weights}, "is not for a motion: see --states")
            curve_arguments.refuse(of_curves, "is for curves; leave it out")
            submit = partial(Client.submit_motion, **motion.read(data), **options)
        elif kind is Kind.CURVE:
            motion.refuse_for_others()
            curve_arguments.refuse(of_tables, "is for tables; leave it out (curves have --std-errors and --trials)")
            file = CurveFile(data, _given(target), chosen, group, std_errors, trials, wide, tuple(role or ()))
            about = curve_arguments.curve_arguments(file, scale, per_group is not None)
            shared = {name: value for name, value in options.items() if name not in ("per_group", "metric")}
            submit = partial(Client.submit_curves, **about, **shared)
        else:
            motion.refuse_for_others()
            curve_arguments.refuse(of_curves, "is for curves; give --kind curve, or leave it out")
            read = read_data(data, _given(target), chosen, weights, units, group=group)
            submit = partial(Client.submit, **read.arguments(), **options)
        with server_address(server) as address, Client(address) as client:
            job = submit(client)
            ending = following.follow(job)
            if plot and ending.report and ending.report.candidates:
                plots.write(job, plot)
        following.write_ending(ending, job.id, target or ", ".join(motion.states), written)


def _given(target: str | None) -> str:
    """The target. Raises InvalidRequest where there is none."""
    if not target:
        raise InvalidRequest.of("--target", "is not given; name the column to be explained, or --states for a motion")
    return target

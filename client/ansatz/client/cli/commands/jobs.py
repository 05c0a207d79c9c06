"""ansatz jobs …"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ansatz.client.cli.arguments import shared as arguments
from ansatz.client.cli.files.table import read_data
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.running.following import Ending, follow, write_ending
from ansatz.client.cli.running.progress import shown_progress
from ansatz.client.cli.views.jobs import job_view, jobs_view
from ansatz.client.cli.views.json_output import described_object, job_object
from ansatz.client.client import Client
from ansatz.client.encode.options import search_options

app = typer.Typer(help="The jobs of a server.", no_args_is_help=True)


@app.command("list")
def list_jobs(server: arguments.REQUIRED_SERVER, format: arguments.FORMAT = Format.TABLE) -> None:
    """All jobs, newest first."""
    output = Output(format)
    with failures.reported(output), Client(server) as client:
        jobs = list(client.jobs())
        output.result({"jobs": [job_object(job) for job in jobs]}, jobs_view(jobs))


@app.command()
def show(job: arguments.JOB, server: arguments.REQUIRED_SERVER, format: arguments.FORMAT = Format.TABLE) -> None:
    """A job as it is now, with its best formulas so far."""
    output = Output(format)
    with failures.reported(output), Client(server) as client:
        found = client.job(job).describe()
        output.result(described_object(found), job_view(found))


@app.command()
def watch(
    job: arguments.JOB,
    server: arguments.REQUIRED_SERVER,
    format: arguments.FORMAT = Format.TABLE,
    output: arguments.OUTPUT = None,
) -> None:
    """Follow a job to its end and print its result; interrupting leaves the job alone."""
    written = Output(format, output)
    with failures.reported(written):
        written.check()
        with Client(server) as client:
            handle = client.job(job)
            with shown_progress() as listener:
                for event in handle.watch():
                    listener.hear(event)
            report = handle.result()
            target = handle.describe().data.target
        write_ending(Ending(report), handle.id, target, written)


@app.command("continue")
def continue_(  # noqa: PLR0917 - typer calls it by keyword
    job: arguments.JOB,
    server: arguments.REQUIRED_SERVER,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="All the rows, of the same columns; default: the same data."),
    ] = None,
    weights: arguments.WEIGHTS = None,
    units: arguments.UNITS = None,
    budget: arguments.BUDGET = None,
    engine: arguments.ENGINE = None,
    seed: arguments.SEED = None,
    format: arguments.FORMAT = Format.TABLE,
    output: arguments.OUTPUT = None,
) -> None:
    """Take up a final job again, from the formulas it found, with more time or more rows.

    What is not given is as it was: data, budget, engine, seed and all other options.
    """
    written = Output(format, output)
    with failures.reported(written):
        written.check()
        options: dict[str, Any] = {"budget": budget, "engine": engine, "seed": seed}
        search_options(**options)
        with Client(server) as client:
            about = client.job(job).describe().data
            rows = read_data(data, about.target, about.inputs, weights, units).arguments() if data else {}
            handle = client.continue_job(job, **rows, **options)
            ending = follow(handle)
        write_ending(ending, handle.id, about.target, written)


@app.command()
def cancel(job: arguments.JOB, server: arguments.REQUIRED_SERVER) -> None:
    """Ask a job to stop; it keeps what it found."""
    with failures.reported(Output()), Client(server) as client:
        failures.say(f"job {client.job(job).cancel().id}: asked to stop")


@app.command()
def delete(job: arguments.JOB, server: arguments.REQUIRED_SERVER) -> None:
    """Cancel a job if it is not final, and remove it."""
    with failures.reported(Output()), Client(server) as client:
        client.job(job).delete()
        failures.say(f"job {job}: removed")

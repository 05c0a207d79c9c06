"""ansatz jobs …"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from ansatz.client.cli.arguments import options
from ansatz.client.cli.arguments.help import Command, examples
from ansatz.client.cli.arguments.records import flattened, given_flags
from ansatz.client.cli.arguments.refusing import refuse
from ansatz.client.cli.files.table import ErrorColumns, TableFile
from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Format, Output
from ansatz.client.cli.running.following import Ending, follow, write_ending
from ansatz.client.cli.running.progress import shown_progress
from ansatz.client.cli.views.jobs import job_view, jobs_view
from ansatz.client.cli.views.json_output import described_object, job_object
from ansatz.client.client import Client
from ansatz.client.encode.options import search_options
from ansatz.client.errors import InvalidRequest, Violation
from ansatz.client.results.job import Job

app = typer.Typer(help="List, show, watch, continue, cancel and delete the jobs of a server.", no_args_is_help=True)


@app.command("list", cls=Command)
def list_jobs(server: options.REQUIRED_SERVER, format: options.FORMAT = Format.TABLE) -> None:
    """List all jobs, newest first."""
    with failures.reported(Output(format)) as written, Client(server) as client:
        jobs = list(client.jobs())
        written.result({"jobs": [job_object(job) for job in jobs]}, jobs_view(jobs))


@app.command(cls=Command)
def show(job: options.JOB, server: options.REQUIRED_SERVER, format: options.FORMAT = Format.TABLE) -> None:
    """Show a job as it is now, with its best formulas so far."""
    with failures.reported(Output(format)) as written, Client(server) as client:
        found = client.job(job).describe()
        written.result(described_object(found), job_view(found))


@app.command(cls=Command)
def watch(
    job: options.JOB,
    server: options.REQUIRED_SERVER,
    format: options.FORMAT = Format.TABLE,
    output: options.OUTPUT = None,
) -> None:
    """Follow a job to its end and print its result; interrupting leaves the job alone."""
    with failures.reported(Output(format, output)) as written:
        with Client(server) as client:
            handle = client.job(job)
            with shown_progress() as listener:
                for event in handle.watch():
                    listener.hear(event)
            report = handle.result()
            target = handle.describe().data.target
        write_ending(Ending(report), handle.id, target, written)


@dataclass(frozen=True)
class Rows:
    """What goes with the rows of a continued job, where they are given again."""

    group: options.GROUP = None
    std_errors: options.STD_ERRORS = None
    trials: options.TRIALS = None
    weights: options.WEIGHTS = None
    input_errors: options.INPUT_ERRORS = None
    noise: options.NOISE = None
    units: options.UNITS = None


@app.command(
    "continue",
    cls=Command,
    epilog=examples("ansatz jobs continue kinetic more.csv --budget 60 --server 127.0.0.1:50051"),
)
@flattened
def continue_(
    *,
    job: options.JOB,
    server: options.REQUIRED_SERVER,
    rows: Rows,
    data: Annotated[
        str | None,
        typer.Argument(
            metavar="DATA",
            help="A table of all rows, old and new, with the columns of the job; default: the job's own data.",
        ),
    ] = None,
    budget: options.BUDGET_AS_BEFORE = None,
    engine: options.ENGINE = None,
    seed: options.SEED = None,
    format: options.FORMAT = Format.TABLE,
    output: options.OUTPUT = None,
) -> None:
    """Take up a job that has ended, with more time or more rows.

    It becomes a new job, which starts from the formulas that were found.
    What is not given is as it was: data, budget, engine, seed and all other options.
    """
    with failures.reported(Output(format, output)) as written:
        if not data:
            refuse(Violation(flag, "goes with DATA; give that too, or leave it out") for flag in given_flags(rows))
        search: dict[str, Any] = {"budget": budget, "engine": engine, "seed": seed}
        search_options(**search)
        with Client(server) as client:
            continued = client.job(job).describe()
            columns = _columns(data, continued, rows) if data else {}
            handle = client.continue_job(job, **columns, **search)
            ending = follow(handle)
        write_ending(ending, handle.id, continued.data.target, written)


def _columns(data: str, continued: Job, rows: Rows) -> dict[str, Any]:
    """The rows to go on with. Raises InvalidRequest where the job is not about a table."""
    report = continued.report
    if report and (report.curves or (report.best and report.best.motion)):
        raise InvalidRequest.of(
            "data", f"is a table, and job {continued.id} is about {'curves' if report.curves else 'a motion'}; "
            "leave DATA out, or start a new job with `ansatz discover`",
        )  # fmt: skip
    about = continued.data
    try:
        errors = ErrorColumns(rows.std_errors, rows.input_errors or (), rows.noise, rows.trials)
        file = TableFile(data, about.target, about.inputs, rows.weights, rows.units, rows.group, errors)
        return file.arguments()
    except InvalidRequest as error:
        refuse(_of_data(violation, continued.id) for violation in error.violations)
        raise


def _of_data(violation: Violation, job: str) -> Violation:
    """What is wrong with the rows: the columns are those of the job, not of the command line."""
    if violation.field.startswith(("table.target", "table.inputs")):
        return Violation("data", f"{violation.description}; job {job} is about it: give the columns of the job")
    return violation


@app.command(cls=Command)
def cancel(job: options.JOB, server: options.REQUIRED_SERVER) -> None:
    """Ask a job to stop; it keeps what it found."""
    with failures.reported(Output()), Client(server) as client:
        failures.say(f"job {client.job(job).cancel().id}: asked to stop")


@app.command(cls=Command)
def delete(job: options.JOB, server: options.REQUIRED_SERVER) -> None:
    """Delete a job and what it found; a search that still runs is cancelled."""
    with failures.reported(Output()), Client(server) as client:
        client.job(job).delete()
        failures.say(f"job {job}: deleted")

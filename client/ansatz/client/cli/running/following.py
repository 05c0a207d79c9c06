"""Following a job to its end, and keeping what there is when interrupted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import typer

from ansatz.client.cli.printing import failures
from ansatz.client.cli.printing.output import Output
from ansatz.client.cli.running import interruption
from ansatz.client.cli.running.progress import shown_progress
from ansatz.client.cli.views.json_output import interrupted_object, report_object
from ansatz.client.cli.views.report import report_view
from ansatz.client.errors import AnsatzError, DeadlineExceeded
from ansatz.client.job_handle import JobHandle
from ansatz.client.results.report import Report
from ansatz.client.results.state import JobState

_PARTIAL_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Ending:
    """What came of a job: its report, None where an interruption left nothing."""

    report: Report | None
    interrupted: bool = False


def follow(job: JobHandle) -> Ending:
    """Show the progress of a job until it ends; cancel it on an interruption."""
    try:
        with shown_progress() as listener:
            for event in job.watch():
                interruption.raise_if_lost()
                listener.hear(event)
        return Ending(job.result())
    except KeyboardInterrupt:
        failures.say("interrupted: waiting for the partial result")
        return Ending(_partial(job), interrupted=True)


def write_ending(ending: Ending, job_id: str, target: str, output: Output) -> None:
    """Write the result. Raises typer.Exit with the exit status where that is not 0."""
    report = ending.report
    if report is None:
        output.failure({**interrupted_object(), "job": job_id})
    else:
        output.result(report_object(report, job_id), report_view(report, target))
    if ending.interrupted:
        raise typer.Exit(failures.INTERRUPTED)
    if report is None or not report.candidates:
        raise typer.Exit(failures.FAILED)


def _partial(job: JobHandle) -> Report | None:
    try:
        job.cancel()
        try:
            report: Report | None = job.result(timeout=_PARTIAL_SECONDS)
        except DeadlineExceeded:  # the search does not let go: the best front it has shown
            report = job.describe().report
    except AnsatzError as error:
        failures.say(f"error: {error}")
        return None
    return replace(report, state=JobState.CANCELLED) if report else None

"""Jobs for people."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.text import Text

from ansatz.client.cli.views.report import report_view
from ansatz.client.cli.views.text import plain_table
from ansatz.client.results.job import Job


def jobs_view(jobs: Iterable[Job]) -> RenderableType:
    """Return a row for each job."""
    table = plain_table("job", "state", "created (UTC)", "target", "rows")
    for job in jobs:
        created = f"{job.create_time:%Y-%m-%d %H:%M:%S}"
        table.add_row(*map(Text, (job.id, job.state, created, job.data.target, str(job.data.rows))))
    return table


def job_view(job: Job) -> RenderableType:
    """Return the state of a job, and its formulas so far."""
    lines = [Text(f"job {job.id}: {job.state.lower()}, {job.data.rows} rows, attempt {job.attempts}")]
    if job.error:
        lines.append(Text(f"{job.error.reason}: {job.error.message}"))
    return Group(*lines, *([report_view(job.report, job.data.target)] if job.report else []))

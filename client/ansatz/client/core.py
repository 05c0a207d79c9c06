"""What the blocking and the asyncio client share."""

from __future__ import annotations

from ansatz.client.errors import JobFailed, ServerError
from ansatz.client.results.job import Job
from ansatz.client.results.report import Report
from ansatz.client.results.state import JobState


def final_report(job: Job) -> Report:
    """Return the report of a job in a final state. Raises JobFailed where there is none to have."""
    if job.state is JobState.FAILED:
        raise JobFailed(job)
    if job.report is None:
        raise ServerError(f"job {job.id} is {job.state} but the server sent no report", reason="NO_REPORT")
    return job.report

"""What happens to the rows of a job within a transaction."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from ansatz.service.resources import job_name
from ansatz.service.store.schema import events, jobs
from ansatz.v1 import job_pb2, report_pb2


def now() -> int:
    return time.time_ns() // 1000


def find_row(connection: Connection, job_id: str) -> Row[Any] | None:
    return connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).first()


def existing_row(connection: Connection, job_id: str) -> Row[Any]:
    row = find_row(connection, job_id)
    if row is None:
        raise LookupError(f"job {job_id!r} is not in the store")
    return row


def change_state(
    connection: Connection, row: Row[Any], state: job_pb2.JobState.ValueType, **values: object
) -> job_pb2.JobEvent:
    event = job_pb2.JobEvent(state_change=job_pb2.StateChange(state=state))
    return append(connection, row, event, {"state": state, **values})


def append(
    connection: Connection, row: Row[Any], event: job_pb2.JobEvent, values: dict[str, object]
) -> job_pb2.JobEvent:
    """The job's next event, together with what it changes in the job."""
    stored = job_pb2.JobEvent()
    stored.CopyFrom(event)
    stored.sequence = row.last_sequence + 1
    stored.time.FromMicroseconds(now())
    kind = stored.WhichOneof("event")
    connection.execute(
        events.insert().values(job=row.number, sequence=stored.sequence, kind=kind, event=stored.SerializeToString())
    )
    connection.execute(jobs.update().where(jobs.c.number == row.number).values(last_sequence=stored.sequence, **values))
    return stored


def last_front(connection: Connection, row: Row[Any]) -> job_pb2.Front | None:
    """The best that searches for the job have found so far; None: nothing."""
    query = sa.select(events.c.event).where(events.c.job == row.number, events.c.kind == "front")
    last = connection.execute(query.order_by(events.c.sequence.desc()).limit(1)).scalar()
    return None if last is None else job_pb2.JobEvent.FromString(last).front


def report_of_last_front(connection: Connection, row: Row[Any]) -> report_pb2.Report:
    report = report_pb2.Report()
    if (front := last_front(connection, row)) is not None:
        report.candidates.extend(front.candidates)
        count_from_creation(report, row, now())
    return report


def count_from_creation(report: report_pb2.Report, row: Row[Any], end: int) -> None:
    report.elapsed.FromMicroseconds(max(0, end - row.create_time))
    if row.first_front_time is not None:
        report.first_candidate.FromMicroseconds(max(0, row.first_front_time - row.create_time))
    elif report.HasField("first_candidate"):
        # No front was heard of: the search's own time, shifted by the wait for a worker.
        since_start = report.first_candidate.ToMicroseconds()
        report.first_candidate.FromMicroseconds(since_start + max(0, (row.start_time or end) - row.create_time))


def job_of(row: Row[Any]) -> job_pb2.Job:
    job = job_pb2.Job(name=job_name(row.id), state=row.state, attempts=row.attempts, last_sequence=row.last_sequence)
    for name in ("create_time", "start_time", "end_time"):
        if (value := getattr(row, name)) is not None:
            getattr(job, name).FromMicroseconds(value)
    job.data.ParseFromString(row.data)
    job.options.ParseFromString(row.options)
    if row.error is not None:
        job.error.ParseFromString(row.error)
    return job

"""What happens to the rows of a job within a transaction."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from ansatz.service.store import signals
from ansatz.service.store.schema import events, jobs
from ansatz.service.store.signals import Signal, What
from ansatz.service.wire.resources import job_name
from ansatz.v1 import job_pb2, report_pb2

_INSERT = events.insert()
_NEXT_SEQUENCE = jobs.c.last_sequence + 1
NO_LEASE: Mapping[str, object] = {"lease_owner": None, "lease_expiry": None}


def now() -> int:
    return time.time_ns() // 1000


def find_row(connection: Connection, job_id: str) -> Row[Any] | None:
    return connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).first()


def change_state(
    connection: Connection,
    number: int,
    state: job_pb2.JobState.ValueType,
    *conditions: sa.ColumnElement[bool],
    **values: object,
) -> job_pb2.JobEvent | None:
    event = job_pb2.JobEvent(state_change=job_pb2.StateChange(state=state))
    return append(connection, number, event, {"state": state, **values}, *conditions)


def append(
    connection: Connection,
    number: int,
    event: job_pb2.JobEvent,
    values: Mapping[str, object],
    *conditions: sa.ColumnElement[bool],
) -> job_pb2.JobEvent | None:
    """The job's next event, together with what it changes in the job; None where the job is not, or no longer, as the
    conditions say. The update locks the row, so that a sequence has neither gap nor repeat."""
    update = jobs.update().where(jobs.c.number == number, *conditions)
    update = update.values(last_sequence=_NEXT_SEQUENCE, **values)
    row = connection.execute(update.returning(jobs.c.id, jobs.c.last_sequence)).first()
    if row is None:
        return None
    stored = job_pb2.JobEvent()
    stored.CopyFrom(event)
    stored.sequence = row.last_sequence
    stored.time.FromMicroseconds(now())
    kind = stored.WhichOneof("event")
    new = {"job": number, "sequence": stored.sequence, "kind": kind, "event": stored.SerializeToString()}
    connection.execute(_INSERT, new)
    queued = stored.state_change.state == job_pb2.JOB_STATE_QUEUED
    signals.send(connection, Signal(What.QUEUED if queued else What.EVENT, row.id, stored.sequence))
    return stored


def end(
    connection: Connection,
    row: Row[Any],
    state: job_pb2.JobState.ValueType,
    *conditions: sa.ColumnElement[bool],
    report: report_pb2.Report | None = None,
    error: job_pb2.JobError | None = None,
) -> job_pb2.JobEvent | None:
    """The job is final. Without a report, the last front is its report; its times count from CreateJob."""
    moment, result = now(), report or report_of_last_front(connection, row)
    count_from_creation(result, row, moment)
    return change_state(
        connection, row.number, state, *conditions, end_time=moment, report=result.SerializeToString(),
        error=None if error is None else error.SerializeToString(), **NO_LEASE,
    )  # fmt: skip


def last_front(connection: Connection, number: int) -> job_pb2.Front:
    """What a search of the job found last; empty where it has found nothing."""
    query = sa.select(events.c.event).where(events.c.job == number, events.c.kind == "front")
    last = connection.execute(query.order_by(events.c.sequence.desc()).limit(1)).scalar()
    return job_pb2.Front() if last is None else job_pb2.JobEvent.FromString(last).front


def report_of_last_front(connection: Connection, row: Row[Any]) -> report_pb2.Report:
    report = report_pb2.Report(candidates=last_front(connection, row.number).candidates)
    if report.candidates:
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

"""The store: each method is one transaction, on the one thread that talks to the database.

One thread means that calls complete in the order in which they were made; who awaits them is woken in that order too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from ansatz.service.resources import job_name
from ansatz.service.store.schema import events, jobs, metadata, problems
from ansatz.v1 import job_pb2, problem_pb2, report_pb2

T = TypeVar("T")
FINAL_STATES = frozenset({job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED})


@dataclass(frozen=True)
class NewJob:
    """A job to be stored; `request_id` is None where the caller gave none."""

    id: str
    request_id: str | None
    fingerprint: bytes
    data: job_pb2.DataSummary
    options: problem_pb2.SearchOptions
    problem: bytes


@dataclass(frozen=True)
class StoredRequest:
    """The job that a request_id has made, and the fingerprint of that request."""

    job_id: str
    fingerprint: bytes


@dataclass(frozen=True)
class Started:
    """A job that a worker is to run: its serialized problem, how often workers took it, and the event of its start."""

    problem: bytes
    options: problem_pb2.SearchOptions
    attempts: int
    event: job_pb2.JobEvent


@dataclass(frozen=True)
class Unfinished:
    """A job that an earlier server left."""

    id: str
    state: int
    attempts: int
    cancel_requested: bool


class Store:
    """Jobs, problems and events in a database given by URL."""

    def __init__(self, url: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _configure_sqlite)

    async def open(self) -> None:
        await self._transaction(metadata.create_all)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        self._thread.shutdown()

    async def create(self, new: NewJob) -> job_pb2.JobEvent | None:
        """Store a queued job; None where its id or request_id is taken."""

        def work(connection: Connection) -> job_pb2.JobEvent | None:
            taken = jobs.c.id == new.id
            if new.request_id is not None:
                taken |= jobs.c.request_id == new.request_id
            if connection.execute(sa.select(jobs.c.number).where(taken)).first():
                return None
            values = {
                "id": new.id, "request_id": new.request_id, "fingerprint": new.fingerprint,
                "state": job_pb2.JOB_STATE_QUEUED, "create_time": _now(),
                "data": new.data.SerializeToString(), "options": new.options.SerializeToString(),
            }  # fmt: skip
            connection.execute(jobs.insert().values(values))
            row = _row(connection, new.id)
            assert row is not None
            connection.execute(problems.insert().values(job=row.number, problem=new.problem))
            return _change_state(connection, row, job_pb2.JOB_STATE_QUEUED)

        return await self._transaction(work)

    async def find_request(self, request_id: str) -> StoredRequest | None:
        def work(connection: Connection) -> StoredRequest | None:
            query = sa.select(jobs.c.id, jobs.c.fingerprint).where(jobs.c.request_id == request_id)
            row = connection.execute(query).first()
            return row and StoredRequest(row.id, row.fingerprint)

        return await self._transaction(work)

    async def get(self, job_id: str) -> job_pb2.Job | None:
        """The job with its report: the best so far where it is not final."""

        def work(connection: Connection) -> job_pb2.Job | None:
            row = _row(connection, job_id)
            if row is None:
                return None
            job = _job(row)
            if row.report is not None:
                job.report.ParseFromString(row.report)
            elif row.first_front_time is not None:
                job.report.CopyFrom(_report_of_last_front(connection, row))
            return job

        return await self._transaction(work)

    async def page(self, before: int | None, size: int) -> tuple[list[job_pb2.Job], int | None]:
        """At most `size` jobs, newest first, of numbers below `before`; and the `before` of the next page."""

        def work(connection: Connection) -> tuple[list[job_pb2.Job], int | None]:
            columns = [c for c in jobs.c if c is not jobs.c.report]
            query = sa.select(*columns).order_by(jobs.c.number.desc()).limit(size + 1)
            if before is not None:
                query = query.where(jobs.c.number < before)
            rows = connection.execute(query).all()
            return [_job(row) for row in rows[:size]], rows[size - 1].number if len(rows) > size else None

        return await self._transaction(work)

    async def unfinished(self) -> list[Unfinished]:
        """Jobs that are not final, oldest first."""

        def work(connection: Connection) -> list[Unfinished]:
            query = sa.select(jobs.c.id, jobs.c.state, jobs.c.attempts, jobs.c.cancel_requested)
            rows = connection.execute(query.where(jobs.c.state.not_in(FINAL_STATES)).order_by(jobs.c.number))
            return [Unfinished(*row) for row in rows]

        return await self._transaction(work)

    async def start(self, job_id: str) -> Started:
        """A worker takes the queued job: RUNNING, one attempt more."""

        def work(connection: Connection) -> Started:
            row = _existing(connection, job_id)
            event = _change_state(
                connection, row, job_pb2.JOB_STATE_RUNNING, attempts=row.attempts + 1, start_time=_now()
            )
            problem = connection.execute(sa.select(problems.c.problem).where(problems.c.job == row.number)).scalar_one()
            options = problem_pb2.SearchOptions.FromString(row.options)
            return Started(problem, options, row.attempts + 1, event)

        return await self._transaction(work)

    async def append(self, job_id: str, event: job_pb2.JobEvent) -> job_pb2.JobEvent:
        """Store progress or a front; the event with its sequence and time."""

        def work(connection: Connection) -> job_pb2.JobEvent:
            row = _existing(connection, job_id)
            first = event.WhichOneof("event") == "front" and row.first_front_time is None
            return _append(connection, row, event, {"first_front_time": _now()} if first else {})

        return await self._transaction(work)

    async def finish(
        self,
        job_id: str,
        state: job_pb2.JobState.ValueType,
        report: report_pb2.Report | None = None,
        error: job_pb2.JobError | None = None,
    ) -> job_pb2.JobEvent:
        """The job is final. Without a report, the last front is its report; its times count from CreateJob."""

        def work(connection: Connection) -> job_pb2.JobEvent:
            row, now = _existing(connection, job_id), _now()
            result = report or _report_of_last_front(connection, row)
            _count_from_creation(result, row, now)
            return _change_state(
                connection, row, state, end_time=now, report=result.SerializeToString(),
                error=None if error is None else error.SerializeToString(),
            )  # fmt: skip

        return await self._transaction(work)

    async def requeue(self, job_id: str, count_attempt: bool) -> job_pb2.JobEvent:
        """The job waits for a worker again; without `count_attempt` as if it had not been taken."""

        def work(connection: Connection) -> job_pb2.JobEvent:
            row = _existing(connection, job_id)
            attempts = row.attempts if count_attempt else row.attempts - 1
            return _change_state(connection, row, job_pb2.JOB_STATE_QUEUED, attempts=attempts)

        return await self._transaction(work)

    async def request_cancel(self, job_id: str) -> None:
        """Remember that the caller wants the job to stop, should the server die before it does."""
        statement = jobs.update().where(jobs.c.id == job_id).values(cancel_requested=True)
        await self._execute(statement)

    async def delete(self, job_id: str) -> None:
        await self._execute(jobs.delete().where(jobs.c.id == job_id))

    async def events(self, job_id: str, after: int, most: int) -> list[job_pb2.JobEvent]:
        """At most `most` events of a job after a sequence, in order."""

        def work(connection: Connection) -> list[job_pb2.JobEvent]:
            query = sa.select(events.c.event).join(jobs, jobs.c.number == events.c.job)
            query = query.where(jobs.c.id == job_id, events.c.sequence > after).order_by(events.c.sequence).limit(most)
            return [job_pb2.JobEvent.FromString(e) for e in connection.execute(query).scalars()]

        return await self._transaction(work)

    async def _execute(self, statement: sa.Executable) -> None:
        def work(connection: Connection) -> None:
            connection.execute(statement)

        await self._transaction(work)

    async def _transaction(self, work: Callable[[Connection], T]) -> T:
        def run() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)


def _configure_sqlite(connection: Any, _: object) -> None:
    # WAL with synchronous=NORMAL: a killed server loses nothing; only a crash of the machine may lose the last instant.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _now() -> int:
    return time.time_ns() // 1000


def _row(connection: Connection, job_id: str) -> Row[Any] | None:
    return connection.execute(sa.select(jobs).where(jobs.c.id == job_id)).first()


def _existing(connection: Connection, job_id: str) -> Row[Any]:
    row = _row(connection, job_id)
    if row is None:
        raise LookupError(f"job {job_id!r} is not in the store")
    return row


def _change_state(
    connection: Connection, row: Row[Any], state: job_pb2.JobState.ValueType, **values: object
) -> job_pb2.JobEvent:
    event = job_pb2.JobEvent(state_change=job_pb2.StateChange(state=state))
    return _append(connection, row, event, {"state": state, **values})


def _append(
    connection: Connection, row: Row[Any], event: job_pb2.JobEvent, values: dict[str, object]
) -> job_pb2.JobEvent:
    """The job's next event, together with what it changes in the job."""
    stored = job_pb2.JobEvent()
    stored.CopyFrom(event)
    stored.sequence = row.last_sequence + 1
    stored.time.FromMicroseconds(_now())
    kind = stored.WhichOneof("event")
    connection.execute(
        events.insert().values(job=row.number, sequence=stored.sequence, kind=kind, event=stored.SerializeToString())
    )
    connection.execute(jobs.update().where(jobs.c.number == row.number).values(last_sequence=stored.sequence, **values))
    return stored


def _report_of_last_front(connection: Connection, row: Row[Any]) -> report_pb2.Report:
    query = sa.select(events.c.event).where(events.c.job == row.number, events.c.kind == "front")
    last = connection.execute(query.order_by(events.c.sequence.desc()).limit(1)).scalar()
    report = report_pb2.Report()
    if last is not None:
        report.candidates.extend(job_pb2.JobEvent.FromString(last).front.candidates)
        _count_from_creation(report, row, _now())
    return report


def _count_from_creation(report: report_pb2.Report, row: Row[Any], now: int) -> None:
    report.elapsed.FromMicroseconds(max(0, now - row.create_time))
    if row.first_front_time is not None:
        report.first_candidate.FromMicroseconds(max(0, row.first_front_time - row.create_time))
    elif report.HasField("first_candidate"):
        # No front was heard of: the search's own time, shifted by the wait for a worker.
        since_start = report.first_candidate.ToMicroseconds()
        report.first_candidate.FromMicroseconds(since_start + max(0, (row.start_time or now) - row.create_time))


def _job(row: Row[Any]) -> job_pb2.Job:
    job = job_pb2.Job(name=job_name(row.id), state=row.state, attempts=row.attempts, last_sequence=row.last_sequence)
    for name in ("create_time", "start_time", "end_time"):
        if (value := getattr(row, name)) is not None:
            getattr(job, name).FromMicroseconds(value)
    job.data.ParseFromString(row.data)
    job.options.ParseFromString(row.options)
    if row.error is not None:
        job.error.ParseFromString(row.error)
    return job

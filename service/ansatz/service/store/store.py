"""The store: each method is one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from ansatz.service.store.database import Database
from ansatz.service.store.rows import (
    append,
    change_state,
    count_from_creation,
    existing_row,
    find_row,
    job_of,
    last_front,
    now,
    report_of_last_front,
)
from ansatz.service.store.schema import events, jobs, problems, starts
from ansatz.v1 import job_pb2, problem_pb2, report_pb2

FINAL_STATES = frozenset({job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED})


@dataclass(frozen=True)
class NewJob:
    """A job to be stored; `request_id` is None where the caller gave none; `start` is the serialized front of formulas
    to try first."""

    id: str
    owner: str
    request_id: str | None
    fingerprint: bytes
    data: job_pb2.DataSummary
    options: problem_pb2.SearchOptions
    problem: bytes
    start: bytes = b""


@dataclass(frozen=True)
class Owned:
    """A job and the name of the caller that made it."""

    job: job_pb2.Job
    owner: str


@dataclass(frozen=True)
class StoredRequest:
    """The job that a request_id has made, and the fingerprint of that request."""

    job_id: str
    fingerprint: bytes


@dataclass(frozen=True)
class Started:
    """A job that a worker is to run: its serialized problem, the front of formulas to try first (of a search for it
    that was broken off, or of the job that it continues), how often workers took it, the event of its start, seconds
    since its creation, and the caller that made it."""

    problem: bytes
    start: bytes
    options: problem_pb2.SearchOptions
    attempts: int
    event: job_pb2.JobEvent
    waited_seconds: float
    owner: str


@dataclass(frozen=True)
class Unfinished:
    """A job that an earlier server left."""

    id: str
    owner: str
    state: int
    attempts: int
    cancel_requested: bool


@dataclass(frozen=True)
class Census:
    """Jobs by state, and the age in seconds of the oldest that waits for a worker (0: none waits)."""

    jobs: Mapping[int, int]
    oldest_queued_seconds: float


class Store:
    """Jobs, problems and events in a database given by URL."""

    def __init__(self, url: URL) -> None:
        self._database = Database(url)
        self._transaction = self._database.transaction

    async def open(self) -> None:
        """Raises RuntimeError where the database cannot be used, or a newer version of the server made it."""
        await self._database.open()

    async def close(self) -> None:
        await self._database.close()

    async def create(self, new: NewJob) -> job_pb2.JobEvent | None:
        """Store a queued job; None where its id or request_id is taken."""

        def work(connection: Connection) -> job_pb2.JobEvent | None:
            taken = jobs.c.id == new.id
            if new.request_id is not None:
                taken |= jobs.c.request_id == new.request_id
            if connection.execute(sa.select(jobs.c.number).where(taken)).first():
                return None
            values = {
                "id": new.id, "owner": new.owner, "request_id": new.request_id, "fingerprint": new.fingerprint,
                "state": job_pb2.JOB_STATE_QUEUED, "create_time": now(),
                "data": new.data.SerializeToString(), "options": new.options.SerializeToString(),
            }  # fmt: skip
            connection.execute(jobs.insert().values(values))
            row = find_row(connection, new.id)
            assert row is not None
            connection.execute(problems.insert().values(job=row.number, problem=new.problem))
            if new.start:
                connection.execute(starts.insert().values(job=row.number, front=new.start))
            return change_state(connection, row, job_pb2.JOB_STATE_QUEUED)

        return await self._transaction(work)

    async def find_request(self, request_id: str) -> StoredRequest | None:
        def work(connection: Connection) -> StoredRequest | None:
            query = sa.select(jobs.c.id, jobs.c.fingerprint).where(jobs.c.request_id == request_id)
            row = connection.execute(query).first()
            return row and StoredRequest(row.id, row.fingerprint)

        return await self._transaction(work)

    async def get(self, job_id: str) -> Owned | None:
        """The job with its report: the best so far where it is not final."""

        def work(connection: Connection) -> Owned | None:
            row = find_row(connection, job_id)
            if row is None:
                return None
            job = job_of(row)
            if row.report is not None:
                job.report.ParseFromString(row.report)
            elif row.first_front_time is not None:
                job.report.CopyFrom(report_of_last_front(connection, row))
            return Owned(job, row.owner)

        return await self._transaction(work)

    async def problem(self, job_id: str) -> problem_pb2.Problem | None:
        """The problem of a job."""

        def work(connection: Connection) -> bytes | None:
            query = sa.select(problems.c.problem).join(jobs, jobs.c.number == problems.c.job).where(jobs.c.id == job_id)
            return connection.execute(query).scalar()

        stored = await self._transaction(work)
        # Read here: a large problem must not hold up the store's one thread.
        return None if stored is None else await asyncio.to_thread(problem_pb2.Problem.FromString, stored)

    async def page(self, owner: str | None, before: int | None, size: int) -> tuple[list[job_pb2.Job], int | None]:
        """At most `size` jobs of an owner (None: of all), newest first, of numbers below `before`; and the `before` of
        the next page."""

        def work(connection: Connection) -> tuple[list[job_pb2.Job], int | None]:
            columns = [c for c in jobs.c if c is not jobs.c.report]
            query = sa.select(*columns).order_by(jobs.c.number.desc()).limit(size + 1)
            if before is not None:
                query = query.where(jobs.c.number < before)
            if owner is not None:
                query = query.where(jobs.c.owner == owner)
            rows = connection.execute(query).all()
            return [job_of(row) for row in rows[:size]], rows[size - 1].number if len(rows) > size else None

        return await self._transaction(work)

    async def unfinished(self) -> list[Unfinished]:
        """Jobs that are not final, oldest first."""

        def work(connection: Connection) -> list[Unfinished]:
            query = sa.select(jobs.c.id, jobs.c.owner, jobs.c.state, jobs.c.attempts, jobs.c.cancel_requested)
            rows = connection.execute(query.where(jobs.c.state.not_in(FINAL_STATES)).order_by(jobs.c.number))
            return [Unfinished(*row) for row in rows]

        return await self._transaction(work)

    async def census(self) -> Census:
        """How many jobs there are in each state, and since when the oldest waits."""

        def work(connection: Connection) -> Census:
            counts = connection.execute(sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)).tuples().all()
            oldest = sa.select(sa.func.min(jobs.c.create_time)).where(jobs.c.state == job_pb2.JOB_STATE_QUEUED)
            created = connection.execute(oldest).scalar()
            return Census(dict(counts), 0.0 if created is None else max(0, now() - created) / 1e6)

        return await self._transaction(work)

    async def start(self, job_id: str) -> Started:
        """A worker takes the queued job: RUNNING, one attempt more."""

        def work(connection: Connection) -> Started:
            row = existing_row(connection, job_id)
            event = change_state(
                connection, row, job_pb2.JOB_STATE_RUNNING, attempts=row.attempts + 1, start_time=now()
            )
            problem = connection.execute(sa.select(problems.c.problem).where(problems.c.job == row.number)).scalar_one()
            front = last_front(connection, row)
            given = connection.execute(sa.select(starts.c.front).where(starts.c.job == row.number)).scalar()
            start = given if front is None else front.SerializeToString()
            options = problem_pb2.SearchOptions.FromString(row.options)
            waited = max(0, now() - row.create_time) / 1e6
            return Started(problem, start or b"", options, row.attempts + 1, event, waited, row.owner)

        return await self._transaction(work)

    async def append(self, job_id: str, event: job_pb2.JobEvent) -> job_pb2.JobEvent:
        """Store progress or a front; the event with its sequence and time."""

        def work(connection: Connection) -> job_pb2.JobEvent:
            row = existing_row(connection, job_id)
            first = event.WhichOneof("event") == "front" and row.first_front_time is None
            return append(connection, row, event, {"first_front_time": now()} if first else {})

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
            row, end = existing_row(connection, job_id), now()
            result = report or report_of_last_front(connection, row)
            count_from_creation(result, row, end)
            return change_state(
                connection, row, state, end_time=end, report=result.SerializeToString(),
                error=None if error is None else error.SerializeToString(),
            )  # fmt: skip

        return await self._transaction(work)

    async def requeue(self, job_id: str, count_attempt: bool) -> job_pb2.JobEvent:
        """The job waits for a worker again; without `count_attempt` as if it had not been taken."""

        def work(connection: Connection) -> job_pb2.JobEvent:
            row = existing_row(connection, job_id)
            attempts = row.attempts if count_attempt else row.attempts - 1
            return change_state(connection, row, job_pb2.JOB_STATE_QUEUED, attempts=attempts)

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

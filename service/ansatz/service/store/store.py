"""The store: each method is one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ansatz.service.store.database import Database
from ansatz.service.store.pieces import pieces_of
from ansatz.service.store.rows import change_state, end, find_row, job_of, now, report_of_last_front
from ansatz.service.store.schema import events, jobs, problems, starts, uploads
from ansatz.service.store.signals import Signal, What, send
from ansatz.v1 import job_pb2, problem_pb2

FINAL_STATES = frozenset({job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED})
_INSERT, _INSERT_PROBLEM = jobs.insert().returning(jobs.c.number), problems.insert()
_UNFINISHED = (job_pb2.JOB_STATE_QUEUED, job_pb2.JOB_STATE_RUNNING)
GONE = 2**62
"""The sequence, later than every event, at which a job is no longer there."""


_RECENT_SECONDS = 600


class QueueFullError(Exception):
    """As many jobs wait as may."""


class UploadGoneError(Exception):
    """The upload has expired, or another job uses it."""


class CallerFullError(Exception):
    """As many jobs of the caller wait or run as may."""


@dataclass(frozen=True)
class NewJob:
    """A job to be stored; `request_id` is None where the caller gave none; `start` is the serialized front of formulas
    to try first; `traceparent` the call that made it, where it is traced; `upload` the id of the upload that
    it uses."""

    id: str
    owner: str
    request_id: str | None
    fingerprint: bytes
    data: job_pb2.DataSummary
    options: problem_pb2.SearchOptions
    problem: bytes
    start: bytes = b""
    traceparent: str = ""
    upload: str = ""


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
class Events:
    """Events of a job in order. `over`: the job is final and these are its last ones, or it is not there."""

    events: list[job_pb2.JobEvent]
    over: bool


@dataclass(frozen=True)
class Crowd:
    """Jobs that wait for a worker, and jobs of one owner that wait or run."""

    queued: int
    of_owner: int


@dataclass(frozen=True)
class Census:
    """Jobs by state, and the age in seconds of the oldest that waits for a worker (0: none waits)."""

    jobs: Mapping[int, int]
    oldest_queued_seconds: float


class Store:
    """Jobs, problems and events, for those who make jobs and ask for them."""

    def __init__(self, database: Database) -> None:
        self._database, self._transaction = database, database.transaction

    async def create(self, new: NewJob, most_queued: int, most_of_owner: int | None = None) -> job_pb2.JobEvent | None:
        """Store a queued job; None where its id or request_id is taken. Raises QueueFullError where `most_queued` jobs
        wait already, CallerFullError where its owner has `most_of_owner` jobs that are not final, UploadGoneError where
        the upload that it uses is no longer there."""

        def work(connection: Connection) -> job_pb2.JobEvent | None:
            taken = jobs.c.id == new.id
            if new.request_id is not None:
                taken |= jobs.c.request_id == new.request_id
            if connection.execute(sa.select(jobs.c.number).where(taken)).first():
                return None
            crowd = _crowd(connection, new.owner)
            if crowd.queued >= most_queued:
                raise QueueFullError
            if most_of_owner is not None and crowd.of_owner >= most_of_owner:
                raise CallerFullError
            values = {
                "id": new.id, "owner": new.owner, "request_id": new.request_id, "fingerprint": new.fingerprint,
                "state": job_pb2.JOB_STATE_QUEUED, "create_time": now(), "traceparent": new.traceparent,
                "data": new.data.SerializeToString(), "options": new.options.SerializeToString(),
            }  # fmt: skip
            number = connection.execute(_INSERT, values).scalar_one()
            connection.execute(_INSERT_PROBLEM, {"job": number, "problem": new.problem})
            if new.upload:
                taken_over = uploads.update().where(uploads.c.id == new.upload, uploads.c.job.is_(None))
                if not connection.execute(taken_over.values(job=number)).rowcount:
                    raise UploadGoneError
            if new.start:
                connection.execute(starts.insert().values(job=number, front=new.start))
            return change_state(connection, number, job_pb2.JOB_STATE_QUEUED)

        try:
            return await self._transaction(work)
        except sa.exc.IntegrityError:
            return None  # another server stored it at the same instant

    async def crowd(self, owner: str) -> Crowd:
        """How many jobs there are before a new one of an owner."""
        return await self._transaction(lambda connection: _crowd(connection, owner))

    async def seconds_between_ends(self, owner: str | None) -> float | None:
        """The mean time between ends of jobs (of an owner; None: of all) in the last minutes; None: none ended."""

        def work(connection: Connection) -> float | None:
            query = sa.select(sa.func.count()).where(jobs.c.end_time > now() - _RECENT_SECONDS * 1_000_000)
            if owner is not None:
                query = query.where(jobs.c.owner == owner)
            ended = connection.execute(query).scalar_one()
            return _RECENT_SECONDS / ended if ended else None

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

        def work(connection: Connection) -> tuple[bytes, int | None] | None:
            whole = problems.join(jobs, jobs.c.number == problems.c.job)
            whole = whole.outerjoin(uploads, uploads.c.job == jobs.c.number)
            query = sa.select(problems.c.problem, uploads.c.number).select_from(whole).where(jobs.c.id == job_id)
            return connection.execute(query).tuples().first()

        found = await self._transaction(work)
        if found is None:
            return None
        stored, upload = found
        pieces = [*await pieces_of(self._database, upload), stored]
        # In another thread: neither the store's nor the server's is held up by a large problem.
        return await asyncio.to_thread(lambda: problem_pb2.Problem.FromString(b"".join(pieces)))

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

    async def census(self) -> Census:
        """How many jobs there are in each state, and since when the oldest waits."""

        def work(connection: Connection) -> Census:
            counts = connection.execute(sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)).tuples().all()
            oldest = sa.select(sa.func.min(jobs.c.create_time)).where(jobs.c.state == job_pb2.JOB_STATE_QUEUED)
            created = connection.execute(oldest).scalar()
            return Census(dict(counts), 0.0 if created is None else max(0, now() - created) / 1e6)

        return await self._transaction(work)

    async def request_cancel(self, job_id: str) -> job_pb2.JobEvent | None:
        """The job ends at once where it waits: the event of that. Where it runs, its server is told, and it is
        remembered, should that server die before it hears of it."""

        def work(connection: Connection) -> job_pb2.JobEvent | None:
            row = find_row(connection, job_id)
            if row is None:
                return None
            waits = jobs.c.state == job_pb2.JOB_STATE_QUEUED
            if event := end(connection, row, job_pb2.JOB_STATE_CANCELLED, waits):
                return event
            wanted = jobs.update().where(jobs.c.number == row.number, jobs.c.state.not_in(FINAL_STATES))
            connection.execute(wanted.values(cancel_requested=True))
            send(connection, Signal(What.CANCEL, job_id, row.last_sequence))
            return None

        return await self._transaction(work)

    async def delete(self, job_id: str) -> None:
        def work(connection: Connection) -> None:
            connection.execute(jobs.delete().where(jobs.c.id == job_id))
            send(connection, Signal(What.EVENT, job_id, GONE))

        await self._transaction(work)

    async def delete_ended(self, before: int, most: int) -> int:
        """Delete at most `most` final jobs that ended before a time, the oldest first; how many there were."""

        def work(connection: Connection) -> int:
            old = sa.select(jobs.c.number).where(jobs.c.end_time < before, jobs.c.state.in_(FINAL_STATES))
            old = old.order_by(jobs.c.end_time).limit(most).with_for_update(skip_locked=True)
            numbers = connection.execute(old).scalars().all()
            connection.execute(jobs.delete().where(jobs.c.number.in_(numbers)))
            return len(numbers)

        return await self._transaction(work)

    async def last_sequences(self, job_ids: Collection[str]) -> dict[str, int]:
        """The sequence of each job's last event; jobs that are gone are left out."""

        def work(connection: Connection) -> dict[str, int]:
            query = sa.select(jobs.c.id, jobs.c.last_sequence).where(jobs.c.id.in_(job_ids))
            return dict(connection.execute(query).tuples().all())

        return await self._transaction(work)

    async def state(self, job_id: str) -> int | None:
        """The state of a job; None where there is none."""
        query = sa.select(jobs.c.state).where(jobs.c.id == job_id)
        return await self._transaction(lambda connection: connection.execute(query).scalar())

    async def events(self, job_id: str, after: int, most: int) -> Events:
        """At most `most` events of a job after a sequence."""

        def work(connection: Connection) -> Events:
            # First the state: what comes after it is then no more than what is read below.
            row = connection.execute(sa.select(jobs.c.number, jobs.c.state).where(jobs.c.id == job_id)).first()
            if row is None:
                return Events([], over=True)
            query = sa.select(events.c.event).where(events.c.job == row.number, events.c.sequence > after)
            found = connection.execute(query.order_by(events.c.sequence).limit(most)).scalars().all()
            over = row.state in FINAL_STATES and len(found) < most
            return Events([job_pb2.JobEvent.FromString(e) for e in found], over)

        return await self._transaction(work)


def _crowd(connection: Connection, owner: str) -> Crowd:
    queued = sa.func.count().filter(jobs.c.state == job_pb2.JOB_STATE_QUEUED)
    query = sa.select(queued, sa.func.count().filter(jobs.c.owner == owner)).where(jobs.c.state.in_(_UNFINISHED))
    return Crowd(*connection.execute(query).one())

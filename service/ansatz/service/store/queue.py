"""Jobs that wait or run, as servers share them: a job is one server's for as long as its lease lasts.

A server takes a job with a claim, and renews its lease by heartbeats. Every claim of a job has a number of its own,
higher than the ones before it, and every write names it: a server that was held up for longer than its lease cannot
write to a job that another one has taken since.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ansatz.service.store.database import Database
from ansatz.service.store.pieces import pieces_of
from ansatz.service.store.rows import NO_LEASE, append, change_state, end, last_front, now
from ansatz.service.store.schema import jobs, problems, starts, uploads
from ansatz.v1 import job_pb2, problem_pb2, report_pb2

_SWEEP = 50
_QUEUED = jobs.c.state == job_pb2.JOB_STATE_QUEUED
_RUNNING = jobs.c.state == job_pb2.JOB_STATE_RUNNING


def _next_in_turn() -> sa.Select[Any]:
    running = sa.select(jobs.c.owner, sa.func.count().label("jobs")).where(_RUNNING).group_by(jobs.c.owner).subquery()
    waiting = jobs.outerjoin(running, running.c.owner == jobs.c.owner)
    query = sa.select(jobs.c.number).select_from(waiting).where(_QUEUED)
    query = query.order_by(sa.func.coalesce(running.c.jobs, 0), jobs.c.number).limit(1)
    return query.with_for_update(of=jobs, skip_locked=True)


def _taken() -> sa.Select[Any]:
    of_job = ("id", "owner", "claims", "attempts", "options", "create_time", "first_front_time", "traceparent")
    whole = jobs.join(problems, problems.c.job == jobs.c.number).outerjoin(starts, starts.c.job == jobs.c.number)
    whole = whole.outerjoin(uploads, uploads.c.job == jobs.c.number)
    columns = (*(jobs.c[name] for name in of_job), problems.c.problem, starts.c.front, uploads.c.number.label("upload"))
    return sa.select(*columns).select_from(whole).where(jobs.c.number == sa.bindparam("taken"))


# Built once: they are run for every job.
_NEXT, _TAKEN = _next_in_turn(), _taken()


class LeaseLostError(Exception):
    """The job is no longer this server's: its lease ran out and another took it, or it was deleted."""


@dataclass(frozen=True)
class Lease:
    """The right to run a job: the `claim`-th claim of the job of that number."""

    job_id: str
    number: int
    claim: int

    def holds(self) -> sa.ColumnElement[bool]:
        return (jobs.c.number == self.number) & (jobs.c.claims == self.claim) & _RUNNING


@dataclass(frozen=True)
class Started:
    """A job that a worker is to run: what is stored of its serialized problem beside the upload of that number, the
    serialized front of formulas to try first (of a search for it that was broken off, or of the job that it continues),
    how often workers took it, the event of its start, seconds since its creation, the caller that made it, and the
    call, where that was traced."""

    lease: Lease
    problem: bytes
    upload: int | None
    start: bytes
    options: problem_pb2.SearchOptions
    attempts: int
    event: job_pb2.JobEvent
    waited_seconds: float
    owner: str
    traceparent: str


@dataclass(frozen=True)
class Renewal:
    """What a heartbeat learned: the leases that are lost, and those of jobs that are to stop."""

    lost: frozenset[Lease]
    cancelled: frozenset[Lease]


@dataclass(frozen=True)
class Expired:
    """A job whose server did not renew its lease, and the event of what becomes of it."""

    job_id: str
    owner: str
    event: job_pb2.JobEvent

    @property
    def state(self) -> str:
        """QUEUED, FAILED or CANCELLED."""
        return job_pb2.JobState.Name(self.event.state_change.state).removeprefix("JOB_STATE_")


class Queue:
    """The jobs that wait or run, over a database that other servers may share. `server` names this one in it."""

    def __init__(self, database: Database, server: str, lease_seconds: float) -> None:
        self._database, self._server = database, server
        self._transaction, self._heartbeat = database.transaction, database.heartbeat
        self._lease = round(lease_seconds * 1e6)

    async def claim(self) -> Started | None:
        """Take the oldest job of the caller who has the fewest running: RUNNING, one attempt more. None where no job
        waits. Of servers that claim at the same instant, none waits for another: they pass over the job it takes."""

        def work(connection: Connection) -> Started | None:
            number = connection.execute(_NEXT).scalar()
            if number is None:
                return None
            event = change_state(
                connection, number, job_pb2.JOB_STATE_RUNNING, _QUEUED, start_time=now(),
                attempts=jobs.c.attempts + 1, claims=jobs.c.claims + 1, lease_owner=self._server,
                lease_expiry=_clock(connection) + self._lease,
            )  # fmt: skip
            return None if event is None else _started(connection, number, event)

        return await self._transaction(work)

    async def problem(self, started: Started) -> list[bytes]:
        """The serialized problem of a job that was claimed, in pieces: serialized messages one after the other are one
        message."""
        return [*await pieces_of(self._database, started.upload), started.problem]

    async def renew(self, leases: Collection[Lease]) -> Renewal:
        """The heartbeat: what this server runs is its own for another while."""

        def work(connection: Connection) -> Renewal:
            lost, cancelled = set(), set()
            for lease in sorted(leases, key=lambda one: one.number):
                update = jobs.update().where(lease.holds()).values(lease_expiry=_clock(connection) + self._lease)
                row = connection.execute(update.returning(jobs.c.cancel_requested)).first()
                if row is None:
                    lost.add(lease)
                elif row.cancel_requested:
                    cancelled.add(lease)
            return Renewal(frozenset(lost), frozenset(cancelled))

        return await self._heartbeat(work)

    async def expire(self, max_attempts: int, all_leases: bool = False) -> list[Expired]:
        """Jobs whose leases have run out wait for a worker again; or are final, where they were to stop, or were tried
        `max_attempts` times. With `all_leases`, whenever they run out: no other server is there."""

        def work(connection: Connection) -> list[Expired]:
            query = sa.select(jobs).where(_RUNNING).order_by(jobs.c.number).limit(_SWEEP)
            if not all_leases:
                query = query.where(jobs.c.lease_expiry.is_(None) | (jobs.c.lease_expiry < _clock(connection)))
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            found = [(row, _after_expiry(connection, row, max_attempts)) for row in rows]
            return [Expired(row.id, row.owner, event) for row, event in found if event]

        return await self._heartbeat(work)

    async def append(self, lease: Lease, event: job_pb2.JobEvent) -> job_pb2.JobEvent:
        """Store progress or a front; the event with its sequence and time. Raises LeaseLostError."""

        def work(connection: Connection) -> job_pb2.JobEvent | None:
            values: dict[str, object] = {}
            if event.WhichOneof("event") == "front":
                values["first_front_time"] = sa.func.coalesce(jobs.c.first_front_time, now())
            return append(connection, lease.number, event, values, lease.holds())

        return _held(await self._transaction(work))

    async def finish(
        self,
        lease: Lease,
        state: job_pb2.JobState.ValueType,
        report: report_pb2.Report | None = None,
        error: job_pb2.JobError | None = None,
    ) -> job_pb2.JobEvent:
        """The job is final. Without a report, the last front is its report. Raises LeaseLostError."""

        def work(connection: Connection) -> job_pb2.JobEvent | None:
            row = connection.execute(sa.select(jobs).where(lease.holds())).first()
            return None if row is None else end(connection, row, state, lease.holds(), report=report, error=error)

        return _held(await self._transaction(work))

    async def requeue(self, lease: Lease, count_attempt: bool) -> job_pb2.JobEvent:
        """The job waits for a worker again; without `count_attempt` as if it had not been taken. Raises
        LeaseLostError."""

        def work(connection: Connection) -> job_pb2.JobEvent | None:
            attempts = jobs.c.attempts - (0 if count_attempt else 1)
            return change_state(
                connection, lease.number, job_pb2.JOB_STATE_QUEUED, lease.holds(), attempts=attempts, **NO_LEASE
            )

        return _held(await self._transaction(work))


def _started(connection: Connection, number: int, event: job_pb2.JobEvent) -> Started:
    row = connection.execute(_TAKEN, {"taken": number}).one()
    start = row.front or b""
    if row.first_front_time is not None:
        start = last_front(connection, number).SerializeToString()
    return Started(
        Lease(row.id, number, row.claims), row.problem, row.upload, start,
        problem_pb2.SearchOptions.FromString(row.options), row.attempts, event,
        waited_seconds=max(0, now() - row.create_time) / 1e6, owner=row.owner, traceparent=row.traceparent,
    )  # fmt: skip


def _after_expiry(connection: Connection, row: sa.Row[Any], max_attempts: int) -> job_pb2.JobEvent | None:
    if row.cancel_requested:
        return end(connection, row, job_pb2.JOB_STATE_CANCELLED, _RUNNING)
    if row.attempts >= max_attempts:
        message = f"the server died during the search, at attempt {row.attempts}; create the job again"
        error = job_pb2.JobError(reason="SERVER_DIED", message=message)
        return end(connection, row, job_pb2.JOB_STATE_FAILED, _RUNNING, error=error)
    return change_state(connection, row.number, job_pb2.JOB_STATE_QUEUED, _RUNNING, **NO_LEASE)


def _clock(connection: Connection) -> sa.ColumnElement[int]:
    """Microseconds since 1970 by the clock that all servers share: the database's."""
    if connection.dialect.name == "postgresql":
        return sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * 1_000_000, sa.BigInteger)
    return sa.literal(now(), sa.BigInteger)


def _held(event: job_pb2.JobEvent | None) -> job_pb2.JobEvent:
    if event is None:
        raise LeaseLostError
    return event

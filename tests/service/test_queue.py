"""The queue in the store, as servers share it: turns, leases, and writes that are refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ansatz.service.store import Database, Lease, LeaseLostError, NewJob, Queue, QueueFullError, Started, Store
from ansatz.service.store.database import parsed
from ansatz.v1 import job_pb2, problem_pb2, report_pb2

if TYPE_CHECKING:
    from bench.postgresql import Cluster

LEASE_SECONDS = 30.0
MANY = 1000
SUCCEEDED, FAILED, CANCELLED = job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED


@dataclass(frozen=True)
class Peer:
    """A server's view of the store."""

    store: Store
    queue: Queue


@asynccontextmanager
async def peers(url: str, count: int, lease_seconds: float = LEASE_SECONDS) -> AsyncIterator[list[Peer]]:
    async with AsyncExitStack() as stack:
        made = []
        for i in range(count):
            database = Database(parsed(url))
            stack.push_async_callback(database.close)
            await database.open()
            made.append(Peer(Store(database), Queue(database, f"server-{i}", lease_seconds)))
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.db'}"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.new_database()


def new(job_id: str, owner: str = "alice", request_id: str | None = None) -> NewJob:
    return NewJob(
        id=job_id, owner=owner, request_id=request_id, fingerprint=b"f" * 32, data=job_pb2.DataSummary(rows=9),
        options=problem_pb2.SearchOptions(seed=3), problem=b"problem of " + job_id.encode(), start=b"",
    )  # fmt: skip


def front(formula: str) -> job_pb2.JobEvent:
    return job_pb2.JobEvent(front=job_pb2.Front(candidates=[report_pb2.Candidate(rank=1, formula=formula)]))


async def take(peer: Peer) -> Started:
    started = await peer.queue.claim()
    assert started is not None
    return started


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(120):
            await test()

    asyncio.run(bounded())


def test_the_oldest_job_of_the_caller_with_the_fewest_running_is_next(url: str) -> None:
    async def test() -> None:
        async with peers(url, 2) as (one, other):
            for i in range(5):
                await one.store.create(new(f"a{i}", "alice"), MANY)
            for i in range(2):
                await one.store.create(new(f"b{i}", "bob"), MANY)
            await one.store.create(new("c0", "carol"), MANY)
            turns = [await take(peer) for peer in (one, other) * 4]
            assert [t.lease.job_id for t in turns] == ["a0", "b0", "c0", "a1", "b1", "a2", "a3", "a4"]
            assert await one.queue.claim() is None

    run(test)


def test_who_ends_a_job_has_a_turn_again(url: str) -> None:
    async def test() -> None:
        async with peers(url, 1) as (one,):
            for job_id, owner in [("a0", "alice"), ("a1", "alice"), ("b0", "bob"), ("b1", "bob")]:
                await one.store.create(new(job_id, owner), MANY)
            a0, b0 = await take(one), await take(one)
            await one.queue.finish(b0.lease, SUCCEEDED)
            assert (await take(one)).lease.job_id == "b1"
            await one.queue.finish(a0.lease, SUCCEEDED)
            assert (await take(one)).lease.job_id == "a1"

    run(test)


def test_servers_that_claim_at_once_take_each_job_once(url: str) -> None:
    async def test() -> None:
        async with peers(url, 4) as servers:
            for i in range(40):
                await servers[0].store.create(new(f"j{i}", f"caller-{i % 3}"), MANY)

            async def work(peer: Peer) -> list[str]:
                taken = []
                while started := await peer.queue.claim():
                    taken.append(started.lease.job_id)
                    await peer.queue.append(started.lease, front("x"))
                    await peer.queue.finish(started.lease, SUCCEEDED)
                return taken

            taken = await asyncio.gather(*map(work, servers))
            assert sorted(job_id for ids in taken for job_id in ids) == sorted(f"j{i}" for i in range(40))
            for i in range(40):
                stored = await servers[0].store.events(f"j{i}", 0, MANY)
                assert stored.over
                assert [e.sequence for e in stored.events] == [1, 2, 3, 4]

    run(test)


def test_a_server_that_comes_back_late_cannot_write_to_a_job_another_took(url: str) -> None:
    async def test() -> None:
        async with peers(url, 2, lease_seconds=0.0) as (paused, other):
            await paused.store.create(new("j"), MANY)
            old = await take(paused)
            await paused.queue.append(old.lease, front("x"))
            await asyncio.sleep(0.01)
            [expired] = await other.queue.expire(max_attempts=2)
            assert (expired.job_id, expired.state) == ("j", "QUEUED")
            writes: list[Callable[[], Awaitable[object]]] = [
                lambda: paused.queue.append(old.lease, front("y")),
                lambda: paused.queue.finish(old.lease, SUCCEEDED),
                lambda: paused.queue.requeue(old.lease, count_attempt=False),
            ]
            for taken_again in (False, True):
                if taken_again:
                    again = await take(other)
                    assert (again.attempts, again.problem) == (2, b"problem of j")
                    # It goes on from the last front.
                    assert [c.formula for c in job_pb2.Front.FromString(again.start).candidates] == ["x"]
                for write in writes:
                    with pytest.raises(LeaseLostError):
                        await write()
                assert (await paused.queue.renew([old.lease])).lost == {old.lease}
            await other.queue.finish(again.lease, SUCCEEDED)
            with pytest.raises(LeaseLostError):
                await other.queue.finish(again.lease, FAILED)
            stored = await paused.store.events("j", 0, MANY)
            assert [e.sequence for e in stored.events] == [1, 2, 3, 4, 5, 6]

    run(test)


def test_a_lease_that_is_renewed_does_not_run_out(url: str) -> None:
    async def test() -> None:
        async with peers(url, 1, lease_seconds=0.0) as (late,), peers(url, 1) as (punctual,):
            for job_id in ("late", "kept"):
                await late.store.create(new(job_id), MANY)
            started = [await take(late), await take(late)]
            # Nobody took it meanwhile: a lease that has run out may be renewed.
            renewal = await punctual.queue.renew([started[1].lease])
            assert not renewal.lost
            assert not renewal.cancelled
            await asyncio.sleep(0.01)
            assert [e.job_id for e in await punctual.queue.expire(max_attempts=2)] == ["late"]
            await late.queue.finish(started[1].lease, SUCCEEDED)

    run(test)


def test_jobs_whose_server_died_too_often_fail_and_cancelled_ones_are_cancelled(url: str) -> None:
    async def test() -> None:
        async with peers(url, 1, lease_seconds=0.0) as (one,):
            for job_id in ("fails", "stops"):
                await one.store.create(new(job_id), MANY)
                await one.queue.append((await take(one)).lease, front("x"))
            assert await one.store.request_cancel("stops") is None
            await asyncio.sleep(0.01)
            expired = await one.queue.expire(max_attempts=1)
            assert {e.job_id: e.state for e in expired} == {"fails": "FAILED", "stops": "CANCELLED"}
            for job_id in ("fails", "stops"):
                found = await one.store.get(job_id)
                assert found is not None
                assert found.job.report.candidates[0].formula == "x"
            failed = await one.store.get("fails")
            assert failed is not None
            assert failed.job.error.reason == "SERVER_DIED"
            assert await one.queue.expire(max_attempts=1) == []

    run(test)


def test_a_heartbeat_tells_of_cancels_made_elsewhere(url: str) -> None:
    async def test() -> None:
        async with peers(url, 2) as (one, other):
            for job_id in ("runs", "waits"):
                await one.store.create(new(job_id), MANY)
            lease = (await take(one)).lease
            ended = await other.store.request_cancel("waits")
            assert ended is not None
            assert ended.state_change.state == CANCELLED
            assert await one.queue.claim() is None
            assert await other.store.request_cancel("runs") is None
            assert (await one.queue.renew([lease])).cancelled == {lease}
            await one.queue.finish(lease, CANCELLED)
            assert await other.store.request_cancel("runs") is None
            await other.store.delete("runs")
            assert (await one.queue.renew([lease])).lost == {lease}
            assert (await one.store.events("runs", 0, MANY)).over

    run(test)


def test_a_lease_of_a_job_that_was_deleted_is_lost(url: str) -> None:
    async def test() -> None:
        async with peers(url, 1) as (one,):
            await one.store.create(new("j"), MANY)
            lease = (await take(one)).lease
            await one.store.delete("j")
            assert (await one.queue.renew([lease])).lost == {lease}
            with pytest.raises(LeaseLostError):
                await one.queue.append(Lease("j", lease.number, lease.claim), front("x"))

    run(test)


def test_the_queue_has_its_limit_in_the_store(url: str) -> None:
    async def test() -> None:
        async with peers(url, 2) as (one, other):
            await one.store.create(new("a"), 2)
            await other.store.create(new("b"), 2)
            with pytest.raises(QueueFullError):
                await one.store.create(new("c"), 2)
            # A retry is no new job.
            assert await other.store.create(new("a"), 2) is None
            await take(other)
            crowd = await one.store.crowd("alice")
            assert (crowd.queued, crowd.of_owner) == (1, 2)
            assert await one.store.create(new("c"), 2) is not None

    run(test)


def test_ids_are_taken_once_by_servers_that_store_at_once(url: str) -> None:
    async def test() -> None:
        async with peers(url, 4) as servers:
            for round in range(10):
                same_request = [new(f"r{round}-{i}", request_id=f"request {round}") for i in range(4)]
                same_id = [new(f"i{round}") for _ in range(4)]
                for jobs in (same_request, same_id):
                    made: list[Any] = await asyncio.gather(
                        *(p.store.create(job, MANY) for p, job in zip(servers, jobs, strict=True))
                    )
                    assert [event is None for event in made].count(False) == 1
                found = [await p.store.find_request(f"request {round}") for p in servers]
                assert len({f and f.job_id for f in found}) == 1

    run(test)


def test_jobs_that_ended_long_ago_are_deleted_and_no_others(url: str) -> None:
    async def test() -> None:
        async with peers(url, 1) as (one,):
            for i in range(5):
                await one.store.create(new(f"j{i}"), MANY)
            for _ in range(3):
                await one.queue.finish((await take(one)).lease, SUCCEEDED)
            await take(one)
            moment = 2**60
            assert await one.store.delete_ended(0, 2) == 0
            assert [await one.store.delete_ended(moment, 2) for _ in range(3)] == [2, 1, 0]
            jobs, _ = await one.store.page(None, None, 10)
            assert [j.name for j in jobs] == ["jobs/j4", "jobs/j3"]
            assert (await one.store.events("j0", 0, MANY)).events == []

    run(test)

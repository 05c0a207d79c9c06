"""Several servers on one PostgreSQL: they share its jobs, and answer for each other's."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2

if TYPE_CHECKING:
    from bench.postgresql import Cluster
    from tests.service.conftest import Server, StartServer

Pair = tuple["Server", "Server"]
LEASE = ("--lease-seconds", "4")


@pytest.fixture
def store(postgres: Cluster) -> str:
    """The URL of an empty database."""
    return postgres.new_database()


@pytest.fixture
def pair(start_server: StartServer, tmp_path: Path, store: str) -> Iterator[Pair]:
    flags = ("--store", store, *LEASE)
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        starting = [pool.submit(stack.enter_context, start_server(tmp_path / str(i), *flags)) for i in range(2)]
        one, other = (s.result() for s in starting)
        yield one, other


def job_on(server: Server, store: str) -> str:
    """The job that runs on a server."""
    with psycopg.connect(store) as connection:
        leases = connection.execute("SELECT id, lease_owner FROM jobs WHERE lease_owner IS NOT NULL").fetchall()
    [job_id] = [job_id for job_id, owner in leases if owner.split(":")[1] == str(server.process.pid)]
    return f"jobs/{job_id}"


def state_changes(events: list[job_pb2.JobEvent]) -> list[str]:
    found = [e.state_change.state for e in events if e.WhichOneof("event") == "state_change"]
    return [job_pb2.JobState.Name(s).removeprefix("JOB_STATE_") for s in found]


def assert_whole(events: list[job_pb2.JobEvent]) -> None:
    assert [e.sequence for e in events] == list(range(1, len(events) + 1))


def busy(servers: Pair, request: pb.CreateJobRequest) -> list[str]:
    """Two long jobs, one on each server, both made by the first."""
    names = [servers[0].create(request).name for _ in range(2)]
    for name in names:
        servers[0].until_searching(name)
    return names


@pytest.mark.slow
def test_jobs_run_anywhere_and_are_watched_and_cancelled_by_any_server(
    pair: Pair, long_search: pb.CreateJobRequest
) -> None:
    names = busy(pair, long_search)
    for name, (here, there) in zip(names, [pair, reversed(pair)], strict=True):
        watcher = here.watch(name)
        next(watcher)
        assert there.job(name).state == job_pb2.JOB_STATE_RUNNING
        cancelled = there.cancel(name)
        assert cancelled.state == job_pb2.JOB_STATE_CANCELLED
        assert cancelled.report.candidates
        assert state_changes(list(watcher))[-1] == "CANCELLED"
        events = list(there.watch(name))
        assert_whole(events)
        assert list(here.watch(name)) == events


@pytest.mark.slow
def test_jobs_of_a_killed_server_go_on_at_the_other_from_their_last_front(
    pair: Pair, store: str, long_search: pb.CreateJobRequest
) -> None:
    busy(pair, long_search)
    killed, left = pair
    moved = job_on(killed, store)
    # Until there is something that is not found by itself at the beginning of every search.
    next(e for e in left.watch(moved) if {c.found_by for c in e.front.candidates} - {"baseline"})
    left.cancel(job_on(left, store))
    killed.process.kill()
    killed.process.wait()
    seen = left.job(moved).last_sequence
    again = next(e for e in left.watch(moved, seen) if e.state_change.state == job_pb2.JOB_STATE_RUNNING)
    fronts = (e.front.candidates for e in left.watch(moved, again.sequence))
    assert any("start" in {c.found_by for c in front} for front in fronts)
    job = left.cancel(moved)
    assert job.attempts == 2
    events = list(left.watch(moved))
    assert_whole(events)
    assert state_changes(events)[:4] == ["QUEUED", "RUNNING", "QUEUED", "RUNNING"]


@pytest.mark.slow
def test_a_server_that_was_stopped_for_long_gives_up_what_another_took(
    pair: Pair, store: str, long_search: pb.CreateJobRequest, power_law: pb.CreateJobRequest
) -> None:
    busy(pair, long_search)
    stopped, other = pair
    moved = job_on(stopped, store)
    other.cancel(job_on(other, store))
    stopped.process.send_signal(signal.SIGSTOP)
    try:
        running = job_pb2.JOB_STATE_RUNNING
        *_, again = _until(other.watch(moved), 2, running)
        other.until_searching(moved, again.sequence)
    finally:
        stopped.process.send_signal(signal.SIGCONT)
    # Both work on, and what the stopped one still had to say of the job is not heard.
    done = [server.wait(server.create(power_law).name) for server in pair]
    assert {job.state for job in done} == {job_pb2.JOB_STATE_SUCCEEDED}
    other.cancel(moved)
    events = list(stopped.watch(moved))
    assert_whole(events)
    assert state_changes(events)[:-1] == ["QUEUED", "RUNNING", "QUEUED", "RUNNING"]


def _until(events: Iterator[job_pb2.JobEvent], count: int, state: int) -> Iterator[job_pb2.JobEvent]:
    """The events until the job is in a state for the `count`-th time."""
    for event in events:
        yield event
        count -= event.state_change.state == state
        if not count:
            return


@pytest.mark.slow
def test_requests_that_are_sent_many_times_to_all_servers_make_one_job(
    pair: Pair, power_law: pb.CreateJobRequest
) -> None:
    def create(i: int) -> str:
        return pair[i % 2].create(power_law).name

    with ThreadPoolExecutor(24) as pool:
        for round in range(4):
            power_law.request_id = f"round {round}"
            power_law.job_id = f"mine-{round}" if round % 2 else ""
            assert len(set(pool.map(create, range(24)))) == 1
    names = [j.name for j in pair[1].stub.ListJobs(pb.ListJobsRequest()).jobs]
    assert len(names) == 4
    for name in names:
        assert pair[0].wait(name).state == job_pb2.JOB_STATE_SUCCEEDED
        assert_whole(list(pair[1].watch(name)))

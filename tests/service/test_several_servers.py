"""Several servers on one PostgreSQL: they share its jobs, and answer for each other's."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2

if TYPE_CHECKING:
    from bench.postgresql import Cluster
    from tests.service.conftest import Server, StartServer

Pair = tuple["Server", "Server"]
LEASE = ("--lease-seconds", "4")


@pytest.fixture
def pair(start_server: StartServer, tmp_path: Path, postgres: Cluster) -> Iterator[Pair]:
    flags = ("--store", postgres.new_database(), *LEASE)
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        starting = [pool.submit(stack.enter_context, start_server(tmp_path / str(i), *flags)) for i in range(2)]
        one, other = (s.result() for s in starting)
        yield one, other


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
    pair: Pair, long_search: pb.CreateJobRequest
) -> None:
    names = busy(pair, long_search)
    killed, left = pair
    for name in names:
        # Until there is something that is not found by itself at the beginning of every search.
        next(e for e in left.watch(name) if {c.found_by for c in e.front.candidates} - {"baseline"})
    watchers = {name: left.watch(name) for name in names}
    killed.process.kill()
    killed.process.wait()
    # One of them loses its server, and waits for the worker that is left.
    [moved] = [n for n, w in watchers.items() if n in _requeued(left, names, w)]
    [stayed] = [n for n in names if n != moved]
    left.cancel(stayed)
    again = next(e for e in watchers[moved] if e.state_change.state == job_pb2.JOB_STATE_RUNNING and e.sequence > 2)
    fronts = (e.front.candidates for e in left.watch(moved, again.sequence))
    assert any("start" in {c.found_by for c in front} for front in fronts)
    job = left.cancel(moved)
    assert (job.state, job.attempts) == (job_pb2.JOB_STATE_CANCELLED, 2)
    assert_whole(list(left.watch(moved)))


def _requeued(server: Server, names: list[str], watcher: Iterator[job_pb2.JobEvent]) -> list[str]:
    """The jobs of these that wait again, once one does."""
    for _ in watcher:
        if found := [n for n in names if server.job(n).state == job_pb2.JOB_STATE_QUEUED]:
            return found
    return []


@pytest.mark.slow
def test_a_server_that_was_stopped_for_long_gives_up_what_another_took(
    pair: Pair, long_search: pb.CreateJobRequest, power_law: pb.CreateJobRequest
) -> None:
    names = busy(pair, long_search)
    stopped, other = pair
    stopped.process.send_signal(signal.SIGSTOP)
    try:
        moved = next(n for _ in other.watch(names[0]) for n in names if other.job(n).state == job_pb2.JOB_STATE_QUEUED)
        [stayed] = [n for n in names if n != moved]
        other.cancel(stayed)
        seen = other.job(moved).last_sequence
        other.until_searching(moved, seen)
    finally:
        stopped.process.send_signal(signal.SIGCONT)
    # Both work on.
    done = [server.wait(server.create(power_law).name) for server in pair]
    assert {job.state for job in done} == {job_pb2.JOB_STATE_SUCCEEDED}
    other.cancel(moved)
    events = list(stopped.watch(moved))
    assert_whole(events)
    assert state_changes(events) == ["QUEUED", "RUNNING", "QUEUED", "RUNNING", "CANCELLED"]


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

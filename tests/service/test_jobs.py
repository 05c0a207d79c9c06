"""Jobs: results, events, lists, cancel, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2

if TYPE_CHECKING:
    from tests.service.conftest import Refused, Server


def test_a_job_ends_with_its_law_and_times(server: Server, power_law: pb.CreateJobRequest) -> None:
    job = server.wait(server.create(power_law).name)
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED
    assert job.report.candidates[0].formula == "2.5*a**1.5/b"
    assert job.attempts == 1
    assert job.create_time.ToNanoseconds() <= job.start_time.ToNanoseconds() <= job.end_time.ToNanoseconds()
    elapsed = job.end_time.ToNanoseconds() - job.create_time.ToNanoseconds()
    assert job.report.elapsed.ToNanoseconds() == elapsed
    assert 0 < job.report.first_candidate.ToNanoseconds() <= elapsed


def test_events_are_numbered_and_tell_the_life_of_a_job(server: Server, power_law: pb.CreateJobRequest) -> None:
    job = server.create(power_law)
    events = list(server.watch(job.name))
    assert [e.sequence for e in events] == list(range(1, len(events) + 1))
    states = [e.state_change.state for e in events if e.WhichOneof("event") == "state_change"]
    assert states == [job_pb2.JOB_STATE_QUEUED, job_pb2.JOB_STATE_RUNNING, job_pb2.JOB_STATE_SUCCEEDED]
    assert any(e.WhichOneof("event") == "front" for e in events)
    assert server.job(job.name).last_sequence == len(events)


def test_a_watcher_attaches_again_without_gap_or_repeat(server: Server, long_search: pb.CreateJobRequest) -> None:
    long_search.problem.options.budget.seconds = 2
    job = server.create(long_search)
    seen: list[job_pb2.JobEvent] = []
    while not seen or seen[-1].state_change.state != job_pb2.JOB_STATE_SUCCEEDED:
        # Three events a connection, then away.
        for event, _ in zip(server.watch(job.name, seen[-1].sequence if seen else 0), range(3), strict=False):
            seen.append(event)
    assert [e.sequence for e in seen] == list(range(1, len(seen) + 1))
    assert seen == list(server.watch(job.name))
    assert seen[4:] == list(server.watch(job.name, 4))
    assert list(server.watch(job.name, seen[-1].sequence)) == []
    assert list(server.watch(job.name, 2**64 - 1)) == []
    progress = [e.progress for e in seen if e.WhichOneof("event") == "progress"]
    # Twice a second at most: what is told is stored, too.
    assert 1 <= len(progress) <= 6
    assert all(0.0 <= p.fraction <= 1.0 and p.stage for p in progress)


def test_watchers_that_come_at_different_times_see_the_same(server: Server, long_search: pb.CreateJobRequest) -> None:
    long_search.problem.options.budget.seconds = 1
    job = server.create(long_search)
    early, slow = server.watch(job.name), server.watch(job.name)
    first = next(slow)
    server.until_searching(job.name)
    late = server.watch(job.name)
    everything = list(early)
    assert list(late) == everything
    assert [first, *slow] == everything


def test_too_many_watchers_are_sent_away(
    narrow_server: Server, long_search: pb.CreateJobRequest, refused: Refused
) -> None:
    job = narrow_server.create(long_search)
    watchers = [narrow_server.watch(job.name) for _ in range(3)]
    refusal = refused(lambda: [next(watcher) for watcher in watchers])
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_WATCHERS")
    assert narrow_server.job(job.name).state != job_pb2.JOB_STATE_FAILED
    narrow_server.stub.DeleteJob(pb.DeleteJobRequest(name=job.name), timeout=30)


def test_wait_returns_when_the_job_is_final_or_the_time_is_over(
    server: Server, power_law: pb.CreateJobRequest, long_search: pb.CreateJobRequest, refused: Refused
) -> None:
    short = server.create(power_law)
    done = server.stub.WaitJob(pb.WaitJobRequest(name=short.name), timeout=30).job
    assert done.state == job_pb2.JOB_STATE_SUCCEEDED
    long = server.create(long_search)
    waited = server.stub.WaitJob(pb.WaitJobRequest(name=long.name, timeout=Duration(nanos=50_000_000))).job
    assert waited.state in (job_pb2.JOB_STATE_QUEUED, job_pb2.JOB_STATE_RUNNING)
    server.cancel(long.name)
    request = pb.WaitJobRequest(name=long.name, timeout=Duration(seconds=10_000))
    assert "timeout" in refused(lambda: server.stub.WaitJob(request)).violations


def test_a_running_job_shows_its_best_so_far_and_cancel_keeps_it(
    server: Server, long_search: pb.CreateJobRequest
) -> None:
    job = server.create(long_search)
    server.until_searching(job.name)
    running = server.job(job.name)
    assert running.state == job_pb2.JOB_STATE_RUNNING
    assert running.report.candidates
    cancelled = server.cancel(job.name)
    assert cancelled.state == job_pb2.JOB_STATE_CANCELLED
    assert cancelled.report.candidates
    assert server.cancel(job.name) == cancelled


def test_a_queued_job_is_cancelled_at_once(
    server: Server, power_law: pb.CreateJobRequest, long_search: pb.CreateJobRequest
) -> None:
    running, queued = server.create(long_search), server.create(power_law)
    assert server.cancel(queued.name).state == job_pb2.JOB_STATE_CANCELLED
    assert server.job(queued.name).attempts == 0
    server.cancel(running.name)
    assert server.wait(server.create(power_law).name).state == job_pb2.JOB_STATE_SUCCEEDED


def test_lists_are_paged_newest_first(server: Server, power_law: pb.CreateJobRequest, refused: Refused) -> None:
    made = [server.create(power_law).name for _ in range(5)]
    for name in made:
        server.wait(name)
    first = server.stub.ListJobs(pb.ListJobsRequest(page_size=2))
    # A newer job, and the loss of one that was shown, do not shift the next page.
    server.wait(server.create(power_law).name)
    server.stub.DeleteJob(pb.DeleteJobRequest(name=made[3]))
    second = server.stub.ListJobs(pb.ListJobsRequest(page_size=2, page_token=first.next_page_token))
    assert [j.name for j in first.jobs] == [made[4], made[3]]
    assert [j.name for j in second.jobs] == [made[2], made[1]]
    assert not second.jobs[0].HasField("report")
    everything = server.stub.ListJobs(pb.ListJobsRequest(page_size=1000))
    assert everything.next_page_token == ""
    assert "page_token" in refused(lambda: server.stub.ListJobs(pb.ListJobsRequest(page_token="x"))).violations
    assert "page_size" in refused(lambda: server.stub.ListJobs(pb.ListJobsRequest(page_size=1001))).violations


def test_a_deleted_job_is_gone(server: Server, long_search: pb.CreateJobRequest, refused: Refused) -> None:
    job = server.create(long_search)
    server.until_searching(job.name)
    watcher = server.watch(job.name)
    next(watcher)
    server.stub.DeleteJob(pb.DeleteJobRequest(name=job.name), timeout=30)
    assert list(watcher)[-1].state_change.state == job_pb2.JOB_STATE_CANCELLED
    refusal = refused(lambda: server.job(job.name))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "JOB_NOT_FOUND")
    assert refused(lambda: next(server.watch(job.name))).code == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("name", ["", "x", "jobs/", "jobs/UPPER", "jobs/a/b", "projects/p/jobs/a"])
def test_names_that_are_none_are_refused(server: Server, refused: Refused, name: str) -> None:
    assert "name" in refused(lambda: server.job(name)).violations
    assert "name" in refused(lambda: next(server.watch(name))).violations

"""Worker processes that die, outlast their budget, or are all busy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import psutil

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2, observations_pb2

if TYPE_CHECKING:
    from tests.service.conftest import Refused, Server, StartServer


def _kill_worker(server: Server) -> None:
    [worker] = server.workers("search")
    worker.kill()


def test_a_search_whose_worker_dies_is_tried_again_and_then_fails(
    server: Server, long_search: pb.CreateJobRequest, power_law: pb.CreateJobRequest
) -> None:
    job = server.create(long_search)
    seen = server.until_searching(job.name)
    _kill_worker(server)
    again = next(e for e in server.watch(job.name, seen) if e.state_change.state == job_pb2.JOB_STATE_RUNNING)
    server.until_searching(job.name, again.sequence)
    assert server.job(job.name).attempts == 2
    _kill_worker(server)
    failed = server.wait(job.name)
    assert (failed.state, failed.error.reason) == (job_pb2.JOB_STATE_FAILED, "WORKER_DIED")
    assert failed.report.candidates
    events = list(server.watch(job.name))
    assert [e.sequence for e in events] == list(range(1, len(events) + 1))
    assert server.wait(server.create(power_law).name).state == job_pb2.JOB_STATE_SUCCEEDED


def test_a_search_whose_worker_dies_once_succeeds(server: Server, long_search: pb.CreateJobRequest) -> None:
    long_search.problem.options.budget.seconds = 2
    job = server.create(long_search)
    server.until_searching(job.name)
    _kill_worker(server)
    done = server.wait(job.name)
    assert (done.state, done.attempts) == (job_pb2.JOB_STATE_SUCCEEDED, 2)


def test_a_search_that_does_not_stop_is_killed_and_its_last_front_counts(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest
) -> None:
    with start_server(tmp_path, "--stop-grace-seconds", "0.5") as server:
        cancelled = server.create(long_search)
        server.until_searching(cancelled.name)
        # A stopped process hears nothing and finishes nothing.
        server.workers("search")[0].suspend()
        job = server.cancel(cancelled.name)
        assert job.state == job_pb2.JOB_STATE_CANCELLED
        assert job.report.candidates
        long_search.problem.options.budget.seconds = 2
        overrun = server.create(long_search)
        server.until_searching(overrun.name)
        server.workers("search")[0].suspend()
        job = server.wait(overrun.name)
        assert job.state == job_pb2.JOB_STATE_SUCCEEDED
        assert [w.code for w in job.report.warnings] == ["SEARCH_ABANDONED"]
        assert job.report.candidates


def _evaluation(formula: str, table: observations_pb2.Table) -> pb.EvaluateFormulaRequest:
    return pb.EvaluateFormulaRequest(formula=formula, table=table, refit=True)


def test_formulas_are_evaluated_while_every_worker_searches(
    server: Server, long_search: pb.CreateJobRequest, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    table = power_law.problem.table
    job = server.create(long_search)
    server.until_searching(job.name)
    answer = server.stub.EvaluateFormula(_evaluation("2.2*a**1.4/b", table), timeout=30)
    assert server.job(job.name).state == job_pb2.JOB_STATE_RUNNING
    server.cancel(job.name)
    assert answer.candidate.rank == 0
    assert [round(c.value, 9) for c in answer.candidate.constants] == [2.5, 1.5]
    refusal = refused(lambda: server.stub.EvaluateFormula(_evaluation("a + q", table), timeout=30))
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert "'q'" in refusal.violations["formula"]
    table.target = "nothing"
    refusal = refused(lambda: server.stub.EvaluateFormula(_evaluation("a", table), timeout=30))
    assert "table.target" in refusal.violations


def test_an_evaluation_process_that_died_is_replaced(server: Server, power_law: pb.CreateJobRequest) -> None:
    request = _evaluation("a", power_law.problem.table)
    server.stub.EvaluateFormula(request, timeout=30)
    [process] = server.workers("evaluate")
    process.kill()
    psutil.wait_procs([process], timeout=10)
    assert server.stub.EvaluateFormula(request, timeout=30).candidate.formula == "a"

"""ProposeExperiments against a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from ansatz.v1 import comparison_pb2
from ansatz.v1 import discovery_service_pb2 as pb

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.conftest import Refused, Server, StartServer


def asked(job: str, **box: tuple[float, float]) -> pb.ProposeExperimentsRequest:
    intervals = {name: comparison_pb2.Interval(lower=low, upper=high) for name, (low, high) in box.items()}
    return pb.ProposeExperimentsRequest(job=job, box=intervals)


def test_an_ended_job_is_asked_also_after_a_restart(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest
) -> None:
    power_law.problem.options.budget.seconds = 2
    with start_server(tmp_path) as server:
        name = server.wait(server.create(power_law).name).name
    with start_server(tmp_path) as server:
        proposal = server.stub.ProposeExperiments(asked(name, a=(0.1, 100)), timeout=60).proposal
    assert len(proposal.experiments) == 5  # the default
    for experiment in proposal.experiments:
        assert 0.1 <= experiment.inputs["a"] <= 100
        assert 1 <= experiment.inputs["b"] <= 5  # the range of the data
        assert len(experiment.predictions) == len(proposal.rivals)


def test_what_cannot_be_proposed_is_refused(server: Server, long_search: pb.CreateJobRequest, refused: Refused) -> None:
    call = server.stub.ProposeExperiments
    assert refused(lambda: call(asked("jobs/nobody"), timeout=60)).reason == "JOB_NOT_FOUND"
    assert set(refused(lambda: call(asked("nobody"), timeout=60)).violations) == {"job"}
    job = server.create(long_search)
    refusal = refused(lambda: call(asked(job.name), timeout=60))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "JOB_NOT_FINAL")
    server.cancel(job.name)
    late = server.create(long_search)
    queued = server.create(long_search)
    server.cancel(queued.name)
    assert refused(lambda: call(asked(queued.name), timeout=60)).reason == "NO_RIVALS"
    server.cancel(late.name)

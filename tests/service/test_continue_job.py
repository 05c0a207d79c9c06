"""Final jobs taken up again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import grpc
import pytest

from ansatz.discovery.asked.options import OF_ANSATZ
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2, observations_pb2, problem_pb2
from tests.service.conftest import column

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.conftest import Refused, Server, StartServer

LAW = "1.5*sin(1.3*x)*exp(-0.7*v*x) + tanh(w - 0.4*v)*log(1 + x*w)"


def observations(rows: int) -> observations_pb2.Table:
    """A law that no searcher finds in a moment, without noise."""
    shares = {"x": 0.618034, "v": 0.414214, "w": 0.302776}
    inputs = {name: [0.5 + 2.5 * ((i * share) % 1.0) for i in range(rows)] for name, share in shares.items()}
    y = [
        1.5 * math.sin(1.3 * x) * math.exp(-0.7 * v * x) + math.tanh(w - 0.4 * v) * math.log(1 + x * w)
        for x, v, w in zip(*inputs.values(), strict=True)
    ]
    columns = [*(column(name, values) for name, values in inputs.items()), column("y", y)]
    return observations_pb2.Table(columns=columns, target="y")


@pytest.fixture
def with_ansatz() -> pb.CreateJobRequest:
    """A search that its ansatz makes short."""
    options = problem_pb2.SearchOptions(engine=problem_pb2.ENGINE_NONE, ansatz=LAW, seed=7)
    options.budget.seconds = 2
    return pb.CreateJobRequest(problem=problem_pb2.Problem(table=observations(60), options=options))


def test_a_job_goes_on_from_its_front_after_a_restart(
    start_server: StartServer, tmp_path: Path, with_ansatz: pb.CreateJobRequest
) -> None:
    with start_server(tmp_path) as server:
        first = server.wait(server.create(with_ansatz).name)
        assert first.report.candidates[0].scores.relative_error < 1e-12
    with start_server(tmp_path) as server:
        options = problem_pb2.SearchOptions(ansatz="0.5*x")
        options.budget.seconds = 3
        request = pb.CreateJobRequest(problem=problem_pb2.Problem(options=options), continue_job=first.name)
        made = server.create(request)
        # What is not given is as it was.
        assert (made.data, made.options.seed) == (first.data, 7)
        assert (made.options.engine, made.options.ansatz) == (problem_pb2.ENGINE_NONE, "0.5*x")
        assert made.options.budget.seconds == 3
        server.stub.DeleteJob(pb.DeleteJobRequest(name=first.name), timeout=30)
        second = server.wait(made.name)
        assert second.report.candidates[0].found_by == "start"
        assert second.report.candidates[0].formula == first.report.candidates[0].formula


def test_more_rows_may_be_given(server: Server, with_ansatz: pb.CreateJobRequest) -> None:
    first = server.wait(server.create(with_ansatz).name)
    more = problem_pb2.Problem(table=observations(90))
    request = pb.CreateJobRequest(problem=more, continue_job=first.name, request_id=f"more of {first.name}")
    second = server.create(request)
    assert server.create(request).name == second.name
    assert (second.data.rows, second.options) == (90, first.options)
    assert server.wait(second.name).report.candidates[0].scores.relative_error < 1e-12


def test_what_cannot_be_continued_is_refused(
    server: Server, power_law: pb.CreateJobRequest, long_search: pb.CreateJobRequest, refused: Refused
) -> None:
    missing = refused(lambda: server.create(pb.CreateJobRequest(continue_job="jobs/nobody")))
    assert (missing.code, missing.reason) == (grpc.StatusCode.NOT_FOUND, "JOB_NOT_FOUND")
    assert set(refused(lambda: server.create(pb.CreateJobRequest(continue_job="nobody"))).violations) == {
        "continue_job"
    }
    running = server.create(long_search)
    early = refused(lambda: server.create(pb.CreateJobRequest(continue_job=running.name)))
    assert (early.code, early.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "JOB_NOT_FINAL")
    server.cancel(running.name)
    done = server.wait(server.create(power_law).name)
    other = pb.CreateJobRequest(problem=power_law.problem, continue_job=done.name)
    other.problem.table.columns[0].name = "q"
    other.problem.table.target = "b"
    refusal = refused(lambda: server.create(other))
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert set(refusal.violations) == {"problem.table.inputs", "problem.table.target"}
    assert "'a', 'b'" in refusal.violations["problem.table.inputs"]


def test_a_job_on_grouped_data_may_be_continued_with_another_ansatz(server: Server) -> None:
    x = [0.5 + 0.1 * i for i in range(30)]
    scale = [1.0 + i % 3 for i in range(30)]
    columns = [column("x", x), column("y", [s * u for s, u in zip(scale, x, strict=True)])]
    columns.append(observations_pb2.Column(name="run", labels=[f"run {s:g}" for s in scale]))
    table = observations_pb2.Table(columns=columns, target="y", inputs=["x"], group="run")
    options = problem_pb2.SearchOptions(engine=problem_pb2.ENGINE_NONE, ansatz="a*x", per_group=["a"])
    options.budget.seconds = 1
    problem = problem_pb2.Problem(table=table, options=options)
    first = server.wait(server.create(pb.CreateJobRequest(problem=problem)).name)
    other = problem_pb2.Problem(options=problem_pb2.SearchOptions(ansatz="b*x + c"))
    made = server.create(pb.CreateJobRequest(problem=other, continue_job=first.name))
    assert (made.options.ansatz, list(made.options.per_group)) == ("b*x + c", [])
    assert server.wait(made.name).state == job_pb2.JOB_STATE_SUCCEEDED


def test_what_goes_with_an_ansatz_are_options_of_a_request() -> None:
    assert set(OF_ANSATZ) <= set(problem_pb2.SearchOptions.DESCRIPTOR.fields_by_name)


def test_a_job_on_curves_may_be_continued(server: Server) -> None:
    steps = [float(s) for s in range(1, 41)]
    curves = observations_pb2.Curves(
        columns=[column("step", steps), column("loss", [2 + 3 / s for s in steps])], target="loss"
    )
    options = problem_pb2.SearchOptions()
    options.budget.seconds = 2
    problem = problem_pb2.Problem(curves=curves, options=options)
    first = server.wait(server.create(pb.CreateJobRequest(problem=problem)).name)
    second = server.wait(server.create(pb.CreateJobRequest(continue_job=first.name)).name)
    assert second.state == job_pb2.JOB_STATE_SUCCEEDED


def test_a_cancelled_job_may_be_continued(server: Server, long_search: pb.CreateJobRequest) -> None:
    running = server.create(long_search)
    server.until_searching(running.name)
    cancelled = server.cancel(running.name)
    options = problem_pb2.SearchOptions()
    options.budget.seconds = 1
    again = pb.CreateJobRequest(problem=problem_pb2.Problem(options=options), continue_job=running.name)
    ended = server.wait(server.create(again).name)
    assert ended.state == job_pb2.JOB_STATE_SUCCEEDED
    best, before = (j.report.candidates[0].scores.description_length for j in (ended, cancelled))
    assert best <= before + 3

"""What CreateJob refuses, and how it makes retries safe."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import psutil
import pytest

from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2, observations_pb2, problem_pb2
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceStub
from tests.service.test_access import authorized, token_of

if TYPE_CHECKING:
    from tests.service.conftest import Refused, Server, StartServer

Change = Callable[[pb.CreateJobRequest], None]


def _set_target(name: str) -> Change:
    def change(r: pb.CreateJobRequest) -> None:
        r.problem.table.target = name

    return change


def _set_values(values: list[float]) -> Change:
    def change(r: pb.CreateJobRequest) -> None:
        r.problem.table.columns[0].ClearField("packed_values")
        r.problem.table.columns[0].values[:] = values

    return change


def _set_budget(seconds: int) -> Change:
    return lambda r: setattr(r.problem.options.budget, "seconds", seconds)


def _set_ansatz(text: str) -> Change:
    return lambda r: setattr(r.problem.options, "ansatz", text)


def _cut_rows(r: pb.CreateJobRequest) -> None:
    for column in r.problem.table.columns:
        column.packed_values = column.packed_values[: 8 * 4]


def _both_forms(r: pb.CreateJobRequest) -> None:
    r.problem.table.columns[1].values.append(1.0)


def _long_name(r: pb.CreateJobRequest) -> None:
    r.problem.table.columns[1].name = "a" * 300


def _unknown_function(r: pb.CreateJobRequest) -> None:
    r.problem.options.functions.append("sinc")


def _odd_bytes(r: pb.CreateJobRequest) -> None:
    r.problem.table.columns[2].packed_values += b"abc"


Bad = tuple[str, Change, str, str]
BAD: list[Bad] = [
    ("no such target", _set_target("z"), "problem.table.target", "'z' is no column"),
    ("no target", _set_target(""), "problem.table.target", "name one of the columns"),
    ("no observations", lambda r: r.problem.ClearField("table"), "problem.table", "set table"),
    ("NaN", _set_values([1.0, math.nan, *[2.0] * 58]), "problem.table.columns['a']", "row 2 is nan"),
    ("inf", _set_values([math.inf, *[2.0] * 59]), "problem.table.columns['a']", "row 1 is inf"),
    ("few rows", _cut_rows, "problem.table.columns", "at least 5"),
    ("unequal lengths", _set_values([1.0] * 7), "problem.table.columns", "'a' has 7"),
    ("duplicate names", lambda r: setattr(r.problem.table.columns[1], "name", "a"), "problem.table.columns", "'a'"),
    (
        "long name",
        lambda r: setattr(r.problem.table.columns[1], "name", "a" * 300),
        "problem.table.columns[1].name",
        "256",
    ),
    ("both forms", _both_forms, "problem.table.columns[1]", "set one of them"),
    ("odd bytes", _odd_bytes, "problem.table.columns[2].packed_values", "483 bytes"),
    ("unknown engine", lambda r: setattr(r.problem.options, "engine", 99), "problem.options.engine", "99 is no engine"),
    (
        "unknown function",
        lambda r: r.problem.options.functions.append("sinc"),
        "problem.options.functions[0]",
        "'sinc'",
    ),
    ("zero budget", _set_budget(0), "problem.options.budget", "more than 0"),
    ("negative budget", _set_budget(-3), "problem.options.budget", "more than 0"),
    ("large budget", _set_budget(100_000), "problem.options.budget", "at most 3600"),
    ("ansatz: function", _set_ansatz("gamma(a)"), "problem.options.ansatz", "gamma"),
    ("ansatz: import", _set_ansatz("__import__('os')"), "problem.options.ansatz", ""),
    ("ansatz: attribute", _set_ansatz("().__class__"), "problem.options.ansatz", ""),
    ("ansatz: tower", _set_ansatz("9**9**9**9"), "problem.options.ansatz", ""),
    ("ansatz: brackets", _set_ansatz("(" * 10_000 + "a" + ")" * 10_000), "problem.options.ansatz", ""),
    ("ansatz: long", _set_ansatz("a+" * 500_000 + "a"), "problem.options.ansatz", "at most 4096"),
    (
        "many inputs",
        lambda r: r.problem.table.inputs.extend(map(str, range(9999))),
        "problem.table.inputs",
        "9999 entries",
    ),
    ("long input", lambda r: r.problem.table.inputs.append("z" * 5_000_000), "problem.table.inputs", "at most 256"),
    ("long target", _set_target("z" * 5_000_000), "problem.table.target", "at most 256"),
    (
        "many functions",
        lambda r: r.problem.options.functions.extend(["tau"] * 9999),
        "problem.options.functions",
        "9999 entries",
    ),
    (
        "long parameter",
        lambda r: r.problem.options.parameters.append(problem_pb2.Parameter(name="k" * 5_000_000)),
        "problem.options.parameters[0].name",
        "at most 256",
    ),
    ("huge values", _set_values([1e308, -1e308] * 30), "problem.table.columns['a']", "within ±1e+100"),
    ("job_id", lambda r: setattr(r, "job_id", "Not An Id"), "job_id", "a-z"),
    ("request_id", lambda r: setattr(r, "request_id", "r" * 129), "request_id", "at most 128"),
]


@pytest.mark.parametrize("bad", BAD, ids=[b[0] for b in BAD])
def test_bad_input_is_refused_with_its_field(
    server: Server, power_law: pb.CreateJobRequest, refused: Refused, bad: Bad
) -> None:
    _, change, field, says = bad
    power_law.problem.options.budget.seconds = 30
    change(power_law)
    refusal = refused(lambda: server.create(power_law))
    assert (refusal.code, refusal.domain, refusal.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT, "ansatz", "INVALID_INPUT",
    )  # fmt: skip
    assert says in refusal.violations[field]
    assert field in refusal.message


def test_more_violations_than_a_status_holds_are_told_in_part(
    server: Server, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    power_law.problem.options.functions[:] = [f"{i:03d}é" * 60 for i in range(900)]
    refusal = refused(lambda: server.create(power_law))
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert "problem.options.functions[0]" in refusal.violations
    assert len(refusal.violations) > 5
    assert refusal.message.endswith("and 892 more")


def test_roles_and_labels_of_curves_and_motions_are_bounded(
    server: Server, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    columns = power_law.problem.table.columns
    request = pb.CreateJobRequest()
    request.problem.curves.columns.extend(columns)
    for i in range(9999):
        request.problem.curves.roles[f"r{i}"] = "a"
    assert "9999 entries" in refused(lambda: server.create(request)).violations["problem.curves.roles"]
    request.problem.curves.ClearField("roles")
    request.problem.curves.roles["N"] = "z" * 5_000_000
    assert "at most 256" in refused(lambda: server.create(request)).violations["problem.curves.roles"]
    request.problem.trajectories.columns.extend(columns)
    request.problem.trajectories.states.extend(map(str, range(9999)))
    request.problem.trajectories.held_out.append("z" * 5_000_000)
    violations = refused(lambda: server.create(request)).violations
    assert "9999 entries" in violations["problem.trajectories.states"]
    assert "at most 256" in violations["problem.trajectories.held_out"]


def test_every_violation_is_told_at_once(server: Server, power_law: pb.CreateJobRequest, refused: Refused) -> None:
    power_law.job_id = "-"
    power_law.problem.table.target = "z"
    power_law.problem.options.engine = problem_pb2.Engine.ValueType(99)
    power_law.problem.options.max_complexity = 5000
    fields = refused(lambda: server.create(power_law)).violations
    assert set(fields) == {
        "job_id", "problem.table.target", "problem.options.engine", "problem.options.max_complexity",
    }  # fmt: skip


def test_an_engine_that_is_not_ready_is_a_failed_precondition(
    server: Server, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    engines = server.stub.GetServerInfo(pb.GetServerInfoRequest()).engines
    missing = [e for e in engines if not e.ready]
    if not missing:
        pytest.skip("every engine is ready here")
    power_law.problem.options.engine = missing[0].engine
    refusal = refused(lambda: server.create(power_law))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "ENGINE_NOT_READY")


def test_plain_values_and_packed_values_are_the_same(server: Server, power_law: pb.CreateJobRequest) -> None:
    packed = server.wait(server.create(power_law).name)
    table = power_law.problem.table
    for column in table.columns:
        column.values[:] = memoryview(column.packed_values).cast("d").tolist()
        column.ClearField("packed_values")
    plain = server.wait(server.create(power_law).name)
    assert plain.report.receipt.data_sha256 == packed.report.receipt.data_sha256
    assert plain.report.candidates == packed.report.candidates


def test_the_same_request_id_and_body_give_the_same_job(
    server: Server, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    power_law.request_id = "once"
    first = server.create(power_law)
    assert server.create(power_law).name == first.name
    power_law.problem.options.seed = 7
    refusal = refused(lambda: server.create(power_law))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_TAKEN")
    power_law.request_id = "another"
    assert server.create(power_law).name != first.name


def test_the_same_request_at_the_same_time_makes_one_job(server: Server, power_law: pb.CreateJobRequest) -> None:
    power_law.request_id = "many at once"
    calls = [server.stub.CreateJob.future(power_law, timeout=30) for _ in range(8)]
    assert len({call.result().job.name for call in calls}) == 1


def test_a_job_id_is_the_callers_to_choose_once(
    server: Server, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    power_law.job_id = "my-law-1"
    assert server.create(power_law).name == "jobs/my-law-1"
    refusal = refused(lambda: server.create(power_law))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.ALREADY_EXISTS, "JOB_ID_TAKEN")


def test_a_new_job_tells_its_data_and_the_options_in_force(server: Server, power_law: pb.CreateJobRequest) -> None:
    job = server.create(power_law)
    assert (job.data.rows, list(job.data.inputs), job.data.target) == (60, ["a", "b"], "y")
    assert job.options.engine == problem_pb2.ENGINE_NONE
    assert job.options.budget.seconds == 30
    assert "sin" in job.options.functions


def test_limits_of_rows_and_columns_are_kept(
    narrow_server: Server, long_search: pb.CreateJobRequest, refused: Refused
) -> None:
    table = long_search.problem.table
    for column in table.columns:
        column.packed_values = column.packed_values[: 8 * 100]
    for i in range(5):
        table.columns.add(name=f"one more {i}", packed_values=table.columns[0].packed_values)
    assert "at most 21" in refused(lambda: narrow_server.create(long_search)).violations["problem.table.columns"]
    for column in table.columns[3:]:
        column.packed_values *= 50
    del table.columns[:3]
    assert "at most 4000" in refused(lambda: narrow_server.create(long_search)).violations["problem.table.columns"]
    limits = narrow_server.stub.GetServerInfo(pb.GetServerInfoRequest()).limits
    assert (limits.max_rows, limits.max_columns) == (4000, 21)


def test_a_full_queue_takes_no_more(
    narrow_server: Server, power_law: pb.CreateJobRequest, long_search: pb.CreateJobRequest, refused: Refused
) -> None:
    running = narrow_server.create(long_search)
    narrow_server.until_searching(running.name)
    waiting = narrow_server.create(power_law)
    assert waiting.state == job_pb2.JOB_STATE_QUEUED
    refusal = refused(lambda: narrow_server.create(power_law))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL")
    assert refusal.retry_seconds > 0
    narrow_server.cancel(running.name)
    assert narrow_server.wait(waiting.name).state == job_pb2.JOB_STATE_SUCCEEDED


def test_a_caller_may_have_so_many_jobs_and_no_more(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest, long_search: pb.CreateJobRequest,
    refused: Refused,
) -> None:  # fmt: skip
    tokens = tmp_path / "tokens"
    alice, bob = (token_of(tokens, caller, "write") for caller in ("alice", "bob"))
    with start_server(tmp_path / "data", "--tokens", str(tokens), "--max-jobs-per-caller", "2") as server:

        def create(token: str, request: pb.CreateJobRequest) -> str:
            name: str = server.stub.CreateJob(request, timeout=30, metadata=authorized(token)).job.name
            return name

        first = create(alice, long_search)
        create(alice, power_law)
        refusal = refused(lambda: create(alice, power_law))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_JOBS")
        assert "cancel one" in refusal.message
        assert 1 <= refusal.retry_seconds <= 60
        create(bob, power_law)
        server.stub.CancelJob(pb.CancelJobRequest(name=first), timeout=60, metadata=authorized(alice))
        create(alice, power_law)
        info = server.stub.GetServerInfo(pb.GetServerInfoRequest(), metadata=authorized(bob))
        assert info.limits.max_jobs_per_caller == 2


def test_a_small_message_that_inflates_beyond_the_limit_is_refused(
    narrow_server: Server, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    power_law.problem.table.columns[0].packed_values = bytes(64 * 1024 * 1024)
    process = psutil.Process(narrow_server.process.pid)
    before = process.memory_info().rss
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(narrow_server.address, options, grpc.Compression.Gzip) as channel:
        refusal = refused(lambda: DiscoveryServiceStub(channel).CreateJob(power_law, timeout=60))
    assert refusal.code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert process.memory_info().rss - before < 32 * 1024 * 1024


def test_a_message_above_the_limit_is_refused(
    narrow_server: Server, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    power_law.problem.table.columns[0].packed_values = bytes(2 * 1024 * 1024)
    assert refused(lambda: narrow_server.create(power_law)).code == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_options_of_another_kind_of_observations_are_refused(
    server: Server, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    columns = power_law.problem.table.columns
    curves = observations_pb2.Curves(columns=columns, target=power_law.problem.table.target)
    options = problem_pb2.SearchOptions(engine=problem_pb2.ENGINE_OPERON, metric="log", dimensional_constants=True)
    request = pb.CreateJobRequest(problem=problem_pb2.Problem(curves=curves, options=options))
    refusal = refused(lambda: server.create(request))
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert set(refusal.violations) == {
        "problem.options.engine", "problem.options.metric", "problem.options.dimensional_constants"
    }  # fmt: skip
    assert "is operon, which is not for curves; give auto or none" in refusal.violations["problem.options.engine"]

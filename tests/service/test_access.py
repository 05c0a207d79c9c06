"""Who may do what: every method, with every kind of caller, over every kind of connection."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
import trustme
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from ansatz.v1 import comparison_pb2, job_pb2, observations_pb2, problem_pb2
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1.discovery_service_pb2_grpc import DiscoveryServiceStub

if TYPE_CHECKING:
    from tests.service.conftest import Server, StartServer

OK = grpc.StatusCode.OK
NO_TOKEN, WRONG = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAUTHENTICATED
DENIED, ABSENT = grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.NOT_FOUND
Metadata = tuple[tuple[str, str], ...]
Method = Callable[[DiscoveryServiceStub, str, Metadata], object]

OPEN_TO_READERS = {"ListJobs", "EvaluateFormula", "CompareFormulas", "GetServerInfo"}
OF_A_JOB = {"GetJob", "WaitJob", "WatchJob", "ProposeExperiments", "RenderPlot"}
MAKES = {"CreateJob", "UploadObservations"}
CHANGES_A_JOB = {"CancelJob", "DeleteJob"}


def token_of(file: Path, caller: str, role: str) -> str:
    command = [sys.executable, "-P", "-m", "ansatz.service.access.tokens", "new", caller, "--role", role]
    return subprocess.run([*command, "--file", str(file)], capture_output=True, text=True, check=True).stdout.strip()


@dataclass(frozen=True)
class Guarded:
    """A server that asks for tokens, and a channel to it; `owned` is a job of alice's."""

    channel: grpc.Channel
    tokens: dict[str, str]
    owned: str
    request: pb.CreateJobRequest

    @property
    def stub(self) -> DiscoveryServiceStub:
        return DiscoveryServiceStub(self.channel)


def authorized(token: str | None) -> Metadata:
    return () if token is None else (("authorization", f"Bearer {token}"),)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_flags(authority: trustme.CA, folder: Path, mutual: bool) -> list[str]:
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    flags = ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    return flags + (["--tls-client-ca", str(folder / "ca.pem")] if mutual else [])


def open_channel(server: Server, authority: trustme.CA, transport: str) -> grpc.Channel:
    if transport == "plain":
        return grpc.insecure_channel(server.address)
    own = authority.issue_cert("alice@example.org")
    with_own = transport == "mutual"
    credentials = grpc.ssl_channel_credentials(
        authority.cert_pem.bytes(),
        own.private_key_pem.bytes() if with_own else None,
        own.cert_chain_pems[0].bytes() if with_own else None,
    )
    return grpc.secure_channel(server.address, credentials)


@pytest.fixture(scope="module", params=["plain", "tls", "mutual"])
def guarded(
    request: pytest.FixtureRequest,
    start_server: StartServer,
    tmp_path_factory: pytest.TempPathFactory,
    authority: trustme.CA,
) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp(request.param)
    tokens_file = folder / "tokens"
    roles = {"alice": "write", "reader": "read", "bob": "write", "root": "admin"}
    tokens = {caller: token_of(tokens_file, caller, role) for caller, role in roles.items()}
    flags = ["--tokens", str(tokens_file)]
    if request.param != "plain":
        flags += tls_flags(authority, folder, request.param == "mutual")
    table = observations_pb2.Table(target="y")
    for name, power in (("x", 1), ("y", 2)):
        table.columns.add(name=name, values=[float(i**power) for i in range(1, 9)])
    create = pb.CreateJobRequest()
    create.problem.table.CopyFrom(table)
    with start_server(folder / "data", *flags) as server, open_channel(server, authority, request.param) as channel:
        stub = DiscoveryServiceStub(channel)
        made = stub.CreateJob(create, timeout=30, metadata=authorized(tokens["alice"])).job
        stub.WaitJob(pb.WaitJobRequest(name=made.name), timeout=90, metadata=authorized(tokens["alice"]))
        yield Guarded(channel, tokens, made.name, create)


def call(guarded: Guarded, method: str, token: str | None) -> grpc.StatusCode:
    stub, metadata = guarded.stub, authorized(token)
    requests = {
        "CreateJob": guarded.request,
        "UploadObservations": iter([pb.UploadObservationsRequest(data=b"some observations")]),
        "ListJobs": pb.ListJobsRequest(),
        "GetJob": pb.GetJobRequest(name=guarded.owned),
        "WaitJob": pb.WaitJobRequest(name=guarded.owned),
        "WatchJob": pb.WatchJobRequest(name=guarded.owned),
        "CancelJob": pb.CancelJobRequest(name=guarded.owned),
        "DeleteJob": pb.DeleteJobRequest(name=guarded.owned),
        "EvaluateFormula": pb.EvaluateFormulaRequest(formula="x**2", table=guarded.request.problem.table),
        "ProposeExperiments": pb.ProposeExperimentsRequest(
            job=guarded.owned, box={"x": comparison_pb2.Interval(lower=1, upper=9)}, n=1
        ),
        "CompareFormulas": pb.CompareFormulasRequest(a="x", b="2*x/2"),
        "RenderPlot": pb.RenderPlotRequest(name=guarded.owned),
        "PredictCurves": pb.PredictCurvesRequest(name=guarded.owned, targets=[1.0]),
        "GetServerInfo": pb.GetServerInfoRequest(),
    }
    try:
        answer = getattr(stub, method)(requests[method], timeout=60, metadata=metadata)
        if method == "WatchJob":
            next(answer)
            answer.cancel()
    except grpc.RpcError as error:
        return code_of(error)
    return OK


def code_of(error: grpc.RpcError) -> grpc.StatusCode:
    assert isinstance(error, grpc.Call)
    return error.code()


METHODS = ("CreateJob", "UploadObservations", *sorted(OPEN_TO_READERS), *sorted(OF_A_JOB), "CancelJob")


@pytest.mark.parametrize("method", METHODS)
def test_every_method_asks_who_calls_and_whether_they_may(guarded: Guarded, method: str) -> None:
    of_a_job = method in OF_A_JOB | CHANGES_A_JOB
    writes = method in MAKES | CHANGES_A_JOB
    expected = {
        None: NO_TOKEN,
        "wrong": WRONG,
        guarded.tokens["reader"]: DENIED if writes else ABSENT if of_a_job else OK,
        guarded.tokens["bob"]: ABSENT if of_a_job else OK,
        guarded.tokens["alice"]: OK,
        guarded.tokens["root"]: OK,
    }
    assert {token: call(guarded, method, token) for token in expected} == expected


def test_predictions_ask_who_calls_before_what_the_job_is(guarded: Guarded) -> None:
    of_a_table = grpc.StatusCode.INVALID_ARGUMENT
    expected = {
        None: NO_TOKEN,
        "wrong": WRONG,
        guarded.tokens["reader"]: ABSENT,
        guarded.tokens["bob"]: ABSENT,
        guarded.tokens["alice"]: of_a_table,
        guarded.tokens["root"]: of_a_table,
    }
    assert {token: call(guarded, "PredictCurves", token) for token in expected} == expected


def test_the_methods_tried_are_all_there_are() -> None:
    service = pb.DESCRIPTOR.services_by_name["DiscoveryService"]
    assert {m.name for m in service.methods} == {*METHODS, "DeleteJob", "PredictCurves"}


def test_a_caller_deletes_only_their_own_jobs(guarded: Guarded) -> None:
    stub = guarded.stub
    made = stub.CreateJob(guarded.request, timeout=30, metadata=authorized(guarded.tokens["bob"])).job
    by = {caller: authorized(token) for caller, token in guarded.tokens.items()}
    for caller, code in (("alice", ABSENT), ("reader", DENIED), ("root", OK)):
        try:
            stub.DeleteJob(pb.DeleteJobRequest(name=made.name), timeout=30, metadata=by[caller])
            got = OK
        except grpc.RpcError as error:
            got = code_of(error)
        assert got == code, caller


def test_an_upload_is_there_for_its_caller_only(guarded: Guarded) -> None:
    stub, by = guarded.stub, {caller: authorized(token) for caller, token in guarded.tokens.items()}
    content = problem_pb2.Problem(table=guarded.request.problem.table).SerializeToString()
    pieces = iter([pb.UploadObservationsRequest(data=content)])
    request = pb.CreateJobRequest(upload=stub.UploadObservations(pieces, timeout=30, metadata=by["alice"]).name)
    for caller, code in (("bob", ABSENT), ("reader", DENIED), ("alice", OK), ("alice", ABSENT)):
        try:
            stub.CreateJob(request, timeout=30, metadata=by[caller])
            got = OK
        except grpc.RpcError as error:
            got = code_of(error)
        assert got == code, caller


def test_lists_hold_only_ones_own_jobs(guarded: Guarded) -> None:
    def names(caller: str) -> set[str]:
        metadata = authorized(guarded.tokens[caller])
        jobs: list[job_pb2.Job] = list(guarded.stub.ListJobs(pb.ListJobsRequest(), timeout=30, metadata=metadata).jobs)
        return {job.name for job in jobs}

    assert guarded.owned in names("alice")
    assert guarded.owned in names("root")
    assert guarded.owned not in names("bob") | names("reader")


def test_callers_choose_request_ids_independently(guarded: Guarded) -> None:
    request = pb.CreateJobRequest()
    request.CopyFrom(guarded.request)
    request.request_id = "the same"
    made = {
        caller: guarded.stub.CreateJob(request, timeout=30, metadata=authorized(guarded.tokens[caller])).job.name
        for caller in ("alice", "bob", "alice")
    }
    assert made["alice"] != made["bob"]


def test_health_is_open_to_everybody(guarded: Guarded) -> None:
    answer = health_pb2_grpc.HealthStub(guarded.channel).Check(health_pb2.HealthCheckRequest(), timeout=30)
    assert answer.status in (health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING)


def test_tokens_come_and_go_without_a_restart(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest
) -> None:
    file = tmp_path / "tokens"
    first = token_of(file, "alice", "write")
    with start_server(tmp_path / "data", "--tokens", str(file)) as server:
        name = server.stub.CreateJob(power_law, metadata=authorized(first)).job.name
        second = token_of(file, "alice", "read")
        assert server.stub.GetJob(pb.GetJobRequest(name=name), metadata=authorized(second)).job.name == name
        lines = file.read_text().splitlines(keepends=True)
        file.write_text(lines[1])
        with pytest.raises(grpc.RpcError) as refused:
            server.stub.GetJob(pb.GetJobRequest(name=name), metadata=authorized(first))
        assert code_of(refused.value) == grpc.StatusCode.UNAUTHENTICATED
    assert first not in "".join(lines)


def test_reflection_can_be_switched_off(start_server: StartServer, tmp_path: Path) -> None:
    with start_server(tmp_path, "--no-reflection") as server:
        stub = reflection_pb2_grpc.ServerReflectionStub(server.channel)
        with pytest.raises(grpc.RpcError) as refused:
            list(stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")])))
        assert code_of(refused.value) == grpc.StatusCode.UNIMPLEMENTED


def test_a_caller_without_a_certificate_is_turned_away_where_one_is_asked_for(
    start_server: StartServer, tmp_path: Path, authority: trustme.CA
) -> None:
    with start_server(tmp_path / "data", *tls_flags(authority, tmp_path, mutual=True)) as server:
        for transport in ("plain", "tls"):
            with open_channel(server, authority, transport) as channel, pytest.raises(grpc.RpcError) as refused:
                DiscoveryServiceStub(channel).GetServerInfo(pb.GetServerInfoRequest(), timeout=10)
            assert code_of(refused.value) == grpc.StatusCode.UNAVAILABLE

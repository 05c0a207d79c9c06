"""Observations that come in pieces."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest

from ansatz.service.access import Caller, Role
from ansatz.service.jobs import uploads
from ansatz.service.limits.limits import Limits
from ansatz.service.settings import Settings
from ansatz.service.store import Database, UploadStore
from ansatz.service.store.database import parsed
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2, problem_pb2
from tests.service.test_isolation import eventually

if TYPE_CHECKING:
    from tests.service.conftest import Refused, Server, StartServer


@pytest.fixture(scope="module")
def uploading(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server that takes messages of 1 MiB and uploads of 3 MiB, and its database."""
    folder = tmp_path_factory.mktemp("uploads")
    with start_server(folder, "--max-message-mib", "1", "--max-upload-mib", "3") as server:
        yield server, folder / "jobs.db"


def content_of(request: pb.CreateJobRequest) -> bytes:
    problem = problem_pb2.Problem()
    problem.CopyFrom(request.problem)
    problem.ClearField("options")
    return problem.SerializeToString()


def pieces(content: bytes, size: int) -> Iterator[pb.UploadObservationsRequest]:
    for start in range(0, len(content), size):
        yield pb.UploadObservationsRequest(data=content[start : start + size])


def upload(server: Server, content: bytes, size: int = 900_000) -> pb.UploadObservationsResponse:
    response: pb.UploadObservationsResponse = server.stub.UploadObservations(pieces(content, size), timeout=60)
    return response


def left_in(database: Path) -> int:
    """Rows of uploads and their pieces in the store."""
    with closing(sqlite3.connect(database)) as connection:
        [(number,)] = connection.execute("SELECT (SELECT count(*) FROM uploads) + (SELECT count(*) FROM upload_pieces)")
    return int(number)


def jobless_in(database: Path) -> int:
    """Uploads that no job uses."""
    with closing(sqlite3.connect(database)) as connection:
        [(number,)] = connection.execute("SELECT count(*) FROM uploads WHERE job IS NULL")
    return int(number)


def using(name: str, request: pb.CreateJobRequest) -> pb.CreateJobRequest:
    """The request with an upload in place of its observations."""
    return pb.CreateJobRequest(
        problem=problem_pb2.Problem(options=request.problem.options), upload=name, request_id=request.request_id
    )


def test_uploaded_observations_give_what_the_same_in_a_request_give(
    uploading: tuple[Server, Path], power_law: pb.CreateJobRequest
) -> None:
    server, database = uploading
    content = content_of(power_law)
    inline = server.wait(server.create(power_law).name)
    uploaded = upload(server, content, size=100)
    assert uploaded.size_bytes == len(content)
    assert 3500 < uploaded.expire_time.ToSeconds() - inline.end_time.ToSeconds() < 3900
    job = server.wait(server.create(using(uploaded.name, power_law)).name)
    assert job.report.receipt.data_sha256 == inline.report.receipt.data_sha256
    assert job.report.candidates == inline.report.candidates
    again = pb.CreateJobRequest(continue_job=job.name)
    assert server.wait(server.create(again).name).report.receipt.data_sha256 == inline.report.receipt.data_sha256
    assert jobless_in(database) == 0
    assert left_in(database) > 0
    server.stub.DeleteJob(pb.DeleteJobRequest(name=job.name), timeout=30)
    assert left_in(database) == 0


def test_observations_larger_than_a_message_are_searched(
    uploading: tuple[Server, Path], long_search: pb.CreateJobRequest
) -> None:
    server, database = uploading
    columns = long_search.problem.table.columns
    for column in columns:
        column.packed_values *= 4
    assert len(content_of(long_search)) > 2 * 2**20
    job = server.create(using(upload(server, content_of(long_search)).name, long_search))
    assert (job.data.rows, len(job.data.inputs)) == (16_000, 16)
    server.until_searching(job.name)
    server.cancel(job.name)
    assert jobless_in(database) == 0


def test_wrong_observations_are_refused_as_in_a_request(
    uploading: tuple[Server, Path], power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    server, _ = uploading
    power_law.problem.table.columns[2].packed_values += b"abc"
    name = upload(server, content_of(power_law)).name
    refusal = refused(lambda: server.create(using(name, power_law)))
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert "483 bytes" in refusal.violations["problem.table.columns[2].packed_values"]
    power_law.upload = name
    assert "give one of them" in refused(lambda: server.create(power_law)).violations["upload"]
    power_law.upload = ""
    for content in (b"no problem at all", power_law.problem.SerializeToString()):
        request = using(upload(server, content).name, power_law)
        assert "without options" in refused(lambda: server.create(request)).violations["upload"]  # noqa: B023
    assert "no upload" in refused(lambda: server.create(using("uploads/../x", power_law))).violations["upload"]


def test_an_upload_that_is_too_large_or_empty_leaves_nothing(uploading: tuple[Server, Path], refused: Refused) -> None:
    server, database = uploading
    before = left_in(database)
    refusal = refused(lambda: upload(server, bytes(4 * 2**20)))
    assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT
    assert "fewer rows" in refusal.violations["data"]
    assert "is empty" in refused(lambda: upload(server, b"")).violations["data"]
    assert left_in(database) == before


def test_an_upload_that_breaks_off_leaves_nothing(uploading: tuple[Server, Path]) -> None:
    server, database = uploading
    before, stop = left_in(database), threading.Event()

    def half() -> Iterator[pb.UploadObservationsRequest]:
        yield from pieces(bytes(2 * 2**20), 900_000)
        stop.wait(60)

    call = server.stub.UploadObservations.future(half(), timeout=60)
    assert eventually(lambda: left_in(database) > before)
    call.cancel()
    stop.set()
    assert eventually(lambda: left_in(database) == before)


@pytest.mark.slow
def test_an_upload_that_comes_slowly_is_kept_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of little, whose pieces come in time, but take longer together than an upload is kept without a piece."""
    monkeypatch.setattr(uploads, "UPLOAD_PAUSE_SECONDS", 2.0)

    async def slow() -> AsyncIterator[pb.UploadObservationsRequest]:
        for _ in range(10):
            yield pb.UploadObservationsRequest(data=b"little")
            await asyncio.sleep(0.5)

    async def received() -> int:
        database = Database(parsed(f"sqlite:///{tmp_path / 'jobs.db'}"))
        await database.open()
        store = UploadStore(database)
        try:
            receiver = uploads.Uploads(store, Limits.of(Settings(data_dir=tmp_path)))
            receiving = asyncio.create_task(receiver.receive(slow(), Caller("alice", Role.WRITE)))
            while not receiving.done():
                await store.delete_expired()
                await asyncio.sleep(0.05)
            return (await receiving).size_bytes
        finally:
            await database.close()

    assert asyncio.run(received()) == 10 * len(b"little")


@pytest.mark.slow
def test_uploads_survive_a_restart_and_a_retry_needs_them_no_more(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest, refused: Refused
) -> None:
    power_law.request_id = "of an upload"
    content = content_of(power_law)
    with start_server(tmp_path) as server:
        first = using(upload(server, content).name, power_law)
        again = using(upload(server, content).name, power_law)
        assert first.upload != again.upload
    with start_server(tmp_path) as server:
        made = server.create(first)
        assert server.create(first).name == made.name
        # The same observations, uploaded again by a caller that heard no answer.
        assert server.create(again).name == made.name
        assert server.wait(made.name).state == job_pb2.JOB_STATE_SUCCEEDED
        first.request_id = ""
        refusal = refused(lambda: server.create(first))
        assert (refusal.code, refusal.reason) == (grpc.StatusCode.NOT_FOUND, "UPLOAD_NOT_FOUND")


@pytest.mark.slow
def test_a_caller_has_so_many_uploads_and_no_more(start_server: StartServer, tmp_path: Path, refused: Refused) -> None:
    with start_server(tmp_path) as server:
        most = server.stub.GetServerInfo(pb.GetServerInfoRequest()).limits.max_uploads_per_caller
        for _ in range(most):
            upload(server, b"anything")
        refusal = refused(lambda: upload(server, b"anything"))
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "TOO_MANY_UPLOADS")
    assert 3000 < refusal.retry_seconds <= 3600
    with closing(sqlite3.connect(tmp_path / "jobs.db")) as connection:
        connection.execute("UPDATE uploads SET expire_time = 0")
        connection.commit()
    with start_server(tmp_path) as server:
        assert upload(server, b"anything").name
        assert eventually(lambda: left_in(tmp_path / "jobs.db") == 2)

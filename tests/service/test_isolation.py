"""Searches that take too much memory, crash, hang, leak or leave processes behind: each harms its own job only."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from ansatz.service.machine import memory_bytes
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2
from tests.service.faults.sitecustomize import Fault

if TYPE_CHECKING:
    from tests.service.conftest import Server, StartServer

FAULTS = Path(__file__).parent / "faults"
LIMIT_MIB = 500


@pytest.fixture(scope="module")
def faulty(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server with one worker, whose searches go wrong by their seed; and the folder of their daemons."""
    folder = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(FAULTS), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("FAULTS_FOLDER", str(folder))
        with start_server(folder / "data", "--worker-memory-mib", str(LIMIT_MIB)) as server:
            yield server, folder


def search(server: Server, request: pb.CreateJobRequest, fault: Fault) -> job_pb2.Job:
    request.problem.options.seed = fault
    request.problem.options.budget.seconds = 5 if fault is Fault.HANG else 60
    return server.wait(server.create(request).name)


def succeeds(server: Server, request: pb.CreateJobRequest) -> bool:
    request.problem.options.seed = 0
    return server.wait(server.create(request).name).state == job_pb2.JOB_STATE_SUCCEEDED


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 60
    while not (held := holds()) and time.monotonic() < end:
        time.sleep(0.1)
    return held


def daemon_of(folder: Path) -> int:
    """The number of the last daemon that a search started."""
    return int((folder / "daemon").read_text())


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("fault", [Fault.GROW, pytest.param(Fault.CHILD_GROWS, marks=pytest.mark.slow)])
def test_a_search_that_takes_too_much_memory_fails_and_says_so(
    faulty: tuple[Server, Path], power_law: pb.CreateJobRequest, fault: Fault
) -> None:
    server, _ = faulty
    job = search(server, power_law, fault)
    assert (job.state, job.error.reason, job.attempts) == (job_pb2.JOB_STATE_FAILED, "MEMORY_LIMIT", 1)
    assert f"{LIMIT_MIB} MiB (--worker-memory-mib)" in job.error.message
    assert "fewer rows" in job.error.message
    assert job.report.candidates
    assert succeeds(server, power_law)


@pytest.mark.slow
def test_memory_that_processes_share_counts_once(faulty: tuple[Server, Path], power_law: pb.CreateJobRequest) -> None:
    server, _ = faulty
    assert search(server, power_law, Fault.SHARE_MEMORY).state == job_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault.CRASH, Fault.CRASH_WITH_DAEMON])
def test_a_worker_that_crashes_is_replaced(
    faulty: tuple[Server, Path], power_law: pb.CreateJobRequest, fault: Fault
) -> None:
    server, folder = faulty
    job = search(server, power_law, fault)
    assert (job.state, job.error.reason, job.attempts) == (job_pb2.JOB_STATE_FAILED, "WORKER_DIED", 2)
    assert job.report.candidates
    if fault is Fault.CRASH_WITH_DAEMON:
        daemon = daemon_of(folder)
        assert eventually(lambda: is_gone(daemon))
    assert succeeds(server, power_law)


@pytest.mark.slow
def test_a_worker_that_hangs_is_replaced_with_all_that_it_started(
    faulty: tuple[Server, Path], power_law: pb.CreateJobRequest
) -> None:
    server, folder = faulty
    job = search(server, power_law, Fault.HANG)
    assert job.state == job_pb2.JOB_STATE_SUCCEEDED
    assert [w.code for w in job.report.warnings] == ["SEARCH_ABANDONED"]
    daemon = daemon_of(folder)
    assert eventually(lambda: is_gone(daemon))
    assert succeeds(server, power_law)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Fault.LEAK, Fault.LEAVE_DAEMON])
def test_a_worker_that_keeps_memory_or_leaves_processes_behind_is_replaced(
    faulty: tuple[Server, Path], power_law: pb.CreateJobRequest, fault: Fault
) -> None:
    server, folder = faulty
    assert succeeds(server, power_law)
    [before] = server.workers("search")
    assert search(server, power_law, fault).state == job_pb2.JOB_STATE_SUCCEEDED
    assert eventually(lambda: not before.is_running())
    if fault is Fault.LEAVE_DAEMON:
        assert is_gone(daemon_of(folder))
    assert succeeds(server, power_law)


def test_a_worker_that_is_as_it_was_stays(faulty: tuple[Server, Path], power_law: pb.CreateJobRequest) -> None:
    server, _ = faulty
    assert succeeds(server, power_law)
    before = server.workers("search")
    for _ in range(3):
        assert succeeds(server, power_law)
    assert server.workers("search") == before


@pytest.mark.parametrize(
    ("membership", "file", "text", "limit"),
    [
        ("0::/job/one\n", "job/memory.max", "1048576\n", 1048576),
        ("0::/\n", "memory.max", "max\n", None),
        ("4:memory:/as/its/host/sees/it\n0::/\n", "memory/memory.limit_in_bytes", "2097152\n", 2097152),
        ("4:cpu:/\n", "memory.max", "1048576\n", None),
    ],
)
def test_a_containers_memory_is_its_limit(
    tmp_path: Path, membership: str, file: str, text: str, limit: int | None
) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(text)
    memberships = tmp_path / "cgroup"
    memberships.write_text(membership)
    assert memory_bytes(memberships, tmp_path) == (limit or psutil.virtual_memory().total)

"""Where jobs are kept: SQLite or PostgreSQL, chosen by URL."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy.engine import make_url

from ansatz.service.store import Database, database, migrate
from ansatz.service.store.database import parsed
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2

if TYPE_CHECKING:
    from bench.postgresql import Cluster
    from tests.service.conftest import StartServer

COMMAND = [sys.executable, "-P", "-m", "ansatz.service", "--listen", "127.0.0.1:0"]


def refused_start(*flags: str, **environment: str) -> tuple[int, str]:
    """The exit status of a server that does not start, and all it wrote."""
    run = subprocess.run(
        [*COMMAND, *flags], capture_output=True, text=True, check=False, timeout=60, env=os.environ | environment
    )
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "is no URL of a database"),
        ("mysql://me:hunter2@host/jobs", "is of 'mysql'"),
        ("postgresql://me:hunter2@host:port/jobs", "is no URL of a database"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_wrong_url_exits_with_2_and_tells_no_password(tmp_path: Path, url: str, says: str) -> None:
    status, text = refused_start("--data-dir", str(tmp_path), "--store", url)
    assert status == 2
    assert "store" in text
    assert says in text
    assert "hunter2" not in text


def test_a_store_that_cannot_be_reached_exits_with_1_and_tells_no_password(tmp_path: Path) -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/jobs?password=hunter3"
    status, text = refused_start("--data-dir", str(tmp_path), ANSATZ_STORE=url)
    assert status == 1
    assert "the store postgresql://127.0.0.1/jobs cannot be used" in text
    assert "hunter" not in text


def test_a_sqlite_database_may_stand_anywhere_and_is_one_servers_alone(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest
) -> None:
    flags = ("--store", f"sqlite:///{tmp_path / 'elsewhere' / 'laws.db'}")
    (tmp_path / "elsewhere").mkdir()
    with start_server(tmp_path / "a", *flags) as server:
        name = server.wait(server.create(power_law).name).name
        status, text = refused_start("--data-dir", str(tmp_path / "b"), *flags)
        assert (status, "another server" in text) == (1, True)
    with start_server(tmp_path / "b", *flags) as server:
        assert server.job(name).state == job_pb2.JOB_STATE_SUCCEEDED


@pytest.mark.slow
def test_servers_that_start_at_once_on_an_empty_postgresql_share_its_jobs(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest, postgres: Cluster
) -> None:
    flags = ("--store", postgres.new_database())
    with ExitStack() as stack, ThreadPoolExecutor(3) as pool:
        starting = [pool.submit(stack.enter_context, start_server(tmp_path / str(i), *flags)) for i in range(3)]
        servers = [s.result() for s in starting]
        done = servers[0].wait(servers[0].create(power_law).name)
        assert done.report.candidates[0].formula == "2.5*a**1.5/b"
        assert [s.job(done.name) for s in servers] == [done] * 3
        events = list(servers[0].watch(done.name))
        assert [e.sequence for e in events] == list(range(1, done.last_sequence + 1))
        assert list(servers[1].watch(done.name)) == events


def test_servers_wait_for_the_one_that_brings_the_database_up_to_date(
    monkeypatch: pytest.MonkeyPatch, postgres: Cluster
) -> None:
    """For longer than they wait for a lock otherwise."""
    monkeypatch.setattr(database, "_POSTGRESQL_SESSION", ("SET lock_timeout = '100ms'",))
    url = postgres.new_database()

    async def opened(other: psycopg.Connection) -> None:
        waiting = Database(parsed(url))
        opening = asyncio.create_task(waiting.open())
        await asyncio.sleep(1)
        assert not opening.done()
        other.rollback()
        await opening
        await waiting.close()

    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [migrate._LOCK])
        asyncio.run(opened(other))


def test_a_server_whose_connections_to_postgresql_are_cut_goes_on(
    start_server: StartServer, tmp_path: Path, long_search: pb.CreateJobRequest, power_law: pb.CreateJobRequest,
    postgres: Cluster,
) -> None:  # fmt: skip
    url = postgres.new_database()
    with start_server(tmp_path, "--store", url, "--lease-seconds", "4") as server:
        long = server.create(long_search).name
        seen = server.until_searching(long)
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
            found = connection.execute(cut, [make_url(url).database])
            assert found.rowcount >= 2
        # The job goes on, the server hears of new ones, and new ones are taken.
        assert next(server.watch(long, seen)).sequence == seen + 1
        assert server.cancel(long).state == job_pb2.JOB_STATE_CANCELLED
        assert server.wait(server.create(power_law).name).state == job_pb2.JOB_STATE_SUCCEEDED

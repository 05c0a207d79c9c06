"""Databases of earlier versions: what they hold is there, and they take new jobs."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from ansatz.service.store.database import parsed
from ansatz.service.store.migrate import migrate, versions
from ansatz.service.store.schema import metadata
from ansatz.v1 import discovery_service_pb2 as pb
from ansatz.v1 import job_pb2

if TYPE_CHECKING:
    from tests.service.conftest import StartServer

DATABASES = sorted((Path(__file__).parent / "databases").glob("*.db"))
"""One of each schema, made by the version that wrote it; each holds the job "square", which found x**2. Since 0006 its
observations were uploaded."""


@pytest.mark.parametrize("database", DATABASES, ids=lambda path: path.stem)
def test_an_old_database_is_taken_over(
    start_server: StartServer, tmp_path: Path, power_law: pb.CreateJobRequest, database: Path
) -> None:
    shutil.copy(database, tmp_path / "jobs.db")
    with start_server(tmp_path) as server:
        job = server.job("jobs/square")
        assert job.state == job_pb2.JOB_STATE_SUCCEEDED
        assert job.report.candidates[0].formula == "x**2"
        assert [e.sequence for e in server.watch(job.name)] == list(range(1, job.last_sequence + 1))
        assert server.wait(server.create(power_law).name).state == job_pb2.JOB_STATE_SUCCEEDED


def test_the_newest_schema_is_among_them() -> None:
    with sa.create_engine("sqlite://").connect() as connection:
        _, known = versions(connection)
    assert DATABASES[-1].stem == known[-1]


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    shutil.copy(DATABASES[0], tmp_path / "jobs.db")
    with sqlite3.connect(tmp_path / "jobs.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    command = [sys.executable, "-P", "-m", "ansatz.service", "--listen", "127.0.0.1:0", "--data-dir", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert "another version of the server" in ended.stderr


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_the_migrations_make_the_schema_that_the_store_uses(request: pytest.FixtureRequest, store: str) -> None:
    url = "sqlite://" if store == "sqlite" else request.getfixturevalue("postgres").new_database()
    engine = sa.create_engine(url if store == "sqlite" else parsed(url))
    with engine.begin() as connection:
        migrate(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []

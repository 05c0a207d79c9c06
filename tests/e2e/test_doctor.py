"""`ansatz doctor`: what it finds, what it says to do, and its exit status."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from bench import postgresql

if TYPE_CHECKING:
    from tests.e2e.conftest import Run

DATABASES = Path(__file__).parents[1] / "service" / "databases"
Examine = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


@pytest.fixture
def examine(ansatz: Run, tmp_path: Path) -> Examine:
    """Exit status and checks by name, of this machine with a free port and a fresh data directory unless told."""

    def run(*flags: object, **keywords: Any) -> tuple[int, dict[str, dict[str, Any]]]:
        given = (
            [*flags] if "--server" in flags else ["--listen", "127.0.0.1:0", "--data-dir", tmp_path / "data", *flags]
        )
        done = ansatz("doctor", "--json", *given, **keywords)
        found = json.loads(done.stdout)
        assert found["healthy"] == (done.returncode == 0)
        checks = {check["name"]: check for check in found["checks"]}
        assert all(check["remedy"] for check in checks.values() if check["status"] != "ok")
        return done.returncode, checks

    return run


def certificate(authority: trustme.CA, folder: Path, days: int) -> tuple[Path, Path]:
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    issued = authority.issue_cert("127.0.0.1", not_after=until)
    cert, key = folder / f"cert{days}.pem", folder / f"key{days}.pem"
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    return cert, key


def test_a_machine_that_is_all_right(examine: Examine, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"alice write {'0' * 64}\n")
    tokens.chmod(0o600)
    cert, key = certificate(trustme.CA(), tmp_path, 365)
    status, checks = examine(
        "--workers", 1, "--tokens", tokens, "--tls-cert", cert, "--tls-key", key, "--metrics", "127.0.0.1:0"
    )
    assert status == 0, [check for check in checks.values() if check["status"] == "failed"]
    assert {"store", "disk", "open files", "memory", "cores", "address", "metrics address"} <= set(checks)
    assert {checks[n]["status"] for n in ("settings", "store", "certificate", "key", "tokens file", "callers")} == {
        "ok"
    }
    assert not (tmp_path / "data").exists()


@pytest.mark.skipif(shutil.which("nproc") is None, reason="needs Linux")
def test_what_is_wrong_on_this_machine_is_named_with_what_to_do(examine: Examine, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(sorted(DATABASES.glob("*.db"))[0], data / "jobs.db")
    with sqlite3.connect(data / "jobs.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    tokens = tmp_path / "tokens"
    tokens.write_text(f"alice write {'0' * 64}\n")
    tokens.chmod(0o644)
    authority = trustme.CA()
    expired, _ = certificate(authority, tmp_path, -1)
    _, other_key = certificate(authority, tmp_path, 365)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        flags: list[object] = ["--listen", address, "--workers", 256, "--tokens", tokens]
        flags += ["--tls-cert", expired, "--tls-key", other_key]
        status, checks = examine(*flags)
    assert status == 1
    failed = {name for name, check in checks.items() if check["status"] == "failed"}
    assert {"schema", "address", "certificate", "key", "memory"} <= failed
    assert "9999" in checks["schema"]["found"]
    assert "chmod 600" in checks["tokens file"]["remedy"]
    assert checks["cores"]["status"] == "warning"


def test_an_older_database_and_a_certificate_that_expires_soon_are_warned_of(examine: Examine, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    shutil.copy(sorted(DATABASES.glob("*.db"))[0], data / "jobs.db")
    before = (data / "jobs.db").read_bytes()
    cert, key = certificate(trustme.CA(), tmp_path, 10)
    status, checks = examine("--tls-cert", cert, "--tls-key", key, "--workers", 1)
    assert status == 0, checks
    assert checks["certificate"]["status"] == checks["schema"]["status"] == "warning"
    assert (data / "jobs.db").read_bytes() == before


@pytest.mark.slow
def test_a_postgresql_is_looked_at_and_left_as_it_is(examine: Examine) -> None:
    if postgresql.programs() is None:
        pytest.skip(postgresql.MISSING)
    with postgresql.cluster() as cluster:
        status, checks = examine("--store", cluster.new_database(), "--workers", 1)
        assert (status, checks["store"]["status"]) == (0, "ok")
        assert "none yet" in checks["schema"]["found"]
    status, checks = examine("--store", "postgresql://somebody:hidden@127.0.0.1:1/jobs")
    assert (status, checks["store"]["status"]) == (1, "failed")
    assert "hidden" not in str(checks)


def test_wrong_settings_are_a_failed_check(examine: Examine) -> None:
    status, checks = examine("--listen", "0.0.0.0:1")
    assert status == 1
    assert "--insecure" in checks["settings"]["found"]


@pytest.mark.skipif(os.geteuid() == 0, reason="needs a user whom permissions stop; root writes everywhere")
def test_a_folder_that_cannot_be_written_is_said(examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    status, checks = examine()
    assert (status, checks["store"]["status"]) == (1, "failed")


def test_a_server_that_runs(examine: Examine, served: str, ansatz: Run) -> None:
    assert ansatz("engines", "list", "--server", served).returncode == 0
    status, checks = examine("--server", served)
    assert {"encryption", "reachable", "health", "calls", "version"} <= set(checks)
    assert checks["version"]["status"] == "ok"
    assert status == (checks["health"]["status"] != "ok")


def test_a_server_that_is_not_there(examine: Examine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    status, checks = examine("--server", address)
    assert (status, checks["reachable"]["status"]) == (1, "failed")


def test_the_table_says_what_to_do(ansatz: Run) -> None:
    done = ansatz("doctor", "--listen", "0.0.0.0:1")
    assert done.returncode == 1
    assert "→" in done.stdout
    assert "--insecure" in done.stdout


def test_flags_of_a_server_here_do_not_go_with_one_elsewhere(ansatz: Run) -> None:
    done = ansatz("doctor", "--server", "127.0.0.1:1", "--workers", "2")
    assert done.returncode == 2
    assert "--workers" in done.stderr

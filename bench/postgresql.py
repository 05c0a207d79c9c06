"""A PostgreSQL of our own, for tests and measurements: a cluster in a temporary folder, reached by a unix socket."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import sql

MISSING: Final = "PostgreSQL's programs are not here: apt-get install postgresql, or put initdb and postgres on PATH"
_START_SECONDS: Final = 60.0
_numbers = count()


def programs() -> Path | None:
    """The folder of initdb and postgres, the newest there is."""
    places = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    debian = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    places += [Path(p).parent for p in sorted(debian, key=lambda p: float(p.split("/")[4]), reverse=True)]
    return next((p for p in places if (p / "postgres").exists()), None)


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL."""

    socket_folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"ansatz_{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """PostgreSQL refuses to run as root: as root, it runs as the user that its package made, or as nobody."""
    found = programs()
    if found is None:
        raise FileNotFoundError(MISSING)
    place = found
    with tempfile.TemporaryDirectory(prefix="ansatz-pg-") as name:
        folder = Path(name)
        uid, gid = _other_user()
        if uid is not None and gid is not None:
            os.chown(folder, uid, gid)

        make = [f"{place}/initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"]
        make += ["--locale=C"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, timeout=120, cwd=folder, user=uid, group=gid)
        command = [f"{place}/postgres", "-D", f"{folder}/data", "-k", str(folder), "-c", "listen_addresses="]
        with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL, user=uid, group=gid) as server:
            try:
                made = Cluster(folder)
                _wait_for(made, server)
                yield made
            finally:
                server.send_signal(2)  # SIGINT: connections that are left are cut off
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()


def _wait_for(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            psycopg.connect(cluster.url("postgres")).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError("PostgreSQL did not start") from None
        time.sleep(0.05)


def _other_user() -> tuple[int, int] | tuple[None, None]:
    """Numbers of a user and a group, where this is root."""
    if os.geteuid() != 0:
        return None, None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    user = names.get("postgres") or names["nobody"]
    return user.pw_uid, user.pw_gid

"""Can the store be used, and is there room? Looking changes nothing: no file is made, no schema brought up to date."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from ansatz.service.doctor.check import Check, failed, ok, warning
from ansatz.service.settings import MIB, Settings
from ansatz.service.store.database import shown
from ansatz.service.store.migrate import versions

_LEAST_MIB: Final = 100
_FEW_MIB: Final = 1024
_CONNECT_SECONDS: Final = 10


def checks(settings: Settings) -> Iterator[Check]:
    url = settings.store_url
    if url.get_backend_name() != "sqlite":
        yield from _database(url)
        return
    file = Path(url.database or "")
    folder = next(f for f in file.absolute().parents if f.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        yield failed(
            "store",
            f"{folder} cannot be written",
            f"make it writable for this user ({_user()}), or give another --data-dir",
        )
        return
    if file.exists():
        yield from _database(url)
    else:
        yield ok("store", f"{file} will be made")
    yield _space(folder)


def _database(url: URL) -> Iterator[Check]:
    waits = {"connect_timeout": _CONNECT_SECONDS} if url.get_backend_name() == "postgresql" else {}
    engine = sa.create_engine(url, connect_args=waits)
    try:
        with engine.connect() as connection:
            _may_write(connection)
            found, known = versions(connection)
    except sa.exc.DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        yield failed(
            "store", f"{shown(url)} cannot be used: {reason}", "check --store, its permissions and that it runs"
        )
        return
    finally:
        engine.dispose()
    yield ok("store", f"{shown(url)} opens and can be written")
    if found is None:
        yield ok("schema", f"none yet; will be made as of version {known[-1]}")
    elif found not in known:
        yield failed(
            "schema", f"version {found}, made by a newer server", "install that version of ansatz or a newer one"
        )
    elif found != known[-1]:
        yield warning("schema", f"version {found}; the next start brings it to {known[-1]}", "make a backup first")
    else:
        yield ok("schema", f"version {found}, as this version wants it")


def _may_write(connection: Connection) -> None:
    """Raises DBAPIError where it may not; nothing is kept."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(sa.text("CREATE TABLE ansatz_doctor (number INTEGER)"))
    connection.rollback()


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free // MIB
    found = f"{free} MiB free at {folder}"
    if free < _LEAST_MIB:
        return failed("disk", found, "make room, or give another --data-dir")
    if free < _FEW_MIB:
        return warning("disk", found, "make room: each job keeps its data, about 8 bytes a value")
    return ok("disk", found)


def _user() -> str:
    return f"uid {os.getuid()}"

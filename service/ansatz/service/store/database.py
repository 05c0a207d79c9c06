"""The database behind the store: SQLite in a file, or PostgreSQL, told by URL; one thread that talks to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, make_url

from ansatz import distribution
from ansatz.service.store.migrate import migrate
from ansatz.service.store.signals import Signal, heard

T = TypeVar("T")
_FORMS: Final = "give sqlite:////path/of/file.db or postgresql://USER:PASSWORD@HOST/DATABASE"
_POSTGRESQL: Final = ("postgresql", "postgres", "postgresql+psycopg")
# A server that is stopped in the middle of a transaction must not hold its locks for ever; nor may we wait for ever.
_POSTGRESQL_SESSION: Final = (
    "SET idle_in_transaction_session_timeout = '10s'",
    "SET lock_timeout = '10s'",
    "SET default_transaction_isolation = 'read committed'",
)


class StoreUnreachableError(RuntimeError):
    """The database cannot be reached or does not let this server in; the text has no password."""


def parsed(url: str) -> URL:
    """A URL of a database that the store can use. Raises ValueError, whose text quotes nothing of the URL but its
    scheme: it may hold a password."""
    try:
        read = make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError(f"is no URL of a database; {_FORMS}") from None
    if read.drivername == "sqlite":
        if not read.database or read.database == ":memory:":
            raise ValueError(f"names no file; {_FORMS}")
        return read
    if read.drivername not in _POSTGRESQL:
        raise ValueError(f"is of {read.drivername!r}; {_FORMS}")
    try:
        import psycopg  # noqa: F401
    except ImportError:
        raise ValueError(f"needs a driver for PostgreSQL: {distribution.install('postgres')}") from None
    return read.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """What a URL names, fit for everybody's eyes: no user, no password, none of its options."""
    return f"{url.get_backend_name()}://{url.host or ''}/{url.database or ''}"


class Database:
    """Transactions, one after the other: calls complete in the order in which they were made, and who awaits them is
    woken in that order too. On PostgreSQL heartbeats have a way of their own, so that however much callers ask for,
    no lease runs out; a SQLite database is one server's alone, and its leases are safe."""

    def __init__(self, url: URL) -> None:
        self._thread = self._heart = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._url = url
        self.shared = url.get_backend_name() == "postgresql"
        """Other servers may use the same database."""
        if self.shared:
            self._heart = ThreadPoolExecutor(1, thread_name_prefix="store-heartbeat")
            self._engine = sa.create_engine(
                url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": 10}
            )
            sa.event.listen(self._engine, "connect", _configure_postgresql)
        else:
            self._engine = sa.create_engine(url, hide_parameters=True)
            sa.event.listen(self._engine, "connect", _configure_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)

    async def open(self) -> None:
        """Connect, and bring the schema up to date. Raises StoreUnreachableError, and RuntimeError where a newer
        version of the server made the database."""
        try:
            await self.transaction(migrate)
        except sa.exc.DBAPIError as error:
            raise self._unreachable(error) from None

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.dispose)
        for thread in (self._thread, self._heart):
            thread.shutdown()

    def signals(self) -> AsyncIterator[Signal]:
        """What servers on the same database tell each other, as it comes. Raises psycopg.Error where the connection
        breaks."""
        return heard(self._url)

    async def transaction(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once it is committed. Raises StoreUnreachableError where the connection to PostgreSQL
        cannot be had, or breaks: then nobody knows whether it is committed."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work)

    async def heartbeat(self, work: Callable[[Connection], T]) -> T:
        """As transaction, before those that wait."""
        return await asyncio.get_running_loop().run_in_executor(self._heart, self._run, work)

    def _run(self, work: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return work(connection)
        except sa.exc.OperationalError as error:
            if self.shared:
                raise self._unreachable(error) from error
            raise

    def _unreachable(self, error: sa.exc.DBAPIError) -> StoreUnreachableError:
        reason = " ".join(str(error.orig).split())
        return StoreUnreachableError(f"the store {shown(self._url)} cannot be used: {reason}")


def _configure_sqlite(connection: Any, _: object) -> None:
    # The driver begins no transaction by itself: it would leave out changes of the schema.
    connection.isolation_level = None
    # WAL with synchronous=NORMAL: a killed server loses nothing; only a crash of the machine may lose the last instant.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _configure_postgresql(connection: Any, _: object) -> None:
    for statement in _POSTGRESQL_SESSION:
        connection.execute(statement)
    connection.commit()

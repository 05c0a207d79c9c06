"""What servers on one PostgreSQL tell each other: that a job has a new event, waits for a worker, or is to stop.

Signals only make things quicker: whoever misses one finds out from the store at the next heartbeat.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

_CHANNEL: Final = "ansatz"


class What(StrEnum):
    """What happened to a job."""

    EVENT = "event"
    QUEUED = "queued"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Signal:
    """`sequence`: the job's last event."""

    what: What
    job_id: str
    sequence: int


def send(connection: Connection, signal: Signal) -> None:
    """Tell all servers, when the transaction is committed. Does nothing where there is one server only."""
    if connection.dialect.name == "postgresql":
        text = f"{signal.what} {signal.job_id} {signal.sequence}"
        connection.execute(sa.select(sa.func.pg_notify(_CHANNEL, text)))


async def heard(url: URL) -> AsyncIterator[Signal]:
    """Signals as they come, over a connection of their own. Raises psycopg.OperationalError where it breaks."""
    import psycopg

    where = url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(where, autocommit=True, connect_timeout=10) as connection:
        await connection.execute(f"LISTEN {_CHANNEL}")
        async for notice in connection.notifies():
            what, job_id, sequence = notice.payload.split()
            yield Signal(What(what), job_id, int(sequence))

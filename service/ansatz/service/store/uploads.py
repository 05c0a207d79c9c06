"""Observations that came in pieces: stored as they come, kept until a job uses them or they expire."""

from __future__ import annotations

import asyncio
import math

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ansatz.service.store.database import Database
from ansatz.service.store.pieces import pieces_of
from ansatz.service.store.rows import now
from ansatz.service.store.schema import upload_pieces, uploads

_UNUSED = uploads.c.job.is_(None)


class TooManyUploadsError(Exception):
    """The owner has as many uploads as may be; `seconds` until the first of them expires."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class UploadStore:
    """Uploads, for those who make and use them. Each method but `content` is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database, self._transaction = database, database.transaction

    async def begin(self, owner: str, most: int, seconds: float) -> int:
        """The number of a new upload, which expires in so many seconds unless a piece comes. Raises TooManyUploadsError
        where the owner has `most` of them."""

        def work(connection: Connection) -> int:
            query = sa.select(uploads.c.expire_time).where(
                uploads.c.owner == owner, _UNUSED, uploads.c.expire_time > now()
            )
            times = connection.execute(query).scalars().all()
            if len(times) >= most:
                raise TooManyUploadsError(max(1, math.ceil((min(times) - now()) / 1e6)))
            made = connection.execute(uploads.insert().values(owner=owner, expire_time=_after(seconds)))
            assert made.inserted_primary_key is not None
            return int(made.inserted_primary_key[0])

        return await self._transaction(work)

    async def append(self, number: int, place: int, data: bytes, seconds: float) -> None:
        """Store the piece of that place, from 0; the upload lasts so many seconds from now."""

        def work(connection: Connection) -> None:
            connection.execute(upload_pieces.insert().values(upload=number, place=place, data=data))
            _change(connection, number, expire_time=_after(seconds))

        await self._transaction(work)

    async def complete(self, number: int, upload_id: str, seconds: float) -> int:
        """Every piece is there: the upload has an id from now on. Returns its expiry, microseconds since 1970."""

        def work(connection: Connection) -> int:
            expiry = _after(seconds)
            _change(connection, number, id=upload_id, expire_time=expiry)
            return expiry

        return await self._transaction(work)

    async def drop(self, number: int) -> None:
        """Leave nothing of an upload."""

        def work(connection: Connection) -> None:
            connection.execute(uploads.delete().where(uploads.c.number == number))

        await self._transaction(work)

    async def owner(self, upload_id: str) -> str | None:
        """Who made the upload of that id; None where there is none, or it has expired."""

        def work(connection: Connection) -> str | None:
            query = sa.select(uploads.c.owner).where(uploads.c.id == upload_id, _UNUSED, uploads.c.expire_time > now())
            owner: str | None = connection.execute(query).scalar()
            return owner

        return await self._transaction(work)

    async def content(self, upload_id: str) -> bytes:
        """The pieces, joined."""

        def work(connection: Connection) -> int | None:
            number: int | None = connection.execute(
                sa.select(uploads.c.number).where(uploads.c.id == upload_id)
            ).scalar()
            return number

        pieces = await pieces_of(self._database, await self._transaction(work))
        return await asyncio.to_thread(b"".join, pieces)

    async def delete_expired(self) -> int:
        """Delete what has expired; how many there were."""

        def work(connection: Connection) -> int:
            return connection.execute(uploads.delete().where(_UNUSED, uploads.c.expire_time <= now())).rowcount

        return await self._transaction(work)


def _after(seconds: float) -> int:
    return now() + round(seconds * 1e6)


def _change(connection: Connection, number: int, **values: object) -> None:
    changed = connection.execute(uploads.update().where(uploads.c.number == number).values(**values)).rowcount
    if not changed:
        raise LookupError(f"upload {number} is not in the store")

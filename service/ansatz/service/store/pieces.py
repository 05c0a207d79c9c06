"""The pieces of an upload, each read in a transaction of its own, so that others have their turn in between."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ansatz.service.store.database import Database
from ansatz.service.store.schema import upload_pieces

_PIECE = sa.select(upload_pieces.c.data).where(
    upload_pieces.c.upload == sa.bindparam("number"), upload_pieces.c.place == sa.bindparam("at")
)


async def pieces_of(database: Database, upload: int | None) -> list[bytes]:
    """What came of the upload of that number, in order; nothing of None, or where it is gone."""
    found: list[bytes] = []
    if upload is None:
        return found

    def work(connection: Connection) -> bytes | None:
        piece: bytes | None = connection.execute(_PIECE, {"number": upload, "at": len(found)}).scalar()
        return piece

    while (piece := await database.transaction(work)) is not None:
        found.append(piece)
    return found

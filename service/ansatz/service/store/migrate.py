"""Bring a database to the schema of this version, whatever version made it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_FIRST = "0001"
_LOCK = 7_302_114  # any number, the same in every version: servers that start at once take turns


def migrate(connection: Connection) -> None:
    """Apply the migrations that the database lacks, in the connection's transaction.

    Raises RuntimeError where a newer version than this one made the database.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    tables = sa.inspect(connection).get_table_names()
    try:
        if "jobs" in tables and "alembic_version" not in tables:
            command.stamp(config, _FIRST)  # made before databases knew their version
        command.upgrade(config, "head")
    except CommandError as error:
        raise RuntimeError(f"the database was made by another version of the server: {error}") from None

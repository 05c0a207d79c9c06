"""Bring a database to the schema of this version, whatever version made it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

if TYPE_CHECKING:
    from alembic.config import Config

_FIRST = "0001"
_LOCK = 7_302_114  # any number, the same in every version: servers that start at once take turns


def migrate(connection: Connection) -> None:
    """Apply the migrations that the database lacks, in the connection's transaction.

    Raises RuntimeError where a newer version than this one made the database.
    """
    from alembic import command
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        # However long the other server takes.
        connection.execute(sa.text("SET LOCAL lock_timeout = 0"))
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    config = _config()
    config.attributes["connection"] = connection
    tables = sa.inspect(connection).get_table_names()
    try:
        if "jobs" in tables and "alembic_version" not in tables:
            command.stamp(config, _FIRST)  # made before databases knew their version
        command.upgrade(config, "head")
    except CommandError as error:
        raise RuntimeError(f"the database was made by another version of the server: {error}") from None


def versions(connection: Connection) -> tuple[str | None, tuple[str, ...]]:
    """The version of a database (None: it holds nothing yet), and all that this server knows, oldest first."""
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    found = MigrationContext.configure(connection).get_current_revision()
    if found is None and sa.inspect(connection).has_table("jobs"):
        found = _FIRST
    known = (script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())
    return found, tuple(known)[::-1]


def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config

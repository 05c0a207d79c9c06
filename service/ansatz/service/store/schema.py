"""Tables of the store. Times are microseconds since 1970 UTC; messages are serialized ansatz.v1."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
)

metadata = MetaData()
# SQLite counts rows by themselves only in a column that is called INTEGER.
_Number = BigInteger().with_variant(Integer, "sqlite")

jobs = Table(
    "jobs",
    metadata,
    # Grows with each job and is never used again, so that page tokens stay right.
    Column("number", _Number, primary_key=True, autoincrement=True),
    Column("id", String(63), nullable=False, unique=True),
    # Name of the caller that made it; empty: made without a token.
    Column("owner", String(63), nullable=False, server_default="", index=True),
    Column("request_id", String(128), unique=True),
    # SHA-256 of the request's body: tells a retry from another request.
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("attempts", SmallInteger, nullable=False, default=0),
    Column("last_sequence", BigInteger, nullable=False, default=0),
    # Of W3C: the call that made it, in a trace; empty: in none.
    Column("traceparent", String(64), nullable=False, server_default=""),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("create_time", BigInteger, nullable=False),
    Column("start_time", BigInteger),
    Column("first_front_time", BigInteger),
    Column("end_time", BigInteger, index=True),
    # How often a server took it, which one runs it, and until when it may.
    Column("claims", Integer, nullable=False, server_default="0"),
    Column("lease_owner", String(128)),
    Column("lease_expiry", BigInteger),
    Column("data", LargeBinary, nullable=False),
    Column("options", LargeBinary, nullable=False),
    Column("report", LargeBinary),
    Column("error", LargeBinary),
    # Finds what waits and what runs, of all and by caller, among any number of jobs that ended.
    Index("ix_jobs_state_owner", "state", "owner"),
    sqlite_autoincrement=True,
)

# Apart from jobs: a problem may be large, and lists of jobs do not read it.
problems = Table(
    "problems",
    metadata,
    Column("job", _Number, ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("problem", LargeBinary, nullable=False),
)

# The front of the job that a job continues, as it was then: that job may be gone when this one runs.
starts = Table(
    "starts",
    metadata,
    Column("job", _Number, ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("front", LargeBinary, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("job", _Number, ForeignKey("jobs.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    # Name of the set member of JobEvent.event.
    Column("kind", String(16), nullable=False),
    Column("event", LargeBinary, nullable=False),
)

# Observations that came in pieces: kept until they expire, or as long as the job that uses them, whose problem is the
# pieces, joined, and after them what stands in `problems`.
uploads = Table(
    "uploads",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=True),
    # None: pieces still come.
    Column("id", String(63), unique=True),
    Column("owner", String(63), nullable=False, index=True),
    Column("expire_time", BigInteger, nullable=False),
    # None: no job uses it yet.
    Column("job", _Number, ForeignKey("jobs.number", ondelete="CASCADE"), index=True),
    sqlite_autoincrement=True,
)

upload_pieces = Table(
    "upload_pieces",
    metadata,
    Column("upload", _Number, ForeignKey("uploads.number", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

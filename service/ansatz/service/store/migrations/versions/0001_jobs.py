"""Jobs, problems and events."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _job() -> sa.Column[int]:
    reference = sa.ForeignKey("jobs.number", ondelete="CASCADE")
    return sa.Column("job", _Number, reference, primary_key=True, autoincrement=False)


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("number", _Number, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(63), nullable=False, unique=True),
        sa.Column("request_id", sa.String(128), unique=True),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False, index=True),
        sa.Column("attempts", sa.SmallInteger, nullable=False, default=0),
        sa.Column("last_sequence", sa.BigInteger, nullable=False, default=0),
        sa.Column("cancel_requested", sa.Boolean, nullable=False, default=False),
        sa.Column("create_time", sa.BigInteger, nullable=False),
        sa.Column("start_time", sa.BigInteger),
        sa.Column("first_front_time", sa.BigInteger),
        sa.Column("end_time", sa.BigInteger),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("options", sa.LargeBinary, nullable=False),
        sa.Column("report", sa.LargeBinary),
        sa.Column("error", sa.LargeBinary),
        sqlite_autoincrement=True,
    )
    op.create_table("problems", _job(), sa.Column("problem", sa.LargeBinary, nullable=False))
    op.create_table(
        "events",
        _job(),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("event", sa.LargeBinary, nullable=False),
    )

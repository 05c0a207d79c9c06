"""Observations that came in pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "uploads",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(63), unique=True),
        sa.Column("owner", sa.String(63), nullable=False),
        sa.Column("expire_time", sa.BigInteger, nullable=False),
        sa.Column("job", number, sa.ForeignKey("jobs.number", ondelete="CASCADE")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_uploads_owner", "uploads", ["owner"])
    op.create_index("ix_uploads_job", "uploads", ["job"])
    upload = sa.ForeignKey("uploads.number", ondelete="CASCADE")
    op.create_table(
        "upload_pieces",
        sa.Column("upload", number, upload, primary_key=True, autoincrement=False),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )

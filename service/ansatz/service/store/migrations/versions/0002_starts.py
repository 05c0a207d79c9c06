"""The formulas that a job starts from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    job = sa.ForeignKey("jobs.number", ondelete="CASCADE")
    op.create_table(
        "starts",
        sa.Column("job", number, job, primary_key=True, autoincrement=False),
        sa.Column("front", sa.LargeBinary, nullable=False),
    )

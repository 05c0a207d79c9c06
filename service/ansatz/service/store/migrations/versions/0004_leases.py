"""Which server runs a job, and until when it may."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("claims", sa.Integer, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("lease_owner", sa.String(128)))
    op.add_column("jobs", sa.Column("lease_expiry", sa.BigInteger))
    op.create_index("ix_jobs_end_time", "jobs", ["end_time"])
    op.drop_index("ix_jobs_state", "jobs")
    op.create_index("ix_jobs_state_owner", "jobs", ["state", "owner"])

"""The caller that made a job."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("owner", sa.String(63), nullable=False, server_default=""))
    op.create_index("ix_jobs_owner", "jobs", ["owner"])

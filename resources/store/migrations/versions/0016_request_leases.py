"""A request under way has a lease that its process renews; those of processes that are gone end as failed."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    lease = sa.Column(
        "lease_until", sa.BigInteger(), nullable=True, comment="until then its process is taken to be alive"
    )
    op.add_column("requests", lease)
    op.execute("UPDATE requests SET lease_until = asked_at WHERE state = 'running'")  # of processes before this version
    op.create_index(
        "ix_requests_running", "requests", ["lease_until"], sqlite_where=_RUNNING, postgresql_where=_RUNNING
    )

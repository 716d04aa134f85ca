"""A run of Dagster is one step, which hands nothing to another one."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("run_companies")

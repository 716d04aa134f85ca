"""What one step of a Dagster run leaves for the next is kept here, not in Dagster's own files."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_companies",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False, comment="place in the order of the run"),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=False),
        sa.Column(
            "value",
            sa.LargeBinary(),
            nullable=False,
            comment="what its last stage returned: a compressed pickle",
        ),
        sa.PrimaryKeyConstraint("run_id", "number"),
    )
    op.create_index("ix_run_companies_written_at", "run_companies", ["written_at"], unique=False)

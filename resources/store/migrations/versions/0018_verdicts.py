"""What people say of values: wrong, and what is right."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verdicts",
        sa.Column("verdict_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("wrong_value", sa.Text(), nullable=True, comment="the value that is wrong; null: nothing was known"),
        sa.Column("right_value", sa.Text(), nullable=True, comment="the value that is right; null: that is not known"),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("sources", sa.Text(), nullable=False, comment="what had given the wrong value"),
        sa.Column("by", sa.Text(), nullable=False, comment="the command line, or the key of the service"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("verdict_id"),
    )
    op.create_index("ix_verdicts_company_id", "verdicts", ["company_id"])
    op.create_index("ix_verdicts_changed", "verdicts", ["changed"])

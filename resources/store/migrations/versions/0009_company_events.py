"""Merges and splits of companies are kept with what they moved, so that they can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company_events",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False, comment="in the order in which they happened"),
        sa.Column("kind", sa.Text(), nullable=False, comment="merge or split"),
        sa.Column("from_id", sa.Text(), nullable=False, comment="the company that rows went from"),
        sa.Column("from_key", sa.Text(), nullable=False, comment="its key then"),
        sa.Column("to_id", sa.Text(), nullable=False, comment="the company that they went to"),
        sa.Column("to_key", sa.Text(), nullable=False, comment="its key then"),
        sa.Column("by", sa.Text(), nullable=True, comment="the command or part of the pipeline; null: not known"),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False, comment="table -> how many rows"),
        sa.Column(
            "record", sa.LargeBinary(), nullable=False, comment="the ids of these rows, and the rows that are no more"
        ),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
        sa.UniqueConstraint("number"),
    )
    for column in ("from_id", "to_id", "changed"):
        op.create_index(f"ix_company_events_{column}", "company_events", [column], unique=False)

"""A batch has a budget, and each of its companies a claim, a lease and what it cost."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("audience", sa.Text()))
    op.add_column("batches", sa.Column("max_cost_micro_usd", sa.BigInteger(), comment="of all its companies together"))
    op.add_column("batches", sa.Column("max_age_seconds", sa.BigInteger(), comment="how old a fact may be"))
    op.execute("UPDATE batches SET state = 'open' WHERE state = 'waiting'")
    for column in (
        sa.Column("number", sa.Integer(), nullable=False, server_default="0", comment="place in the batch"),
        sa.Column("worker", sa.Text(), comment="the worker that has claimed it"),
        sa.Column("lease_until", sa.BigInteger(), comment="after it another worker may claim it"),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default="0", comment="one more whenever it is begun"),
        sa.Column("request_id", sa.Text(), comment="of its last attempt"),
        sa.Column(
            "need_micro_usd", sa.BigInteger(), nullable=False, server_default="0", comment="p90 of its last plan"
        ),
        sa.Column("cost_micro_usd", sa.BigInteger(), nullable=False, server_default="0", comment="of all its attempts"),
        sa.Column("reason", sa.Text()),
        sa.Column("ended_at", sa.BigInteger()),
    ):
        op.add_column("batch_companies", column)
    op.create_index("ix_batch_companies_state", "batch_companies", ["batch_id", "state", "number"])

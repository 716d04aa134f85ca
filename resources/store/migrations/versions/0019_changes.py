"""What is different in a profile than in the one before."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("change_id", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False, comment="fingerprint: a change is kept once"),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="changed, added or removed"),
        sa.Column("before", sa.Text(), nullable=True, comment="the value that was; null: none"),
        sa.Column("after", sa.Text(), nullable=True, comment="the value that is; null: none"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reply_id", sa.Text(), nullable=False, comment="the reply that shows it"),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False, comment="why it counts as a change"),
        sa.Column("since", sa.BigInteger(), nullable=False, comment="when that reply was collected"),
        sa.Column("profile_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("change_id"),
        sa.UniqueConstraint("mark"),
    )
    op.create_index("ix_changes_company_id", "changes", ["company_id"])
    op.create_index("ix_changes_at", "changes", ["at"])
    op.create_index("ix_changes_changed", "changes", ["changed"])

"""What waits for a person because it is not sure which company is meant, and what was decided."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_reviews",
        sa.Column("review_id", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False, comment="fingerprint: what is asked once only"),
        sa.Column("company_id", sa.Text(), nullable=True, comment="the registered company it is about; null: a row"),
        sa.Column("record", sa.Text(), nullable=False, comment="name, domain, ids and country as they were stated"),
        sa.Column("candidates", sa.Text(), nullable=False, comment="ids of the companies that may be meant"),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False, comment="a source, or a file and its line"),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="open, same or different"),
        sa.Column("same_as", sa.Text(), nullable=True, comment="the company that was meant; of a row, also a new one"),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("review_id"),
        sa.UniqueConstraint("question"),
    )
    op.create_index("ix_identity_reviews_state", "identity_reviews", ["state"], unique=False)

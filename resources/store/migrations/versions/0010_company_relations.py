"""What sources name as parents and subsidiaries of a company: relations, and no aliases."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company_relations",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="what the other one is: parent or subsidiary"),
        sa.Column("other", sa.Text(), nullable=False, comment="the key that its domain or name would give it"),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "kind", "other"),
    )
    op.create_index("ix_company_relations_changed", "company_relations", ["changed"], unique=False)

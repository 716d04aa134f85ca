"""What the policy decided between in each request, and what it chose."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column(
            "decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("open_datasets", sa.Text(), nullable=False, comment="of its part of the plan, not satisfied then"),
        sa.Column("missed", sa.Text(), nullable=False, comment="sources that had answered that they know nothing"),
        sa.Column("alternatives", sa.Text(), nullable=False, comment="sources that it could ask; it could also stop"),
        sa.Column("chosen", sa.Text(), nullable=False, comment="sources asked together; none: it stopped"),
        sa.Column("chance", sa.Double(), nullable=False, comment="probability with which it was made"),
        sa.Column("industry_group", sa.Text(), nullable=True, comment="of the company, as it was known then"),
        sa.Column("size_band", sa.Text(), nullable=True, comment="of the company, as it was known then"),
        sa.Column("country", sa.Text(), nullable=True, comment="of the company, as it was known then"),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
    )
    op.create_index("ix_decisions_request_id", "decisions", ["request_id"])
    op.create_index("ix_decisions_changed", "decisions", ["changed"])

"""Who resumes a purchase fences off who held it before; companies that became another one stay known by their id."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    attempt = sa.Column(
        "attempt", sa.Integer(), nullable=False, server_default="1", comment="one more whenever it is resumed"
    )
    op.add_column("purchases", attempt)
    op.create_table(
        "former_companies",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("now", sa.Text(), nullable=False, comment="the company it turned out to be"),
        sa.PrimaryKeyConstraint("company_id"),
    )
    op.create_index("ix_former_companies_now", "former_companies", ["now"], unique=False)

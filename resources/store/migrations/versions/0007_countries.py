"""The country of a company, where a list or a vendor has stated it: it tells namesakes apart."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("country", sa.Text(), nullable=True, comment="ISO 3166, two letters; null: not known")
    op.add_column("companies", column)

"""What in particular a source was asked: its answers on two topics are kept beside each other."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "purchases",
        sa.Column(
            "topic", sa.Text(), nullable=False, server_default="", comment="what in particular is asked; empty: none"
        ),
    )
    op.add_column(
        "replies",
        sa.Column(
            "topic", sa.Text(), nullable=False, server_default="", comment="what in particular was asked; empty: none"
        ),
    )

"""How often a newer reader found another value in a stored reply, by source and dataset."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rereadings",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column(
            "read", sa.BigInteger(), nullable=False, comment="replies with the dataset that a newer reader read again"
        ),
        sa.Column("misread", sa.BigInteger(), nullable=False, comment="of these, where it then found another value"),
        sa.PrimaryKeyConstraint("source", "dataset"),
    )


def downgrade() -> None:
    op.drop_table("rereadings")

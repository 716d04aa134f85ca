"""What an agent with a key may spend on one request without asking a person."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column(
        "approve_up_to_micro_usd", sa.BigInteger(), nullable=True, comment="of one request; null: a person is asked"
    )
    op.add_column("api_keys", column)

"""How a company of a batch had ended before it was tried once more: where it does not fit then, it ends so again."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "as it had ended before it was tried once more, until it is begun"
    op.add_column("batch_companies", sa.Column("earlier_state", sa.Text(), nullable=True, comment=comment))
    op.add_column("batch_companies", sa.Column("earlier_reason", sa.Text(), nullable=True))

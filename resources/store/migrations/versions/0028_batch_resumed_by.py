"""Which face of the service resumed a batch that is not its own: it goes on there also after a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    comment = "that asked last that it goes on, such as service:crm; works at it as at its own"
    op.add_column("batches", sa.Column("resumed_by", sa.Text(), nullable=True, comment=comment))

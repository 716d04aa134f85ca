"""Which key pays for a batch: its daily cap counts for every worker, not only those of the service."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_OF_THE_SERVICE = """
UPDATE batches SET payer = 'key:' || substr(requested_by, length('service:') + 1)
WHERE requested_by LIKE 'service:%'
AND EXISTS (SELECT 1 FROM api_keys WHERE 'service:' || api_keys.name = batches.requested_by)
"""


def upgrade() -> None:
    comment = "whose daily cap counts, such as key:crm"
    op.add_column("batches", sa.Column("payer", sa.Text(), nullable=True, comment=comment))
    op.execute(_OF_THE_SERVICE)

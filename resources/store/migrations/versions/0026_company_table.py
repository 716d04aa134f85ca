"""Indexes for the table of companies: in the order of names or of registration, and which have a dataset."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_companies_added", "companies", ["created_at", "key"])
    op.create_index("ix_companies_by_name", "companies", [sa.text("coalesce(name, '')"), "key"])
    op.create_index("ix_facts_dataset", "facts", ["dataset", "company_id"])


def downgrade() -> None:
    op.drop_index("ix_facts_dataset", "facts")
    op.drop_index("ix_companies_by_name", "companies")
    op.drop_index("ix_companies_added", "companies")

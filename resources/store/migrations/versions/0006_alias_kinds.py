"""An alias has a kind, a source and a date; one alias may lead to several companies."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Aliases so far are former keys; where they came from, and when, was not kept."""
    op.drop_index("ix_company_aliases_changed", "company_aliases")
    op.drop_index("ix_company_aliases_company_id", "company_aliases")
    op.rename_table("company_aliases", "former_keys")
    op.create_table(
        "company_aliases",
        sa.Column("alias", sa.Text(), nullable=False, comment="as a key: name:acme, acme.com, linkedin:acme"),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            server_default="former_key",
            comment="former_key, former_name, brand, redirect, id or spelling",
        ),
        sa.Column("name", sa.Text(), nullable=True, comment="as its source writes it"),
        sa.Column("source", sa.Text(), nullable=True, comment="what says so; null: not known"),
        sa.Column("learned_at", sa.BigInteger(), nullable=True, comment="null: not known"),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alias", "company_id"),
    )
    op.create_index("ix_company_aliases_changed", "company_aliases", ["changed"], unique=False)
    op.create_index("ix_company_aliases_company_id", "company_aliases", ["company_id"], unique=False)
    op.execute(
        "INSERT INTO company_aliases (alias, company_id, kind, changed)"
        " SELECT alias, company_id, 'former_key', changed FROM former_keys"
    )
    op.drop_table("former_keys")

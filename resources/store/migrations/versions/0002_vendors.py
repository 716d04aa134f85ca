"""What processes share about vendors: how they are doing, when they were called, what they said of our account."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("purchases", sa.Column("repeatable_until", sa.BigInteger(), nullable=True))
    op.add_column(
        "purchases",
        sa.Column(
            "asked", sa.Text(), nullable=False, server_default="", comment="the exact question, as a fingerprint"
        ),
    )
    _claims_become_a_column()
    op.drop_index("ix_purchases_open", "purchases")
    still_open = sa.text("state IN ('reserved', 'sent', 'uncertain')")
    op.create_index(
        "ix_purchases_open",
        "purchases",
        ["provider", "state", "lease_until"],
        unique=False,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    op.create_table(
        "providers",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column("kind", sa.Text(), nullable=True, comment="down or exhausted; null: it is asked"),
        sa.Column("because", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True, comment="until then nobody asks; then one probe does"),
        sa.Column("probe", sa.Text(), nullable=True, comment="the purchase let through to find out"),
        sa.Column("wait_seconds", sa.Double(), nullable=False, comment="how long the last time out was"),
        sa.Column(
            "paused_until", sa.BigInteger(), nullable=True, comment="the vendor's Retry-After, for all processes"
        ),
        sa.PrimaryKeyConstraint("provider"),
    )
    op.create_table(
        "turns",
        sa.Column("turn_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column(
            "at", sa.BigInteger(), nullable=False, comment="a call to the vendor; kept as long as its longest window"
        ),
        sa.PrimaryKeyConstraint("turn_id"),
    )
    op.create_index("ix_turns_provider", "turns", ["provider", "at"], unique=False)
    op.create_table(
        "suspensions",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("purchase_id", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "balances",
        sa.Column(
            "balance_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=True
        ),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.Text(), nullable=False, comment="a decimal, in units of the vendor"),
        sa.Column("counts", sa.Text(), nullable=False, comment="left: falls when we buy; used: rises"),
        sa.Column("settled", sa.BigInteger(), nullable=False, comment="units the ledger had settled by then"),
        sa.Column("uncertain", sa.BigInteger(), nullable=False, comment="units of uncertain purchases by then"),
        sa.PrimaryKeyConstraint("balance_id"),
    )
    op.create_index("ix_balances_provider", "balances", ["provider", "at"], unique=False)


def _claims_become_a_column() -> None:
    op.add_column(
        "purchases",
        sa.Column(
            "claim", sa.Text(), nullable=True, comment="company, source and variant, while it is reserved or sent"
        ),
    )
    op.execute(
        "UPDATE purchases SET claim = (SELECT claims.company_id || ' ' || claims.source || ' ' || claims.variant"
        " FROM claims WHERE claims.purchase_id = purchases.purchase_id)"
    )
    claimed = sa.text("claim IS NOT NULL")
    op.create_index(
        "ix_purchases_claim", "purchases", ["claim"], unique=True, sqlite_where=claimed, postgresql_where=claimed
    )
    op.drop_table("claims")

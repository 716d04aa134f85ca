"""The service: its keys, its quotes, the requests it accepted, and what was made for an Idempotency-Key."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_OWNER = "id of the key that asked; empty: on loopback, no key"


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.Text(), nullable=False, comment="SHA-256; the secret is kept nowhere"),
        sa.Column("may", sa.Text(), nullable=False, comment="rights: read, enrich, admin"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("per_day_micro_usd", sa.BigInteger(), nullable=True, comment="null: no limit of its own"),
        sa.Column("per_minute", sa.Integer(), nullable=True, comment="requests; null: as many as any key"),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_table(
        "quotes",
        sa.Column("quote_id", sa.Text(), nullable=False),
        sa.Column(
            "owner", sa.Text(), nullable=False, comment="id of the key it was given to; empty: on loopback, no key"
        ),
        sa.Column("ask", sa.Text(), nullable=False, comment="what was asked, to be enriched as it was quoted"),
        sa.Column("expected_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("most_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("quote_id"),
    )
    op.create_index("ix_quotes_valid_until", "quotes", ["valid_until"])
    op.create_table(
        "accepted_requests",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False, comment=_OWNER),
        sa.Column("ask", sa.Text(), nullable=False, comment="what was asked, to go on with it in another process"),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True, comment="the process at work on it"),
        sa.Column("lease_until", sa.BigInteger(), nullable=True, comment="after it another process may go on with it"),
        sa.Column("stop_asked_at", sa.BigInteger(), nullable=True, comment="nothing more of it is bought from then on"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True, comment="why it ended without a result; null: it has one"),
        sa.PrimaryKeyConstraint("request_id"),
    )
    is_open = sa.text("state = 'open'")
    op.create_index(
        "ix_accepted_requests_open",
        "accepted_requests",
        ["accepted_at"],
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.Text(), nullable=False, comment=_OWNER),
        sa.Column("idempotency_key", sa.Text(), nullable=False, comment="as the client chose it"),
        sa.Column("body_hash", sa.Text(), nullable=False, comment="of method, path and body"),
        sa.Column("made", sa.Text(), nullable=False, comment="id of the request or batch that was made"),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "idempotency_key"),
    )
    op.create_index("ix_idempotency_keys_at", "idempotency_keys", ["at"])

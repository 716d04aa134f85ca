"""Applications that call the service: their keys, and webhooks <- webhook_deliveries: what is sent to them."""

import sqlalchemy as sa

from resources.store.tables import columns as column
from resources.store.tables.column_types import JsonText, PlainText, UtcMicros
from resources.store.tables.columns import metadata

# Queries must use exactly these texts: SQLite uses a partial index only if the query repeats its condition literally.
WAITING = sa.text("state = 'waiting'")

api_keys = sa.Table(
    "api_keys",
    metadata,
    column.key("key_id"),
    column.text("name"),
    sa.Column("secret_hash", PlainText, nullable=False, unique=True, comment="SHA-256; the secret is kept nowhere"),
    sa.Column("may", JsonText, nullable=False, comment="rights: read, enrich, admin"),
    column.time("created_at"),
    sa.Column("per_day_micro_usd", sa.BigInteger, nullable=True, comment="null: no limit of its own"),
    sa.Column("per_minute", sa.Integer, nullable=True, comment="requests; null: as many as any key"),
    column.time("revoked_at", null=True),
    sa.Column(
        "approve_up_to_micro_usd", sa.BigInteger, nullable=True, comment="of one request; null: a person is asked"
    ),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    column.key("webhook_id"),
    sa.Column("owner", PlainText, nullable=False, index=True, comment="id of the key that registered it; empty: none"),
    column.text("url"),
    sa.Column("events", JsonText, nullable=False, comment="names of the events that it wants"),
    sa.Column("secret", PlainText, nullable=False, comment="what its deliveries are signed with; shown once"),
    column.time("created_at"),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    column.key("delivery_id"),
    sa.Column("webhook_id", PlainText, nullable=False),
    sa.Column("mark", PlainText, nullable=False, comment="what happened: a webhook is sent it once"),
    column.text("event"),
    sa.Column("body", PlainText, nullable=False, comment="the text that is signed and sent"),
    column.time("created_at"),
    sa.Column("next_at", UtcMicros, nullable=False, comment="when it is sent next, by whichever process"),
    sa.Column("state", PlainText, nullable=False, comment="waiting, delivered or dead"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("problem", PlainText, nullable=True, comment="of the last attempt; null: it has none"),
    column.time("ended_at", null=True),
    sa.UniqueConstraint("webhook_id", "mark"),
    sa.Index("ix_webhook_deliveries_waiting", "next_at", sqlite_where=WAITING),
    sa.Index("ix_webhook_deliveries_webhook", "webhook_id", "state", "ended_at"),
)

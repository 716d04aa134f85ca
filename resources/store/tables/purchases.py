"""Purchases and what limits them: caps are sums, turns are calls to vendors, providers and suspensions are outages."""

import sqlalchemy as sa

from resources.store.tables import columns as column
from resources.store.tables.column_types import JsonText, PlainText, UtcMicros
from resources.store.tables.columns import metadata

# Queries must use exactly these texts: SQLite uses a partial index only if the query repeats its condition literally.
UNREPORTED = sa.text("state = 'settled' AND reported_at IS NULL")
OPEN = sa.text("state IN ('reserved', 'sent', 'uncertain')")
CLAIMED = sa.text("claim IS NOT NULL")
UNDER_WAY = sa.text("state IN ('reserved', 'sent')")
UNCERTAIN = sa.text("state = 'uncertain'")
# For a purchase given by its id: with "state IN (...)" Postgres would scan the index of all open purchases instead.
STILL_OPEN = sa.text("state NOT IN ('settled', 'released')")
STILL_UNDER_WAY = sa.text("state NOT IN ('settled', 'released', 'uncertain')")

purchases = sa.Table(
    "purchases",
    metadata,
    column.key("purchase_id"),
    sa.Column("request_id", PlainText, nullable=False, index=True),
    column.text("company_id"),
    column.text("consumer"),
    column.text("strategy"),
    column.text("source"),
    column.text("provider"),
    column.text("variant"),
    column.text("rules_hash"),
    sa.Column("reserved_units", JsonText, nullable=False, comment="vendor unit -> count, at most"),
    sa.Column("usd_per_unit", JsonText, nullable=False, comment="vendor unit -> price as decimal text"),
    column.money("reserved_micro_usd"),
    column.time("reserved_at"),
    column.time("lease_until"),
    column.time("repeatable_until", null=True),
    sa.Column("asked", PlainText, nullable=False, server_default="", comment="the exact question, as a fingerprint"),
    sa.Column(
        "topic", PlainText, nullable=False, server_default="", comment="what in particular is asked; empty: none"
    ),
    column.text("state"),
    sa.Column("units", JsonText, nullable=False, comment="vendor unit -> count, as billed"),
    column.money("cost_micro_usd"),
    column.text("handle", null=True),
    column.time("sent_at", null=True),
    column.time("closed_at", null=True),
    column.real("latency_seconds", null=True),
    sa.Column("calls", sa.Integer, nullable=False),
    column.text("outcome", null=True),
    column.text("reason", null=True),
    column.time("reported_at", null=True),
    sa.Column("claim", PlainText, nullable=True, comment="company, source and variant, while it is reserved or sent"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1", comment="one more whenever it is resumed"),
    sa.Column("cap_names", JsonText, nullable=False, comment="the caps it is reserved against, in name order"),
    column.changed(),
    sa.Index("ix_purchases_company", "company_id", "source"),
    sa.Index("ix_purchases_unreported", "closed_at", sqlite_where=UNREPORTED),
    sa.Index("ix_purchases_claim", "claim", unique=True, sqlite_where=CLAIMED),
    sa.Index("ix_purchases_open", "provider", "state", "lease_until", sqlite_where=OPEN),
)

providers = sa.Table(
    "providers",
    metadata,
    column.key("provider"),
    sa.Column("failures", sa.Integer, nullable=False, comment="in a row"),
    sa.Column("kind", PlainText, nullable=True, comment="down or exhausted; null: it is asked"),
    column.text("because", null=True),
    sa.Column("until", UtcMicros, nullable=True, comment="until then nobody asks; then one probe does"),
    sa.Column("probe", PlainText, nullable=True, comment="the purchase let through to find out"),
    sa.Column("wait_seconds", sa.Double, nullable=False, comment="how long the last time out was"),
    sa.Column("paused_until", UtcMicros, nullable=True, comment="the vendor's Retry-After, for all processes"),
)

turns = sa.Table(
    "turns",
    metadata,
    column.number("turn_id"),
    column.text("provider"),
    sa.Column("at", UtcMicros, nullable=False, comment="a call to the vendor; kept as long as its longest window"),
    sa.Index("ix_turns_provider", "provider", "at"),
)

suspensions = sa.Table(
    "suspensions",
    metadata,
    column.key("source"),
    column.text("purchase_id"),
    column.text("because"),
    column.time("since"),
)

balances = sa.Table(
    "balances",
    metadata,
    column.number("balance_id"),
    column.text("provider"),
    column.time("at"),
    column.text("unit"),
    sa.Column("amount", PlainText, nullable=False, comment="a decimal, in units of the vendor"),
    sa.Column("counts", PlainText, nullable=False, comment="left: falls when we buy; used: rises"),
    sa.Column("settled", sa.BigInteger, nullable=False, comment="units the ledger had settled by then"),
    sa.Column("uncertain", sa.BigInteger, nullable=False, comment="units of uncertain purchases by then"),
    sa.Index("ix_balances_provider", "provider", "at"),
)

caps = sa.Table(
    "caps",
    metadata,
    sa.Column("name", PlainText, primary_key=True, comment="carries its period, such as day:2026-11-21"),
    sa.Column("taken_micro_usd", sa.BigInteger, nullable=False, comment="settled, reserved and uncertain together"),
)

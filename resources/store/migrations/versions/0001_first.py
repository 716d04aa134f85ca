"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "analyses",
        sa.Column("analysis_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="evidence, prompt, model and answer type"),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("purchase_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("claims_kept", sa.Integer(), nullable=False),
        sa.Column("claims_dropped", sa.Integer(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("analysis_id"),
    )
    op.create_index(op.f("ix_analyses_changed"), "analyses", ["changed"], unique=False)
    op.create_index(op.f("ix_analyses_company_id"), "analyses", ["company_id"], unique=False)
    op.create_index(op.f("ix_analyses_key"), "analyses", ["key"], unique=False)
    op.create_table(
        "batch_companies",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "company_id"),
    )
    op.create_table(
        "batches",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    op.create_table(
        "cache_reads",
        sa.Column("read_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("purchase_id", sa.Text(), nullable=False, comment="who paid"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("saved_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("read_id"),
    )
    op.create_index(op.f("ix_cache_reads_changed"), "cache_reads", ["changed"], unique=False)
    op.create_index(op.f("ix_cache_reads_purchase_id"), "cache_reads", ["purchase_id"], unique=False)
    op.create_index(op.f("ix_cache_reads_request_id"), "cache_reads", ["request_id"], unique=False)
    op.create_table(
        "caps",
        sa.Column("name", sa.Text(), nullable=False, comment="carries its period, such as day:2026-11-21"),
        sa.Column(
            "taken_micro_usd", sa.BigInteger(), nullable=False, comment="settled, reserved and uncertain together"
        ),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "change_counter",
        sa.Column("value", sa.BigInteger(), nullable=False, comment="one row; used on SQLite only"),
        sa.PrimaryKeyConstraint("value"),
    )
    op.create_table(
        "claims",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("purchase_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "source", "variant"),
        sa.UniqueConstraint("purchase_id"),
        comment="exists as long as its purchase is reserved or sent; the lease stands there",
    )
    op.create_table(
        "companies",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True, comment="the key its name alone would give"),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("company_id"),
        sa.UniqueConstraint("key"),
    )
    op.create_index(op.f("ix_companies_changed"), "companies", ["changed"], unique=False)
    op.create_index(op.f("ix_companies_name_key"), "companies", ["name_key"], unique=False)
    op.create_table(
        "company_aliases",
        sa.Column("alias", sa.Text(), nullable=False, comment="a former key"),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("alias"),
    )
    op.create_index(op.f("ix_company_aliases_changed"), "company_aliases", ["changed"], unique=False)
    op.create_index(op.f("ix_company_aliases_company_id"), "company_aliases", ["company_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_index(op.f("ix_events_changed"), "events", ["changed"], unique=False)
    op.create_index(op.f("ix_events_request_id"), "events", ["request_id"], unique=False)
    op.create_table(
        "facts",
        sa.Column("fact_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("reply_id", sa.Text(), nullable=False),
        sa.Column("analysis_id", sa.Text(), nullable=True, comment="the analysis that read it; null: a reader did"),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("quality", sa.Double(), nullable=False),
        sa.Column("reliability", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("purchase_id", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("collected_at", sa.BigInteger(), nullable=False),
        sa.Column("holds_until", sa.BigInteger(), nullable=False),
        sa.Column("reader_version", sa.Integer(), nullable=False),
        sa.Column("last_resort", sa.Boolean(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fact_id"),
    )
    op.create_index(op.f("ix_facts_analysis_id"), "facts", ["analysis_id"], unique=False)
    op.create_index(op.f("ix_facts_changed"), "facts", ["changed"], unique=False)
    op.create_index(op.f("ix_facts_reply_id"), "facts", ["reply_id"], unique=False)
    op.create_table(
        "profiles",
        sa.Column("profile_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("requirements_hash", sa.Text(), nullable=False),
        sa.Column("rules_hash", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("quality", sa.Double(), nullable=False),
        sa.Column("completeness", sa.Double(), nullable=False),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("holds_until", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("profile_id"),
    )
    op.create_index(op.f("ix_profiles_changed"), "profiles", ["changed"], unique=False)
    op.create_index(
        "ix_profiles_latest", "profiles", ["company_id", "consumer", "audience", "created_at"], unique=False
    )
    op.create_table(
        "purchases",
        sa.Column("purchase_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("rules_hash", sa.Text(), nullable=False),
        sa.Column("reserved_units", sa.Text(), nullable=False, comment="vendor unit -> count, at most"),
        sa.Column("usd_per_unit", sa.Text(), nullable=False, comment="vendor unit -> price as decimal text"),
        sa.Column("reserved_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("reserved_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False, comment="vendor unit -> count, as billed"),
        sa.Column("cost_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("latency_seconds", sa.Double(), nullable=True),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.Column("cap_names", sa.Text(), nullable=False, comment="the caps it is reserved against, in name order"),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("purchase_id"),
    )
    op.create_index(op.f("ix_purchases_changed"), "purchases", ["changed"], unique=False)
    op.create_index("ix_purchases_company", "purchases", ["company_id", "source"], unique=False)
    op.create_index(
        "ix_purchases_open",
        "purchases",
        ["state"],
        unique=False,
        sqlite_where=sa.text("state IN ('reserved', 'sent', 'uncertain')"),
        postgresql_where=sa.text("state IN ('reserved', 'sent', 'uncertain')"),
    )
    op.create_index(op.f("ix_purchases_request_id"), "purchases", ["request_id"], unique=False)
    op.create_index(
        "ix_purchases_unreported",
        "purchases",
        ["closed_at"],
        unique=False,
        sqlite_where=sa.text("state = 'settled' AND reported_at IS NULL"),
        postgresql_where=sa.text("state = 'settled' AND reported_at IS NULL"),
    )
    op.create_table(
        "replies",
        sa.Column("reply_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("purchase_id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False, comment="false: the source knows nothing of this company"),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="zlib of JSON: step -> the vendor's body"),
        sa.Column("collected_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("cost_micro_usd", sa.BigInteger(), nullable=False, comment="what its purchase cost"),
        sa.Column("reader_version", sa.Integer(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reply_id"),
        sa.UniqueConstraint("purchase_id"),
    )
    op.create_index(op.f("ix_replies_changed"), "replies", ["changed"], unique=False)
    op.create_index("ix_replies_newest", "replies", ["company_id", "source", "collected_at", "reply_id"], unique=False)
    op.create_table(
        "requests",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=True),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("rules_hash", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("cost_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("saved_micro_usd", sa.BigInteger(), nullable=False),
        sa.Column("served_from", sa.Text(), nullable=True),
        sa.Column("profile_id", sa.Text(), nullable=True),
        sa.Column("plan", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index("ix_requests_asked_at", "requests", ["asked_at"], unique=False)
    op.create_index(op.f("ix_requests_changed"), "requests", ["changed"], unique=False)
    op.create_index("ix_requests_company", "requests", ["company_id", "asked_at"], unique=False)
    op.create_table(
        "stamp",
        sa.Column(
            "world", sa.Text(), nullable=False, comment="sandbox or live; one row, written when the store is made"
        ),
        sa.PrimaryKeyConstraint("world"),
    )

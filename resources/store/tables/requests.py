"""Requests, with what happened and was decided in them; batches; sessions <- questions, session_events: research."""

import sqlalchemy as sa

from resources.store.tables import columns as column
from resources.store.tables.column_types import JsonText, JsonZip, PlainText, UtcMicros
from resources.store.tables.columns import metadata

# Queries must use exactly these texts: SQLite uses a partial index only if the query repeats its condition literally.
ACCEPTED = sa.text("state = 'open'")
ACCEPTED_OPEN = sa.text("accepted_requests.state = 'open'")  # where another table is in the query
RUNNING = sa.text("state = 'running'")
TO_ANSWER = sa.text("state IN ('queued', 'running')")

requests = sa.Table(
    "requests",
    metadata,
    column.key("request_id"),
    column.text("company_id"),
    column.text("consumer"),
    column.text("audience", null=True),
    column.text("strategy"),
    column.text("rules_hash"),
    column.time("asked_at"),
    column.text("asked_by"),
    column.text("state"),
    column.time("finished_at", null=True),
    column.money("cost_micro_usd"),
    column.money("saved_micro_usd"),
    column.text("served_from", null=True),
    column.text("profile_id", null=True),
    sa.Column("plan", JsonZip),
    column.text("error", null=True),
    sa.Column("lease_until", UtcMicros, nullable=True, comment="until then its process is taken to be alive"),
    column.changed(),
    sa.Index("ix_requests_running", "lease_until", sqlite_where=RUNNING),
    sa.Index("ix_requests_company", "company_id", "asked_at"),
    sa.Index("ix_requests_asked_at", "asked_at"),
)

cache_reads = sa.Table(
    "cache_reads",
    metadata,
    column.number("read_id"),
    sa.Column("request_id", PlainText, nullable=False, index=True),
    sa.Column("purchase_id", PlainText, nullable=False, index=True, comment="who paid"),
    column.text("source"),
    column.text("layer"),
    column.money("saved_micro_usd"),
    column.time("at"),
    column.changed(),
)

events = sa.Table(
    "events",
    metadata,
    column.number("event_id"),
    sa.Column("request_id", PlainText, nullable=False, index=True),
    column.time("at"),
    column.text("stage"),
    column.text("what"),
    sa.Column("data", JsonText, nullable=False),
    column.changed(),
)

decisions = sa.Table(
    "decisions",
    metadata,
    column.number("decision_id"),
    sa.Column("request_id", PlainText, nullable=False, index=True),
    column.time("at"),
    sa.Column("open_datasets", JsonText, nullable=False, comment="of its part of the plan, not satisfied then"),
    sa.Column("missed", JsonText, nullable=False, comment="sources that had answered that they know nothing"),
    sa.Column("alternatives", JsonText, nullable=False, comment="sources that it could ask; it could also stop"),
    sa.Column("chosen", JsonText, nullable=False, comment="sources asked together; none: it stopped"),
    sa.Column("chance", sa.Double, nullable=False, comment="probability with which it was made"),
    sa.Column("industry_group", PlainText, nullable=True, comment="of the company, as it was known then"),
    sa.Column("size_band", PlainText, nullable=True, comment="of the company, as it was known then"),
    sa.Column("country", PlainText, nullable=True, comment="of the company, as it was known then"),
    column.changed(),
)

batches = sa.Table(
    "batches",
    metadata,
    column.key("batch_id"),
    column.time("created_at"),
    column.text("consumer"),
    column.text("strategy", null=True),
    column.text("requested_by"),
    column.text("state"),
    column.text("audience", null=True),
    sa.Column("max_cost_micro_usd", sa.BigInteger, nullable=True, comment="of all its companies together"),
    sa.Column("max_age_seconds", sa.BigInteger, nullable=True, comment="how old a fact may be"),
    sa.Column("payer", PlainText, nullable=True, comment="whose daily cap counts, such as key:crm"),
    sa.Column(
        "resumed_by",
        PlainText,
        nullable=True,
        comment="that asked last that it goes on, such as service:crm; works at it as at its own",
    ),
)

batch_companies = sa.Table(
    "batch_companies",
    metadata,
    column.key("batch_id"),
    column.key("company_id"),
    column.text("key"),
    column.text("state"),
    sa.Column("number", sa.Integer, nullable=False, server_default="0", comment="place in the batch"),
    sa.Column("worker", PlainText, nullable=True, comment="the worker that has claimed it"),
    sa.Column("lease_until", UtcMicros, nullable=True, comment="after it another worker may claim it"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0", comment="one more whenever it is begun"),
    sa.Column("request_id", PlainText, nullable=True, comment="of its last attempt"),
    sa.Column("need_micro_usd", sa.BigInteger, nullable=False, server_default="0", comment="p90 of its last plan"),
    sa.Column("cost_micro_usd", sa.BigInteger, nullable=False, server_default="0", comment="of all its attempts"),
    column.text("reason", null=True),
    column.time("ended_at", null=True),
    sa.Column(
        "earlier_state",
        PlainText,
        nullable=True,
        comment="as it had ended before it was tried once more, until it is begun",
    ),
    column.text("earlier_reason", null=True),
    sa.Index("ix_batch_companies_state", "batch_id", "state", "number"),
)

quotes = sa.Table(
    "quotes",
    metadata,
    column.key("quote_id"),
    sa.Column("owner", PlainText, nullable=False, comment="id of the key it was given to; empty: on loopback, no key"),
    sa.Column("ask", JsonText, nullable=False, comment="what was asked, to be enriched as it was quoted"),
    column.money("expected_micro_usd"),
    column.money("most_micro_usd"),
    column.time("created_at"),
    sa.Column("valid_until", UtcMicros, nullable=False, index=True),
)

accepted_requests = sa.Table(
    "accepted_requests",
    metadata,
    column.key("request_id"),
    sa.Column("owner", PlainText, nullable=False, comment="id of the key that asked; empty: on loopback, no key"),
    sa.Column("ask", JsonText, nullable=False, comment="what was asked, to go on with it in another process"),
    column.time("accepted_at"),
    column.text("state"),
    sa.Column("worker", PlainText, nullable=True, comment="the process at work on it"),
    sa.Column("lease_until", UtcMicros, nullable=True, comment="after it another process may go on with it"),
    sa.Column("stop_asked_at", UtcMicros, nullable=True, comment="nothing more of it is bought from then on"),
    column.time("ended_at", null=True),
    sa.Column("problem", JsonText, nullable=True, comment="why it ended without a result; null: it has one"),
    sa.Index("ix_accepted_requests_open", "accepted_at", sqlite_where=ACCEPTED),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("owner", PlainText, primary_key=True, comment="id of the key that asked; empty: on loopback, no key"),
    sa.Column("idempotency_key", PlainText, primary_key=True, comment="as the client chose it"),
    sa.Column("body_hash", PlainText, nullable=False, comment="of method, path and body"),
    sa.Column("made", PlainText, nullable=False, comment="id of the request or batch that was made"),
    sa.Column("at", UtcMicros, nullable=False, index=True),
)

sessions = sa.Table(
    "sessions",
    metadata,
    column.key("session_id"),
    sa.Column("owner", PlainText, nullable=False, index=True, comment="id of the key that opened it; empty: none"),
    sa.Column("persona", JsonText, nullable=False, comment="name, role, company and what they sell"),
    sa.Column("company_id", PlainText, nullable=False, comment="of the persona's company"),
    column.money("budget_micro_usd"),
    column.time("created_at"),
    sa.Column("epoch", PlainText, nullable=False, comment="part of the id of each of its events"),
    sa.Column("last_number", sa.BigInteger, nullable=False, comment="of its newest event; 0: none"),
)

questions = sa.Table(
    "questions",
    metadata,
    column.key("question_id"),
    sa.Column("session_id", PlainText, nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False, comment="place in the session, from 1"),
    column.text("text"),
    column.time("asked_at"),
    sa.Column("state", PlainText, nullable=False, comment="queued, running, waiting or ended"),
    sa.Column("worker", PlainText, nullable=True, comment="the process at work on it"),
    sa.Column("lease_until", UtcMicros, nullable=True, comment="after it another process may go on with it"),
    sa.Column("stop_asked_at", UtcMicros, nullable=True, comment="nothing more of it is bought from then on"),
    column.time("ended_at", null=True),
    sa.Column("requests", JsonText, nullable=False, comment="ids of all requests that were made for it"),
    sa.Column("companies", JsonText, nullable=False, comment="ids of the companies that it is about"),
    sa.Column("chosen", JsonText, nullable=False, comment="text -> key of the company that a person says it means"),
    sa.Column("answer", JsonText, nullable=True, comment="as its research_complete has it"),
    sa.Index("ix_questions_to_answer", "asked_at", sqlite_where=TO_ANSWER),
)

session_events = sa.Table(
    "session_events",
    metadata,
    sa.Column("session_id", PlainText, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, comment="grows by one in each session", autoincrement=False),
    sa.Column("question_id", PlainText, nullable=True, comment="null: of the session itself"),
    column.text("type"),
    sa.Column("data", JsonText, nullable=False),
    sa.Column("message", PlainText, nullable=False, comment="one sentence for people"),
    column.time("at"),
    sa.Column("mark", PlainText, nullable=False, comment="what happened; it is written once"),
    sa.UniqueConstraint("session_id", "mark"),
)

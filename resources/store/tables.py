"""All tables of the store. Money: integer micro-USD; times: column_types.UtcMicros; ids: text that sorts by time.

companies <- requests <- purchases <- replies <- facts;   purchases <- model_replies <- analyses <- facts
requests <- profiles <- changes: what is different since.   verdicts: what people say of values
requests <- events, decisions: what happened in it, and what the policy decided between
company_events: merges and splits.   former_companies: ids that lead to another one since
caps: sums.   turns: calls, for rate limits.   providers, suspensions: outages.   balances: of vendors' accounts
webhooks <- webhook_deliveries: what is sent to others.   sessions <- questions, session_events: research

`changed`: number of the transaction that last wrote the row (see SqlStore.changes); replaced facts raise their reply's.
"""

from datetime import datetime

import sqlalchemy as sa

from resources.store.column_types import ChangeMark, JsonText, JsonZip, PlainText, RowId, UtcMicros

metadata = sa.MetaData()

# Queries must use exactly these texts: SQLite uses a partial index only if the query repeats its condition literally.
UNREPORTED = sa.text("state = 'settled' AND reported_at IS NULL")
OPEN = sa.text("state IN ('reserved', 'sent', 'uncertain')")
CLAIMED = sa.text("claim IS NOT NULL")
UNDER_WAY = sa.text("state IN ('reserved', 'sent')")
UNCERTAIN = sa.text("state = 'uncertain'")
ACCEPTED = sa.text("state = 'open'")
ACCEPTED_OPEN = sa.text("accepted_requests.state = 'open'")  # where another table is in the query
RUNNING = sa.text("state = 'running'")
WAITING = sa.text("state = 'waiting'")
TO_ANSWER = sa.text("state IN ('queued', 'running')")
# For a purchase given by its id: with "state IN (...)" Postgres would scan the index of all open purchases instead.
STILL_OPEN = sa.text("state NOT IN ('settled', 'released')")
STILL_UNDER_WAY = sa.text("state NOT IN ('settled', 'released', 'uncertain')")


def _id(name: str) -> sa.Column[str]:
    return sa.Column(name, PlainText, primary_key=True)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, RowId, primary_key=True, autoincrement=True)


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, PlainText, nullable=null)


def _time(name: str, *, null: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, UtcMicros, nullable=null)


def _money(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _real(name: str, *, null: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double, nullable=null)


def _changed() -> sa.Column[int]:
    return sa.Column("changed", sa.BigInteger, nullable=False, index=True, default=ChangeMark(), onupdate=ChangeMark())


stamp = sa.Table(
    "stamp",
    metadata,
    sa.Column("world", PlainText, primary_key=True, comment="sandbox or live; one row, written when the store is made"),
)

change_counter = sa.Table(
    "change_counter",
    metadata,
    sa.Column("value", sa.BigInteger, primary_key=True, comment="one row; used on SQLite only"),
)

companies = sa.Table(
    "companies",
    metadata,
    _id("company_id"),
    sa.Column("key", PlainText, nullable=False, unique=True),
    _text("name", null=True),
    _text("domain", null=True),
    sa.Column("name_key", PlainText, nullable=True, index=True, comment="the key its name alone would give"),
    sa.Column("country", PlainText, nullable=True, comment="ISO 3166, two letters; null: not known"),
    _time("created_at"),
    _changed(),
    sa.Index("ix_companies_added", "created_at", "key"),
)

# What a table of companies is sorted by; a literal, not a parameter, as its index has to have it.
SORTED_NAME = sa.func.coalesce(companies.c.name, sa.literal_column("''"))
sa.Index("ix_companies_by_name", SORTED_NAME, companies.c.key)

company_aliases = sa.Table(
    "company_aliases",
    metadata,
    sa.Column("alias", PlainText, primary_key=True, comment="as a key: name:acme, acme.com, linkedin:acme"),
    sa.Column("company_id", PlainText, primary_key=True, index=True),
    sa.Column(
        "kind",
        PlainText,
        nullable=False,
        server_default="former_key",
        comment="former_key, former_name, brand, redirect, id or spelling",
    ),
    sa.Column("name", PlainText, nullable=True, comment="as its source writes it"),
    sa.Column("source", PlainText, nullable=True, comment="what says so; null: not known"),
    sa.Column("learned_at", UtcMicros, nullable=True, comment="null: not known"),
    _changed(),
)

company_relations = sa.Table(
    "company_relations",
    metadata,
    sa.Column("company_id", PlainText, primary_key=True),
    sa.Column("kind", PlainText, primary_key=True, comment="what the other one is: parent or subsidiary"),
    sa.Column("other", PlainText, primary_key=True, comment="the key that its domain or name would give it"),
    _text("name", null=True),
    _text("source"),
    _time("learned_at"),
    _changed(),
)

former_companies = sa.Table(
    "former_companies",
    metadata,
    _id("company_id"),
    sa.Column("now", PlainText, nullable=False, index=True, comment="the company it turned out to be"),
)

identity_reviews = sa.Table(
    "identity_reviews",
    metadata,
    _id("review_id"),
    sa.Column("question", PlainText, nullable=False, unique=True, comment="fingerprint: what is asked once only"),
    sa.Column("company_id", PlainText, nullable=True, comment="the registered company it is about; null: a row"),
    sa.Column("record", JsonText, nullable=False, comment="name, domain, ids and country as they were stated"),
    sa.Column("candidates", JsonText, nullable=False, comment="ids of the companies that may be meant"),
    _text("because"),
    sa.Column("origin", PlainText, nullable=False, comment="a source, or a file and its line"),
    _time("opened_at"),
    sa.Column("state", PlainText, nullable=False, index=True, comment="open, same or different"),
    sa.Column("same_as", PlainText, nullable=True, comment="the company that was meant; of a row, also a new one"),
    _time("decided_at", null=True),
    _text("decided_by", null=True),
)

company_events = sa.Table(
    "company_events",
    metadata,
    _id("event_id"),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True, comment="in the order in which they happened"),
    sa.Column("kind", PlainText, nullable=False, comment="merge or split"),
    sa.Column("from_id", PlainText, nullable=False, index=True, comment="the company that rows went from"),
    sa.Column("from_key", PlainText, nullable=False, comment="its key then"),
    sa.Column("to_id", PlainText, nullable=False, index=True, comment="the company that they went to"),
    sa.Column("to_key", PlainText, nullable=False, comment="its key then"),
    sa.Column("by", PlainText, nullable=True, comment="the command or part of the pipeline; null: not known"),
    _time("at", null=True),
    _text("reason"),
    sa.Column("moved", JsonText, nullable=False, comment="table -> how many rows"),
    sa.Column("record", JsonZip, nullable=False, comment="the ids of these rows, and the rows that are no more"),
    _time("undone_at", null=True),
    _text("undone_by", null=True),
    _changed(),
)

requests = sa.Table(
    "requests",
    metadata,
    _id("request_id"),
    _text("company_id"),
    _text("consumer"),
    _text("audience", null=True),
    _text("strategy"),
    _text("rules_hash"),
    _time("asked_at"),
    _text("asked_by"),
    _text("state"),
    _time("finished_at", null=True),
    _money("cost_micro_usd"),
    _money("saved_micro_usd"),
    _text("served_from", null=True),
    _text("profile_id", null=True),
    sa.Column("plan", JsonZip),
    _text("error", null=True),
    sa.Column("lease_until", UtcMicros, nullable=True, comment="until then its process is taken to be alive"),
    _changed(),
    sa.Index("ix_requests_running", "lease_until", sqlite_where=RUNNING, postgresql_where=RUNNING),
    sa.Index("ix_requests_company", "company_id", "asked_at"),
    sa.Index("ix_requests_asked_at", "asked_at"),
)

purchases = sa.Table(
    "purchases",
    metadata,
    _id("purchase_id"),
    sa.Column("request_id", PlainText, nullable=False, index=True),
    _text("company_id"),
    _text("consumer"),
    _text("strategy"),
    _text("source"),
    _text("provider"),
    _text("variant"),
    _text("rules_hash"),
    sa.Column("reserved_units", JsonText, nullable=False, comment="vendor unit -> count, at most"),
    sa.Column("usd_per_unit", JsonText, nullable=False, comment="vendor unit -> price as decimal text"),
    _money("reserved_micro_usd"),
    _time("reserved_at"),
    _time("lease_until"),
    _time("repeatable_until", null=True),
    sa.Column("asked", PlainText, nullable=False, server_default="", comment="the exact question, as a fingerprint"),
    sa.Column(
        "topic", PlainText, nullable=False, server_default="", comment="what in particular is asked; empty: none"
    ),
    _text("state"),
    sa.Column("units", JsonText, nullable=False, comment="vendor unit -> count, as billed"),
    _money("cost_micro_usd"),
    _text("handle", null=True),
    _time("sent_at", null=True),
    _time("closed_at", null=True),
    _real("latency_seconds", null=True),
    sa.Column("calls", sa.Integer, nullable=False),
    _text("outcome", null=True),
    _text("reason", null=True),
    _time("reported_at", null=True),
    sa.Column("claim", PlainText, nullable=True, comment="company, source and variant, while it is reserved or sent"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1", comment="one more whenever it is resumed"),
    sa.Column("cap_names", JsonText, nullable=False, comment="the caps it is reserved against, in name order"),
    _changed(),
    sa.Index("ix_purchases_company", "company_id", "source"),
    sa.Index("ix_purchases_unreported", "closed_at", sqlite_where=UNREPORTED, postgresql_where=UNREPORTED),
    sa.Index("ix_purchases_claim", "claim", unique=True, sqlite_where=CLAIMED, postgresql_where=CLAIMED),
    sa.Index("ix_purchases_open", "provider", "state", "lease_until", sqlite_where=OPEN, postgresql_where=OPEN),
)

providers = sa.Table(
    "providers",
    metadata,
    _id("provider"),
    sa.Column("failures", sa.Integer, nullable=False, comment="in a row"),
    sa.Column("kind", PlainText, nullable=True, comment="down or exhausted; null: it is asked"),
    _text("because", null=True),
    sa.Column("until", UtcMicros, nullable=True, comment="until then nobody asks; then one probe does"),
    sa.Column("probe", PlainText, nullable=True, comment="the purchase let through to find out"),
    sa.Column("wait_seconds", sa.Double, nullable=False, comment="how long the last time out was"),
    sa.Column("paused_until", UtcMicros, nullable=True, comment="the vendor's Retry-After, for all processes"),
)

turns = sa.Table(
    "turns",
    metadata,
    _number("turn_id"),
    _text("provider"),
    sa.Column("at", UtcMicros, nullable=False, comment="a call to the vendor; kept as long as its longest window"),
    sa.Index("ix_turns_provider", "provider", "at"),
)

suspensions = sa.Table(
    "suspensions",
    metadata,
    _id("source"),
    _text("purchase_id"),
    _text("because"),
    _time("since"),
)

balances = sa.Table(
    "balances",
    metadata,
    _number("balance_id"),
    _text("provider"),
    _time("at"),
    _text("unit"),
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

replies = sa.Table(
    "replies",
    metadata,
    _id("reply_id"),
    _text("company_id"),
    _text("source"),
    _text("variant"),
    sa.Column("purchase_id", PlainText, nullable=False, unique=True),
    _text("request_id"),
    sa.Column("found", sa.Boolean, nullable=False, comment="false: the source knows nothing of this company"),
    sa.Column("payload", JsonZip, nullable=False, comment="zlib of JSON: step -> the vendor's body"),
    _time("collected_at"),
    _time("expires_at"),
    sa.Column("cost_micro_usd", sa.BigInteger, nullable=False, comment="what its purchase cost"),
    sa.Column("reader_version", sa.Integer, nullable=False),
    sa.Column(
        "topic", PlainText, nullable=False, server_default="", comment="what in particular was asked; empty: none"
    ),
    _changed(),
    sa.Index("ix_replies_newest", "company_id", "source", "collected_at", "reply_id"),
    sa.Index("ix_replies_reader", "source", "reader_version", "reply_id"),
)

_later = replies.alias("later")
# There is no later reply of the same source about the same company and topic.
NEWEST_REPLY = ~sa.exists().where(
    _later.c.company_id == replies.c.company_id,
    _later.c.source == replies.c.source,
    _later.c.topic == replies.c.topic,
    sa.tuple_(_later.c.collected_at, _later.c.reply_id) > sa.tuple_(replies.c.collected_at, replies.c.reply_id),
)

facts = sa.Table(
    "facts",
    metadata,
    _number("fact_id"),
    sa.Column("reply_id", PlainText, nullable=False, index=True),
    sa.Column("analysis_id", PlainText, index=True, comment="the analysis that read it; null: a reader did"),
    _text("company_id"),
    _text("dataset"),
    sa.Column("value", JsonText, nullable=False),
    _real("quality"),
    _real("reliability"),
    _text("source"),
    _text("purchase_id"),
    _text("evidence"),
    _time("collected_at"),
    _time("holds_until"),
    sa.Column("reader_version", sa.Integer, nullable=False),
    sa.Column("last_resort", sa.Boolean, nullable=False),
    _changed(),
    sa.Index("ix_facts_dataset", "dataset", "company_id"),
)

rereadings = sa.Table(
    "rereadings",
    metadata,
    sa.Column("source", PlainText, primary_key=True),
    sa.Column("dataset", PlainText, primary_key=True),
    sa.Column("read", sa.BigInteger, nullable=False, comment="replies with the dataset that a newer reader read again"),
    sa.Column("misread", sa.BigInteger, nullable=False, comment="of these, where it then found another value"),
)

cache_reads = sa.Table(
    "cache_reads",
    metadata,
    _number("read_id"),
    sa.Column("request_id", PlainText, nullable=False, index=True),
    sa.Column("purchase_id", PlainText, nullable=False, index=True, comment="who paid"),
    _text("source"),
    _text("layer"),
    _money("saved_micro_usd"),
    _time("at"),
    _changed(),
)

analyses = sa.Table(
    "analyses",
    metadata,
    _id("analysis_id"),
    sa.Column("key", PlainText, nullable=False, index=True, comment="evidence, prompt, model and answer type"),
    sa.Column("company_id", PlainText, nullable=False, index=True),
    _text("name"),
    _text("audience", null=True),
    _text("model"),
    _text("purchase_id"),
    _text("request_id"),
    sa.Column("answer", JsonText, nullable=False),
    sa.Column("claims_kept", sa.Integer, nullable=False),
    sa.Column("claims_dropped", sa.Integer, nullable=False),
    sa.Column("evidence", JsonZip, nullable=False),
    _time("created_at"),
    _changed(),
)

model_replies = sa.Table(
    "model_replies",
    metadata,
    sa.Column("analysis_id", PlainText, primary_key=True, comment="of the analysis that is read from it"),
    sa.Column("key", PlainText, nullable=False, index=True, comment="evidence, prompt, model and answer type"),
    sa.Column("company_id", PlainText, nullable=False, index=True),
    _text("name"),
    _text("model"),
    sa.Column("purchase_id", PlainText, nullable=False, unique=True),
    _text("request_id"),
    sa.Column("answer", JsonZip, nullable=False, comment="zlib of JSON: content, refusal, finish_reason, tokens"),
    _time("answered_at"),
    sa.Column("checked_by", sa.Integer, nullable=False, comment="version of the check that read it; 0: none yet"),
    sa.Column("failure", PlainText, nullable=True, comment="why it cannot be used; null: it can"),
)

profiles = sa.Table(
    "profiles",
    metadata,
    _id("profile_id"),
    _text("company_id"),
    _text("consumer"),
    _text("audience", null=True),
    _text("requirements_hash"),
    _text("rules_hash"),
    _text("request_id"),
    _real("quality"),
    _real("completeness"),
    _text("confidence"),
    sa.Column("document", JsonText, nullable=False),
    _time("created_at"),
    _time("holds_until"),
    _changed(),
    sa.Index("ix_profiles_latest", "company_id", "consumer", "audience", "created_at"),
)

changes = sa.Table(
    "changes",
    metadata,
    _id("change_id"),
    sa.Column("mark", PlainText, nullable=False, unique=True, comment="fingerprint: a change is kept once"),
    sa.Column("company_id", PlainText, nullable=False, index=True),
    _text("consumer"),
    _text("audience", null=True),
    _text("dataset"),
    sa.Column("kind", PlainText, nullable=False, comment="changed, added or removed"),
    sa.Column("before", JsonText, nullable=True, comment="the value that was; null: none"),
    sa.Column("after", JsonText, nullable=True, comment="the value that is; null: none"),
    _text("source"),
    sa.Column("reply_id", PlainText, nullable=False, comment="the reply that shows it"),
    _text("evidence"),
    sa.Column("why", PlainText, nullable=False, comment="why it counts as a change"),
    sa.Column("since", UtcMicros, nullable=False, comment="when that reply was collected"),
    _text("profile_id"),
    _text("request_id"),
    sa.Column("at", UtcMicros, nullable=False, index=True),
    _changed(),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    _id("verdict_id"),
    sa.Column("company_id", PlainText, nullable=False, index=True),
    _text("dataset"),
    sa.Column("wrong_value", JsonText, nullable=True, comment="the value that is wrong; null: nothing was known"),
    sa.Column("right_value", JsonText, nullable=True, comment="the value that is right; null: that is not known"),
    _text("because"),
    sa.Column("sources", JsonText, nullable=False, comment="what had given the wrong value"),
    sa.Column("by", PlainText, nullable=False, comment="the command line, or the key of the service"),
    _time("at"),
    _time("withdrawn_at", null=True),
    _text("withdrawn_by", null=True),
    _changed(),
)

events = sa.Table(
    "events",
    metadata,
    _number("event_id"),
    sa.Column("request_id", PlainText, nullable=False, index=True),
    _time("at"),
    _text("stage"),
    _text("what"),
    sa.Column("data", JsonText, nullable=False),
    _changed(),
)

decisions = sa.Table(
    "decisions",
    metadata,
    _number("decision_id"),
    sa.Column("request_id", PlainText, nullable=False, index=True),
    _time("at"),
    sa.Column("open_datasets", JsonText, nullable=False, comment="of its part of the plan, not satisfied then"),
    sa.Column("missed", JsonText, nullable=False, comment="sources that had answered that they know nothing"),
    sa.Column("alternatives", JsonText, nullable=False, comment="sources that it could ask; it could also stop"),
    sa.Column("chosen", JsonText, nullable=False, comment="sources asked together; none: it stopped"),
    sa.Column("chance", sa.Double, nullable=False, comment="probability with which it was made"),
    sa.Column("industry_group", PlainText, nullable=True, comment="of the company, as it was known then"),
    sa.Column("size_band", PlainText, nullable=True, comment="of the company, as it was known then"),
    sa.Column("country", PlainText, nullable=True, comment="of the company, as it was known then"),
    _changed(),
)

batches = sa.Table(
    "batches",
    metadata,
    _id("batch_id"),
    _time("created_at"),
    _text("consumer"),
    _text("strategy", null=True),
    _text("requested_by"),
    _text("state"),
    _text("audience", null=True),
    sa.Column("max_cost_micro_usd", sa.BigInteger, nullable=True, comment="of all its companies together"),
    sa.Column("max_age_seconds", sa.BigInteger, nullable=True, comment="how old a fact may be"),
    sa.Column("payer", PlainText, nullable=True, comment="whose daily cap counts, such as key:crm"),
)

batch_companies = sa.Table(
    "batch_companies",
    metadata,
    _id("batch_id"),
    _id("company_id"),
    _text("key"),
    _text("state"),
    sa.Column("number", sa.Integer, nullable=False, server_default="0", comment="place in the batch"),
    sa.Column("worker", PlainText, nullable=True, comment="the worker that has claimed it"),
    sa.Column("lease_until", UtcMicros, nullable=True, comment="after it another worker may claim it"),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="0", comment="one more whenever it is begun"),
    sa.Column("request_id", PlainText, nullable=True, comment="of its last attempt"),
    sa.Column("need_micro_usd", sa.BigInteger, nullable=False, server_default="0", comment="p90 of its last plan"),
    sa.Column("cost_micro_usd", sa.BigInteger, nullable=False, server_default="0", comment="of all its attempts"),
    _text("reason", null=True),
    _time("ended_at", null=True),
    sa.Index("ix_batch_companies_state", "batch_id", "state", "number"),
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    _id("key_id"),
    _text("name"),
    sa.Column("secret_hash", PlainText, nullable=False, unique=True, comment="SHA-256; the secret is kept nowhere"),
    sa.Column("may", JsonText, nullable=False, comment="rights: read, enrich, admin"),
    _time("created_at"),
    sa.Column("per_day_micro_usd", sa.BigInteger, nullable=True, comment="null: no limit of its own"),
    sa.Column("per_minute", sa.Integer, nullable=True, comment="requests; null: as many as any key"),
    _time("revoked_at", null=True),
    sa.Column(
        "approve_up_to_micro_usd", sa.BigInteger, nullable=True, comment="of one request; null: a person is asked"
    ),
)

quotes = sa.Table(
    "quotes",
    metadata,
    _id("quote_id"),
    sa.Column("owner", PlainText, nullable=False, comment="id of the key it was given to; empty: on loopback, no key"),
    sa.Column("ask", JsonText, nullable=False, comment="what was asked, to be enriched as it was quoted"),
    _money("expected_micro_usd"),
    _money("most_micro_usd"),
    _time("created_at"),
    sa.Column("valid_until", UtcMicros, nullable=False, index=True),
)

accepted_requests = sa.Table(
    "accepted_requests",
    metadata,
    _id("request_id"),
    sa.Column("owner", PlainText, nullable=False, comment="id of the key that asked; empty: on loopback, no key"),
    sa.Column("ask", JsonText, nullable=False, comment="what was asked, to go on with it in another process"),
    _time("accepted_at"),
    _text("state"),
    sa.Column("worker", PlainText, nullable=True, comment="the process at work on it"),
    sa.Column("lease_until", UtcMicros, nullable=True, comment="after it another process may go on with it"),
    sa.Column("stop_asked_at", UtcMicros, nullable=True, comment="nothing more of it is bought from then on"),
    _time("ended_at", null=True),
    sa.Column("problem", JsonText, nullable=True, comment="why it ended without a result; null: it has one"),
    sa.Index("ix_accepted_requests_open", "accepted_at", sqlite_where=ACCEPTED, postgresql_where=ACCEPTED),
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

webhooks = sa.Table(
    "webhooks",
    metadata,
    _id("webhook_id"),
    sa.Column("owner", PlainText, nullable=False, index=True, comment="id of the key that registered it; empty: none"),
    _text("url"),
    sa.Column("events", JsonText, nullable=False, comment="names of the events that it wants"),
    sa.Column("secret", PlainText, nullable=False, comment="what its deliveries are signed with; shown once"),
    _time("created_at"),
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    _id("delivery_id"),
    sa.Column("webhook_id", PlainText, nullable=False),
    sa.Column("mark", PlainText, nullable=False, comment="what happened: a webhook is sent it once"),
    _text("event"),
    sa.Column("body", PlainText, nullable=False, comment="the text that is signed and sent"),
    _time("created_at"),
    sa.Column("next_at", UtcMicros, nullable=False, comment="when it is sent next, by whichever process"),
    sa.Column("state", PlainText, nullable=False, comment="waiting, delivered or dead"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("problem", PlainText, nullable=True, comment="of the last attempt; null: it has none"),
    _time("ended_at", null=True),
    sa.UniqueConstraint("webhook_id", "mark"),
    sa.Index("ix_webhook_deliveries_waiting", "next_at", sqlite_where=WAITING, postgresql_where=WAITING),
    sa.Index("ix_webhook_deliveries_webhook", "webhook_id", "state", "ended_at"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    _id("session_id"),
    sa.Column("owner", PlainText, nullable=False, index=True, comment="id of the key that opened it; empty: none"),
    sa.Column("persona", JsonText, nullable=False, comment="name, role, company and what they sell"),
    sa.Column("company_id", PlainText, nullable=False, comment="of the persona's company"),
    _money("budget_micro_usd"),
    _time("created_at"),
    sa.Column("epoch", PlainText, nullable=False, comment="part of the id of each of its events"),
    sa.Column("last_number", sa.BigInteger, nullable=False, comment="of its newest event; 0: none"),
)

questions = sa.Table(
    "questions",
    metadata,
    _id("question_id"),
    sa.Column("session_id", PlainText, nullable=False, index=True),
    sa.Column("number", sa.Integer, nullable=False, comment="place in the session, from 1"),
    _text("text"),
    _time("asked_at"),
    sa.Column("state", PlainText, nullable=False, comment="queued, running, waiting or ended"),
    sa.Column("worker", PlainText, nullable=True, comment="the process at work on it"),
    sa.Column("lease_until", UtcMicros, nullable=True, comment="after it another process may go on with it"),
    sa.Column("stop_asked_at", UtcMicros, nullable=True, comment="nothing more of it is bought from then on"),
    _time("ended_at", null=True),
    sa.Column("requests", JsonText, nullable=False, comment="ids of all requests that were made for it"),
    sa.Column("companies", JsonText, nullable=False, comment="ids of the companies that it is about"),
    sa.Column("chosen", JsonText, nullable=False, comment="text -> key of the company that a person says it means"),
    sa.Column("answer", JsonText, nullable=True, comment="as its research_complete has it"),
    sa.Index("ix_questions_to_answer", "asked_at", sqlite_where=TO_ANSWER, postgresql_where=TO_ANSWER),
)

session_events = sa.Table(
    "session_events",
    metadata,
    sa.Column("session_id", PlainText, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, comment="grows by one in each session", autoincrement=False),
    sa.Column("question_id", PlainText, nullable=True, comment="null: of the session itself"),
    _text("type"),
    sa.Column("data", JsonText, nullable=False),
    sa.Column("message", PlainText, nullable=False, comment="one sentence for people"),
    _time("at"),
    sa.Column("mark", PlainText, nullable=False, comment="what happened; it is written once"),
    sa.UniqueConstraint("session_id", "mark"),
)

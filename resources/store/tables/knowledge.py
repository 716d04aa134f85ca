"""What was learned: replies <- facts; model_replies <- analyses <- facts; profiles <- changes in them."""

import sqlalchemy as sa

from resources.store.tables import columns as column
from resources.store.tables.column_types import JsonText, JsonZip, PlainText, UtcMicros
from resources.store.tables.columns import metadata

replies = sa.Table(
    "replies",
    metadata,
    column.key("reply_id"),
    column.text("company_id"),
    column.text("source"),
    column.text("variant"),
    sa.Column("purchase_id", PlainText, nullable=False, unique=True),
    column.text("request_id"),
    sa.Column("found", sa.Boolean, nullable=False, comment="false: the source knows nothing of this company"),
    sa.Column("payload", JsonZip, nullable=False, comment="zlib of JSON: step -> the vendor's body"),
    column.time("collected_at"),
    column.time("expires_at"),
    sa.Column("cost_micro_usd", sa.BigInteger, nullable=False, comment="what its purchase cost"),
    sa.Column("reader_version", sa.Integer, nullable=False),
    sa.Column(
        "topic", PlainText, nullable=False, server_default="", comment="what in particular was asked; empty: none"
    ),
    column.changed(),
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
    column.number("fact_id"),
    sa.Column("reply_id", PlainText, nullable=False, index=True),
    sa.Column("analysis_id", PlainText, index=True, comment="the analysis that read it; null: a reader did"),
    column.text("company_id"),
    column.text("dataset"),
    sa.Column("value", JsonText, nullable=False),
    column.real("quality"),
    column.real("reliability"),
    column.text("source"),
    column.text("purchase_id"),
    column.text("evidence"),
    column.time("collected_at"),
    column.time("holds_until"),
    sa.Column("reader_version", sa.Integer, nullable=False),
    sa.Column("last_resort", sa.Boolean, nullable=False),
    column.changed(),
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

analyses = sa.Table(
    "analyses",
    metadata,
    column.key("analysis_id"),
    sa.Column("key", PlainText, nullable=False, index=True, comment="evidence, prompt, model and answer type"),
    sa.Column("company_id", PlainText, nullable=False, index=True),
    column.text("name"),
    column.text("audience", null=True),
    column.text("model"),
    column.text("purchase_id"),
    column.text("request_id"),
    sa.Column("answer", JsonText, nullable=False),
    sa.Column("claims_kept", sa.Integer, nullable=False),
    sa.Column("claims_dropped", sa.Integer, nullable=False),
    sa.Column("evidence", JsonZip, nullable=False),
    column.time("created_at"),
    column.changed(),
)

model_replies = sa.Table(
    "model_replies",
    metadata,
    sa.Column("analysis_id", PlainText, primary_key=True, comment="of the analysis that is read from it"),
    sa.Column("key", PlainText, nullable=False, index=True, comment="evidence, prompt, model and answer type"),
    sa.Column("company_id", PlainText, nullable=False, index=True),
    column.text("name"),
    column.text("model"),
    sa.Column("purchase_id", PlainText, nullable=False, unique=True),
    column.text("request_id"),
    sa.Column("answer", JsonZip, nullable=False, comment="zlib of JSON: content, refusal, finish_reason, tokens"),
    column.time("answered_at"),
    sa.Column("checked_by", sa.Integer, nullable=False, comment="version of the check that read it; 0: none yet"),
    sa.Column("failure", PlainText, nullable=True, comment="why it cannot be used; null: it can"),
)

profiles = sa.Table(
    "profiles",
    metadata,
    column.key("profile_id"),
    column.text("company_id"),
    column.text("consumer"),
    column.text("audience", null=True),
    column.text("requirements_hash"),
    column.text("rules_hash"),
    column.text("request_id"),
    column.real("quality"),
    column.real("completeness"),
    column.text("confidence"),
    sa.Column("document", JsonText, nullable=False),
    column.time("created_at"),
    column.time("holds_until"),
    column.changed(),
    sa.Index("ix_profiles_latest", "company_id", "consumer", "audience", "created_at"),
)

changes = sa.Table(
    "changes",
    metadata,
    column.key("change_id"),
    sa.Column("mark", PlainText, nullable=False, unique=True, comment="fingerprint: a change is kept once"),
    sa.Column("company_id", PlainText, nullable=False, index=True),
    column.text("consumer"),
    column.text("audience", null=True),
    column.text("dataset"),
    sa.Column("kind", PlainText, nullable=False, comment="changed, added or removed"),
    sa.Column("before", JsonText, nullable=True, comment="the value that was; null: none"),
    sa.Column("after", JsonText, nullable=True, comment="the value that is; null: none"),
    column.text("source"),
    sa.Column("reply_id", PlainText, nullable=False, comment="the reply that shows it"),
    column.text("evidence"),
    sa.Column("why", PlainText, nullable=False, comment="why it counts as a change"),
    sa.Column("since", UtcMicros, nullable=False, comment="when that reply was collected"),
    column.text("profile_id"),
    column.text("request_id"),
    sa.Column("at", UtcMicros, nullable=False, index=True),
    column.changed(),
)

verdicts = sa.Table(
    "verdicts",
    metadata,
    column.key("verdict_id"),
    sa.Column("company_id", PlainText, nullable=False, index=True),
    column.text("dataset"),
    sa.Column("wrong_value", JsonText, nullable=True, comment="the value that is wrong; null: nothing was known"),
    sa.Column("right_value", JsonText, nullable=True, comment="the value that is right; null: that is not known"),
    column.text("because"),
    sa.Column("sources", JsonText, nullable=False, comment="what had given the wrong value"),
    sa.Column("by", PlainText, nullable=False, comment="the command line, or the key of the service"),
    column.time("at"),
    column.time("withdrawn_at", null=True),
    column.text("withdrawn_by", null=True),
    column.changed(),
)

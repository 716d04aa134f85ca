"""Companies, what else leads to them, and which were merged or split since."""

import sqlalchemy as sa

from resources.store.tables import columns as column
from resources.store.tables.column_types import JsonText, JsonZip, PlainText, UtcMicros
from resources.store.tables.columns import metadata

companies = sa.Table(
    "companies",
    metadata,
    column.key("company_id"),
    sa.Column("key", PlainText, nullable=False, unique=True),
    column.text("name", null=True),
    column.text("domain", null=True),
    sa.Column("name_key", PlainText, nullable=True, index=True, comment="the key its name alone would give"),
    sa.Column("country", PlainText, nullable=True, comment="ISO 3166, two letters; null: not known"),
    column.time("created_at"),
    column.changed(),
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
    column.changed(),
)

company_relations = sa.Table(
    "company_relations",
    metadata,
    sa.Column("company_id", PlainText, primary_key=True),
    sa.Column("kind", PlainText, primary_key=True, comment="what the other one is: parent or subsidiary"),
    sa.Column("other", PlainText, primary_key=True, comment="the key that its domain or name would give it"),
    column.text("name", null=True),
    column.text("source"),
    column.time("learned_at"),
    column.changed(),
)

former_companies = sa.Table(
    "former_companies",
    metadata,
    column.key("company_id"),
    sa.Column("now", PlainText, nullable=False, index=True, comment="the company it turned out to be"),
)

identity_reviews = sa.Table(
    "identity_reviews",
    metadata,
    column.key("review_id"),
    sa.Column("question", PlainText, nullable=False, unique=True, comment="fingerprint: what is asked once only"),
    sa.Column("company_id", PlainText, nullable=True, comment="the registered company it is about; null: a row"),
    sa.Column("record", JsonText, nullable=False, comment="name, domain, ids and country as they were stated"),
    sa.Column("candidates", JsonText, nullable=False, comment="ids of the companies that may be meant"),
    column.text("because"),
    sa.Column("origin", PlainText, nullable=False, comment="a source, or a file and its line"),
    column.time("opened_at"),
    sa.Column("state", PlainText, nullable=False, index=True, comment="open, same or different"),
    sa.Column("same_as", PlainText, nullable=True, comment="the company that was meant; of a row, also a new one"),
    column.time("decided_at", null=True),
    column.text("decided_by", null=True),
)

company_events = sa.Table(
    "company_events",
    metadata,
    column.key("event_id"),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True, comment="in the order in which they happened"),
    sa.Column("kind", PlainText, nullable=False, comment="merge or split"),
    sa.Column("from_id", PlainText, nullable=False, index=True, comment="the company that rows went from"),
    sa.Column("from_key", PlainText, nullable=False, comment="its key then"),
    sa.Column("to_id", PlainText, nullable=False, index=True, comment="the company that they went to"),
    sa.Column("to_key", PlainText, nullable=False, comment="its key then"),
    sa.Column("by", PlainText, nullable=True, comment="the command or part of the pipeline; null: not known"),
    column.time("at", null=True),
    column.text("reason"),
    sa.Column("moved", JsonText, nullable=False, comment="table -> how many rows"),
    sa.Column("record", JsonZip, nullable=False, comment="the ids of these rows, and the rows that are no more"),
    column.time("undone_at", null=True),
    column.text("undone_by", null=True),
    column.changed(),
)

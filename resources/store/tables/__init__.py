"""All tables of the store. Money: integer micro-USD; times: column_types.UtcMicros; ids: text that sorts by time.

companies <- requests <- purchases <- replies <- facts;   purchases <- model_replies <- analyses <- facts
requests <- profiles <- changes;   requests <- events, decisions;   sessions <- questions, session_events

`changed`: number of the transaction that last wrote the row (see SqlStore.changes); replaced facts raise their reply's.
Partial indexes have their condition for SQLite alone: naming Postgres imports its dialect. The migrations have both.
"""

from resources.store.tables.clients import (
    WAITING,
    api_keys,
    webhook_deliveries,
    webhooks,
)
from resources.store.tables.columns import metadata
from resources.store.tables.companies import (
    SORTED_NAME,
    companies,
    company_aliases,
    company_events,
    company_relations,
    former_companies,
    identity_reviews,
)
from resources.store.tables.knowledge import (
    NEWEST_REPLY,
    analyses,
    changes,
    facts,
    model_replies,
    profiles,
    replies,
    rereadings,
    verdicts,
)
from resources.store.tables.purchases import (
    CLAIMED,
    OPEN,
    STILL_OPEN,
    STILL_UNDER_WAY,
    UNCERTAIN,
    UNDER_WAY,
    UNREPORTED,
    balances,
    caps,
    providers,
    purchases,
    suspensions,
    turns,
)
from resources.store.tables.requests import (
    ACCEPTED,
    ACCEPTED_OPEN,
    RUNNING,
    TO_ANSWER,
    accepted_requests,
    batch_companies,
    batches,
    cache_reads,
    decisions,
    events,
    idempotency_keys,
    questions,
    quotes,
    requests,
    session_events,
    sessions,
)
from resources.store.tables.stamp import (
    change_counter,
    stamp,
)

__all__ = [
    "ACCEPTED",
    "ACCEPTED_OPEN",
    "CLAIMED",
    "NEWEST_REPLY",
    "OPEN",
    "RUNNING",
    "SORTED_NAME",
    "STILL_OPEN",
    "STILL_UNDER_WAY",
    "TO_ANSWER",
    "UNCERTAIN",
    "UNDER_WAY",
    "UNREPORTED",
    "WAITING",
    "accepted_requests",
    "analyses",
    "api_keys",
    "balances",
    "batch_companies",
    "batches",
    "cache_reads",
    "caps",
    "change_counter",
    "changes",
    "companies",
    "company_aliases",
    "company_events",
    "company_relations",
    "decisions",
    "events",
    "facts",
    "former_companies",
    "idempotency_keys",
    "identity_reviews",
    "metadata",
    "model_replies",
    "profiles",
    "providers",
    "purchases",
    "questions",
    "quotes",
    "replies",
    "requests",
    "rereadings",
    "session_events",
    "sessions",
    "stamp",
    "suspensions",
    "turns",
    "verdicts",
    "webhook_deliveries",
    "webhooks",
]

"""A store after months of use: every company has a profile, some replies were bought twice, requests follow Zipf.

companies + seed + how the profiles are -> a SQLite store, written in bulk over bench.planner.generated_store
"""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any, Literal

import sqlalchemy as sa

from bench.planner.generated_store import NOW, store_of
from enrichment.rules import Rules
from enrichment.rules.requirements import requirements_hash, requirements_of
from resources.store import SqlStore
from resources.store import tables as t

Kind = Literal["expired", "fresh", "incomplete"]
_TWENTY_DAYS = 20 * 86_400 * 1_000_000  # microseconds
_TEXTS = ("industry", "company_description", "company_name")


def profiled_store(url: str, rules: Rules, companies: int, seed: int, *, consumer: str, kind: Kind) -> SqlStore:
    """A store of profiles.

    One reply in five was bought twenty days before as well; a third of the texts in these was another one.
    """
    store = store_of(url, rules, companies, seed)
    ids = [company.company_id for company in store.companies.all()]
    with store.database.writing() as tx:
        _buy_some_before(tx)
        tx.execute(sa.insert(t.profiles), list(_profiles(rules, ids, consumer, kind)))
        tx.execute(sa.insert(t.requests), list(_requests(ids, seed, consumer)))
    return store


def _buy_some_before(tx: sa.Connection) -> None:
    some = "CAST(substr(company_id, 5) AS INTEGER) % 5 = 0"
    replies = {"reply_id": "'old_' || reply_id", "purchase_id": "'old_' || purchase_id"}
    replies["collected_at"] = f"collected_at - {_TWENTY_DAYS}"
    facts = {"fact_id": "NULL", "collected_at": replies["collected_at"], "reply_id": replies["reply_id"]}
    texts = ", ".join(f"'{name}'" for name in _TEXTS)
    before = f"dataset IN ({texts}) AND fact_id % 3 = 0"
    facts["value"] = f'CASE WHEN {before} THEN \'{{"text": "before"}}\' ELSE value END'
    for table, changes in ((t.replies, replies), (t.facts, facts)):
        columns = [column.name for column in table.columns]
        chosen = ", ".join(changes.get(name, f'"{name}"') for name in columns)
        named = ", ".join(f'"{name}"' for name in columns)
        copied = f"INSERT INTO {table.name} ({named}) SELECT {chosen} FROM {table.name} WHERE {some}"  # noqa: S608  our names
        tx.exec_driver_sql(copied)


def _profiles(rules: Rules, ids: list[str], consumer: str, kind: Kind) -> Iterator[dict[str, Any]]:
    created = NOW - timedelta(hours=1) if kind == "fresh" else NOW - timedelta(days=20)
    ends = {"expired": NOW - timedelta(days=1), "fresh": NOW + timedelta(days=3), "incomplete": created}
    digest = requirements_hash(rules, requirements_of(rules, (consumer,)))
    for company_id in ids:
        yield {
            "profile_id": f"pro_{company_id}",
            "company_id": company_id,
            "consumer": consumer,
            "audience": None,
            "requirements_hash": digest,
            "rules_hash": rules.hash,
            "request_id": f"req_{company_id}_0",
            "quality": 0.9,
            "completeness": 1.0,
            "confidence": "High",
            "document": {"datasets": {}},
            "created_at": created,
            "holds_until": ends[kind],
        }


def _requests(ids: list[str], seed: int, consumer: str) -> Iterator[dict[str, Any]]:
    """One request of each company, and as many more as there are companies, by Zipf."""
    rng = Random(seed)
    ranked = rng.sample(ids, len(ids))
    more = rng.choices(ranked, [1 / rank for rank in range(1, len(ids) + 1)], k=len(ids))
    for number, company_id in enumerate([*ids, *more]):
        yield {
            "request_id": f"req_{company_id}_{number}",
            "company_id": company_id,
            "consumer": consumer,
            "strategy": "enhanced",
            "rules_hash": "",
            "asked_at": NOW - timedelta(seconds=rng.randint(60, 29 * 86_400)),
            "asked_by": "cli",
            "state": "complete",
            "cost_micro_usd": 0,
            "saved_micro_usd": 0,
        }

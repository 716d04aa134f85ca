"""A store as it looks after a month of use: companies asked about, replies of different ages, facts read from them.

number of companies + seed  ->  companies, replies and facts, written in bulk into a new SQLite store
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import sqlalchemy as sa

from enrichment.rules import Rules
from resources.store import SqlStore, open_store
from resources.store import tables as t
from resources.store.tables.column_types import zipped

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
NO_DOMAIN = 0.03
ASKED = 0.45
"""Chance that a source was asked about a company at some time in the last 30 days."""
ITEMS = {"key_contacts": 5, "tech_stack": 12, "recent_news": 8, "hiring_trends": 8, "purchase_intent": 3}
_AT_ONCE = 20_000
Row = dict[str, Any]
_ALIKE: dict[str, Row] = {
    "employee_count": {"low": 100, "high": 100},
    "headquarters": {"city": "Wien", "country": "AT"},
    "founded": {"year": 1999},
    "revenue": {"low": 1_000_000, "high": 1_000_000, "currency": "EUR"},
    "company_size_band": {"band": "51-500"},
}
"""Dataset -> the value that every company has."""
_BESIDES: dict[str, Row] = {"website_passages": {"page": "/"}, "competitor_mentions": {"name": "Other"}}
"""Dataset -> what its values need beside their text."""


def store_of(url: str, rules: Rules, companies: int, seed: int) -> SqlStore:
    """A new store at this URL. Values are placeholders; what matters is how many there are, how good, and how old."""
    store = open_store(url, world="sandbox")
    made = _world(rules, companies, seed)
    while some := list(islice(made, _AT_ONCE)):
        with store.database.writing() as tx:  # in bulk: the store's own methods write one reply at a time
            for table in (t.companies, t.replies, t.facts):
                rows = [row for kind, row in some if kind is table]
                if rows:
                    tx.execute(sa.insert(table), rows)
    return store


def _world(rules: Rules, companies: int, seed: int) -> Iterator[tuple[sa.Table, Row]]:
    rng, body = Random(seed), zipped({})
    for number in range(companies):
        company_id, named = f"com_{number:07}", rng.random() >= NO_DOMAIN
        domain = f"company{number}.example" if named else None
        key = domain or f"name:company {number}"
        made = NOW - timedelta(days=40)
        yield (
            t.companies,
            {"company_id": company_id, "key": key, "name": f"Company {number}", "domain": domain, "created_at": made},
        )
        for source, entry in rules.sources.items():
            if rng.random() < ASKED and ("domain" not in entry.needs or named):
                yield from _reply(rules, company_id, source, body, rng)


def _reply(rules: Rules, company_id: str, source: str, body: bytes, rng: Random) -> Iterator[tuple[sa.Table, Row]]:
    entry = rules.sources[source]
    at, found = NOW - timedelta(seconds=rng.randint(60, 30 * 86400)), rng.random() < entry.match_rate
    reply_id = f"rep_{company_id}_{source}"
    reply = {
        "reply_id": reply_id,
        "company_id": company_id,
        "source": source,
        "variant": "",
        "purchase_id": f"pur_{reply_id}",
        "request_id": "req_0",
        "found": found,
        "payload": body,
        "collected_at": at,
        "expires_at": at + timedelta(seconds=entry.ttl),
        "cost_micro_usd": rules.expected_micro_usd(source),
        "reader_version": 1,
    }
    yield t.replies, reply
    for dataset, promise in entry.datasets.items() if found else ():
        if rng.random() < promise.fill_rate:
            for item in range(rng.randint(1, ITEMS.get(dataset, 1))):
                yield t.facts, _fact(rules, reply, dataset, item, rng)


def _fact(rules: Rules, reply: Row, dataset: str, item: int, rng: Random) -> Row:
    reliability = rules.reliability(reply["source"], dataset)
    shared = item if rng.random() < 0.5 else f"{reply['source']} {item}"  # half of the items other sources know as well
    return {
        "reply_id": reply["reply_id"],
        "company_id": reply["company_id"],
        "dataset": dataset,
        "value": generated_value(dataset, f"{dataset} {shared}"),
        "quality": round(reliability * (1.0 if rng.random() < 0.85 else 0.7), 6),
        "reliability": reliability,
        "source": reply["source"],
        "purchase_id": reply["purchase_id"],
        "evidence": "invented",
        "collected_at": reply["collected_at"],
        "holds_until": reply["collected_at"] + timedelta(seconds=rules.valid_seconds(reply["source"], dataset)),
        "reader_version": 1,
        "last_resort": reliability < rules.datasets[dataset].quality_threshold,
    }


def generated_value(dataset: str, text: str) -> Row:
    """A stored value of any collected dataset; text tells it from others."""
    match dataset:
        case "key_contacts":
            return {"full_name": text, "title": "Head of Sales"}
        case "tech_stack":
            return {"name": text}
        case "recent_news" | "hiring_trends":
            return {"title": text}
        case "purchase_intent":
            return {"topic": text}
        case _ if dataset in _ALIKE:
            return _ALIKE[dataset]
        case _:
            return {"text": text} | _BESIDES.get(dataset, {})

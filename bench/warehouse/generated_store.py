"""A store of many companies that were asked about for months: replies, facts and profiles in bulk, without requests.

number of companies + seed  ->  for each company 12 replies of 6 sources, about 100 facts, 2 profiles
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

import sqlalchemy as sa

from resources.store import SqlStore, open_store
from resources.store import tables as t
from resources.store.tables.column_types import zipped

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
_AT_ONCE = 20_000
_PLACES = (("Wien", "AT"), ("Berlin", "DE"), ("Austin", "US"), ("Boston", "US"), ("Lyon", "FR"), ("Pune", "IN"))
_INDUSTRIES = (
    "Software Development",
    "Automotive company",
    "Banking",
    "Retail Groceries",
    "Biotechnology Research",
    "Quux",
)
_PAYLOAD = zipped({"search": {"results": ["x" * 40] * 50}})
Row = dict[str, Any]
Values = dict[str, list[Row]]


def store_of(url: str, companies: int, seed: int = 1) -> SqlStore:
    """A new store at this URL."""
    store = open_store(url, world="sandbox")
    add(store, range(companies), seed)
    return store


def add(store: SqlStore, numbers: range, seed: int = 1, *, later: int = 0) -> None:
    """later: days after NOW at which they are asked about."""
    rng = Random(seed)
    made = (row for number in numbers for row in _company(number, rng, later))
    while some := list(islice(made, _AT_ONCE)):
        with store.database.writing() as tx:
            for table in (t.companies, t.replies, t.facts, t.profiles):
                rows = [row for kind, row in some if kind is table]
                if rows:
                    tx.execute(sa.insert(table), rows)


def _company(number: int, rng: Random, later: int) -> Iterator[tuple[sa.Table, Row]]:
    company_id, domain = f"com_{number:07}", f"company{number}.example"
    now = NOW + timedelta(days=later)
    if not later:
        made = {"name": f"Company {number}", "domain": domain, "created_at": NOW - timedelta(days=100)}
        yield t.companies, {"company_id": company_id, "key": domain, **made}
    shown: dict[str, list[Row]] = {}
    for age in (60, 5):
        for source, values in _answers(number, rng).items():
            yield from _reply(company_id, source, values, now - timedelta(days=age), shown if age < 60 else {})
    for consumer in ("profile", "customer_enrichment"):
        document = {
            "quality": {"freshness": 0.5, "reliability": 0.9},
            "datasets": {
                name: {
                    "required": True,
                    "status": "satisfied",
                    "disputed": False,
                    "why": None,
                    "values": facts,
                    "others": [],
                }
                for name, facts in shown.items()
            },
            "analyses": {},
        }
        yield t.profiles, _profile(company_id, consumer, document, now)


def _answers(number: int, rng: Random) -> dict[str, Values]:
    city, country = rng.choice(_PLACES)
    count = rng.randint(1, 50_000)
    firm: Values = {"industry": [{"text": rng.choice(_INDUSTRIES)}], "employee_count": [{"low": count, "high": count}]}
    seat: Values = {
        "headquarters": [{"city": city, "region": None, "country": country}],
        "founded": [{"year": rng.randint(1900, 2025)}],
        "company_size_band": [{"band": "51-500"}],
    }
    people = [
        {"full_name": f"Person {rng.randint(1, 20)} of {number}", "title": "Head of Sales", "email_status": "valid"}
        for _ in range(5)
    ]
    return {
        "google_knowledge_graph": {
            "company_name": [{"text": f"Company {number}"}],
            "domain": [{"text": f"company{number}.example"}],
        },
        "brightdata_company_db": firm | seat,
        "snov_contacts": firm | {"key_contacts": people},
        "brightdata_technographics": {
            "tech_stack": [{"name": f"Technology {rng.randint(1, 300)}", "category": None} for _ in range(20)]
        },
        "serp_news": {
            "recent_news": [
                {"title": f"Story {rng.random()} of {number}", "published_at": NOW.isoformat()} for _ in range(12)
            ]
        },
        "serp_jobs": {
            "hiring_trends": [
                {"title": f"Engineer {rng.randint(1, 90)}", "location": city, "text": "x" * 400} for _ in range(6)
            ]
        },
    }


def _reply(
    company_id: str, source: str, values: Values, at: datetime, shown: dict[str, list[Row]]
) -> Iterator[tuple[sa.Table, Row]]:
    reply_id = f"rep_{company_id}_{source}_{at:%Y%m%d}"
    ids = {"reply_id": reply_id, "company_id": company_id, "purchase_id": f"pur_{reply_id}", "source": source}
    ends = at + timedelta(days=7)
    rest = {"variant": "a", "request_id": "req_0", "found": True, "payload": _PAYLOAD, "cost_micro_usd": 50_000}
    yield t.replies, {**ids, **rest, "collected_at": at, "expires_at": ends, "reader_version": 1}
    for dataset, items in values.items():
        for place, value in enumerate(items):
            fact = {
                "dataset": dataset,
                "value": value,
                "quality": 0.9,
                "reliability": 0.9,
                "evidence": f"results[{place}]",
            }
            yield (
                t.facts,
                {**ids, **fact, "collected_at": at, "holds_until": ends, "reader_version": 1, "last_resort": False},
            )
            shown.setdefault(dataset, []).append(
                {
                    **{key: fact[key] for key in ("value", "quality", "reliability", "evidence")},
                    **{"source": source, "reply_id": reply_id, "purchase_id": ids["purchase_id"]},
                    **{"collected_at": at.isoformat(), "holds_until": ends.isoformat(), "age_seconds": 1},
                    **{"expired": False, "last_resort": False, "cost_micro_usd": 50_000, "paid_by": "req_0"},
                }
            )


def _profile(company_id: str, consumer: str, document: Row, at: datetime) -> Row:
    ids = {"profile_id": f"pro_{company_id}_{consumer}_{at:%Y%m%d}", "company_id": company_id, "consumer": consumer}
    hashes = {"requirements_hash": "", "rules_hash": "", "request_id": "req_0", "audience": None}
    good = {"quality": 0.9, "completeness": 1.0, "confidence": "High", "document": document}
    return {**ids, **hashes, **good, "created_at": at, "holds_until": at + timedelta(days=7)}

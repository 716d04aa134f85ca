"""Purchases, replies and facts for tests of the store, with the parts a test does not care about filled in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Fact, Reply
from enrichment.domain.purchases import Cap, Purchase
from enrichment.domain.values import Text
from enrichment.ports import Reserved
from resources.store import SqlStore
from tests.support.examples import NOON

LEASE = timedelta(seconds=60)
LATER = NOON + 2 * LEASE
MANY = 1_000
"""As good as no limit on how many purchases may be under way."""


def caps(limit: int, *names: str) -> list[Cap]:
    return [Cap(name, limit) for name in names or ("day:2026-03-02",)]


def company(key: str = "acme.com", company_id: str = "com_1") -> Company:
    return Company(company_id, key, "Acme", key, NOON)


def draft(
    source: str = "serp_news",
    *,
    price: int = 50_000,
    company_id: str = "com_1",
    at: datetime = NOON,
    variant: str = "a",
    topic: str = "",
) -> Purchase:
    """One search at most, at `price` micro-USD."""
    return Purchase(
        purchase_id=new_id("pur"),
        request_id="req_1",
        company_id=company_id,
        consumer="profile",
        strategy="enhanced",
        source=source,
        provider="serpapi",
        variant=variant,
        rules_hash="rules",
        reserved_units={"search": 1},
        usd_per_unit={"search": Decimal(price) / 1_000_000},
        reserved_micro_usd=price,
        reserved_at=at,
        lease_until=at + LEASE,
        topic=topic,
    )


def reserved(store: SqlStore, purchase: Purchase, limit: int = 1_000_000) -> Purchase:
    outcome = store.ledger.reserve(purchase, caps(limit), at_once=MANY)
    assert isinstance(outcome, Reserved)
    return outcome.purchase


def sent(store: SqlStore, purchase: Purchase) -> Purchase:
    made = reserved(store, purchase)
    assert store.ledger.send(made, at=purchase.reserved_at)
    return made


def answered(purchase: Purchase, *, cost: int = 50_000, at: datetime = NOON) -> Purchase:
    """The same purchase with what the vendor billed for it."""
    units = {"search": 1} if cost else {}
    return replace(
        purchase, units=units, cost_micro_usd=cost, closed_at=at, latency_seconds=0.25, calls=1, outcome="found"
    )


def reply_of(purchase: Purchase, *, at: datetime = NOON, payload: Any = None) -> Reply:
    return Reply(
        reply_id=new_id("rep"),
        company_id=purchase.company_id,
        source=purchase.source,
        variant=purchase.variant,
        purchase_id=purchase.purchase_id,
        request_id=purchase.request_id,
        found=True,
        payload={"search": {"results": []}} if payload is None else payload,
        collected_at=at,
        expires_at=at + timedelta(days=7),
        reader_version=1,
        topic=purchase.topic,
    )


def facts_of(reply: Reply, *texts: str, version: int = 1) -> list[Fact]:
    return [
        Fact(
            company_id=reply.company_id,
            dataset="industry",
            value=Text(text=text),
            quality=0.9,
            reliability=0.95,
            source=reply.source,
            reply_id=reply.reply_id,
            purchase_id=reply.purchase_id,
            evidence="search.results[0]",
            collected_at=reply.collected_at,
            holds_until=reply.expires_at,
            reader_version=version,
        )
        for text in texts
    ]


def bought(
    store: SqlStore, purchase: Purchase, *texts: str, at: datetime = NOON, cost: int = 50_000, payload: Any = None
) -> Reply:
    """Reserved, sent and settled with a reply that names these industries."""
    made = sent(store, purchase)
    reply = reply_of(made, at=at, payload=payload)
    store.ledger.settle(answered(made, cost=cost, at=at), reply=reply, facts=facts_of(reply, *texts))
    return reply


def texts(facts: Sequence[Fact]) -> list[str]:
    return [fact.value.text for fact in facts if isinstance(fact.value, Text)]

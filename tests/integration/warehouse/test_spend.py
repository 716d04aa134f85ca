"""What was spent and saved, as analysts query it: it equals what the store has booked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from resources.store import SqlStore
from resources.warehouse import Warehouse
from tests.support.examples import NOON
from tests.support.new_stores import ON_SQLITE
from tests.support.warehouse_story import (
    FULL,
    HOUR,
    bought,
    company,
    one,
    profiled,
    refused,
    request,
    rows,
)

pytestmark = ON_SQLITE

CENT = Decimal("0.01")


def test_what_was_spent_equals_what_the_store_booked(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    profiled(store, acme, "customer_enrichment", buys=FULL)
    asked = request(store, acme, at=NOON + HOUR)
    refused(store, asked, "serp_news")
    refused(store, asked, "serp_jobs", uncertain=True)
    warehouse.build(store)
    totals = store.ledger_queries.totals()
    spent = one(
        warehouse, "SELECT sum(spent_usd) AS spent, sum(held_usd) AS uncertain, sum(purchases) AS n FROM spend.daily"
    )
    assert spent["spent"] * 1_000_000 == totals.cost_micro_usd == 350_000
    assert spent["uncertain"] * 1_000_000 == totals.uncertain_micro_usd == 100_000
    assert spent["n"] == totals.purchases == 9
    states = one(warehouse, "SELECT histogram(state) AS states FROM spend.purchases")["states"]
    assert states == {"settled": 7, "released": 1, "uncertain": 1}
    units = one(warehouse, "SELECT sum(units['search']) AS searches FROM spend.purchases")
    assert units["searches"] == 7


def test_what_is_settled_late_counts_in_the_request_and_in_its_profile(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    profile, _ = profiled(store, acme)
    late = replace(request(store, acme), request_id=profile.request_id)
    refused(store, late, "serp_jobs", uncertain=True)
    warehouse.build(store)
    [unsure] = store.ledger_queries.uncertain()
    shown = "SELECT cost_usd, booked_usd FROM spend.requests WHERE booked_usd > 0"
    assert one(warehouse, shown) == {"cost_usd": 10 * CENT, "booked_usd": 10 * CENT}
    row = one(warehouse, "FROM spend.purchases WHERE state = 'uncertain'")
    assert (row["purchase_id"], row["cost_usd"], row["reserved_usd"]) == (unsure.purchase_id, 0, 10 * CENT)
    store.ledger.reconcile(unsure.purchase_id, units=None, cost_micro_usd=0, at=NOON + HOUR)
    assert not warehouse.build(store).rebuilt
    assert one(warehouse, shown) == {"cost_usd": 20 * CENT, "booked_usd": 20 * CENT}
    assert one(warehouse, "SELECT cost_usd FROM marts.company_profiles")["cost_usd"] == 20 * CENT


def test_days_are_utc(store: SqlStore, warehouse: Warehouse) -> None:
    late = datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    asked = request(store, company(store, "acme.com"))
    bought(store, asked, "serp_news", {}, at=late)
    bought(store, asked, "serp_jobs", {}, at=late + timedelta(minutes=2))
    warehouse.build(store)
    days = rows(warehouse, "SELECT source, day FROM spend.daily ORDER BY day")
    assert [(d["source"], d["day"].isoformat()) for d in days] == [
        ("serp_news", "2026-03-02"),
        ("serp_jobs", "2026-03-03"),
    ]


def test_savings_show_which_request_paid_and_which_benefits(store: SqlStore, warehouse: Warehouse) -> None:
    for key in ("acme.com", "bolt.io"):
        asked_about = company(store, key)
        _, purchases = profiled(store, asked_about, "vendor_enrichment")
        profiled(store, asked_about, "profile", buys={}, reads=purchases, at=NOON + HOUR)
    warehouse.build(store)
    saved = rows(warehouse, "FROM spend.savings ORDER BY source")
    assert [(s["paid_by_consumer"], s["benefits_consumer"], s["source"]) for s in saved] == [
        ("vendor_enrichment", "profile", "brightdata_company_db"),
        ("vendor_enrichment", "profile", "google_knowledge_graph"),
    ]
    assert {(s["companies"], s["cache_reads"], s["saved_usd"]) for s in saved} == {(2, 2, 10 * CENT)}
    asked = one(warehouse, "FROM spend.requests WHERE consumer = 'profile' AND company_key = 'bolt.io'")
    assert (asked["cost_usd"], asked["saved_usd"], asked["served_from"]) == (0, 10 * CENT, "memory")
    assert asked["legacy_usd"] == Decimal("1.2")

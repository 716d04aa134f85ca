"""How well sources do, as analysts query it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import duckdb
import pytest

from enrichment.domain.requests import CacheRead
from enrichment.domain.values import SizeBand, Text
from resources.clock import TEST_CLOCK
from resources.store import SqlStore
from resources.warehouse import Warehouse
from tests.support.examples import MATRIX, NOON
from tests.support.new_stores import ON_SQLITE
from tests.support.warehouse_story import (
    FIRMOGRAPHICS,
    HOUR,
    IDENTITY,
    PEOPLE,
    Answers,
    analysed,
    bought,
    company,
    one,
    refused,
    request,
    rows,
    utc,
)

pytestmark = ON_SQLITE

CENT = Decimal("0.01")


def test_performance_shows_how_often_a_source_knows_and_what_a_fact_costs(
    store: SqlStore, warehouse: Warehouse
) -> None:
    asked = request(store, company(store, "acme.com"))
    bought(store, asked, "brightdata_company_db", FIRMOGRAPHICS)
    bought(store, asked, "brightdata_company_db", {"industry": [Text(text="Software")]})
    bought(store, asked, "brightdata_company_db", {})
    refused(store, asked, "brightdata_company_db")
    bought(store, asked, "serp_news", {})
    warehouse.build(store)
    by = {(r["source"], r["dataset"]): r for r in rows(warehouse, "FROM sources.performance")}
    employees = by["brightdata_company_db", "employee_count"]
    assert (employees["asked"], employees["failed"], employees["facts"]) == (4, 1, 1)
    assert employees["match_rate"] == pytest.approx(2 / 3)
    believed = MATRIX.reliability("brightdata_company_db", "employee_count")
    assert (employees["fill_rate"], employees["mean_quality"]) == (0.5, believed)
    assert by["brightdata_company_db", "industry"]["fill_rate"] == 1.0
    assert (employees["latency_p50_seconds"], employees["latency_p95_seconds"]) == (1.5, 1.5)
    assert employees["cost_per_fact_usd"] == pytest.approx(0.10 / 3)
    silent = by["serp_news", None]
    assert (silent["match_rate"], silent["facts"], silent["cost_per_fact_usd"]) == (0, 0, None)


def test_a_first_look_that_is_free_counts_as_asked_whether_it_found_the_company_or_not(
    store: SqlStore, warehouse: Warehouse
) -> None:
    """The vendor's search costs nothing, so the purchase is settled without ever being marked as sent."""
    asked = request(store, company(store, "acme.com"))
    bought(store, asked, "apollo_contacts", {"key_contacts": PEOPLE["key_contacts"]})
    for _ in range(3):
        bought(store, asked, "apollo_contacts", {}, sent=False)
    warehouse.build(store)
    row = one(warehouse, "FROM sources.performance")
    assert (row["asked"], row["failed"], row["match_rate"], row["fill_rate"]) == (4, 0, 0.25, 1.0)


def test_an_analysis_has_one_name_as_a_source_in_every_table(store: SqlStore, warehouse: Warehouse) -> None:
    asked = request(store, company(store, "acme.com"), "customer_enrichment")
    purchase = analysed(store, asked, "hiring")
    reader = replace(request(store, company(store, "bolt.io"), "customer_intelligence"), state="complete")
    read = CacheRead(reader.request_id, purchase.purchase_id, purchase.source, "analysis", 1, NOON)
    store.requests.close(reader, profiles=[], reads=[read])
    warehouse.build(store)
    for table in ("spend.purchases", "spend.cache_reads", "spend.daily", "spend.savings", "sources.performance"):
        assert {row["source"] for row in rows(warehouse, f"FROM {table}")} == {"analysis:hiring"}, table
    performance = one(warehouse, "FROM sources.performance")
    assert (performance["dataset"], performance["facts"], performance["fill_rate"]) == ("hiring_trends", 1, 1.0)


def test_change_rates_are_learned_from_what_was_bought_more_than_once(store: SqlStore, warehouse: Warehouse) -> None:
    for number in range(60):
        about = company(store, f"c{number}.com")
        for week in (0, 4):
            industry = "Banking" if week == 0 or number % 3 else "Insurance"
            answers: Answers = {"industry": [Text(text=industry)], "company_size_band": [SizeBand(band="51-500")]}
            asked = request(store, about, at=NOON + week * 7 * 24 * HOUR)
            bought(store, asked, "brightdata_company_db", answers, at=asked.asked_at)
    for week in (0, 4):
        asked = request(store, about, at=NOON + week * 7 * 24 * HOUR)
        bought(store, asked, "google_knowledge_graph", IDENTITY, at=asked.asked_at)
    warehouse.build(store)
    rates = rows(
        warehouse, "FROM sources.change_rates WHERE dataset = 'industry' AND industry IS NULL ORDER BY size_band"
    )
    assert [(row["size_band"], row["looks"], row["changes"]) for row in rates] == [("51-500", 60, 20), (None, 60, 20)]
    assert [round(row["days_between_changes"], -1) for row in rates] == [60, 60]
    few = rows(warehouse, "FROM sources.change_rates WHERE looks < 50")
    assert {(row["dataset"], row["looks"], row["days_between_changes"]) for row in few} == {
        (dataset, 1, None) for dataset in IDENTITY
    }


def test_freshness_counts_valid_and_expired_replies(
    store: SqlStore, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NOON
    monkeypatch.setenv(TEST_CLOCK, now.isoformat())
    for key, at in (("acme.com", now), ("bolt.io", now - timedelta(days=30))):
        bought(store, request(store, company(store, key)), "serp_news", {}, at=at)
    warehouse.build(store)
    row = one(warehouse, "FROM sources.freshness")
    assert (row["companies"], row["holding"], row["expired"]) == (2, 1, 1)
    assert utc(row["newest_at"]) == now
    assert row["mean_age_days"] == 15
    monkeypatch.setenv(TEST_CLOCK, (now + timedelta(days=2)).isoformat())
    later = one(warehouse, "FROM sources.freshness")
    assert (later["holding"], later["expired"]) == (0, 2)


def test_an_analyst_s_own_connection_counts_freshness_at_the_time_of_the_query_in_any_time_zone(
    store: SqlStore, warehouse: Warehouse
) -> None:
    """The present is later than these replies, wherever the analyst is."""
    bought(store, request(store, company(store, "acme.com")), "serp_news", {}, at=NOON)
    warehouse.build(store)
    with duckdb.connect(str(warehouse.path), read_only=True) as own:
        ages = []
        for zone in ("UTC", "America/Los_Angeles", "Asia/Tokyo"):
            own.execute(f"SET TimeZone = '{zone}'")
            ages += own.execute("SELECT expired, mean_age_days FROM sources.freshness").fetchall()
    assert [expired for expired, _ in ages] == [1, 1, 1]
    assert max(age for _, age in ages) - min(age for _, age in ages) < HOUR / timedelta(days=1)

"""What analysts find in the warehouse of an invented store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Analysis, ModelReply
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import CacheRead, Request
from enrichment.domain.values import EmployeeCount, SizeBand, Text
from resources.clock import TEST_CLOCK
from resources.store import SqlStore
from resources.warehouse import EXAMPLES, QUESTIONS, Example, Published, Warehouse
from tests.support.examples import MATRIX, NOON
from tests.support.new_stores import new_store
from tests.support.warehouse_story import (
    FIRMOGRAPHICS,
    FULL,
    HOUR,
    IDENTITY,
    PEOPLE,
    PROFILE,
    Answers,
    analysed,
    bought,
    company,
    profiled,
    refused,
    request,
)

DOCUMENT = Path(__file__).parents[3] / "docs" / "warehouse.md"
CENT = Decimal("0.01")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = new_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "enrichment.duckdb")


def rows(warehouse: Warehouse, sql: str) -> list[dict[str, Any]]:
    answer = warehouse.ask(sql)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def one(warehouse: Warehouse, sql: str) -> dict[str, Any]:
    [row] = rows(warehouse, sql)
    return row


def utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)


def test_a_profile_is_one_row_of_typed_columns(store: SqlStore, warehouse: Warehouse) -> None:
    profile, _ = profiled(store, company(store, "acme.com"), "customer_enrichment", buys=FULL)
    warehouse.build(store)
    row = one(warehouse, "FROM marts.company_profiles")
    assert (row["company_key"], row["name"], row["domain"]) == ("acme.com", "Acme", "acme.com")
    assert (row["industry"], row["description"]) == ("Software Development", "Acme makes widgets.")
    assert (row["employees_low"], row["employees_high"]) == (1001, 5000)
    assert [row[n] for n in ("contacts", "technologies", "news", "job_postings", "intent_signals")] == [4, 6, 3, 1, 1]
    # all datasets, seven of them required and counted twice, and none of four analyses
    assert (row["quality"], row["completeness"], row["confidence"]) == (profile.quality, 17 / 21, "High")
    assert (row["missing"], row["why_missing"]) == ([], {})
    assert (row["cost_usd"], row["saved_usd"]) == (35 * CENT, 0)
    assert (utc(row["created_at"]), utc(row["holds_until"])) == (NOON, profile.holds_until)


def test_what_a_profile_lacks_is_listed_with_the_reason(store: SqlStore, warehouse: Warehouse) -> None:
    buys = {"google_knowledge_graph": IDENTITY, "brightdata_company_db": {}}
    profiled(store, company(store, "acme.com"), buys=buys)
    warehouse.build(store)
    row = one(warehouse, "FROM marts.company_profiles")
    assert row["missing"] == ["employee_count", "industry"]
    assert "brightdata_company_db knows nothing" in row["why_missing"]["industry"]
    assert row["confidence"] != "High"


def test_a_company_without_a_found_name_shows_what_it_was_asked_for_by(store: SqlStore, warehouse: Warehouse) -> None:
    profiled(store, company(store, "acme.com"), buys={"google_knowledge_graph": {}})
    warehouse.build(store)
    assert one(warehouse, "SELECT name, domain FROM marts.company_profiles") == {"name": "Acme", "domain": "acme.com"}


def test_marts_show_the_latest_profile_of_each_company_consumer_and_audience(
    store: SqlStore, warehouse: Warehouse
) -> None:
    acme = company(store, "acme.com")
    profiled(store, acme)
    warehouse.build(store)
    newest, _ = profiled(store, acme, buys={}, at=NOON + HOUR)
    for_one, _ = profiled(store, acme, "customer_intelligence", buys={}, audience="com_vendor", at=NOON)
    for_another, _ = profiled(store, acme, "customer_intelligence", buys={}, audience="com_other", at=NOON)
    warehouse.build(store)
    shown = {row["profile_id"] for row in rows(warehouse, "FROM marts.company_profiles")}
    assert shown == {newest.profile_id, for_one.profile_id, for_another.profile_id}
    assert {row["profile_id"] for row in rows(warehouse, "FROM marts.field_provenance")} == shown
    assert len(rows(warehouse, "FROM layers.profiles")) == 4


def test_items_keep_their_types_and_their_order(store: SqlStore, warehouse: Warehouse) -> None:
    profiled(store, company(store, "acme.com"), "customer_enrichment", buys=FULL)
    warehouse.build(store)
    contacts = rows(warehouse, "FROM marts.contacts ORDER BY position")
    assert [c["email_status"] for c in contacts] == ["unknown", "valid", "valid", "valid"]
    assert utc(contacts[0]["email_checked_at"]) == NOON - HOUR
    assert {c["seniority"] for c in contacts} == {"director"}
    assert one(warehouse, "FROM marts.job_postings")["posted_on"] == NOON.date()
    assert one(warehouse, "FROM marts.intent_signals")["strength"] == 0.75
    assert {utc(n["published_at"]) for n in rows(warehouse, "FROM marts.news")} == {NOON}
    assert rows(warehouse, "FROM marts.technologies ORDER BY position")[5]["name"] == "Technology 5"


def test_every_value_shows_where_it_is_from_which_request_paid_and_what_it_lost_to(
    store: SqlStore, warehouse: Warehouse
) -> None:
    acme = company(store, "acme.com")
    first, purchases = profiled(store, acme)
    other: Answers = {"employee_count": [EmployeeCount(low=11, high=50)], "industry": [Text(text="Hospitality")]}
    profiled(store, acme, "vendor_enrichment", buys={"snov_contacts": other}, reads=purchases, at=NOON + HOUR)
    warehouse.build(store)
    values = rows(
        warehouse,
        "FROM marts.field_provenance WHERE dataset = 'employee_count' AND consumer = 'vendor_enrichment'"
        " ORDER BY served DESC",
    )
    assert [(row["value"], row["served"], row["source"]) for row in values] == [
        ("1001-5000", True, "brightdata_company_db"),
        ("11-50", False, "snov_contacts"),
    ]
    kept = values[0]
    assert kept["disputed"]
    assert (kept["paid_by"], kept["paid_by_consumer"]) == (first.request_id, "profile")
    assert (kept["purchase_id"], kept["cost_usd"]) == (purchases[1].purchase_id, 5 * CENT)
    assert (kept["age_seconds"], utc(kept["collected_at"])) == (3600, NOON)
    assert kept["evidence"] == "search.results[0]"
    reply = one(warehouse, f"FROM layers.replies WHERE reply_id = '{kept['reply_id']}'")
    assert (reply["source"], reply["found"], reply["cost_usd"]) == ("brightdata_company_db", True, 5 * CENT)


def test_a_reply_keeps_its_payload_whatever_letters_are_in_it(store: SqlStore, warehouse: Warehouse) -> None:
    payload = {"title": "Zoë 😀 \ud83d and \x00 and \\u0000", "price": 1.10}
    bought(store, request(store, company(store, "acme.com")), "serp_news", {}, payload=payload)
    warehouse.build(store)
    [row] = rows(warehouse, "SELECT payload->'search'->>'title' AS title, payload FROM layers.replies")
    assert row["title"] == "Zoë 😀 \ufffd and \ufffd and \\u0000"
    assert '"price":1.1' in row["payload"]


def test_an_analysis_that_failed_is_missing_with_its_reason(store: SqlStore, warehouse: Warehouse) -> None:
    profiled(store, company(store, "acme.com"), "vendor_enrichment", buys=FULL, failed={"intelligence_summary": "down"})
    warehouse.build(store)
    row = one(warehouse, "SELECT missing, why_missing FROM marts.company_profiles")
    assert "analysis:intelligence_summary" in row["missing"]
    assert row["why_missing"]["analysis:intelligence_summary"] == "down"


def test_analyses_are_layer_3(store: SqlStore, warehouse: Warehouse) -> None:
    asked = request(store, company(store, "acme.com"))
    purchase = bought(store, asked, "serp_news", FULL["serp_news"])
    analysis = Analysis(
        analysis_id=new_id("ana"),
        key="of this evidence",
        company_id=asked.company_id,
        name="news_events",
        audience=None,
        model="a-model",
        purchase_id=purchase.purchase_id,
        request_id=asked.request_id,
        answer={"claims": [{"statement": "It grows", "quote": "grows"}]},
        claims_kept=1,
        claims_dropped=2,
        evidence={"e1": "It grows"},
        created_at=NOON,
    )
    uncertain = bought_uncertain(store, asked)
    raw = ModelReply(
        *(analysis.analysis_id, analysis.key, analysis.company_id, analysis.name, analysis.model),
        *(uncertain.purchase_id, asked.request_id, {}, NOON),
    )
    store.ledger.settle(replace(uncertain, state="settled", closed_at=NOON), reply=None, facts=(), answer=raw)
    store.knowledge.keep_analysis(analysis, (), checked_by=1)
    warehouse.build(store)
    row = one(warehouse, "SELECT *, evidence->>'e1' AS values FROM layers.analyses")
    assert (row["name"], row["claims_kept"], row["claims_dropped"]) == ("news_events", 1, 2)
    assert (row["company_key"], row["values"], utc(row["created_at"])) == ("acme.com", "It grows", NOON)


def bought_uncertain(store: SqlStore, asked: Request) -> Purchase:
    refused(store, asked, "serp_jobs", uncertain=True)
    return store.ledger_queries.uncertain()[0]


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


def test_a_company_that_got_its_domain_is_shown_under_it_everywhere(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "name:acme")
    _, purchases = profiled(store, acme)
    profiled(store, acme, "vendor_enrichment", buys={}, reads=purchases)
    warehouse.build(store)
    store.companies.rekey(acme.company_id, key="acme.com", name="Acme", domain="acme.com")
    warehouse.build(store)
    with_key = [t for t in warehouse.tables() if any(c.name == "company_key" for c in t.columns)]
    assert len(with_key) == 21
    for table in with_key:
        keys = {row["company_key"] for row in rows(warehouse, f"FROM {table.name}")}
        assert keys <= {"acme.com"}, table.name


def test_facts_a_newer_reader_has_read_again_count_once(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    profiled(store, acme)
    warehouse.build(store)
    known = store.knowledge.known(acme.company_id)
    reply = next(r for r in known.replies if r.source == "brightdata_company_db")
    better = [replace(f, quality=0.5, reader_version=2) for f in known.facts if f.reply_id == reply.reply_id]
    store.knowledge.keep_facts(reply.reply_id, better)
    assert not warehouse.build(store).rebuilt
    row = one(warehouse, "FROM sources.performance WHERE dataset = 'industry'")
    assert (row["facts"], row["mean_quality"]) == (1, 0.5)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
def test_each_example_query_has_an_answer(store: SqlStore, warehouse: Warehouse, example: Example) -> None:
    acme = company(store, "acme.com")
    _, purchases = profiled(store, acme, "customer_enrichment", buys=FULL)
    profiled(store, acme, "profile", buys={}, reads=purchases[:2], at=NOON + HOUR)
    warehouse.build(store)
    first = dict(zip(warehouse.ask(example.sql).columns, warehouse.ask(example.sql).rows[0], strict=True))
    expected: dict[str, dict[str, object]] = {
        "first_payers": {
            "consumer": "customer_enrichment",
            "paid_first_usd": 35 * CENT,
            "saved_usd": 0,
            "saved_others_usd": 10 * CENT,
        },
        "who_paid": {"paid_by_consumer": "customer_enrichment", "benefits_consumer": "profile", "saved_usd": 10 * CENT},
        "cheapest_good_profiles": {"consumer": "profile", "paid_usd": 0, "cost_of_values_usd": 10 * CENT},
        "reachable_at_software_companies": {"full_name": "Invented Person 1", "email": "person1@acme.com"},
    }
    assert {name: first[name] for name in expected[example.name]} == expected[example.name]


def test_a_build_reports_what_the_tables_contain(store: SqlStore, warehouse: Warehouse) -> None:
    profiled(store, company(store, "acme.com"), buys=PROFILE)
    published = warehouse.build(store)
    assert isinstance(published, Published)
    assert published.tables == warehouse.tables()
    assert published.rows["marts.company_profiles"] == 1
    assert published.rows["marts.field_provenance"] == 5
    [profiles] = [table for table in published.tables if table.name == "marts.company_profiles"]
    assert [(c.name, c.type) for c in profiles.columns][:2] == [("company_id", "VARCHAR"), ("company_key", "VARCHAR")]
    assert all(t.comment and all(c.comment for c in t.columns) for t in published.tables)


def test_the_document_lists_every_table_and_column_as_they_are(store: SqlStore, warehouse: Warehouse) -> None:
    tables = warehouse.build(store).tables
    documented = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith(("### ", "| `"))]
    expected = []
    for table in tables:
        expected.append(f"### {table.name}")
        expected += [f"| `{c.name}` | {c.type} | {c.comment} |" for c in table.columns]
    assert documented == expected


def test_the_document_shows_the_example_queries_as_they_run() -> None:
    document = DOCUMENT.read_text("utf-8")
    assert all(example.question in document and example.sql in document for example in (*EXAMPLES, *QUESTIONS))

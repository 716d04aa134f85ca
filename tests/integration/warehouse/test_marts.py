"""Profiles as analysts query them: each a row, each value with its source, its age and its price."""

from dataclasses import replace
from decimal import Decimal

from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Analysis, ModelReply
from enrichment.domain.values import EmployeeCount, Text
from resources.store import SqlStore
from resources.warehouse import Published, Warehouse
from tests.support.examples import NOON
from tests.support.new_stores import ON_SQLITE
from tests.support.warehouse_story import (
    FULL,
    HOUR,
    IDENTITY,
    PROFILE,
    Answers,
    bought,
    bought_uncertain,
    company,
    one,
    profiled,
    request,
    rows,
    utc,
)

pytestmark = ON_SQLITE

CENT = Decimal("0.01")


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

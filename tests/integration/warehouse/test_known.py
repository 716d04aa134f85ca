"""What is known of companies, once per company, whichever profiles use it."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Analysis
from enrichment.domain.requests import RequestState
from enrichment.domain.values import (
    Contact,
    EmployeeCount,
    Founded,
    Headquarters,
    NewsItem,
    Revenue,
    SizeBand,
    Text,
)
from enrichment.pipeline.verdicts import Judgement, judge, withdraw
from resources.store import SqlStore
from resources.store import tables as t
from resources.store.database.row_mapping import row_of
from resources.warehouse import Warehouse
from tests.support.examples import MATRIX, NOON
from tests.support.new_stores import ON_SQLITE
from tests.support.warehouse_story import (
    DAY,
    FULL,
    HOUR,
    IDENTITY,
    Answers,
    bought,
    collected,
    company,
    one,
    profiled,
    request,
    rows,
    utc,
)

pytestmark = ON_SQLITE

SEAT: Answers = {
    "industry": [Text(text="Motor Vehicle Manufacturing")],
    "employee_count": [EmployeeCount(low=10_001, high=None)],
    "headquarters": [Headquarters(city="Wien", region="Wien", country="AT")],
    "founded": [Founded(year=1999)],
    "company_size_band": [SizeBand(band="10001+")],
}
ABROAD: Answers = {"revenue": [Revenue(low=5_000_000, high=5_000_000, currency="EUR", year=2025)]}


def test_every_registered_company_is_one_row_whether_enriched_or_not(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    company(store, "name:quiet")
    profiled(store, acme, "customer_enrichment", buys=FULL)
    profiled(store, acme, "profile", buys={}, at=NOON + HOUR)
    warehouse.build(store)
    found = {row["company_key"]: row for row in rows(warehouse, "FROM marts.companies")}
    assert found.keys() == {"acme.com", "name:quiet"}
    acme_row, quiet = found["acme.com"], found["name:quiet"]
    assert (acme_row["name"], acme_row["domain"], acme_row["industry"]) == ("Acme", "acme.com", "Software Development")
    assert (acme_row["canonical_industry"], acme_row["industry_group"]) == ("Computer Software", "tech")
    assert acme_row["consumers"] == ["customer_enrichment", "profile"]
    assert len(acme_row["profiles"]) == 2
    assert [acme_row[n] for n in ("contacts", "technologies", "news", "job_postings", "intent_signals")] == [
        4,
        6,
        3,
        1,
        1,
    ]
    assert utc(acme_row["collected_at"]) == NOON
    assert (quiet["industry"], quiet["contacts"], quiet["consumers"], quiet["fields"]) == (None, 0, [], {})
    assert (quiet["collected_at"], utc(quiet["registered_at"])) == (None, NOON)


def test_what_replies_contain_besides_is_there_without_any_profile(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    collected(store, acme, "brightdata_company_db", SEAT)
    collected(store, acme, "apollo_contacts", ABROAD)
    warehouse.build(store)
    row = one(warehouse, "FROM marts.companies")
    assert (row["city"], row["region"], row["country"], row["founded"]) == ("Wien", "Wien", "AT", 1999)
    assert (row["size_band"], row["employees_low"], row["employees_high"]) == ("10001+", 10_001, None)
    assert (row["revenue"], row["revenue_currency"], row["revenue_year"]) == (5_000_000, "EUR", 2025)
    assert row["canonical_industry"] == "Automotive"
    assert row["fields"]["founded"]["source"] == "brightdata_company_db"
    assert utc(row["fields"]["revenue"]["collected_at"]) == NOON


def test_the_best_value_is_the_fresh_one_of_the_highest_quality_else_the_newest(
    store: SqlStore, warehouse: Warehouse
) -> None:
    acme = company(store, "acme.com")
    collected(store, acme, "brightdata_firmographics", {"industry": [Text(text="Widgets")]})  # fresh for 30 days
    collected(store, acme, "snov_contacts", {"industry": [Text(text="Gadgets")]}, days=1)
    warehouse.build(store)
    assert one(warehouse, "SELECT industry FROM marts.companies")["industry"] == "Widgets"
    collected(store, acme, "brightdata_company_db", {"industry": [Text(text="Gizmos")]}, days=40)
    warehouse.build(store)
    assert one(warehouse, "SELECT industry FROM marts.companies")["industry"] == "Gizmos"


def test_a_number_of_employees_with_an_end_is_better_than_one_without(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    collected(store, acme, "brightdata_firmographics", {"employee_count": [EmployeeCount(low=10_001, high=None)]})
    collected(store, acme, "snov_contacts", {"employee_count": [EmployeeCount(low=12_000, high=12_000)]}, days=1)
    warehouse.build(store)
    assert one(warehouse, "SELECT employees_high FROM marts.companies")["employees_high"] == 12_000


def test_of_names_that_contradict_each_other_that_of_the_site_s_address_is_the_best(
    store: SqlStore, warehouse: Warehouse
) -> None:
    acme = company(store, "acme.com")
    collected(store, acme, "google_knowledge_graph", {"company_name": [Text(text="Unitrin Direct")]})
    collected(store, acme, "brightdata_company_db", {"company_name": [Text(text="Acme Group")]}, days=1)
    warehouse.build(store)
    assert one(warehouse, "SELECT name FROM marts.companies") == {"name": "Acme Group"}
    verdict = judge(
        acme,
        Judgement("company_name", "renamed", "cli", right="Unitrin"),
        rules=MATRIX,
        store=store,
        now=NOON + 2 * DAY,
    )
    warehouse.build(store)
    assert verdict
    assert one(warehouse, "SELECT name FROM marts.companies") == {"name": "Unitrin"}


def test_a_person_of_two_sources_and_three_profiles_is_one_contact(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    first, _ = profiled(store, acme, "customer_enrichment", buys=FULL)
    reached = Contact(full_name="INVENTED  Person 2", title="CEO", email="ceo@acme.com", email_status="valid")
    second, _ = profiled(
        store, acme, "vendor_enrichment", buys={"snov_contacts": {"key_contacts": [reached]}}, at=NOON + HOUR
    )
    warehouse.build(store)
    person = one(warehouse, "FROM marts.contacts WHERE lower(full_name) LIKE 'invented%person 2'")
    assert person["sources"] == ["brightdata_people_db", "snov_contacts"]
    assert (person["source"], person["email"]) == ("snov_contacts", "ceo@acme.com")
    assert person["consumers"] == ["customer_enrichment", "vendor_enrichment"]
    assert set(person["profiles"]) == {first.profile_id, second.profile_id}
    assert (utc(person["first_seen_at"]), utc(person["last_seen_at"])) == (NOON, NOON + HOUR)
    assert one(warehouse, "SELECT count(*) AS n FROM marts.contacts")["n"] == 4
    assert [row["position"] for row in rows(warehouse, "FROM marts.contacts ORDER BY position")] == [1, 2, 3, 4]


def test_who_is_no_longer_in_the_newest_reply_is_no_contact_unless_a_profile_has_them(
    store: SqlStore, warehouse: Warehouse
) -> None:
    acme = company(store, "acme.com")
    profiled(store, acme, "customer_enrichment", buys=FULL)
    collected(store, acme, "snov_contacts", {"key_contacts": [Contact(full_name="Left Long Ago")]}, days=1)
    someone = {"key_contacts": [Contact(full_name="New Here")]}
    collected(store, acme, "snov_contacts", someone, days=40)
    collected(store, acme, "brightdata_people_db", someone, days=40)
    warehouse.build(store)
    seen = {row["full_name"]: row["still_seen"] for row in rows(warehouse, "FROM marts.contacts")}
    assert seen.pop("New Here")
    assert "Left Long Ago" not in seen
    assert seen == {f"Invented Person {n}": False for n in range(4)}
    left = one(warehouse, "FROM marts.history WHERE value = 'Left Long Ago'")
    assert (utc(left["valid_from"]), utc(left["valid_to"])) == (NOON + DAY, NOON + 40 * DAY)


def test_a_story_stays_in_the_news_after_newer_replies_have_others(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    for day in range(3):
        collected(
            store,
            acme,
            "serp_news",
            {"recent_news": [NewsItem(title=f"Story {day}"), NewsItem(title="Again")]},
            days=day,
        )
    warehouse.build(store)
    news = {row["title"]: row["still_seen"] for row in rows(warehouse, "FROM marts.news")}
    assert news == {"Story 0": False, "Story 1": False, "Story 2": True, "Again": True}
    again = one(warehouse, "FROM marts.history WHERE value = 'Again'")
    assert (utc(again["valid_from"]), again["valid_to"], utc(again["collected_at"])) == (NOON, None, NOON + 2 * DAY)


def test_a_reply_that_no_reader_has_read_ends_nothing(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    collected(store, acme, "brightdata_company_db", SEAT)
    collected(store, acme, "brightdata_company_db", {"industry": [Text(text="Unread")]}, days=30)
    [newest] = store.knowledge.known(acme.company_id).replies
    store.knowledge.keep_facts(newest.reply_id, [], reader_version=0)
    warehouse.build(store)
    assert one(warehouse, "SELECT founded FROM marts.companies")["founded"] == 1999


def test_a_dataset_of_one_s_own_with_several_values_a_reply_is_a_list(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    collected(store, acme, "brightdata_company_db", {"industry": [Text(text="Widgets")]})
    known = store.knowledge.known(acme.company_id)
    own = (("office", "Wien"), ("office", "Graz"), ("mascot", "Fox"))
    store.knowledge.keep_facts(
        known.replies[0].reply_id,
        [replace(known.facts[0], dataset=name, value=Text(text=words)) for name, words in own],
    )
    warehouse.build(store)
    listed = {row["value"]: row["listed"] for row in rows(warehouse, "FROM marts.history")}
    assert listed == {"Wien": True, "Graz": True, "Fox": False}


@pytest.mark.parametrize(("members", "shown"), [(12_552, (12_552, 12_552)), (190, (10_001, None))])
def test_a_band_and_a_number_of_one_reply_are_one_headcount(
    store: SqlStore, warehouse: Warehouse, members: int, shown: tuple[int, int | None]
) -> None:
    """The closed number, where it agrees with the better open band."""
    acme = company(store, "acme.com")
    collected(store, acme, "brightdata_company_db", SEAT)
    known = store.knowledge.known(acme.company_id)
    [band] = [fact for fact in known.facts if fact.dataset == "employee_count"]
    number = replace(band, value=EmployeeCount(low=members, high=members), quality=band.quality * 0.9)
    store.knowledge.keep_facts(known.replies[0].reply_id, [*known.facts, number])
    warehouse.build(store)
    found = one(warehouse, "SELECT employees_low, employees_high FROM marts.companies")
    assert (found["employees_low"], found["employees_high"]) == shown
    assert not one(warehouse, "SELECT listed FROM marts.history WHERE dataset = 'employee_count'")["listed"]


def test_refused_and_custom_requests_are_in_no_mart_of_profiles(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    good, _ = profiled(store, acme)
    ends: tuple[tuple[str, RequestState], ...] = (("profile", "refused"), ("custom", "complete"))
    for consumer, state in ends:
        asked = request(store, acme, consumer, at=NOON + HOUR)
        other = replace(
            good, profile_id=new_id("pro"), consumer=consumer, request_id=asked.request_id, created_at=NOON + HOUR
        )
        ended = replace(asked, state=state, finished_at=NOON + HOUR, profile_id=other.profile_id)
        store.requests.close(ended, profiles=[other], reads=())
    warehouse.build(store)
    for table in ("company_profiles", "field_provenance"):
        assert {row["profile_id"] for row in rows(warehouse, f"FROM marts.{table}")} == {good.profile_id}
    assert one(warehouse, "SELECT profiles FROM marts.companies")["profiles"] == [good.profile_id]
    assert len(rows(warehouse, "FROM layers.profiles")) == 3


def analysed(store: SqlStore, about: Company, answer: dict[str, Any], *, days: int = 0) -> Analysis:
    at = NOON + days * DAY
    asked = request(store, about, "customer_enrichment", at=at)
    purchase = bought(store, asked, "serp_news", {}, at=at)
    analysis = Analysis(
        analysis_id=new_id("ana"),
        key=f"of day {days}",
        company_id=about.company_id,
        name="competition",
        audience=None,
        model="a-model",
        purchase_id=purchase.purchase_id,
        request_id=asked.request_id,
        answer=answer,
        claims_kept=1,
        claims_dropped=2,
        evidence={"pieces": {"e1": {"dataset": "recent_news", "sources": ["serp_news"]}}, "left_out": 0},
        created_at=at,
    )
    with store.database.writing() as tx:
        tx.execute(sa.insert(t.analyses), [row_of(analysis)])
    return analysis


def test_the_newest_analysis_is_a_row_and_each_of_its_claims_shows_its_quote(
    store: SqlStore, warehouse: Warehouse
) -> None:
    acme = company(store, "acme.com")
    claim = {"evidence_id": "e1", "quote": "Acme meets Bolt", "name": "Bolt", "how_they_compete": "on price"}
    analysed(store, acme, {"competitors": []})
    newest = analysed(store, acme, {"competitors": [claim], "remark": "none"}, days=1)
    profile, _ = profiled(store, acme, "customer_enrichment", buys=FULL)
    used = {**profile.document, "analyses": {"competition": {"analysis_id": newest.analysis_id}}}
    with store.database.writing() as tx:
        tx.execute(sa.update(t.profiles).values(document=used))
    warehouse.build(store)
    row = one(warehouse, "FROM marts.analyses")
    assert (row["analysis_id"], row["name"], row["claims"], row["claims_dropped"]) == (
        newest.analysis_id,
        "competition",
        1,
        2,
    )
    assert (row["newest"], row["consumers"], row["profiles"]) == (True, ["customer_enrichment"], [profile.profile_id])
    stated = one(warehouse, "FROM marts.claims")
    assert (stated["part"], stated["position"], stated["subject"]) == ("competitors", 1, "Bolt")
    assert (stated["statement"], stated["quote"], stated["evidence_id"]) == ("on price", "Acme meets Bolt", "e1")
    assert (stated["evidence_dataset"], stated["evidence_sources"]) == ("recent_news", ["serp_news"])
    assert stated["profiles"] == [profile.profile_id]


def test_what_a_verdict_states_is_known_from_then_on_and_counted_against_its_source(
    store: SqlStore, warehouse: Warehouse
) -> None:
    story = company(store, "acme.com")
    profiled(store, story, buys={"brightdata_company_db": {**IDENTITY, **SEAT}})
    verdict = judge(
        story,
        Judgement("employee_count", "they said so", "cli", right="120"),
        rules=MATRIX,
        store=store,
        now=NOON + HOUR,
    )
    judge(
        story,
        Judgement("industry", "no", "cli"),
        rules=MATRIX,
        store=store,
        now=NOON + HOUR,
    )
    warehouse.build(store)
    assert one(warehouse, "SELECT employees_low, industry FROM marts.companies") == {
        "employees_low": 120,
        "industry": None,
    }
    spans = rows(
        warehouse,
        "SELECT value, source, valid_to FROM marts.history WHERE dataset = 'employee_count' ORDER BY valid_from",
    )
    assert [(span["value"], span["source"], span["valid_to"]) for span in spans] == [
        ("10001+", "brightdata_company_db", (NOON + HOUR).replace(tzinfo=None)),
        ("120", "verdict", None),
    ]
    counted = rows(
        warehouse, "SELECT source, dataset, rejected, share_rejected FROM sources.rejections ORDER BY dataset"
    )
    assert [tuple(row.values()) for row in counted] == [
        ("brightdata_company_db", "employee_count", 1, 1.0),
        ("brightdata_company_db", "industry", 1, 1.0),
    ]
    assert withdraw(verdict, by="cli", rules=MATRIX, store=store, now=NOON + 2 * HOUR)
    warehouse.build(store)
    assert one(warehouse, "SELECT employees_low FROM marts.companies") == {"employees_low": 10_001}
    assert len(rows(warehouse, "FROM sources.rejections")) == 1

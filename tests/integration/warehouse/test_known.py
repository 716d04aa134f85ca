"""What is known of companies, once per company and through time, whichever profiles use it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
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
    Technology,
    Text,
)
from enrichment.pipeline.verdicts import judge, withdraw
from resources.store import SqlStore
from resources.store import tables as t
from resources.store.database.row_mapping import row_of
from resources.warehouse import Warehouse
from resources.warehouse.incremental_build import bring_up_to_date
from tests.support.examples import MATRIX, NOON
from tests.support.new_stores import new_store
from tests.support.warehouse_story import (
    DAY,
    FIRMOGRAPHICS,
    FULL,
    HOUR,
    IDENTITY,
    PEOPLE,
    Answers,
    bought,
    company,
    everything,
    profiled,
    request,
)

SEAT: Answers = {
    "industry": [Text(text="Motor Vehicle Manufacturing")],
    "employee_count": [EmployeeCount(low=10_001, high=None)],
    "headquarters": [Headquarters(city="Wien", region="Wien", country="AT")],
    "founded": [Founded(year=1999)],
    "company_size_band": [SizeBand(band="10001+")],
}
ABROAD: Answers = {"revenue": [Revenue(low=5_000_000, high=5_000_000, currency="EUR", year=2025)]}


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


def collected(store: SqlStore, about: Company, source: str, answers: Answers, *, days: float = 0) -> None:
    """Bought for no profile, as when a raw asset is refreshed."""
    at = NOON + days * DAY
    bought(store, request(store, about, at=at), source, answers, at=at)


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
        acme, "company_name", because="renamed", wrong=None, right="Unitrin", by="cli", rules=MATRIX, store=store,
        now=NOON + 2 * DAY,
    )  # fmt: skip
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


def a_life(store: SqlStore) -> Company:
    """Three months of one company: it moves, grows, changes its words, and is forgotten by a vendor."""
    acme = company(store, "acme.com")
    where = "brightdata_company_db"
    collected(
        store, acme, where, {"industry": [Text(text="Widgets")], "employee_count": [EmployeeCount(low=50, high=50)]}
    )
    collected(
        store,
        acme,
        where,
        {"industry": [Text(text="WIDGETS!")], "employee_count": [EmployeeCount(low=80, high=80)]},
        days=30,
    )
    collected(store, acme, "apollo_contacts", {"headquarters": [Headquarters(city="Graz", country="AT")]}, days=40)
    collected(store, acme, where, {"industry": [Text(text="Gadgets")]}, days=60)
    collected(store, acme, "apollo_contacts", {}, days=70)
    return acme


def test_what_changed_is_one_query(store: SqlStore, warehouse: Warehouse) -> None:
    a_life(store)
    warehouse.build(store)
    changes = rows(warehouse, "FROM marts.history WHERE NOT listed ORDER BY dataset, valid_from")
    assert [(c["dataset"], c["previous_value"], c["value"]) for c in changes] == [
        ("employee_count", None, "50"),
        ("employee_count", "50", "80"),
        ("headquarters", None, "Graz, AT"),
        ("industry", None, "WIDGETS!"),  # another spelling is no change; the newest is shown
        ("industry", "WIDGETS!", "Gadgets"),
    ]
    ends = [c["valid_to"] and (utc(c["valid_to"]) - NOON) / DAY for c in changes]
    assert ends == [30, 60, 70, 60, None]


def test_which_reply_of_a_request_came_first_is_no_change(store: SqlStore, warehouse: Warehouse) -> None:
    acme = company(store, "acme.com")
    stated = {"snov_contacts": "Gadgets", "serp_linkedin": "Widgets", "brightdata_company_db": "Gizmos"}
    arrivals = (list(stated), list(reversed(stated)), list(stated))
    for week, sources in enumerate(arrivals):
        asked = request(store, acme, at=NOON + 7 * week * DAY)
        for place, source in enumerate(sources):
            answer: Answers = {"industry": [Text(text=stated[source])]}
            if source != "brightdata_company_db":  # equally good ones differ
                answer = {**answer, "employee_count": [EmployeeCount(low=50 + len(source), high=None)]}
            bought(store, asked, source, answer, at=NOON + 7 * week * DAY + timedelta(seconds=place))
    warehouse.build(store)
    changes = rows(warehouse, "SELECT dataset, value, valid_from, valid_to FROM marts.history ORDER BY dataset")
    start = NOON.replace(tzinfo=None)
    assert [tuple(row.values()) for row in changes] == [
        ("employee_count", "63+", start, None),
        ("industry", "Gizmos", start, None),
    ]
    assert one(warehouse, "SELECT employees_low FROM marts.companies") == {"employees_low": 63}


def test_another_source_that_states_the_same_in_other_words_changes_nothing(
    store: SqlStore, warehouse: Warehouse
) -> None:
    acme = company(store, "acme.com")
    said: Answers = {"industry": [Text(text="Oil & Energy")], "founded": [Founded(year=1999)]}
    collected(store, acme, "snov_contacts", {**said, "headquarters": [Headquarters(city="Wien")]})
    better: Answers = {"industry": [Text(text="Energy, Oil and Gas")], "founded": [Founded(year=1950)]}
    collected(
        store, acme, "brightdata_firmographics", {**better, "headquarters": [Headquarters(city="Wien", country="AT")]},
        days=1,
    )  # fmt: skip
    warehouse.build(store)
    now = rows(warehouse, "FROM marts.history WHERE valid_to IS NULL ORDER BY dataset")
    assert [(row["dataset"], row["previous_value"], row["value"]) for row in now] == [
        ("founded", "1999", "1950"),
        ("headquarters", None, "Wien, AT"),
        ("industry", None, "Energy, Oil and Gas"),
    ]


@pytest.mark.parametrize(
    ("day", "industry", "employees", "seat"),
    [
        (-1, None, None, None),
        (0, "WIDGETS!", "50", None),
        (45, "WIDGETS!", "80", "Graz, AT"),
        (65, "Gadgets", None, "Graz, AT"),
        (75, "Gadgets", None, None),
    ],
)
def test_as_it_was_that_day_is_one_query(
    store: SqlStore, warehouse: Warehouse, day: int, industry: str | None, employees: str | None, seat: str | None
) -> None:
    a_life(store)
    warehouse.build(store)
    then = (NOON + day * DAY).strftime("%Y-%m-%d %H:%M:%S")
    found = rows(
        warehouse,
        f"FROM marts.history WHERE valid_from <= '{then}' AND (valid_to IS NULL OR valid_to > '{then}')",
    )
    by = {row["dataset"]: row["value"] for row in found}
    assert (by.get("industry"), by.get("employee_count"), by.get("headquarters")) == (industry, employees, seat)


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


def test_a_long_life_built_step_by_step_is_the_one_built_at_once(
    store: SqlStore, warehouse: Warehouse, tmp_path: Path
) -> None:
    acme = a_life(store)
    warehouse.build(store)
    for days, answers in ((80, PEOPLE), (90, {"key_contacts": [Contact(full_name="New Here")]})):
        collected(store, acme, "snov_contacts", answers, days=days)
        assert not warehouse.build(store).rebuilt
    collected(store, acme, "google_knowledge_graph", IDENTITY, days=91)
    profiled(store, acme, buys={"brightdata_company_db": FIRMOGRAPHICS}, at=NOON + 92 * DAY)
    bolt = company(store, "bolt.io")
    collected(store, bolt, "brightdata_technographics", {"tech_stack": [Technology(name="Snowflake")]}, days=93)
    assert not warehouse.build(store).rebuilt
    (tmp_path / "anew").mkdir()
    anew = Warehouse(tmp_path / "anew" / "enrichment.duckdb")
    anew.build(store)
    assert everything(warehouse) == everything(anew)
    assert bring_up_to_date(tmp_path / "one.duckdb", store, at_once=1).companies == 2
    assert everything(Warehouse(tmp_path / "one.duckdb")) == everything(anew)


def test_what_a_verdict_states_is_known_from_then_on_and_counted_against_its_source(
    store: SqlStore, warehouse: Warehouse
) -> None:
    story = company(store, "acme.com")
    profiled(store, story, buys={"brightdata_company_db": {**IDENTITY, **SEAT}})
    verdict = judge(
        story,
        "employee_count",
        because="they said so",
        wrong=None,
        right="120",
        by="cli",
        rules=MATRIX,
        store=store,
        now=NOON + HOUR,
    )
    judge(
        story,
        "industry",
        because="no",
        wrong=None,
        right=None,
        by="cli",
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

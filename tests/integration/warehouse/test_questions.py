"""The ten questions of analysts in docs/warehouse.md, asked of a warehouse whose answers are known."""

from datetime import date

import pytest
import sqlalchemy as sa

from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Analysis
from enrichment.domain.values import Contact, EmployeeCount, Founded, Headquarters, SizeBand, Text
from resources.store import SqlStore
from resources.store import tables as t
from resources.store.database.row_mapping import row_of
from resources.warehouse import QUESTIONS, Example, Warehouse
from tests.support.examples import NOON
from tests.support.new_stores import new_store
from tests.support.new_warehouses import new_warehouse
from tests.support.warehouse_story import DAY, FULL, HOUR, Answers, bought, company, profiled, request

CHIEF: Answers = {
    "key_contacts": [
        Contact(full_name="Chief Person", title="CEO", seniority="c_level", email="ceo@acme.com", email_status="valid")
    ]
}


def firm(city: str, country: str, *, industry: str, employees: int) -> Answers:
    return {
        "industry": [Text(text=industry)],
        "employee_count": [EmployeeCount(low=employees, high=employees)],
        "headquarters": [Headquarters(city=city, country=country)],
        "founded": [Founded(year=1999)],
        "company_size_band": [SizeBand(band="1001-5000")],
    }


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    folder = tmp_path_factory.mktemp("questions")
    store = new_store(folder / "store.sqlite")
    _story(store)
    built = new_warehouse(folder / "enrichment.duckdb")
    built.build(store)
    store.close()
    return built


def _story(store: SqlStore) -> None:
    """Acme, a software company, moves to Austin ten days later; Bolt, a bank in Vienna, is known by a record alone."""
    acme, bolt = company(store, "acme.com"), company(store, "bolt.at")
    company(store, "name:quiet")
    profiled(store, acme, "customer_enrichment", buys=FULL)
    bought(store, request(store, acme), "snov_contacts", CHIEF, at=NOON + HOUR)
    here, there = (
        firm("Dallas", "US", industry="Software Development", employees=1_200),
        firm("Austin", "US", industry="Software", employees=1_500),
    )
    for answers, at in ((here, NOON), (there, NOON + 10 * DAY)):
        bought(store, request(store, acme, at=at), "brightdata_firmographics", answers, at=at)
    bank = firm("Wien", "AT", industry="Bank", employees=9_000)
    bought(store, request(store, bolt), "brightdata_company_db", bank)
    claim = {"evidence_id": "e1", "quote": "Acme meets Bolt", "name": "Bolt", "how_they_compete": "on price"}
    analysis = Analysis(
        *(new_id("ana"), "a key", acme.company_id, "competition", None, "a-model", "pur_1", "req_1"),
        answer={"competitors": [claim]},
        claims_kept=1,
        claims_dropped=0,
        evidence={"pieces": {"e1": {"dataset": "recent_news", "sources": ["serp_news"]}}, "left_out": 0},
        created_at=NOON,
    )
    with store.database.writing() as tx:
        tx.execute(sa.insert(t.analyses), [row_of(analysis)])


def test_there_are_ten_questions_each_with_a_name_of_its_own() -> None:
    assert len({question.name for question in QUESTIONS}) == len(QUESTIONS) == 10


EXPECTED: dict[str, list[dict[str, object]]] = {
    "companies_like_these": [{"company_key": "acme.com", "city": "Austin", "employees_low": 1_500, "founded": 1999}],
    "market_map": [
        {"industry_group": "fin", "canonical_industry": "Banking", "country": "AT", "median_employees": 9_000},
        {"canonical_industry": "Computer Software", "country": "US", "companies": 1},
        {"canonical_industry": None, "country": None, "companies": 1},
    ],
    "who_decides": [
        {"technology": "Technology 1", "full_name": "Chief Person", "email": "ceo@acme.com"},
        {"full_name": "Invented Person 1", "seniority": "director"},
        {"full_name": "Invented Person 2"},
        {"full_name": "Invented Person 3"},
    ],
    "technologies_together": [
        {"name": f"Technology {n}", "companies": 1, "most_often_in": "Computer Software"} for n in range(6)
    ],
    "fresh_news": [
        {"company_key": "acme.com", "day": date(2026, 3, 2), "title": f"Acme does thing {n}"} for n in range(3)
    ],
    "buying_signals": [{"company_key": "acme.com", "topics": 1, "strongest": 0.75, "job_postings": 1, "contacts": 5}],
    "what_changed": [
        {"company_key": "acme.com", "dataset": "employee_count", "previous_value": "1200", "value": "1500"},
        {"dataset": "headquarters", "previous_value": "Dallas, US", "value": "Austin, US"},
    ],
    "as_it_was": [
        {
            "company_key": "acme.com",
            "employees": "1200",
            "headquarters": "Dallas, US",
            "contacts": 5,
            "technologies": 6,
        },
        {"company_key": "bolt.at", "industry": "Bank", "contacts": 0},
    ],
    "claims_with_quotes": [
        {"company_key": "acme.com", "competitor": "Bolt", "statement": "on price", "evidence_sources": ["serp_news"]}
    ],
    "coverage": [{"dataset": "company_size_band", "known": 2, "share_known": 0.667}],
}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_a_question_of_analysts_has_the_right_answer(warehouse: Warehouse, question: Example) -> None:
    answer = warehouse.ask(question.sql)
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    expected = EXPECTED[question.name]
    assert len(rows) >= len(expected)
    assert [{name: row[name] for name in wanted} for row, wanted in zip(rows, expected, strict=False)] == expected

"""Answers about the same companies, as reliability is estimated from them, and vendors whose rate fell."""

from datetime import timedelta

from enrichment.domain.values import EmployeeCount, Text
from enrichment.pipeline.backtest.history import History
from resources.store import SqlStore
from resources.vendor_report.figures import falls_of_sources, vendor_figures
from resources.warehouse import Warehouse
from resources.warehouse.comparable_answers import comparable_answers, estimates
from tests.support.examples import MATRIX, NOON
from tests.support.warehouse_story import bought, company, request

DB, FIRM = "brightdata_company_db", "brightdata_firmographics"


def test_counts_that_may_both_be_right_are_one_value_and_others_are_not(store: SqlStore, warehouse: Warehouse) -> None:
    for key, low in (("same.com", 1100), ("other.com", 9)):
        asked = request(store, company(store, key))
        bought(store, asked, DB, {"employee_count": [EmployeeCount(low=1001, high=5000)]})
        bought(store, asked, FIRM, {"employee_count": [EmployeeCount(low=low, high=low)]})
    warehouse.build(store)
    with warehouse.reading() as connection:
        found = comparable_answers(connection, MATRIX)["employee_count"]
    values: dict[str, set[str]] = {}
    for answer in found.answers:
        values.setdefault(answer.company, set()).add(answer.value)
    assert sorted(len(stated) for stated in values.values()) == [1, 2]


def test_only_the_newest_answer_of_a_source_counts(store: SqlStore, warehouse: Warehouse) -> None:
    about = company(store, "acme.com")
    for day, industry in enumerate(("Banking", "Software Development")):
        at = NOON + timedelta(days=day)
        bought(store, request(store, about, at=at), DB, {"industry": [Text(text=industry)]}, at=at)
    warehouse.build(store)
    with warehouse.reading() as connection:
        found = comparable_answers(connection, MATRIX)
    assert len(found["industry"].answers) == 1
    assert dict(estimates(found, MATRIX))["industry"].figures.sources[DB].checked == 0


def test_a_source_that_changes_its_answer_to_what_another_had_said_was_wrong_before(
    store: SqlStore, warehouse: Warehouse
) -> None:
    for number in range(30):
        about = company(store, f"c{number}.com")
        for day, source, industry in ((0, DB, "Mining"), (1, FIRM, "Banking"), (2, DB, "Banking")):
            at = NOON + timedelta(days=day)
            bought(store, request(store, about, at=at), source, {"industry": [Text(text=industry)]}, at=at)
    warehouse.build(store)
    with warehouse.reading() as connection:
        found = dict(estimates(comparable_answers(connection, MATRIX), MATRIX))["industry"].figures.sources
    assert found.keys() == {DB, FIRM}
    assert (found[DB].checked, found[FIRM].checked) == (60, 30)
    assert found[DB].right < 35
    assert found[FIRM].right > 25


def test_a_dispute_of_before_is_none_of_the_vendor_report(store: SqlStore, warehouse: Warehouse) -> None:
    about = company(store, "acme.com")
    for day, source, industry in ((0, DB, "Mining"), (1, "snov_contacts", "Banking"), (2, DB, "Banking")):
        at = NOON + timedelta(days=day)
        bought(store, request(store, about, at=at), source, {"industry": [Text(text=industry)]}, at=at)
    warehouse.build(store)
    with warehouse.reading() as connection:
        found = vendor_figures(connection, MATRIX, History(NOON, (), {}, {}), unavailable={})
    assert {vendor.provider: vendor.disputes.all for vendor in found} == {"brightdata": 0, "snov": 0}


def test_misreadings_that_a_newer_reader_found_excuse_the_source(store: SqlStore, warehouse: Warehouse) -> None:
    """In a third of the companies one source of three seems to deviate from the others."""
    for number in range(30):
        asked = request(store, company(store, f"c{number}.com"))
        for source in (DB, "serp_organic", "snov_contacts"):
            industry = f"Misread {number % 7}" if source == "snov_contacts" and number % 3 == 0 else "Banking"
            bought(store, asked, source, {"industry": [Text(text=industry)]})
    warehouse.build(store)
    with warehouse.reading() as connection:
        found = comparable_answers(connection, MATRIX)
    misread = {("snov_contacts", "industry"): (300, 100), (DB, "domain"): (9, 9)}
    blamed, excused = (dict(estimates(found, MATRIX, reread))["industry"] for reread in ({}, misread))
    assert excused.misreadings["snov"] > 5 * blamed.misreadings["snov"]
    assert excused.misreadings["brightdata"] < 0.05
    assert excused.accuracy["snov_contacts"] > blamed.accuracy["snov_contacts"] + 0.1


def test_a_source_whose_match_rate_fell_is_named_with_the_day(store: SqlStore, warehouse: Warehouse) -> None:
    for day in range(8):
        at = NOON + timedelta(days=day)
        for number in range(10):
            asked = request(store, company(store, f"d{day}n{number}.com", at=at), at=at)
            bought(store, asked, DB, {"industry": [Text(text="Banking")]} if day < 4 else {}, at=at)
    warehouse.build(store)
    with warehouse.reading() as connection:
        falls = falls_of_sources(connection, MATRIX)
    assert falls.keys() == {DB}
    assert falls[DB].since == (NOON + timedelta(days=4)).date()

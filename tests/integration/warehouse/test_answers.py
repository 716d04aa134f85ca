"""What sources answered, counted for learning: by rate, and by the kind of company as it was known beforehand."""

from datetime import timedelta
from pathlib import Path

import pytest

from enrichment.domain.values import SizeBand, Text
from enrichment.learning.pooled_rates import Count
from resources.store import SqlStore
from resources.warehouse import Warehouse
from resources.warehouse.answer_counts import answer_counts, billed_by_day
from tests.support.examples import MATRIX, NOON
from tests.support.warehouse_story import Answers, bought, company, refused, request

DB, NEWS = "brightdata_company_db", "serp_news"
FIRM: Answers = {"industry": [Text(text="Banking")], "company_size_band": [SizeBand(band="51-500")]}
RATES = [(DB, "match_rate"), (DB, "industry"), (DB, "employee_count"), (NEWS, "match_rate")]


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "enrichment.duckdb")


def test_usable_answers_are_counted_for_each_rate(store: SqlStore, warehouse: Warehouse) -> None:
    for number, answers in enumerate(({"industry": [Text(text="Banking")]}, FIRM, {}, {})):
        bought(store, request(store, company(store, f"c{number}.com")), DB, answers)
    refused(store, request(store, company(store, "late.com")), DB)
    warehouse.build(store)
    with warehouse.reading() as connection:
        counts = answer_counts(connection, RATES)
    assert counts.keys() == {rate for rate in RATES if rate[0] == DB}
    totals = {rate[1]: counts[rate].kinds["", ""] for rate in counts}
    assert totals == {"match_rate": Count(2, 4), "industry": Count(2, 2), "employee_count": Count(0, 2)}


def test_a_kind_counts_only_where_it_was_known_before_the_source_was_asked(
    store: SqlStore, warehouse: Warehouse
) -> None:
    about, later = company(store, "acme.com"), NOON + timedelta(days=1)
    bought(store, request(store, about), DB, FIRM)
    bought(store, request(store, about, at=later), NEWS, {}, at=later)
    warehouse.build(store)
    with warehouse.reading() as connection:
        counts = answer_counts(connection, RATES)
    assert counts[DB, "match_rate"].kinds == {("", ""): Count(1, 1)}
    assert counts[NEWS, "match_rate"].kinds == {("fin", "51-500"): Count(0, 1)}


def test_answers_from_before_a_change_are_not_counted(store: SqlStore, warehouse: Warehouse) -> None:
    for day in range(8):
        at = NOON + timedelta(days=day)
        for number in range(10):
            asked = request(store, company(store, f"d{day}n{number}.com", at=at), at=at)
            bought(store, asked, DB, FIRM if day < 4 else {}, at=at)
    warehouse.build(store)
    with warehouse.reading() as connection:
        counted = answer_counts(connection, RATES)[DB, "match_rate"]
    assert counted.has_changed
    assert counted.first_day == (NOON + timedelta(days=4)).date()
    assert counted.kinds == {("", ""): Count(0, 40)}


def test_bills_of_answers_are_counted_by_day(store: SqlStore, warehouse: Warehouse) -> None:
    later = NOON + timedelta(days=1)
    for number, at in enumerate((NOON, NOON, later)):
        bought(store, request(store, company(store, f"b{number}.com", at=at), at=at), DB, FIRM, at=at)
    bought(store, request(store, company(store, "unknown.com")), DB, {})  # what is not billed is no bill
    refused(store, request(store, company(store, "late.com")), DB)
    warehouse.build(store)
    with warehouse.reading() as connection:
        bills = billed_by_day(connection, MATRIX)
    assert bills == {DB: [(NOON.date(), {1: 2}), (later.date(), {1: 1})]}

"""What sources answered, counted for learning: by rate, and by the kind of company as it was known beforehand."""

from datetime import timedelta

import pytest

from enrich_cli.operations.vendor_report import vendors_data
from enrichment.domain.values import SizeBand, Text
from enrichment.learning.pooled_rates import Count
from enrichment.pipeline.backtest.history import History
from enrichment.rules import DatasetReliability
from enrichment.rules.reliability import SourceReliability
from resources.store import SqlStore
from resources.vendor_report.figures import changes_of_sources, falls_of_sources, vendor_figures
from resources.vendor_report.page import figure_in_words, vendor_page
from resources.warehouse import Warehouse
from resources.warehouse.answer_counts import (
    answer_counts,
    answers_by_day,
    answers_together,
    billed_by_day,
    had_together,
)
from tests.support.examples import MATRIX, NOON
from tests.support.warehouse_story import NEWS as HEADLINES
from tests.support.warehouse_story import Answers, bought, company, profiled, refused, request

DB, NEWS = "brightdata_company_db", "serp_news"
FIRM: Answers = {"industry": [Text(text="Banking")], "company_size_band": [SizeBand(band="51-500")]}
RATES = [(DB, "match_rate"), (DB, "industry"), (DB, "employee_count"), (NEWS, "match_rate")]


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


def test_a_company_that_is_asked_about_again_is_one_witness(store: SqlStore, warehouse: Warehouse) -> None:
    about = [company(store, f"c{number}.com") for number in range(3)]
    for day in range(6):
        at = NOON + timedelta(days=day)
        for number, one in enumerate(about):
            bought(store, request(store, one, at=at), DB, {} if number == 0 else FIRM, at=at)
    warehouse.build(store)
    with warehouse.reading() as connection:
        counts = answer_counts(connection, RATES)
        by_day = answers_by_day(connection, RATES)[DB, "match_rate"]
        together, had = answers_together(connection), had_together(connection, "industry")
    assert counts[DB, "match_rate"].kinds == {("", ""): Count(2, 3)}
    assert counts[DB, "industry"].kinds == {("", ""): Count(2, 2)}
    assert sum(count.tries for _, count in by_day) == pytest.approx(3)
    assert together == {((DB, True),): 2, ((DB, False),): 1}
    assert had == {((DB, True),): 2}


def test_asking_again_leaves_the_kind_that_was_known_before_the_first_time(
    store: SqlStore, warehouse: Warehouse
) -> None:
    about = company(store, "acme.com")
    for day in range(3):
        at = NOON + timedelta(days=2 * day)
        bought(store, request(store, about, at=at), DB, FIRM, at=at)
        later = at + timedelta(days=1)
        bought(store, request(store, about, at=later), NEWS, {}, at=later)
    warehouse.build(store)
    answer = warehouse.ask("SELECT DISTINCT source, industry_group, size_band FROM sources.answers ORDER BY source")
    assert answer.rows == [(DB, None, None), (NEWS, "fin", "51-500")]


def test_another_mix_of_companies_and_another_order_of_sources_are_no_change_of_a_rate(
    store: SqlStore, warehouse: Warehouse
) -> None:
    """Serp's news knows most companies that it is asked about first, and few that the company database had missed."""
    for day in range(12):
        at = NOON + timedelta(days=day)
        for number in range(10):
            asked = request(store, company(store, f"d{day}n{number}.com", at=at), at=at)
            is_second = number < (2 if day < 6 else 8)
            if is_second:
                bought(store, asked, DB, {}, at=at)
            is_known = number % 5 == 0 if is_second else number % 5 > 0
            bought(store, asked, NEWS, HEADLINES if is_known else {}, at=at + timedelta(minutes=1))
    warehouse.build(store)
    with warehouse.reading() as connection:
        assert not answer_counts(connection, RATES)[NEWS, "match_rate"].has_changed
        assert NEWS not in falls_of_sources(connection, MATRIX)


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


def test_learned_reliability_is_what_the_newest_profile_says_of_its_values(
    store: SqlStore, warehouse: Warehouse
) -> None:
    about, later = company(store, "acme.com"), NOON + timedelta(days=1)
    for right, at in ((40, NOON), (95, later)):
        learned = DatasetReliability(sources={DB: SourceReliability(right=right, checked=100)})
        rules = MATRIX.model_copy(update={"learned_reliability": {"industry": learned}, "hash": f"{right} right"})
        profiled(store, about, buys={DB: FIRM} if at == NOON else {}, at=at, rules=rules)
    warehouse.build(store)
    answer = warehouse.ask(
        'SELECT source, dataset, "right", checked, round(low, 2), round(high, 2), facts, served_at '
        "FROM sources.reliability"
    )
    assert answer.rows == [(DB, "industry", 95, 100, 0.9, 0.98, 2, later.replace(tzinfo=None))]


def test_the_report_counts_failed_calls_also_of_a_vendor_that_only_failed(
    store: SqlStore, warehouse: Warehouse
) -> None:
    bought(store, request(store, company(store, "acme.com")), DB, FIRM)
    for number in range(3):
        refused(store, request(store, company(store, f"late{number}.com")), DB if number == 0 else "snov_contacts")
    warehouse.build(store)
    with warehouse.reading() as connection:
        found = vendor_figures(connection, MATRIX, History(NOON, (), {}, {}), unavailable={})
    assert {one.provider: (one.asked, one.failed) for one in found} == {"brightdata": (1, 1), "snov": (0, 2)}
    assert "snov" in vendor_page(found, now=NOON, window="30d")


def test_figures_of_the_report_have_intervals_or_are_said_to_rest_on_too_few(
    store: SqlStore, warehouse: Warehouse
) -> None:
    for number in range(40):
        asked = request(store, company(store, f"c{number}.com"))
        bought(store, asked, DB, FIRM, quality=0.9 if number % 2 else 0.8)
        if number < 5:
            bought(store, asked, "snov_contacts", FIRM, quality=0.9)
    warehouse.build(store)
    with warehouse.reading() as connection:
        many, few = vendor_figures(connection, MATRIX, History(NOON, (), {}, {}), unavailable={})
    assert many.quality is not None
    assert figure_in_words(many.quality, ".2f", "") == "0.85 (0.84 to 0.86)"
    assert figure_in_words(few.quality, ".2f", "") == "0.90 (too few for an interval)"
    assert "too few for an interval" in vendor_page([many, few], now=NOON, window="30d")
    (data, _) = vendors_data([many, few])
    assert (data["quality"], data["quality_interval"]) == (many.quality.value, many.quality.interval)


def test_the_report_of_sources_says_since_when_quality_bills_and_seconds_are_others(
    store: SqlStore, warehouse: Warehouse
) -> None:
    for day in range(8):
        at = NOON + timedelta(days=day)
        for number in range(10):
            asked = request(store, company(store, f"q{day}n{number}.com", at=at), at=at)
            units, seconds, quality = (1, 1.5, 0.9) if day < 5 else (2, 6.0, 0.6)
            bought(store, asked, DB, FIRM, at=at, units=units, seconds=seconds, quality=quality)
            bought(store, asked, "serp_organic", FIRM, at=at)
    warehouse.build(store)
    with warehouse.reading() as connection:
        found = changes_of_sources(connection)
    since = (NOON + timedelta(days=5)).date()
    seen = [(one.source, one.of, one.since, round(one.before.value, 3), round(one.now.value, 3)) for one in found]
    assert seen == [
        (DB, "billed units", since, 1.0, 2.0),
        (DB, "price of a unit, USD", since, 0.05, 0.025),
        (DB, "quality", since, 0.9, 0.6),
        (DB, "seconds", since, 1.5, 6.0),
    ]

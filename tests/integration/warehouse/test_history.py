"""What was known of companies through time: what changed, and how it was on a day."""

from datetime import timedelta
from pathlib import Path

import pytest

from enrichment.domain.companies import Company
from enrichment.domain.values import (
    Contact,
    EmployeeCount,
    Founded,
    Headquarters,
    Technology,
    Text,
)
from resources.store import SqlStore
from resources.warehouse import Warehouse
from resources.warehouse.update_from_store import bring_up_to_date
from tests.support.examples import NOON
from tests.support.new_stores import ON_SQLITE
from tests.support.warehouse_story import (
    DAY,
    FIRMOGRAPHICS,
    IDENTITY,
    PEOPLE,
    Answers,
    bought,
    collected,
    company,
    everything,
    one,
    profiled,
    request,
    rows,
    utc,
)

pytestmark = ON_SQLITE


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

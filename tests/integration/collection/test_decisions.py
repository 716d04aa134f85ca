"""Each decision of a policy is on record before what follows from it, with what else it could have asked."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from enrichment.domain.decisions import PolicyDecision
from enrichment.domain.requests import CacheRead, Request
from enrichment.pipeline.stages import Ask
from resources.store import SqlStore
from tests.integration.collection.test_caps import CONTACTS, BudgetStack
from tests.support.examples import NOON
from tests.support.new_warehouses import new_warehouse

ALL = ("apollo_contacts", "brightdata_people_db", "snov_contacts")
FIRM = Ask("acme.com", datasets=("industry", "headquarters"), sources=("brightdata_company_db", "serp_linkedin"))


@pytest.fixture
def stack(store: SqlStore) -> BudgetStack:
    return BudgetStack(store)


def worth(store: SqlStore, folder: Path) -> list[dict[str, Any]]:
    warehouse = new_warehouse(folder / "enrichment.duckdb")
    warehouse.build(store)
    found = warehouse.ask("FROM sources.decisions ORDER BY decision_id, source")
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_every_step_is_on_record_with_its_alternatives_up_to_the_one_that_stops(stack: BudgetStack) -> None:
    stack.collect(CONTACTS, stack.vendors({"apollo_contacts": ["key_contacts"]}))
    first, second, last = stack.store.requests.decisions("req_1")
    assert (first.chosen, first.alternatives, first.missed) == (("snov_contacts",), ALL, ())
    assert (second.chosen, second.missed) == (("apollo_contacts",), ("snov_contacts",))
    assert second.alternatives == ("apollo_contacts", "brightdata_people_db")
    assert (last.chosen, last.alternatives, last.open_datasets) == ((), (), ())
    assert {one.chance for one in (first, second, last)} == {1.0}
    assert (first.open_datasets, first.request_id, first.at) == (("key_contacts",), "req_1", NOON)


def test_the_kind_of_company_is_what_was_known_when_it_was_decided(stack: BudgetStack) -> None:
    stack.collect(FIRM, stack.vendors({"brightdata_company_db": ["industry", "headquarters", "company_size_band"]}))
    decisions = stack.store.requests.decisions("req_1")
    kinds = [(one.industry_group, one.size_band, one.country) for one in decisions]
    assert kinds[0] == (None, None, None)
    assert kinds[-1] == ("man", "1001-5000", "AT")


def test_a_killed_process_leaves_the_decision_that_its_call_followed_from(stack: BudgetStack) -> None:
    seen: list[PolicyDecision] = []
    vendors = stack.vendors(meanwhile=lambda: seen.extend(stack.store.requests.decisions("req_1")[-1:]))
    stack.collect(CONTACTS, vendors)
    assert [one.chosen for one in seen] == [(source,) for source in vendors.asked]


def test_the_warehouse_says_what_came_of_each_decision(stack: BudgetStack, tmp_path: Path) -> None:
    _, collected = stack.collect(CONTACTS, stack.vendors({"apollo_contacts": ["key_contacts"]}))
    cost = {purchase.source: purchase.cost_micro_usd for purchase in collected.purchases}
    first, second, last = worth(stack.store, tmp_path)
    assert (first["source"], first["outcome"], first["datasets"], first["cost_usd"]) == (
        "snov_contacts",
        "nothing",
        [],
        0,
    )
    assert (second["source"], second["outcome"], second["datasets"]) == ("apollo_contacts", "found", ["key_contacts"])
    assert second["cost_usd"] * 1_000_000 == cost["apollo_contacts"] > 0
    assert 0 < second["mean_quality"] <= 1
    assert second["latency_seconds"] >= 0
    assert (last["source"], last["state"], last["cost_usd"]) == (None, None, 0)
    assert (second["company_key"], second["strategy"], second["chance"]) == ("acme1.com", "enhanced", 1.0)


def test_an_answer_that_another_request_paid_for_costs_this_decision_nothing(
    stack: BudgetStack, tmp_path: Path
) -> None:
    _, paid = stack.collect(CONTACTS, stack.vendors({"snov_contacts": ["key_contacts"]}))
    (purchase,) = paid.purchases
    decided = PolicyDecision("req_9", NOON, ("key_contacts",), (), ALL, ("snov_contacts",), 1.0, None, None, None)
    asked = Request("req_9", "com_1", "custom", None, "enhanced", stack.rules.hash, NOON)
    stack.store.requests.open(asked)
    stack.store.requests.record([decided])
    read = CacheRead("req_9", purchase.purchase_id, "snov_contacts", "reply", 100_000, NOON + timedelta(seconds=1))
    stack.store.requests.close(replace(asked, state="complete"), profiles=(), reads=[read])
    (row,) = [row for row in worth(stack.store, tmp_path) if row["request_id"] == "req_9"]
    assert (row["purchase_id"], row["state"], row["cost_usd"]) == (purchase.purchase_id, "read", 0)
    assert row["datasets"] == ["key_contacts"]

"""Faults from every vendor, processes killed at random: no cap is passed, the ledger is the invoice, requests end well.

The sizes here are small; `make bench-money` does the same for a minute with 8 processes of 25 requests each, and
asserts as much.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.money.audit import bought_twice, caps_in_error, orphans, over_caps, without_reply
from bench.money.sandbox_setup import LEASE_SECONDS
from tests.support.money_stack import MoneyStack, known_by, money_stack, orders

FAULT_RATE = 0.1
TIGHT: dict[str, dict[str, Any]] = {
    "caps": {
        "all": "3.00",
        "providers": {"google_kg": "0.25"},
        "sources": {"serp_jobs": "0.20"},
        "consumers": {"vendor_enrichment": "2.00"},
    },
    "consumers": {"customer_enrichment": {"max_cost_usd": "0.40"}},
}


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url, fault_rate=FAULT_RATE) as stack:
        yield stack


@pytest.fixture
def tight_stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url, fault_rate=FAULT_RATE, changes=TIGHT) as stack:
        yield stack


def test_no_cap_is_passed_by_a_cent_though_vendors_fail_and_processes_are_killed(tight_stack: MoneyStack) -> None:
    stack = tight_stack
    companies = known_by("brightdata_company_db", "industry", 20)  # each once: no request waits for a dead one
    asked = orders(companies[::2], "vendor_enrichment") + orders(companies[1::2], "customer_enrichment", first=100)
    with stack.fleet(processes=3, at_once=10, seed=7) as fleet:
        ran = fleet.run(asked, kills=3, within=len(asked))
        assert ran.killed == 3
        assert over_caps(stack.store, stack.rules) == {}
        assert caps_in_error(stack.store) == {}
        stack.pass_time(LEASE_SECONDS)
        again = fleet.run(ran.lost)
    assert ran.troubles + again.troubles == []
    assert "refused" in {report.state for report in ran.reports + again.reports}
    assert over_caps(stack.store, stack.rules) == {}
    assert caps_in_error(stack.store) == {}
    assert all(gap.explained for gap in stack.gaps().values())

    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())
    assert over_caps(stack.store, stack.rules) == {}
    assert caps_in_error(stack.store) == {}


def test_mixed_requests_with_faults_all_end_honestly_and_the_ledger_becomes_the_invoice(stack: MoneyStack) -> None:
    companies = known_by("google_knowledge_graph", "company_description", 36)
    asked = orders(companies, "profile") + orders(companies[:20], "profile", first=300)
    asked += orders(companies[:4], "vendor_enrichment", first=500)
    with stack.fleet(processes=3, at_once=20, seed=3) as fleet:
        ran = fleet.run(asked)
    assert ran.troubles == []
    assert {report.state for report in ran.reports} <= {"complete", "incomplete", "refused"}
    assert all(gap.explained for gap in stack.gaps().values())
    assert bought_twice(stack.store) == []
    assert without_reply(stack.store) == []
    assert orphans(stack.store) == []

    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())
    assert caps_in_error(stack.store) == {}

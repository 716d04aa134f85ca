"""Vendors that misbehave, and what all processes make of it together: one that is down, one that bills too much."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.money.audit import caps_in_error, purchases
from bench.money.worker import WorkItem
from tests.support.command_line import run
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.money_stack import MoneyStack, known_by, money_stack

FAILURES, FIRST_SECONDS, LONGEST_SECONDS = 3, 40, 100
PROCESSES = 3
GOOGLE = "google_knowledge_graph"
RECORDS = "brightdata_company_db"
BREAKER = {"failures": FAILURES, "first": f"{FIRST_SECONDS}s", "longest": f"{LONGEST_SECONDS}s"}
CHANGES: dict[str, dict[str, Any]] = {"providers": {"google_kg": {"breaker": BREAKER}}}


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url, changes=CHANGES) as stack:
        yield stack


def described(companies: list[str]) -> list[WorkItem]:
    return [WorkItem(n, one, datasets=("company_description",), sources=(GOOGLE,)) for n, one in enumerate(companies)]


def classified(number: int, company: str) -> WorkItem:
    return WorkItem(number, company, datasets=("industry",), sources=(RECORDS, "brightdata_firmographics"))


def calls(stack: MoneyStack, vendor: str) -> int:
    seen = httpx.get(f"{stack.url}/_sandbox/limits", timeout=PATIENCE_SECONDS).raise_for_status().json()
    return sum(int(key["calls"]) for key in seen.get(vendor, {}).values())


def said_of(stack: MoneyStack, request_id: str | None, source: str) -> str:
    """What the request's plan states of a source."""
    request = stack.store.requests.by_id(request_id or "")
    assert request is not None
    return str(request.plan["sources"][source])


def test_all_processes_stop_asking_a_vendor_that_is_down_and_one_probe_finds_it_up_again(stack: MoneyStack) -> None:
    companies = known_by(GOOGLE, "company_description", 40)
    stack.fault("google_kg", "down")
    with stack.fleet(processes=PROCESSES, at_once=1) as fleet:
        ran = fleet.run(described(companies[:20]))
        asked = calls(stack, "google_kg")
        assert FAILURES <= asked <= FAILURES + PROCESSES - 1  # those that were under way when it was enough
        last = max(ran.reports, key=lambda report: report.number)
        assert said_of(stack, last.request_id, GOOGLE).startswith("provider down")

        for wait in (FIRST_SECONDS, 2 * FIRST_SECONDS, LONGEST_SECONDS):
            stack.pass_time(wait - 10)
            fleet.run(described(companies[:5]))
            assert calls(stack, "google_kg") == asked
            stack.pass_time(11)
            fleet.run(described(companies[5:10]))
            asked += 1
            assert calls(stack, "google_kg") == asked

        stack.no_faults()
        stack.pass_time(LONGEST_SECONDS + 1)
        [probe] = fleet.run(described(companies[20:21])).reports
        assert probe.state == "complete"
        fleet.run(described(companies[21:30]))
        assert calls(stack, "google_kg") == asked + 10
    assert all(gap.closed for gap in stack.gaps().values())
    assert caps_in_error(stack.store) == {}


def test_a_bill_above_what_may_be_billed_is_booked_in_full_and_its_source_left_alone(stack: MoneyStack) -> None:
    first, second, third = known_by(RECORDS, "industry", 3)
    stack.fault("brightdata", "overbilled", path_contains="search")
    with stack.fleet(processes=2) as fleet:
        [report] = fleet.run([classified(0, first)]).reports
        assert report.state == "complete"
        [bought] = purchases(stack.store)
        assert (bought.state, bought.units, bought.reserved_units) == (
            "settled",
            {"company_record": 3},
            {"company_record": 1},
        )
        assert bought.cost_micro_usd == 3 * bought.reserved_micro_usd
        assert all(gap.closed for gap in stack.gaps().values())
        assert caps_in_error(stack.store) == {}

        [without] = fleet.run([classified(1, second)]).reports
        assert said_of(stack, without.request_id, RECORDS).startswith("suspended")
        assert [one.source for one in stack.store.ledger.purchases(without.request_id or "")] == [
            "brightdata_firmographics"
        ]

        assert stack.store.provider_health.lift_suspension(RECORDS)
        [again] = fleet.run([classified(2, third)]).reports
        assert [one.source for one in stack.store.ledger.purchases(again.request_id or "")] == [RECORDS]


def test_a_suspension_is_lifted_from_the_command_line(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with money_stack(tmp_path, f"sqlite:///{home / 'sandbox' / 'store.sqlite'}") as stack:
        first, second = known_by(RECORDS, "industry", 2)
        stack.fault("brightdata", "overbilled", path_contains="search")
        with stack.fleet() as fleet:
            fleet.run([classified(0, first)])
            _, suspended = stack.store.provider_health.unavailable(stack.now())
            assert set(suspended) == {RECORDS}
            resumed = run(
                "sources", "resume", RECORDS, "--sandbox", ENRICH_HOME=str(home), ENRICH_CONFIG=str(stack.setup.config)
            )
            assert resumed.returncode == 0
            [report] = fleet.run([classified(1, second)]).reports
        assert [one.source for one in stack.store.ledger.purchases(report.request_id or "")] == [RECORDS]

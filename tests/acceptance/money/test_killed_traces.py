"""A request that is killed half way leaves its trace up to there: what was planned, bought and about to be bought."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.money.worker import WorkItem
from enrichment.ports import REQUEST_LEASE
from resources.store.requests.requests import SILENT
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.forkserver import FORKSERVER
from tests.support.kill_points import Deadly, work_until_death
from tests.support.money_stack import MoneyStack, known_by, money_stack

FIRST = "brightdata_company_db"
PLANNED = [("identify", "asked"), ("plan", "planned")]


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


def trace_of_a_killed_request(stack: MoneyStack, order: WorkItem, deadly: Deadly) -> list[tuple[str, str]]:
    process = FORKSERVER.Process(target=work_until_death, args=(stack.setup, order, deadly))
    process.start()
    process.join(PATIENCE_SECONDS)
    assert process.exitcode == -signal.SIGKILL
    [request] = stack.store.requests.latest()
    assert request.state == "running"
    return [(event.stage, event.what) for event in stack.store.requests.events(request.request_id)]


@pytest.mark.parametrize("point", ["before send", "after send", "after settle"])
def test_what_was_planned_is_there_wherever_the_purchase_was_killed(stack: MoneyStack, point: str) -> None:
    [company] = known_by(FIRST, "industry", 1)
    order = WorkItem(0, company, datasets=("industry",), sources=(FIRST,))
    assert trace_of_a_killed_request(stack, order, Deadly(point, FIRST)) == PLANNED  # type: ignore[arg-type]  # a Point


def test_what_was_bought_before_is_there_when_the_next_purchase_is_killed(stack: MoneyStack) -> None:
    """Snov knows no contacts of this company, so Apollo is asked."""
    unknown = set(known_by("apollo_contacts", "key_contacts", 500)) - set(
        known_by("snov_contacts", "key_contacts", 500)
    )
    order = WorkItem(0, min(unknown), datasets=("key_contacts",), sources=("snov_contacts", "apollo_contacts"))
    trace = trace_of_a_killed_request(stack, order, Deadly("before send", "apollo_contacts"))
    assert trace == [*PLANNED, ("collect", "bought")]


@pytest.mark.parametrize("point", ["before send", "after send", "in settle", "after settle"])
def test_a_killed_request_ends_as_failed_at_the_cost_of_its_purchases(stack: MoneyStack, point: str) -> None:
    """What is uncertain then is added when it is settled."""
    [company] = known_by(FIRST, "industry", 1)
    order = WorkItem(0, company, datasets=("industry",), sources=(FIRST,))
    trace_of_a_killed_request(stack, order, Deadly(point, FIRST))  # type: ignore[arg-type]  # a Point
    stack.pass_time(REQUEST_LEASE.total_seconds() + 5)
    assert stack.store.requests.end_silent(stack.now()) == 1
    assert booked(stack) == ("failed", SILENT)
    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())
    assert booked(stack) == ("failed", SILENT)


def booked(stack: MoneyStack) -> tuple[str, str | None]:
    """How the one request ended; its cost is that of its purchases."""
    [request] = stack.store.requests.latest()
    paid = sum(purchase.cost_micro_usd for purchase in stack.store.ledger.purchases(request.request_id))
    assert request.cost_micro_usd == paid
    return request.state, request.error

"""One purchase of one thing: asked by many at once, or by a process that slept through its lease."""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bench.money.audit import bought_twice, caps_in_error, purchases
from bench.money.sandbox_setup import LEASE_SECONDS
from bench.money.worker import WorkItem
from enrichment.domain.requests import Request
from resources.providers.call_session import ATTEMPTS
from resources.store import tables as t
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.kill_points import Deadly, Point, work_many_with_leave, work_until_death, work_with_leave
from tests.support.money_stack import MoneyStack, known_by, money_stack, orders

SPAWN = multiprocessing.get_context("spawn")  # its processes are our children: we notice when they stop
SOURCE = "google_knowledge_graph"
IN_EACH = 10  # requests


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


@pytest.mark.parametrize("point", ["before send", "marked sent"])
def test_a_process_that_was_stopped_beyond_its_lease_does_not_send(stack: MoneyStack, point: Point) -> None:
    [company] = known_by(SOURCE, "company_description", 1)
    order = WorkItem(0, company, datasets=("company_description",), sources=(SOURCE,))
    stopped = SPAWN.Process(target=work_until_death, args=(stack.setup, order, Deadly(point, SOURCE, signal.SIGSTOP)))
    stopped.start()
    assert stopped.pid is not None
    _, status = os.waitpid(stopped.pid, os.WUNTRACED)
    try:
        assert os.WIFSTOPPED(status)
        stack.pass_time(LEASE_SECONDS)
        with stack.fleet() as fleet:
            [taken_over] = fleet.run([order]).reports
        assert (taken_over.state, taken_over.trouble) == ("complete", None)
    finally:
        os.kill(stopped.pid, signal.SIGCONT)
    stopped.join(PATIENCE_SECONDS)
    assert stopped.exitcode == 0
    assert stack.invoice()["google_kg"]["search"] == 1
    assert Counter(row.state for row in purchases(stack.store))["settled"] == 1
    assert all(gap.explained for gap in stack.gaps().values())
    assert caps_in_error(stack.store) == {}


def test_who_planned_while_another_was_settling_does_not_buy_the_same_again(stack: MoneyStack) -> None:
    [company] = known_by(SOURCE, "company_description", 1)
    order = WorkItem(0, company, datasets=("company_description",), sources=(SOURCE,))
    first, tell_first = stack.started(work_with_leave, order, "settle")
    assert tell_first.recv() == "settle"
    second, tell_second = stack.started(work_with_leave, order, "reserve")
    assert tell_second.recv() == "reserve"
    tell_first.send("go on")
    first.join(PATIENCE_SECONDS)
    tell_second.send("go on")
    second.join(PATIENCE_SECONDS)
    assert (first.exitcode, second.exitcode) == (0, 0)
    assert stack.invoice()["google_kg"]["search"] == 1
    assert Counter(row.state for row in purchases(stack.store))["settled"] == 1


def test_what_one_has_asked_in_vain_another_that_asks_at_the_same_time_does_not_pay_for_again(
    stack: MoneyStack,
) -> None:
    """An unreadable reply may be billed, and would be each time."""
    [company] = known_by(SOURCE, "company_description", 1)
    stack.fault("google_kg", "malformed", times=50)
    order = WorkItem(0, company, datasets=("company_description",), sources=(SOURCE,))
    begun = [stack.started(work_with_leave, order, "reserve") for _ in range(2)]
    assert [pipe.recv() for _, pipe in begun] == ["reserve", "reserve"]
    for process, pipe in begun:
        pipe.send("go on")
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0
    assert stack.invoice()["google_kg"]["search"] == 1
    assert [(row.state, row.outcome) for row in purchases(stack.store)] == [("settled", "failed")]
    with stack.fleet() as fleet:
        fleet.run([order])
    assert stack.invoice()["google_kg"]["search"] == 2  # a later request may try once more


@pytest.mark.parametrize("fault", ["http_503", "http_429"])
def test_what_failed_free_of_charge_for_one_has_failed_for_all_that_waited_for_it(
    stack: MoneyStack, fault: str
) -> None:
    """In its own process and in the other one."""
    [company] = known_by(SOURCE, "company_description", 1)
    order = WorkItem(0, company, datasets=("company_description",), sources=(SOURCE,))
    stack.fault("google_kg", fault, times=None)
    begun = [stack.started(work_many_with_leave, order, IN_EACH) for _ in range(2)]
    eventually(lambda: waiting(stack) == 2 * IN_EACH - 1, "all but one wait for the one that asks")
    for _, pipe in begun:
        pipe.send("go on")
    for process, _ in begun:
        process.join(PATIENCE_SECONDS)
        assert process.exitcode == 0
    [tried] = purchases(stack.store)
    assert (tried.state, tried.cost_micro_usd) == ("released", 0)
    assert stack.calls("google_kg") <= ATTEMPTS
    requests = stack.store.requests.latest()
    assert Counter(request.state for request in requests) == {"incomplete": 2 * IN_EACH}
    whys = [why_it_failed(stack, request) for request in requests]
    assert all(tried.reason in why for why in whys)

    stack.no_faults()
    with stack.fleet() as fleet:
        [later] = fleet.run([order]).reports
    assert later.state == "complete"


def waiting(stack: MoneyStack) -> int:
    """Requests that wait for another one's purchase."""
    with stack.store.database.reading() as tx:
        what = t.events.c.what == "waiting for another purchase"
        return len(set(tx.scalars(sa.select(t.events.c.request_id).where(what))))


def why_it_failed(stack: MoneyStack, request: Request) -> str:
    [reason] = [e.data["reason"] for e in stack.store.requests.events(request.request_id) if e.what == "failed"]
    return str(reason)


def test_many_that_ask_the_same_at_once_pay_once_and_the_others_name_the_payer(stack: MoneyStack) -> None:
    warm_up, company = known_by("snov_contacts", "key_contacts", 2)
    with stack.fleet(processes=4) as fleet:
        fleet.run(orders([warm_up] * 4, "profile"))
        asked = orders([company] * stack.askers, "vendor_enrichment", first=10)
        ran = fleet.run(asked)
    assert ran.troubles == []
    assert {report.state for report in ran.reports} == {"complete"}

    made = {report.request_id: stack.store.ledger.purchases(report.request_id or "") for report in ran.reports}
    settled = [purchase for bought in made.values() for purchase in bought if purchase.state == "settled"]
    assert Counter(purchase.source for purchase in settled).most_common(1)[0][1] == 1
    assert bought_twice(stack.store) == []
    assert all(gap.closed for gap in stack.gaps().values())
    assert stack.store.ledger_queries.uncertain() == []

    everything = {purchase.purchase_id for purchase in settled}
    for request_id, bought in made.items():
        request = stack.store.requests.by_id(request_id or "")
        assert request is not None
        paid = {purchase.purchase_id for purchase in bought if purchase.state == "settled"}
        read = {one.purchase_id for one in stack.store.requests.cache_reads(request.request_id)}
        assert paid.isdisjoint(read)
        assert read < everything if request.served_from == "layer_1" else paid | read == everything

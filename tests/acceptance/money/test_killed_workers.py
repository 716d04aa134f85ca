"""Two, four and eight processes at work on one batch, one of them killed: the others end it, nothing is paid twice."""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import sqlalchemy as sa

from bench.money.audit import bought_twice, caps_in_error, without_reply
from bench.money.sandbox_setup import LEASE_SECONDS
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.money import charge
from resources.store import tables as t
from sandbox.companies.catalogue import Catalogue
from tests.support.batch_workers import started_worker
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.manual_clock import NOON
from tests.support.money_stack import MoneyStack, money_stack

COMPANIES = 45  # more than the 20 that each of these workers claims at a time

GONE = "its process ended before the request did"


@pytest.fixture
def stack(tmp_path: Path, store_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, store_url) as stack:
        yield stack


@pytest.fixture
def on_postgres(tmp_path: Path, emptied_postgres_url: str) -> Iterator[MoneyStack]:
    with money_stack(tmp_path, emptied_postgres_url) as stack:
        yield stack


def batch_of(stack: MoneyStack, *, budget: int = 100_000_000) -> Batch:
    domains = [company.domain for company in Catalogue().companies[:COMPANIES]]
    added = stack.store.companies.add([Company(new_id("com"), domain, None, domain, NOON) for domain in domains])
    batch = Batch("bat_1", NOON, ("profile",), "ana", max_cost=budget)
    return stack.store.batches.create(batch, [company.company_id for company in added])


def claimed_by(stack: MoneyStack, worker: str) -> Counter[str]:
    """State -> companies that this worker has claimed."""
    c = t.batch_companies.c
    query = sa.select(c.state, sa.func.count()).where(c.worker == worker).group_by(c.state)
    with stack.store.database.reading() as tx:
        return Counter({row.state: row[1] for row in tx.execute(query)})


def ended(stack: MoneyStack) -> int:
    return len(list(stack.store.batches.companies("bat_1", "complete", "incomplete")))


def stopped_in_a_request(stack: MoneyStack, process: BaseProcess) -> bool:
    """Stops the process of the worker "killed"; lets it go on if none of its requests is running.

    Likewise if it is between the end of a request and that of its company, which would be asked for once more.
    """
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    c, r = t.batch_companies.c, t.requests.c
    states = sa.select(r.state).where(c.worker == "killed", c.state == "under_way", c.request_id == r.request_id)
    with stack.store.database.reading() as tx:
        found = set(tx.scalars(states)) == {"running"}
    if not found:
        os.kill(process.pid, signal.SIGCONT)
    return found


def assert_costs_add_up(stack: MoneyStack, batch: Batch) -> None:
    """Each request costs what its purchases cost, companies of the batch what their requests cost."""
    requests = stack.store.requests.latest(limit=1_000)
    paid = {r.request_id: sum(p.cost_micro_usd for p in stack.store.ledger.purchases(r.request_id)) for r in requests}
    assert {r.request_id: r.cost_micro_usd for r in requests} == paid
    spent = sum(paid.values())
    assert sum(company.cost for company in stack.store.batches.companies(batch.batch_id)) == spent
    errors = caps_in_error(stack.store)
    taken, _ = errors.pop(batch.budget.name)  # which the audit adds up for no batch
    assert taken >= spent
    assert errors == {}


def test_the_companies_of_a_killed_worker_are_ended_by_the_other_one(stack: MoneyStack) -> None:
    batch = batch_of(stack)
    killed = started_worker(stack.setup, batch.batch_id, name="killed", at_once=3)
    eventually(lambda: claimed_by(stack, "killed")["under_way"] > 0, "the first company under way")
    other = started_worker(stack.setup, batch.batch_id, name="other", at_once=8)
    eventually(lambda: ended(stack) > 5 and claimed_by(stack, "killed")["under_way"] > 0, "both at work")
    eventually(lambda: stopped_in_a_request(stack, killed), "it is in the middle of a request")
    killed.kill()
    killed.join(PATIENCE_SECONDS)
    assert killed.exitcode == -signal.SIGKILL
    left = claimed_by(stack, "killed").total()
    eventually(lambda: ended(stack) == COMPANIES - left, "all but the companies of the killed one are done")
    stack.pass_time(LEASE_SECONDS)
    other.join(PATIENCE_SECONDS)
    assert other.exitcode == 0

    rows = list(stack.store.batches.companies(batch.batch_id))
    assert Counter(row.state in {"complete", "incomplete"} for row in rows) == {True: COMPANIES}
    requests = stack.store.requests.latest(limit=1_000)
    gone = [request for request in requests if request.state == "failed"]
    assert 0 < len(gone) <= 3
    assert {request.error for request in gone} == {GONE}
    well = Counter(request.company_id for request in requests if request.state != "failed")
    assert well == {row.company_id: 1 for row in rows}
    assert_costs_add_up(stack, batch)

    assert all(gap.explained for gap in stack.gaps().values())
    assert without_reply(stack.store) == []
    assert bought_twice(stack.store) == []
    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())
    assert_costs_add_up(stack, batch)


BUDGET = 5_800_000  # micro-USD; all companies would take about 7.70 USD


def left_to_others(stack: MoneyStack) -> int:
    """Companies that wait or are under way, and are not those of the worker "killed"."""
    rows = sa.select(sa.func.count()).where(
        t.batch_companies.c.state.in_(["waiting", "under_way"]),
        sa.func.coalesce(t.batch_companies.c.worker, "") != "killed",
    )
    with stack.store.database.reading() as tx:
        return int(tx.scalar(rows) or 0)


def billed(stack: MoneyStack) -> int:
    """By the vendors' invoice, at the prices of the rules (micro-USD)."""
    return sum(
        charge(units, stack.rules.providers[vendor].usd_per_unit())
        for vendor, units in stack.invoice().items()
        if any(units.values())
    )


@pytest.mark.parametrize("workers", [4, 8])
def test_many_workers_do_each_company_once_within_the_budget_though_one_is_killed(
    on_postgres: MoneyStack, workers: int
) -> None:
    stack = on_postgres
    batch = batch_of(stack, budget=BUDGET)
    killed = started_worker(stack.setup, batch.batch_id, name="killed", at_once=3)
    eventually(lambda: claimed_by(stack, "killed")["under_way"] > 0, "the first company under way")
    others = [started_worker(stack.setup, batch.batch_id, name=f"w{n}", at_once=3) for n in range(1, workers)]
    eventually(lambda: stopped_in_a_request(stack, killed), "it is in the middle of a request")
    killed.kill()
    killed.join(PATIENCE_SECONDS)
    assert killed.exitcode == -signal.SIGKILL
    eventually(lambda: left_to_others(stack) == 0, "all but the companies of the killed one are done")
    stack.pass_time(LEASE_SECONDS)
    for other in others:
        other.join(PATIENCE_SECONDS)
        assert other.exitcode == 0

    rows = list(stack.store.batches.companies(batch.batch_id))
    states = Counter(row.state for row in rows)
    assert set(states) <= {"complete", "incomplete", "postponed"}
    assert states["complete"] > states["postponed"] > 0
    requests = stack.store.requests.latest(limit=1_000)
    gone = [request for request in requests if request.state == "failed"]
    assert {request.error for request in gone} == {GONE}
    ended = Counter(request.company_id for request in requests if request.state != "failed")
    assert ended == {row.company_id: 1 for row in rows if row.state != "postponed"}
    assert stack.store.ledger.spent([batch.budget.name])[batch.budget.name] <= BUDGET
    assert billed(stack) <= BUDGET
    assert_costs_add_up(stack, batch)
    assert bought_twice(stack.store) == []
    assert stack.reconcile() == {}
    assert all(gap.closed for gap in stack.gaps().values())
    assert_costs_add_up(stack, batch)

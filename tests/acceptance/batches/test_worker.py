"""Workers over a batch, against the sandbox: complete profiles first, within the budget, nothing twice."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from enrichment.batches.worker import CompanyEnd, WorkerOptions, work
from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.pipeline.stages import was_complete_or_nothing
from enrichment.ports import DiskAlmostFull
from enrichment.rules.requirements import UnknownName
from resources.secrets.client_keys import issue
from resources.store.requests.batches import SqlBatches
from resources.wiring import open_context
from sandbox.companies.catalogue import Catalogue
from tests.acceptance.conftest import Stack
from tests.support.manual_clock import NOON

DOMAINS = [company.domain for company in Catalogue().companies]


def batch_of(stack: Stack, domains: list[str], *, consumer: str = "profile", max_cost: int | None = None) -> Batch:
    companies = [Company(new_id("com"), domain, None, domain, NOON) for domain in domains]
    stored = stack.store.companies.add(companies)
    batch = Batch(new_id("bat"), NOON, (consumer,), "ana", max_cost=max_cost)
    return stack.store.batches.create(batch, [company.company_id for company in stored])


def worked(
    stack: Stack,
    batch: Batch,
    *,
    workers: int = 1,
    change: Callable[[RunContext], RunContext] = lambda context: context,
    ended: Callable[[CompanyEnd], None] = lambda _: None,
) -> None:
    async def work_together() -> None:
        async with open_context(stack.settings, stack.rules, store=stack.store, now=stack.clock.now) as context:
            options = [WorkerOptions(at_once=8, ended=ended) for _ in range(workers)]
            await asyncio.gather(
                *(work(batch, rules=stack.rules, context=change(context), options=each) for each in options)
            )

    asyncio.run(work_together())


def states(stack: Stack, batch: Batch) -> Counter[str]:
    return Counter(company.state for company in stack.store.batches.companies(batch.batch_id))


def taken(stack: Stack, batch: Batch) -> int:
    return stack.store.ledger.spent([batch.budget.name])[batch.budget.name]


def billed(stack: Stack) -> int:
    """Micro-USD, from the vendors' books."""
    prices = {
        (vendor, unit): price
        for vendor, rules in stack.rules.providers.items()
        for unit, price in rules.usd_per_unit().items()
    }
    units = ((vendor, unit, count) for vendor, its in stack.invoice().items() for unit, count in its.items())
    return int(sum(prices[vendor, unit] * count for vendor, unit, count in units) * Decimal(1_000_000))


def test_every_company_ends_and_costs_what_its_purchases_cost(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:20])
    ends: list[CompanyEnd] = []
    worked(stack, batch, ended=ends.append)
    rows = list(stack.store.batches.companies(batch.batch_id))
    assert {row.state for row in rows} <= {"complete", "incomplete"}
    assert all((row.reason is None) == (row.state == "complete") for row in rows)
    assert {row.company_id: row.cost for row in rows} == {end.company.company_id: end.end.cost for end in ends}
    assert sum(row.cost for row in rows) == taken(stack, batch) == billed(stack)
    summary = stack.store.batches.summary(batch.batch_id)
    assert summary is not None
    assert (summary.batch.state, summary.set_aside) == ("done", 0)


def test_several_workers_take_each_company_once(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:40])
    worked(stack, batch, workers=4)
    requests = Counter(request.company_id for request in stack.store.requests.latest(limit=1_000))
    assert set(requests.values()) == {1}
    assert len(requests) == 40
    assert taken(stack, batch) == billed(stack)


def test_a_small_budget_goes_into_complete_profiles_and_is_never_exceeded(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:60], max_cost=1_000_000)
    worked(stack, batch, workers=2)
    rows = list(stack.store.batches.companies(batch.batch_id))
    spent = sum(row.cost for row in rows)
    assert 0 < spent <= 1_000_000
    assert spent == taken(stack, batch) == billed(stack)
    postponed = [row for row in rows if row.state == "postponed"]
    assert len(postponed) > 10
    assert {row.cost for row in postponed} == {0}
    assert {row.reason for row in postponed} == {"may need more than this batch leaves"}
    asked = {request.company_id for request in stack.store.requests.latest(limit=1_000)}
    assert asked.isdisjoint(row.company_id for row in postponed)
    left = 1_000_000 - spent
    assert all(row.need > left for row in postponed), "whatever fits what is left is begun"


def test_any_worker_stays_below_what_the_payer_of_the_batch_may_spend_a_day(stack: Stack) -> None:
    key = issue(stack.store, "crm", may=["enrich"], per_day=1_000_000, per_minute=None, now=stack.clock.now()).key
    paid = replace(batch_of(stack, DOMAINS[:40]), batch_id=new_id("bat"), daily=key.daily)
    stored = stack.store.batches.create(paid, [company.company_id for company in stack.store.companies.all()])
    assert stack.store.batches.by_id(stored.batch_id) == stored
    worked(stack, stored, workers=2)
    today = key.daily.cap(stack.clock.now().date().isoformat())
    assert 0 < stack.store.ledger.spent([today.name])[today.name] == billed(stack) <= 1_000_000
    assert states(stack, stored)["postponed"] > 10


def test_within_a_budget_nothing_more_is_bought_for_a_company_that_cannot_be_complete(stack: Stack) -> None:
    budgeted = batch_of(stack, DOMAINS[:24], consumer="vendor_enrichment", max_cost=100_000_000)
    worked(stack, budgeted)
    given_up = [row for row in stack.store.batches.companies(budgeted.batch_id) if row.state == "incomplete"]
    assert given_up
    assert {(row.reason or "").endswith(", so nothing more was bought") for row in given_up} == {True}
    asked = [p.source for row in given_up for p in stack.store.ledger.purchases(row.request_id or "")]
    assert not {source for source in asked if source.startswith("analysis:")}
    assert {was_complete_or_nothing(request) for request in stack.store.requests.latest(limit=100)} == {True}


def test_a_company_that_no_source_knows_by_its_name_alone_says_what_the_list_lacks(stack: Stack) -> None:
    named = Company(new_id("com"), "name:quorvane blimpworks", "Quorvane Blimpworks", None, NOON)
    [company] = stack.store.companies.add([named])
    batch = stack.store.batches.create(Batch(new_id("bat"), NOON, ("profile",), "ana"), [company.company_id])
    worked(stack, batch)
    [row] = stack.store.batches.companies(batch.batch_id)
    assert row.state == "incomplete"
    assert row.reason == "no source knows a company of this name: add its website to the list"


def test_on_a_disk_that_is_almost_full_what_is_under_way_is_carried_out_and_bought_once(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:24])
    plenty, little = 1_000_000_000, 1_000_000
    left = iter([plenty, little])  # a lot is of 20 companies
    stack.store.batches = SqlBatches(stack.store.database, free_bytes=lambda: next(left))
    with pytest.raises(DiskAlmostFull):
        worked(stack, batch)
    assert states(stack, batch)["under_way"] == 0
    assert states(stack, batch)["waiting"] == 4
    stack.store.batches = SqlBatches(stack.store.database)
    worked(stack, batch)
    requests = Counter(request.company_id for request in stack.store.requests.latest(limit=1_000))
    assert set(requests.values()) == {1}
    assert taken(stack, batch) == billed(stack)


def test_companies_wait_for_a_vendor_they_need_and_end_complete_once_it_answers_again(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:12], consumer="vendor_enrichment", max_cost=100_000_000)
    stack.fault("openai", "down")
    in_vain: dict[str, str] = {}

    def back_again(end: CompanyEnd) -> None:
        if end.end.state == "waiting":
            in_vain[end.company.company_id] = end.end.reason or ""
            stack.clear_faults()
            stack.clock.at += timedelta(minutes=1)

    worked(stack, batch, ended=back_again)
    assert set(in_vain.values()) == {"waits for openai to answer again"}
    rows = {row.company_id: row for row in stack.store.batches.companies(batch.batch_id)}
    assert {rows[company_id].state for company_id in in_vain} == {"complete"}
    assert {row.reason for row in rows.values() if "openai" in (row.reason or "")} == set()
    assert sum(row.cost for row in rows.values()) == taken(stack, batch)


def test_what_ends_incomplete_names_the_vendors_that_could_not_be_asked(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:2])
    stack.fault("brightdata", "down")
    stack.fault("serpapi", "down")
    worked(stack, batch)
    rows = list(stack.store.batches.companies(batch.batch_id))
    assert {row.state for row in rows} == {"incomplete"}
    assert all("brightdata" in (row.reason or "").partition("; not asked: ")[2] for row in rows)


def test_a_finished_profile_is_served_though_nothing_is_left_of_the_budget(stack: Stack) -> None:
    asyncio.run(stack.ask("tesla.com"))
    batch = batch_of(stack, ["tesla.com", "apple.com"], max_cost=0)
    worked(stack, batch)
    assert [row.state for row in stack.store.batches.companies(batch.batch_id)] == ["complete", "postponed"]


def test_a_day_s_cap_postpones_as_the_budget_does(stack: Stack) -> None:
    caps = stack.rules.caps.model_copy(update={"all": Decimal("0.30")})
    stack.rules = stack.rules.model_copy(update={"caps": caps})
    batch = batch_of(stack, DOMAINS[:12])
    worked(stack, batch)
    postponed = [row for row in stack.store.batches.companies(batch.batch_id) if row.state == "postponed"]
    assert postponed
    assert {row.reason for row in postponed} == {"may need more than today's cap on everything leaves"}
    assert billed(stack) <= 300_000


def test_a_company_whose_worker_died_is_taken_over_when_its_lease_is_over(stack: Stack) -> None:
    batch = batch_of(stack, ["tesla.com"])
    at = stack.clock.now()
    (claimed,) = stack.store.batches.claim(batch.batch_id, "dead", most=1, caps=[], at=at, lease_until=at)
    assert claimed.key == "tesla.com"
    worked(stack, batch)
    assert states(stack, batch) == {"complete": 1}


def test_a_worker_that_is_asked_to_stop_begins_nothing_more_and_another_goes_on(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:30])
    ends: list[CompanyEnd] = []
    worked(stack, batch, change=lambda context: replace(context, stopping=lambda: len(ends) > 2), ended=ends.append)
    before = states(stack, batch)
    assert before["waiting"] > 0
    assert not before["under_way"]
    stack.store.batches.reopen(batch.batch_id, "stopped")
    worked(stack, batch)
    after = states(stack, batch)
    assert after["complete"] + after["incomplete"] == 30
    assert sum(row.cost for row in stack.store.batches.companies(batch.batch_id)) == billed(stack)


def test_a_batch_that_is_stopped_is_left_by_its_workers(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:5])
    stack.store.batches.stop(batch.batch_id)
    worked(stack, batch)
    assert states(stack, batch) == {"waiting": 5}
    assert stack.invoice() == {}


def test_rules_without_the_consumer_end_the_worker_and_leave_the_batch_as_it_was(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:3], consumer="unknown")
    with pytest.raises(UnknownName, match="no consumer named 'unknown'"):
        worked(stack, batch)
    assert states(stack, batch) == {"waiting": 3}


def test_an_unexpected_error_of_one_company_costs_that_company_alone(stack: Stack) -> None:
    batch = batch_of(stack, DOMAINS[:4])

    @dataclass(frozen=True)
    class Broken:
        """A clock that fails from the third company on is far-fetched; a provider that raises is not."""

        provider: object

        async def ask(self, query: object, **more: object) -> object:
            if getattr(query, "domain", None) == DOMAINS[2]:
                raise ZeroDivisionError("a vendor's client has a fault")
            return await self.provider.ask(query, **more)  # type: ignore[attr-defined]

    def broken(context: RunContext) -> RunContext:
        return replace(context, providers={name: Broken(p) for name, p in context.providers.items()})  # type: ignore[misc]

    worked(stack, batch, change=broken)
    rows = list(stack.store.batches.companies(batch.batch_id))
    assert [row.state == "failed" for row in rows] == [False, False, True, False]
    assert rows[2].reason == "an unexpected error, ZeroDivisionError: a vendor's client has a fault"
    assert {request.state for request in stack.store.requests.latest(rows[2].company_id)} == {"failed"}

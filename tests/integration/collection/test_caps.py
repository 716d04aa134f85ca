"""Caps while a plan is carried out: what no longer fits is not tried, and the policy is looked up again without it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random

import pytest

from bench.planner.simulated_execution import SimulatedExecution, drawn_reply
from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.purchases import Cap
from enrichment.domain.values import Founded, Headquarters, IntentSignal, JobPosting, Revenue, SizeBand
from enrichment.parsing import ParsedValue, ReaderEntry, ReaderInput
from enrichment.pipeline.new_profile import collect_request, plan_request
from enrichment.pipeline.stages import Ask, Collected, Identified, request_for
from enrichment.planning.plan import Plan
from enrichment.ports import BeforeSend, KeepHandle, SourceAnswer, SourceQuery
from enrichment.rules import Rules
from resources.store import SqlStore
from tests.support.examples import EXAMPLES, MATRIX, NOON
from tests.support.ledger_records import draft, reserved

CONTACTS = Ask(
    "acme.com", datasets=("key_contacts",), sources=("apollo_contacts", "brightdata_people_db", "snov_contacts")
)
DAY = f"day:{NOON.date().isoformat()}"
VALUES = EXAMPLES | {
    "hiring_trends": [JobPosting(title="Welder")],
    "purchase_intent": [IntentSignal(topic="widgets")],
    "headquarters": [Headquarters(city="Vienna", country="AT")],
    "founded": [Founded(year=1999)],
    "revenue": [Revenue(low=5_000_000, high=5_000_000, currency="EUR")],
    "company_size_band": [SizeBand(band="1001-5000")],
}
NOTHING: Mapping[str, list[str]] = {}


def read_datasets(subject: ReaderInput) -> Iterator[ParsedValue]:
    datasets = subject.payload["datasets"]
    assert isinstance(datasets, list)
    for dataset in datasets:
        for value in VALUES[str(dataset)]:
            yield ParsedValue(str(dataset), value, 1.0, "datasets")


@dataclass
class SimulatedVendors:
    """Every vendor at once. knows: source -> the datasets it fills; the others do not know it.

    together: how many must be asked at the same time before any of them answers. meanwhile: what happens elsewhere.
    """

    rules: Rules
    knows: Mapping[str, list[str]]
    together: int = 1
    meanwhile: Callable[[], None] | None = None
    asked: list[str] = field(default_factory=list)
    most_at_once: int = 0
    under_way: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = "all of them"

    async def ask(self, question: SourceQuery, *, keep_handle: KeepHandle, before_send: BeforeSend) -> SourceAnswer:  # noqa: ARG002  the port's
        await before_send()
        self.asked.append(question.source)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        if self.under_way >= self.together:
            self.enough.set()
        await self.enough.wait()
        if self.meanwhile is not None:
            await asyncio.to_thread(self.meanwhile)
        self.under_way -= 1
        entry, datasets = self.rules.sources[question.source], self.knows.get(question.source)
        billed = int(entry.expected_units) if datasets is not None or entry.charged == "always" else 0
        return SourceAnswer(
            datasets is not None, {"datasets": [*(datasets or ())]}, {entry.unit: billed} if billed else {}
        )


@dataclass
class BudgetStack:
    """A store, and requests about Acme carried out against vendors that answer as a test wants."""

    store: SqlStore
    rules: Rules = MATRIX
    requests: int = 0

    def collect(self, ask: Ask, vendors: SimulatedVendors) -> tuple[Plan, Collected]:
        return asyncio.run(self._collect(ask, vendors))

    async def _collect(self, ask: Ask, vendors: SimulatedVendors) -> tuple[Plan, Collected]:
        self.requests += 1
        domain = f"acme{self.requests}.com"
        (company,) = self.store.companies.add([Company(f"com_{self.requests}", domain, "Acme", domain, NOON)])
        requirements = ask.requirements(self.rules)
        request = request_for(ask, requirements, company, self.rules, NOON, request_id=f"req_{self.requests}")
        self.store.requests.open(request)
        context = RunContext(
            store=self.store,
            providers=dict.fromkeys(self.rules.providers, vendors),
            model=None,
            now=lambda: NOON,
            readers={source: ReaderEntry(read_datasets) for source in self.rules.sources},
        )
        identified = Identified(ask, company, request, requirements)
        async with context.trace(request.request_id) as trace:
            planned = await plan_request(identified, rules=self.rules, context=context, trace=trace)
            return planned.plan, await collect_request(planned, rules=self.rules, context=context, trace=trace)

    def vendors(
        self,
        knows: Mapping[str, list[str]] = NOTHING,
        *,
        together: int = 1,
        meanwhile: Callable[[], None] | None = None,
    ) -> SimulatedVendors:
        return SimulatedVendors(self.rules, knows, together, meanwhile)


@pytest.fixture
def stack(store: SqlStore) -> BudgetStack:
    return BudgetStack(store)


def costs(collected: Collected) -> dict[str, int]:
    return {purchase.source: purchase.cost_micro_usd for purchase in collected.purchases}


def over_caps(collected: Collected) -> list[str]:
    return [failure.source for failure in collected.failures if failure.kind == "OverCap"]


def test_what_no_longer_fits_is_not_tried_and_what_still_fits_is_asked(stack: BudgetStack) -> None:
    """Snov takes 0.10 of 0.30: people (0.25) no longer fit, Apollo (0.12) does."""
    vendors = stack.vendors({"snov_contacts": []})
    plan, collected = stack.collect(replace(CONTACTS, max_cost=300_000), vendors)
    assert plan.in_turn
    assert vendors.asked == ["snov_contacts", "apollo_contacts"]
    assert costs(collected) == {"snov_contacts": 100_000, "apollo_contacts": 0}
    assert over_caps(collected) == ["brightdata_people_db"]
    assert "this request leaves 0.20: raise --max-cost" in collected.failures[0].reason


def test_what_was_given_back_can_be_spent(stack: BudgetStack) -> None:
    """Snov reserves 0.14, knows nothing and costs nothing: people fit again."""
    vendors = stack.vendors({"brightdata_people_db": ["key_contacts"]})
    _, collected = stack.collect(replace(CONTACTS, max_cost=300_000), vendors)
    assert vendors.asked == ["snov_contacts", "apollo_contacts", "brightdata_people_db"]
    assert over_caps(collected) == []


def test_where_a_cap_may_bind_parts_take_turns_so_that_no_reserve_shuts_another_out(stack: BudgetStack) -> None:
    ask = Ask(
        "acme.com",
        datasets=("industry", "tech_stack"),
        sources=("brightdata_firmographics", "brightdata_technographics"),
        max_cost=250_000,
    )
    vendors = stack.vendors({"brightdata_technographics": ["tech_stack"]})
    plan, collected = stack.collect(ask, vendors)
    assert (len(plan.parts), plan.in_turn, vendors.most_at_once) == (2, True, 1)
    assert costs(collected) == {"brightdata_firmographics": 0, "brightdata_technographics": 200_000}


def test_within_a_budget_nothing_more_is_bought_once_no_source_of_something_required_fits(stack: BudgetStack) -> None:
    """Others take what was left for it: searches for the other datasets still fit, and would be bought in vain."""
    budget = Cap("batch:bat_1", 1_000_000)

    def others_take_all_but_a_search() -> None:
        elsewhere = replace(draft("other"), company_id="com_other", reserved_micro_usd=850_000)
        stack.store.ledger.reserve(elsewhere, [budget], at_once=100)

    vendors = stack.vendors(meanwhile=others_take_all_but_a_search)
    _, collected = stack.collect(Ask("acme.com", ("profile",), budget=budget), vendors)
    assert vendors.asked == ["brightdata_company_db", "snov_contacts", "serp_linkedin"]
    assert over_caps(collected) == ["brightdata_firmographics"]
    assert "employee_count" in collected.given_up


def test_where_no_cap_can_bind_parts_run_side_by_side(stack: BudgetStack) -> None:
    ask = Ask(
        "acme.com",
        datasets=("industry", "tech_stack"),
        sources=("brightdata_firmographics", "brightdata_technographics"),
    )
    vendors = stack.vendors(together=2)
    plan, _ = stack.collect(ask, vendors)
    assert (plan.in_turn, vendors.most_at_once) == (False, 2)


def test_calls_that_start_together_reserve_together_only_what_fits(stack: BudgetStack) -> None:
    """Calling everything under a cap: those that fit beside one another first, then what still fits."""
    ask = replace(CONTACTS, strategy="legacy", max_cost=390_000)
    vendors = stack.vendors(together=2)
    plan, collected = stack.collect(ask, vendors)
    assert plan.quote.upper_bound == 390_000
    assert sorted(vendors.asked[:2]) == ["apollo_contacts", "brightdata_people_db"]
    assert vendors.asked[2:] == ["snov_contacts"]
    assert (vendors.most_at_once, over_caps(collected)) == (2, [])


def test_a_last_resort_that_no_longer_fits_is_reported_as_over_a_cap(stack: BudgetStack) -> None:
    ask = Ask("acme.com", datasets=("key_contacts",), sources=("apollo_contacts", "serp_linkedin"), max_cost=200_000)
    vendors = stack.vendors({"apollo_contacts": []})
    plan, collected = stack.collect(ask, vendors)
    assert plan.source("serp_linkedin").verdict == "last resort"
    assert (vendors.asked, over_caps(collected)) == (["apollo_contacts"], ["serp_linkedin"])


def test_what_others_spend_of_a_day_meanwhile_counts_before_the_next_call(stack: BudgetStack) -> None:
    """While Snov, reserved at 0.14, is asked for 0.10, another request takes the rest of the day's cap."""

    def meanwhile() -> None:
        left = 250_000_000 - stack.store.ledger.spent([DAY])[DAY]
        reserved(stack.store, draft(price=left, company_id="com_other"), 250_000_000)

    vendors = stack.vendors({"snov_contacts": [], "apollo_contacts": ["key_contacts"]}, meanwhile=meanwhile)
    plan, collected = stack.collect(CONTACTS, vendors)
    assert not plan.in_turn
    assert vendors.asked == ["snov_contacts"]
    assert over_caps(collected) == ["apollo_contacts", "brightdata_people_db"]
    assert stack.store.ledger.spent([DAY])[DAY] <= 250_000_000


@pytest.mark.parametrize(("consumer", "cap"), [("profile", 200_000), ("vendor_enrichment", 400_000)])
def test_an_execution_asks_the_sources_that_the_quote_supposes(stack: BudgetStack, consumer: str, cap: int) -> None:
    """The same answers, once over the store and once played out on records as quotes are tried."""
    stack.rules, rng = exactly_as_expected(MATRIX), Random(20_260_302)
    for _ in range(6):
        knows = {source: drawn_reply(stack.rules, source, rng) for source in stack.rules.sources}
        vendors = stack.vendors({source: datasets for source, datasets in knows.items() if datasets is not None})
        plan, collected = stack.collect(Ask("acme.com", (consumer,), max_cost=cap), vendors)
        played = SimulatedExecution(stack.rules, plan, Known(), cap, knows.__getitem__).run()
        assert plan.in_turn
        assert vendors.asked == played.asked
        assert sum(costs(collected).values()) == played.cost <= cap


def exactly_as_expected(rules: Rules) -> Rules:
    """SimulatedVendors bill whole units: let that be what is expected of them."""
    sources = {
        name: source.model_copy(update={"expected_units": Decimal(int(source.expected_units))})
        for name, source in rules.sources.items()
    }
    return rules.model_copy(update={"sources": sources})


def test_a_cap_that_is_set_in_the_course_of_a_day_counts_what_was_bought_before(stack: BudgetStack) -> None:
    first = stack.vendors({"apollo_contacts": ["key_contacts"]})
    _, collected = stack.collect(CONTACTS, first)
    spent = sum(costs(collected).values())
    assert spent > 0
    cap = Decimal(spent) / 1_000_000
    stack.rules = MATRIX.model_copy(update={"caps": MATRIX.caps.model_copy(update={"consumers": {"custom": cap}})})
    then = stack.vendors({"apollo_contacts": ["key_contacts"]})
    _, collected = stack.collect(CONTACTS, then)
    assert (then.asked, costs(collected)) == ([], {})

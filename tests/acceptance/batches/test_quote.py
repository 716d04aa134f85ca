"""The quote of a batch, beside what following it comes to in the sandbox."""

import asyncio
from dataclasses import replace
from decimal import Decimal

from enrichment.batches.quote import BatchQuote, quote_batch
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.memory.company_kind import kind_of
from enrichment.rules import LearnedLine, Rules
from enrichment.rules.learned import RateName, as_learned
from enrichment.rules.models import ExplorationRules
from resources.wiring import open_context
from sandbox.companies.catalogue import Catalogue
from tests.acceptance.batches.test_worker import batch_of, billed, states, worked
from tests.acceptance.conftest import Stack
from tests.support.manual_clock import NOON

NAMES = Catalogue().companies


def quoted(stack: Stack, companies: list[Company], batch: Batch, rules: Rules | None = None) -> BatchQuote:
    its = rules or stack.rules

    async def quote() -> BatchQuote:
        async with open_context(stack.settings, its, store=stack.store, now=stack.clock.now) as context:
            return await quote_batch(companies, batch, rules=its, context=context)

    return asyncio.run(quote())


def unknown(domain: str) -> Company:
    return Company("", domain, None, domain, NOON)


def test_a_batch_costs_what_was_quoted_within_its_spread(stack: Stack) -> None:
    batch = batch_of(stack, [one.domain for one in NAMES[:60]])
    quote = quoted(stack, stack.store.companies.all(), batch)
    worked(stack, batch)
    assert quote.companies == 60
    assert quote.expected < quote.p90 < quote.most
    assert abs(billed(stack) - quote.expected) < 3 * (quote.p90 - quote.expected)
    assert abs(states(stack, batch)["complete"] - quote.complete) <= 10


def test_nothing_is_written_or_bought_for_a_quote(stack: Stack) -> None:
    quote = quoted(stack, [unknown("acme.com"), unknown("beta.com")], Batch("bat_1", NOON, ("profile",), "ana"))
    assert (quote.companies, quote.satisfied, quote.states) == (2, 0, 1)
    assert stack.store.companies.all() == []
    assert stack.invoice() == {}


def test_what_is_fresh_already_costs_nothing_in_the_quote_either(stack: Stack) -> None:
    asyncio.run(stack.ask("tesla.com"))
    (tesla,) = stack.store.companies.all()
    quote = quoted(stack, [tesla], Batch("bat_1", NOON, ("profile",), "ana", max_cost=0))
    assert (quote.satisfied, quote.most, quote.complete, quote.within_budget) == (1, 0, 1, 1)


def test_those_of_which_most_are_complete_for_a_dollar_come_first(stack: Stack) -> None:
    """Nothing is left to buy of one company; no source that is left can tell the industry of another one."""
    asyncio.run(stack.ask("tesla.com"))
    for vendor in ("brightdata", "serpapi", "snov", "apollo"):
        stack.fault(vendor, "empty")
    asyncio.run(stack.ask("apple.com"))
    companies = [*reversed(stack.store.companies.all()), unknown("nike.com"), unknown("ford.com")]
    quote = quoted(stack, companies, Batch("bat_1", NOON, ("profile",), "ana", max_cost=1_000_000))
    assert quote.best_first == ("tesla.com", "nike.com", "ford.com", "apple.com")
    alike = quoted(stack, companies[2:], Batch("bat_1", NOON, ("profile",), "ana", max_cost=1_000_000))
    assert alike.best_first == ()


def test_a_company_known_by_name_alone_is_quoted_with_what_finds_it(stack: Stack) -> None:
    batch = Batch("bat_1", NOON, ("profile",), "ana")
    by_name = quoted(stack, [Company("", "name:tesla", "Tesla", None, NOON)], batch)
    by_domain = quoted(stack, [unknown("tesla.com")], batch)
    assert by_name.expected > by_domain.expected


def test_within_a_budget_fewer_end_complete_and_the_slowest_vendor_is_named(stack: Stack) -> None:
    companies = [unknown(one.domain) for one in NAMES[:300]]
    whole = quoted(stack, companies, Batch("bat_1", NOON, ("vendor_enrichment",), "ana"))
    third = quoted(stack, companies, Batch("bat_1", NOON, ("vendor_enrichment",), "ana", max_cost=whole.expected // 3))
    assert third.within_budget is not None
    assert 0.25 < third.within_budget / whole.complete < 0.34
    assert whole.slowest in stack.rules.providers
    assert whole.seconds > 60


def test_companies_of_another_kind_are_quoted_with_the_rates_of_their_kind(stack: Stack) -> None:
    asyncio.run(stack.ask("tesla.com"))
    companies = [*stack.store.companies.all(), unknown("acme.com")]
    kind = kind_of(companies[0], stack.store.knowledge.known(companies[0].company_id).facts)
    line = LearnedLine(value=0.02, low=0.01, high=0.03, answers=500, use="accepted")
    name = str(RateName("match_rate", *kind.key))
    rules = as_learned(stack.rules, {source: {name: line} for source in ("snov_contacts", "apollo_contacts")})
    batch = Batch("bat_1", NOON, ("vendor_enrichment",), "ana")
    alone = [quoted(stack, [one], batch, rules).expected for one in companies]
    assert quoted(stack, companies, batch, rules).expected == sum(alone)
    assert alone[0] != quoted(stack, companies[:1], batch).expected
    assert alone[1] == quoted(stack, companies[1:], batch).expected


def test_the_quote_has_what_is_asked_besides_up_to_the_day_s_budget(stack: Stack) -> None:
    companies, batch = [unknown(one.domain) for one in NAMES[:50]], Batch("bat_1", NOON, ("profile",), "ana")
    usual = quoted(stack, companies, batch)
    explores = ExplorationRules.model_validate({"budget_usd_per_day": "0.10", "share": 0.5})
    found = quoted(stack, companies, batch, stack.rules.model_copy(update={"exploration": explores}))
    assert (usual.exploration, found.exploration) == (0, 100_000)
    assert found.expected - usual.expected == found.most - usual.most == 100_000


def test_what_today_s_caps_leave_limits_a_quote_as_its_budget_does(stack: Stack) -> None:
    companies = [unknown(one.domain) for one in NAMES[:60]]
    batch = Batch("bat_1", NOON, ("profile",), "ana")
    whole = quoted(stack, companies, batch)
    assert (whole.within_budget, whole.day_cap, whole.day_left) == (None, None, None)
    caps = stack.rules.caps.model_copy(update={"all": Decimal("1.00")})
    capped = quoted(stack, companies, batch, stack.rules.model_copy(update={"caps": caps}))
    in_a_budget = quoted(stack, companies, replace(batch, max_cost=1_000_000))
    assert (capped.expected, capped.complete) == (whole.expected, whole.complete)
    nearly_none = stack.rules.caps.model_copy(update={"all": Decimal("0.05")})
    late = quoted(stack, companies, batch, stack.rules.model_copy(update={"caps": nearly_none}))
    assert (late.expected, late.complete, late.day_left) == (whole.expected, whole.complete, 50_000)
    assert (capped.day_cap, capped.day_left) == ("today's cap on everything", 1_000_000)
    assert 0 < (capped.within_budget or 0) == in_a_budget.within_budget

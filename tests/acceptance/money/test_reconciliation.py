"""Purchases of which we cannot know end by the vendors' accounts: released, settled or left for people."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx

from enrichment.domain.purchases import Purchase
from enrichment.pipeline.enrich import Enriched
from enrichment.purchasing.reconciliation import Agreement
from resources.uncertain_purchases import AccountReading, read_accounts
from tests.acceptance.conftest import Stack
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.ledger_records import draft, sent

BILLED = "timeout"
"""A fault: its calls are billed and bring no answer: the gateway gives up, at once."""
NOT_BILLED = "http_502"


def read(stack: Stack, vendor: str = "serpapi") -> AccountReading:
    looks = asyncio.run(read_accounts(stack.settings, stack.rules, stack.store, now=stack.clock.now))
    return next(look for look in looks if look.status.provider == vendor)


def agreement(look: AccountReading) -> Agreement:
    assert look.comparison is not None
    return look.comparison.agreement


def news_of(stack: Stack, company: str, fault: str) -> Purchase:
    """What SerpApi was asked while it had this fault; it stays uncertain."""
    stack.fault("serpapi", fault, seconds=0)
    enriched: Enriched = asyncio.run(stack.ask(company, datasets=("recent_news",), sources=("serp_news",)))
    httpx.delete(f"{stack.url}/_sandbox/faults", timeout=PATIENCE_SECONDS).raise_for_status()
    [purchase] = enriched.purchases
    assert purchase.state == "uncertain"
    return purchase


def state(stack: Stack, purchase: Purchase) -> str:
    found = stack.store.ledger.purchase(purchase.purchase_id)
    assert found is not None
    return found.state


def test_what_the_vendor_did_not_bill_is_released_once_it_has_had_the_time(stack: Stack) -> None:
    read(stack)
    unsure = news_of(stack, "tesla.com", NOT_BILLED)
    early = read(stack)
    assert (agreement(early), early.conclusion.release) == (Agreement.UNCERTAIN, ())
    assert "ask again later" in (early.conclusion.why or "")
    stack.clock.advance(minutes=3)
    assert [one.purchase_id for one in read(stack).conclusion.release] == [unsure.purchase_id]
    assert state(stack, unsure) == "released"
    assert stack.store.ledger_queries.settled_units() == stack.invoice() == {}
    assert agreement(read(stack)) is Agreement.AGREES


def test_what_the_vendor_did_bill_is_settled_at_its_reserve(stack: Stack) -> None:
    read(stack)
    unsure = news_of(stack, "tesla.com", BILLED)
    assert [one.purchase_id for one in read(stack).conclusion.settle] == [unsure.purchase_id]
    assert state(stack, unsure) == "settled"
    assert stack.store.ledger_queries.settled_units() == stack.invoice() == {"serpapi": {"search": 1}}
    assert agreement(read(stack)) is Agreement.AGREES


def test_what_may_be_one_or_the_other_is_left_for_people_whose_decisions_are_checked_too(stack: Stack) -> None:
    read(stack)
    billed, not_billed = news_of(stack, "tesla.com", BILLED), news_of(stack, "apple.com", NOT_BILLED)
    stack.clock.advance(minutes=3)
    look = read(stack)
    assert len(look.conclusion.left) == 2
    assert look.conclusion.why == "it billed 1 of the 2 they may have cost"
    at = stack.clock.now()
    stack.store.ledger.reconcile(billed.purchase_id, units=None, cost_micro_usd=0, at=at)
    stack.store.ledger.reconcile(not_billed.purchase_id, units={}, cost_micro_usd=0, at=at)
    assert agreement(read(stack)) is Agreement.AGREES
    assert stack.store.ledger_queries.settled_units() == stack.invoice()


def test_people_who_decide_wrongly_cause_drift(stack: Stack) -> None:
    read(stack)
    billed = news_of(stack, "tesla.com", BILLED)
    stack.store.ledger.reconcile(billed.purchase_id, units={}, cost_micro_usd=0, at=stack.clock.now())
    look = read(stack)
    assert look.comparison is not None
    assert (look.comparison.agreement, look.comparison.unexplained) == (Agreement.DRIFT, Decimal(1))


def test_nothing_ends_while_another_purchase_of_the_vendor_is_under_way(stack: Stack) -> None:
    read(stack)
    unsure = news_of(stack, "tesla.com", NOT_BILLED)
    stack.clock.advance(minutes=3)
    now = stack.clock.now()
    busy = sent(stack.store, replace(draft("serp_jobs", at=now), lease_until=now + timedelta(minutes=5)))
    assert read(stack).conclusion.why == "purchases were under way: ask again when they are done"
    stack.store.ledger.release(busy, at=now, reason="HTTP 503")
    read(stack)
    assert state(stack, unsure) == "released"


def test_what_a_dead_process_had_sent_is_uncertain_and_ends_by_the_account_too(stack: Stack) -> None:
    read(stack)
    now = stack.clock.now()
    left = sent(stack.store, draft("serp_jobs", at=now))
    assert state(stack, left) == "sent"
    stack.clock.advance(minutes=3)
    read(stack)
    assert state(stack, left) == "released"


def test_a_vendor_that_is_out_of_order_is_not_read_and_the_others_are(stack: Stack) -> None:
    stack.fault("serpapi", "down")
    look = read(stack)
    assert (look.status.problem, look.comparison) == ("unavailable", None)
    assert stack.store.balance_readings.readings("serpapi") == []
    assert (
        len(stack.store.balance_readings.readings("snov")) == len(stack.store.balance_readings.readings("apollo")) == 1
    )

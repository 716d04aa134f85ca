"""Purchases of which we cannot know end by the vendors' accounts: released, settled, or left for people and said so."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx

from enrichment.domain.records import Purchase
from enrichment.pipeline.enrich import Enriched
from enrichment.purchasing.reconciliation import Agreement
from resources.vendor_balances import AccountReading, read_accounts
from tests.acceptance.conftest import House
from tests.support.ledger_records import draft, sent

BILLED = "timeout"
"""A fault whose calls are billed and bring no answer: the gateway gives up, at once."""
NOT_BILLED = "http_502"


def read(house: House, vendor: str = "serpapi") -> AccountReading:
    looks = asyncio.run(read_accounts(house.settings, house.rules, house.store, now=house.clock.now))
    return next(look for look in looks if look.status.provider == vendor)


def agreement(look: AccountReading) -> Agreement:
    assert look.comparison is not None
    return look.comparison.agreement


def news_of(house: House, company: str, fault: str) -> Purchase:
    """What SerpApi was asked while it had this fault; it stays uncertain."""
    house.fault("serpapi", fault, seconds=0)
    enriched: Enriched = asyncio.run(house.ask(company, datasets=("recent_news",), sources=("serp_news",)))
    httpx.delete(f"{house.url}/_sandbox/faults").raise_for_status()
    [purchase] = enriched.purchases
    assert purchase.state == "uncertain"
    return purchase


def state(house: House, purchase: Purchase) -> str:
    found = house.store.ledger.purchase(purchase.purchase_id)
    assert found is not None
    return found.state


def test_what_the_vendor_did_not_bill_is_released_once_it_has_had_the_time(house: House) -> None:
    read(house)
    unsure = news_of(house, "tesla.com", NOT_BILLED)
    early = read(house)
    assert (agreement(early), early.conclusion.release) == (Agreement.UNCERTAIN, ())
    assert "ask again later" in (early.conclusion.why or "")
    house.clock.advance(minutes=3)
    assert [doubt.purchase_id for doubt in read(house).conclusion.release] == [unsure.purchase_id]
    assert state(house, unsure) == "released"
    assert house.store.ledger_queries.settled_units() == house.invoice() == {}
    assert agreement(read(house)) is Agreement.AGREES


def test_what_the_vendor_did_bill_is_settled_at_its_reserve(house: House) -> None:
    read(house)
    unsure = news_of(house, "tesla.com", BILLED)
    assert [doubt.purchase_id for doubt in read(house).conclusion.settle] == [unsure.purchase_id]
    assert state(house, unsure) == "settled"
    assert house.store.ledger_queries.settled_units() == house.invoice() == {"serpapi": {"search": 1}}
    assert agreement(read(house)) is Agreement.AGREES


def test_what_may_be_one_or_the_other_is_left_for_people_who_are_checked_in_their_turn(house: House) -> None:
    read(house)
    billed, not_billed = news_of(house, "tesla.com", BILLED), news_of(house, "apple.com", NOT_BILLED)
    house.clock.advance(minutes=3)
    look = read(house)
    assert len(look.conclusion.left) == 2
    assert look.conclusion.why == "it billed 1 of the 2 they may have cost"
    at = house.clock.now()
    house.store.ledger.reconcile(billed.purchase_id, units=None, cost_micro_usd=0, at=at)
    house.store.ledger.reconcile(not_billed.purchase_id, units={}, cost_micro_usd=0, at=at)
    assert agreement(read(house)) is Agreement.AGREES
    assert house.store.ledger_queries.settled_units() == house.invoice()


def test_people_who_decide_wrongly_cause_drift(house: House) -> None:
    read(house)
    billed = news_of(house, "tesla.com", BILLED)
    house.store.ledger.reconcile(billed.purchase_id, units={}, cost_micro_usd=0, at=house.clock.now())
    look = read(house)
    assert look.comparison is not None
    assert (look.comparison.agreement, look.comparison.unexplained) == (Agreement.DRIFT, Decimal(1))


def test_nothing_ends_while_another_purchase_of_the_vendor_is_under_way(house: House) -> None:
    read(house)
    unsure = news_of(house, "tesla.com", NOT_BILLED)
    house.clock.advance(minutes=3)
    now = house.clock.now()
    busy = sent(house.store, replace(draft("serp_jobs", at=now), lease_until=now + timedelta(minutes=5)))
    assert read(house).conclusion.why == "purchases were under way: ask again when they are done"
    house.store.ledger.release(busy, at=now, reason="HTTP 503")
    read(house)
    assert state(house, unsure) == "released"


def test_what_a_dead_process_had_sent_is_uncertain_and_ends_by_the_account_too(house: House) -> None:
    read(house)
    now = house.clock.now()
    left = sent(house.store, draft("serp_jobs", at=now))
    assert state(house, left) == "sent"
    house.clock.advance(minutes=3)
    read(house)
    assert state(house, left) == "released"


def test_a_vendor_that_is_out_of_order_is_not_read_and_the_others_are(house: House) -> None:
    house.fault("serpapi", "down")
    look = read(house)
    assert (look.status.problem, look.comparison) == ("unavailable", None)
    assert house.store.balance_readings.readings("serpapi") == []
    assert (
        len(house.store.balance_readings.readings("snov")) == len(house.store.balance_readings.readings("apollo")) == 1
    )

"""Both sides of a reconciliation: what the ledger records of a provider, and what the vendor reported."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from enrichment.purchasing.reconciliation import BalanceReading, LedgerTotals, OpenPurchase
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import answered, draft, reserved, sent


def test_the_ledger_of_a_provider_is_what_was_settled_and_what_is_open(store: SqlStore) -> None:
    for source in ("serp_news", "serp_jobs"):
        store.ledger.settle(answered(sent(store, draft(source))), reply=None, facts=())
    unsure, waiting = sent(store, draft("serp_technology")), reserved(store, draft("serp_organic"))
    store.ledger.mark_uncertain(unsure, at=NOON, reason="no answer in time")
    gone = sent(store, draft("serp_growth"))
    store.ledger.release(gone, at=NOON, reason="HTTP 503")
    assert store.balance_readings.ledger_totals() == {
        "serpapi": {
            "search": LedgerTotals(
                settled=2,
                uncertain=(OpenPurchase(unsure.purchase_id, 1, NOON),),
                under_way=(OpenPurchase(waiting.purchase_id, 1, NOON),),
            )
        }
    }


def test_providers_and_units_have_their_own_books(store: SqlStore) -> None:
    people = sent(store, replace(draft("snov_contacts"), provider="snov", reserved_units={"credit": 4}))
    store.ledger.settle(replace(answered(people), units={"credit": 3, "page": 1}), reply=None, facts=())
    store.ledger.settle(answered(sent(store, draft())), reply=None, facts=())
    free = sent(store, draft("serp_jobs"))
    store.ledger.settle(answered(free, cost=0), reply=None, facts=())
    assert store.balance_readings.ledger_totals() == {
        "serpapi": {"search": LedgerTotals(settled=1)},
        "snov": {"credit": LedgerTotals(settled=3), "page": LedgerTotals(settled=1)},
    }
    assert store.balance_readings.ledger_totals("snov").keys() == {"snov"}
    assert store.balance_readings.ledger_totals("apollo") == {}


def test_readings_come_back_as_they_were_kept_the_newest_first(store: SqlStore) -> None:
    first = BalanceReading("snov", NOON, "credit", Decimal("24999.50"), "left", settled=3, uncertain=8)
    second = replace(first, at=NOON + timedelta(hours=1), amount=Decimal(0), uncertain=0)
    other = replace(first, provider="apollo", counts="used")
    for reading in (first, other, second):
        store.balance_readings.keep(reading)
    assert store.balance_readings.readings("snov") == [second, first]
    assert store.balance_readings.readings("apollo") == [other]
    assert store.balance_readings.readings("serpapi") == []

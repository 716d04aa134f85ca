"""The ledger line by line, and the end of purchases with an expired lease."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import Request
from enrichment.ports import PurchaseClosed
from enrichment.purchasing.reconciliation import settles_at
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, answered, caps, company, draft, reserved, sent

MINUTE = timedelta(minutes=1)


def bought(store: SqlStore, purchase: Purchase) -> Purchase:
    made = answered(sent(store, purchase))
    store.ledger.settle(made, reply=None, facts=())
    return made


def unsure(store: SqlStore, purchase: Purchase) -> Purchase:
    made = sent(store, purchase)
    store.ledger.mark_uncertain(made, at=NOON, reason="no answer in time")
    return made


def test_the_ledger_shows_the_newest_purchases_first_with_company_and_asked_by(store: SqlStore) -> None:
    store.companies.add([company()])
    store.requests.open(Request("req_1", "com_1", "profile", None, "enhanced", "rules", NOON, asked_by="cli"))
    first, second = bought(store, draft()), bought(store, draft("serp_jobs"))
    third = bought(store, replace(draft("serp_growth", company_id="com_2"), request_id="req_gone"))
    lines, in_all = store.ledger_queries.lines(most=2)
    assert [line.purchase.purchase_id for line in lines] == [third.purchase_id, second.purchase_id]
    assert in_all == 3
    assert [(line.company_key, line.asked_by) for line in lines] == [(None, None), ("acme.com", "cli")]
    assert lines[1].purchase == store.ledger.purchase(second.purchase_id)
    assert store.ledger.purchase(first.purchase_id) != store.ledger.purchase(second.purchase_id)
    assert store.ledger.purchase("pur_nothing") is None


def test_the_ledger_can_be_narrowed_to_what_is_uncertain_to_a_company_and_to_a_time(store: SqlStore) -> None:
    bought(store, draft())
    uncertain = unsure(store, draft("serp_jobs"))
    other = bought(store, draft(company_id="com_2", at=NOON + MINUTE))

    def found(**which: Any) -> set[str]:
        lines, in_all = store.ledger_queries.lines(most=10, **which)
        assert len(lines) == in_all
        return {line.purchase.purchase_id for line in lines}

    assert found(uncertain=True) == {uncertain.purchase_id}
    assert found(company_id="com_2") == {other.purchase_id}
    assert found(since=NOON + MINUTE) == {other.purchase_id}
    assert found(since=NOON + MINUTE, uncertain=True) == set()


def handled(store: SqlStore, purchase: Purchase) -> Purchase:
    made = sent(store, purchase)
    store.ledger.keep_handle(made, "job_1", lease_until=NOON + MINUTE)
    return made


@pytest.mark.parametrize(
    ("begin", "ended_at", "state"),
    [
        (reserved, LATER, "released"),
        (sent, LATER, "uncertain"),
        (handled, LATER, "uncertain"),
    ],
)
def test_a_purchase_of_a_holder_that_is_gone_ends(
    store: SqlStore, begin: Callable[[SqlStore, Purchase], Purchase], ended_at: datetime, state: str
) -> None:
    made = begin(store, draft())
    assert store.ledger.end_abandoned(NOON + MINUTE / 2) == 0
    assert store.ledger.end_abandoned(ended_at) == 1
    [left] = store.ledger.purchases("req_1")
    assert (left.state, left.closed_at) == (state, ended_at)
    assert not store.ledger.is_claimed(made.purchase_id)
    name = caps(0)[0].name
    assert store.ledger.spent([name]) == {name: 50_000 if state == "uncertain" else 0}
    assert store.ledger.end_abandoned(ended_at) == 0


def test_one_noticed_late_is_settled_at_the_time_it_should_have_been(store: SqlStore) -> None:
    age = timedelta(days=7)
    sent(store, draft())
    store.ledger.end_abandoned(NOON + timedelta(days=5))
    [abandoned] = store.ledger_queries.uncertain()
    end = settles_at(abandoned, age)
    assert store.ledger.settle_overdue({"serpapi": age}, end - timedelta(seconds=1)) == []
    assert len(store.ledger.settle_overdue({"serpapi": age}, end)) == 1


@pytest.mark.parametrize("units", [None, {"search": 1}, {}], ids=["at its reserve", "as billed", "not billed"])
def test_a_purchase_under_way_is_not_reconciled(store: SqlStore, units: dict[str, int] | None) -> None:
    made = sent(store, draft())
    before = store.ledger.purchases("req_1")
    with pytest.raises(PurchaseClosed, match=made.purchase_id):
        store.ledger.reconcile(made.purchase_id, units=units, cost_micro_usd=0, at=LATER)
    assert store.ledger.purchases("req_1") == before
    assert store.ledger.is_claimed(made.purchase_id)
    name = caps(0)[0].name
    assert store.ledger.spent([name]) == {name: 50_000}

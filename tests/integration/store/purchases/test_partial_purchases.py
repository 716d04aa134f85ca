"""A purchase of which one part is known and another is uncertain: two rows under the same caps, or none."""

from dataclasses import replace

import pytest

from enrichment.domain.purchases import Purchase
from enrichment.ports import PurchaseClosed
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, answered, draft, reply_of, sent

DAY = "day:2026-03-02"


def two_searches() -> Purchase:
    return replace(draft(price=100_000), reserved_units={"search": 2}, usd_per_unit=draft().usd_per_unit)


def rest_of(purchase: Purchase) -> Purchase:
    uncertain = replace(purchase, purchase_id="pur_rest", state="uncertain", closed_at=NOON, reason="lost")
    return replace(uncertain, reserved_units={"search": 1}, reserved_micro_usd=50_000)


def test_what_is_known_is_settled_and_the_rest_keeps_its_part_of_the_reserve(store: SqlStore) -> None:
    made = sent(store, two_searches())
    store.ledger.settle(answered(made), reply=reply_of(made), facts=(), rest=rest_of(made))
    assert {one.purchase_id: one.state for one in store.ledger.purchases("req_1")} == {
        made.purchase_id: "settled",
        "pur_rest": "uncertain",
    }
    assert store.ledger.spent([DAY]) == {DAY: 100_000}
    assert store.ledger_queries.uncertain_units() == {"serpapi": {"search": 1}}
    store.ledger.reconcile("pur_rest", units={}, cost_micro_usd=0, at=LATER)
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


def test_the_rest_keeps_no_purchase_from_asking_the_same_again(store: SqlStore) -> None:
    made = sent(store, two_searches())
    store.ledger.settle(answered(made), reply=reply_of(made), facts=(), rest=rest_of(made))
    again = sent(store, draft(at=LATER))
    assert again.purchase_id not in (made.purchase_id, "pur_rest")
    assert store.ledger_queries.uncertain()[0].purchase_id == "pur_rest"


def test_a_refused_settlement_leaves_no_rest_either(store: SqlStore) -> None:
    made = sent(store, two_searches())
    store.ledger.settle(answered(made), reply=reply_of(made), facts=())
    with pytest.raises(PurchaseClosed):
        store.ledger.settle(answered(made), reply=None, facts=(), rest=rest_of(made))
    assert store.ledger_queries.uncertain() == []
    assert store.ledger.spent([DAY]) == {DAY: 50_000}

"""How a purchase ends: settled, released, uncertain; and what the ledger then has of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest

from enrichment.domain.knowledge import Analysis, ModelReply
from enrichment.ports import StoreError
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import (
    LATER,
    MANY,
    answered,
    bought,
    caps,
    draft,
    facts_of,
    reply_of,
    reserved,
    sent,
)

DAY = "day:2026-03-02"


def states(store: SqlStore) -> dict[str, str]:
    return {purchase.purchase_id: purchase.state for purchase in store.ledger.purchases("req_1")}


def test_settling_keeps_reply_facts_and_charge_and_gives_the_rest_back(store: SqlStore) -> None:
    made = sent(store, draft(price=50_000))
    reply = reply_of(made)
    settled = answered(made, cost=20_000)
    store.ledger.settle(settled, reply=reply, facts=facts_of(reply, "Machinery"))
    assert store.ledger.purchases("req_1") == [replace(settled, state="settled", sent_at=NOON)]
    assert store.knowledge.reply(reply.reply_id) == reply
    assert store.knowledge.known("com_1").facts == tuple(facts_of(reply, "Machinery"))
    assert store.ledger.spent([DAY]) == {DAY: 20_000}


def test_a_bill_above_the_reserve_is_booked_in_full_even_over_the_cap(store: SqlStore) -> None:
    made = draft(price=50_000)
    store.ledger.reserve(made, caps(60_000), at_once=MANY)
    store.ledger.settle(answered(made, cost=80_000), reply=None, facts=())
    assert store.ledger.spent([DAY]) == {DAY: 80_000}


def test_a_bill_for_a_call_that_was_reserved_as_free_reaches_its_caps(store: SqlStore) -> None:
    made = draft(price=0)
    store.ledger.reserve(made, caps(60_000), at_once=MANY)
    store.ledger.settle(answered(made, cost=300), reply=None, facts=())
    assert store.ledger.spent([DAY]) == {DAY: 300}


def test_a_purchase_is_settled_once(store: SqlStore) -> None:
    made = sent(store, draft())
    store.ledger.settle(answered(made), reply=reply_of(made), facts=())
    again = reply_of(made)
    with pytest.raises(StoreError, match=made.purchase_id):
        store.ledger.settle(answered(made), reply=again, facts=facts_of(again, "Machinery"))
    assert store.knowledge.reply(again.reply_id) is None
    assert store.knowledge.known("com_1").facts == ()
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


def test_of_many_threads_that_settle_one_purchase_one_succeeds(store: SqlStore) -> None:
    made = sent(store, draft())

    def settle(number: int) -> bool:
        try:
            store.ledger.settle(answered(made, cost=number), reply=reply_of(made), facts=())
        except StoreError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(settle, range(1, 17))) == 1
    assert store.ledger.spent([DAY]) == {DAY: store.ledger.purchases("req_1")[0].cost_micro_usd}


def test_a_settlement_that_cannot_be_written_whole_is_not_written_at_all(store: SqlStore) -> None:
    taken = bought(store, draft(variant="a"), "Machinery")
    made = sent(store, draft(variant="b"))
    with pytest.raises(StoreError):
        store.ledger.settle(answered(made, cost=1), reply=replace(reply_of(made), reply_id=taken.reply_id), facts=())
    assert states(store)[made.purchase_id] == "sent"
    assert store.ledger.is_claimed(made.purchase_id)
    assert store.ledger.spent([DAY]) == {DAY: 100_000}


def test_a_models_answer_is_kept_with_its_charge_and_its_analysis_after_it(store: SqlStore) -> None:
    made = sent(store, draft("technologies"))
    raw = {"content": '{"technologies": []}', "refusal": None, "finish_reason": "stop"}
    reply = ModelReply("ana_1", "key", "com_1", "technologies", "model", made.purchase_id, "req_1", raw, NOON)
    store.ledger.settle(answered(made), reply=None, facts=(), answer=reply)
    assert store.knowledge.model_reply("key") == reply
    assert store.knowledge.analysis("key") is None
    answer = {"technologies": [{"name": "Zürich\x00DB", "share": 0.1}]}
    evidence = {"rep_1": "verbatim \ud800 text"}
    kept = Analysis(
        "ana_1", "key", "com_1", "technologies", None, "model", made.purchase_id, "req_1", answer, 1, 0, evidence, NOON
    )
    store.knowledge.keep_analysis(kept, (), checked_by=3)
    assert store.knowledge.analysis("key") == kept
    assert store.knowledge.model_reply("key") == replace(reply, checked_by=3)
    assert store.knowledge.analysis("other key") is None
    assert store.knowledge.model_reply("other key") is None


def test_an_answer_that_cannot_be_used_stays_paid_for_and_its_purchase_states_why(store: SqlStore) -> None:
    made = sent(store, draft("technologies"))
    reply = ModelReply("ana_1", "key", "com_1", "technologies", "model", made.purchase_id, "req_1", {}, NOON)
    store.ledger.settle(answered(made, cost=7), reply=None, facts=(), answer=reply)
    store.knowledge.keep_failure("ana_1", "the model refused", checked_by=1)
    (purchase,) = store.ledger.purchases(made.request_id)
    assert (purchase.state, purchase.cost_micro_usd) == ("settled", 7)
    assert (purchase.outcome, purchase.reason) == ("failed", "the model refused")
    assert store.knowledge.model_reply("key") == replace(reply, checked_by=1, failure="the model refused")


def test_a_release_gives_everything_back(store: SqlStore) -> None:
    made = sent(store, draft())
    store.ledger.release(made, at=LATER, reason="the vendor was down")
    [row] = store.ledger.purchases("req_1")
    assert (row.state, row.closed_at, row.reason) == ("released", LATER, "the vendor was down")
    assert store.ledger.spent([DAY]) == {DAY: 0}


def test_releasing_twice_gives_back_once(store: SqlStore) -> None:
    made = sent(store, draft())
    reserved(store, draft(variant="b"))
    store.ledger.release(made, at=NOON, reason="refused")
    store.ledger.release(made, at=LATER, reason="refused")
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


def test_an_uncertain_purchase_keeps_its_reserve_and_is_listed(store: SqlStore) -> None:
    made = sent(store, draft())
    store.ledger.mark_uncertain(made, at=LATER, reason="timeout")
    [row] = store.ledger_queries.uncertain()
    assert (row.purchase_id, row.reason) == (made.purchase_id, "timeout")
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


def test_a_late_reply_settles_an_uncertain_purchase(store: SqlStore) -> None:
    made = sent(store, draft())
    store.ledger.mark_uncertain(made, at=NOON, reason="timeout")
    store.ledger.settle(answered(made, cost=20_000), reply=reply_of(made), facts=())
    assert states(store) == {made.purchase_id: "settled"}
    assert store.ledger.spent([DAY]) == {DAY: 20_000}


def test_what_is_settled_cannot_be_released_or_become_uncertain(store: SqlStore) -> None:
    made = draft()
    bought(store, made)
    with pytest.raises(StoreError, match="settled and cannot become released"):
        store.ledger.release(made, at=NOON, reason="refused")
    with pytest.raises(StoreError, match="settled and cannot become uncertain"):
        store.ledger.mark_uncertain(made, at=NOON, reason="timeout")


def test_a_purchase_that_was_not_reserved_cannot_end(store: SqlStore) -> None:
    unknown = draft()
    with pytest.raises(StoreError, match=f"{unknown.purchase_id} is not in the store"):
        store.ledger.release(unknown, at=NOON, reason="refused")
    assert not store.ledger.keep_handle(unknown, "handle", lease_until=NOON)


@pytest.mark.parametrize(
    ("units", "cost", "state", "taken"),
    [(None, 0, "settled", 50_000), ({"search": 1}, 20_000, "settled", 20_000), ({"search": 0}, 0, "released", 0)],
    ids=["at its reserve", "as billed", "not billed"],
)
def test_an_uncertain_purchase_is_reconciled(
    store: SqlStore, units: dict[str, int] | None, cost: int, state: str, taken: int
) -> None:
    made = sent(store, draft())
    store.ledger.mark_uncertain(made, at=NOON, reason="timeout")
    store.ledger.reconcile(made.purchase_id, units=units, cost_micro_usd=cost, at=LATER)
    [row] = store.ledger.purchases("req_1")
    assert (row.state, row.cost_micro_usd, row.closed_at) == (state, taken, LATER)
    assert store.ledger.spent([DAY]) == {DAY: taken}
    assert store.ledger_queries.uncertain() == []
    with pytest.raises(StoreError, match=made.purchase_id):
        store.ledger.reconcile(made.purchase_id, units=None, cost_micro_usd=0, at=LATER)


def test_prices_come_back_exactly(store: SqlStore) -> None:
    exact = {"search": Decimal("0.00100000000000000000000001"), "page": Decimal("1.10"), "token": Decimal("1E-7")}
    made = replace(draft(), usd_per_unit=exact)
    reserved(store, made)
    [row] = store.ledger.purchases("req_1")
    assert {unit: str(price) for unit, price in row.usd_per_unit.items()} == {u: str(p) for u, p in exact.items()}


def test_the_ledger_counts_vendor_units_of_settled_purchases_apart_from_uncertain_ones(store: SqlStore) -> None:
    for number in range(3):
        bought(store, draft(variant=str(number)))
    other = sent(store, replace(draft("snov_contacts"), provider="snov", reserved_units={"credit": 4, "page": 2}))
    store.ledger.settle(replace(answered(other), units={"credit": 3, "page": 1}), reply=None, facts=())
    unknown = sent(store, draft(variant="x"))
    store.ledger.mark_uncertain(unknown, at=NOON, reason="timeout")
    assert store.ledger_queries.settled_units() == {"serpapi": {"search": 3}, "snov": {"credit": 3, "page": 1}}
    assert store.ledger_queries.uncertain_units() == {"serpapi": {"search": 1}}
    totals = store.ledger_queries.totals()
    assert (totals.purchases, totals.replies) == (5, 3)
    assert (totals.cost_micro_usd, totals.uncertain_micro_usd) == (200_000, 50_000)

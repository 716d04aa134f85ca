"""Money in the store: caps, claims, and the life of a purchase, on both engines."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from enrichment.domain.ids import new_id
from enrichment.domain.knowledge import Analysis, ModelReply
from enrichment.domain.purchases import Cap, Purchase
from enrichment.ports import AlreadyBought, AlreadyClaimed, AskedInVain, Busy, CapReached, Reserved, StoreError
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import (
    LATER,
    LEASE,
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


# caps


def test_a_reserve_counts_against_every_cap_at_once(store: SqlStore) -> None:
    store.ledger.reserve(draft(price=50_000), caps(60_000, "request:req_1", DAY), at_once=MANY)
    assert store.ledger.spent([DAY, "request:req_1", "provider:x"]) == {
        DAY: 50_000,
        "request:req_1": 50_000,
        "provider:x": 0,
    }


def test_a_cap_may_be_reached_exactly_and_not_passed_by_one_micro_usd(store: SqlStore) -> None:
    assert isinstance(store.ledger.reserve(draft(variant="a", price=50_000), caps(100_000), at_once=MANY), Reserved)
    assert isinstance(store.ledger.reserve(draft(variant="b", price=50_000), caps(100_000), at_once=MANY), Reserved)
    assert store.ledger.reserve(draft(variant="c", price=1), caps(100_000), at_once=MANY) == CapReached(DAY, 0)


def test_a_reserve_over_one_of_its_caps_leaves_no_trace_at_all(store: SqlStore) -> None:
    refused = draft(price=50_000)
    limits = [Cap("consumer:profile", 1_000_000), Cap(DAY, 49_999), Cap("source:serp_news", 1_000_000)]
    assert store.ledger.reserve(refused, limits, at_once=MANY) == CapReached(DAY, 49_999)
    assert set(store.ledger.spent(["consumer:profile", DAY, "source:serp_news"]).values()) == {0}
    assert store.ledger.purchases("req_1") == []
    assert not store.ledger.is_claimed(refused.purchase_id)
    assert isinstance(store.ledger.reserve(draft(price=50_000), caps(50_000), at_once=MANY), Reserved)


def test_a_free_call_passes_a_cap_that_is_used_up(store: SqlStore) -> None:
    store.ledger.reserve(draft(variant="a", price=50_000), caps(50_000), at_once=MANY)
    assert isinstance(store.ledger.reserve(draft(variant="b", price=0), caps(50_000), at_once=MANY), Reserved)


def test_eight_threads_reserving_in_any_order_never_pass_a_cap(store: SqlStore) -> None:
    def reserve(number: int) -> str:
        order = [Cap(DAY, 500_000), Cap("provider:serpapi", 400_000), Cap(f"request:{number}", 50_000)]
        limits = order if number % 2 else order[::-1]
        return type(store.ledger.reserve(draft(price=10_000, variant=str(number)), limits, at_once=MANY)).__name__

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(reserve, range(80)))
    assert outcomes.count("Reserved") == 40
    assert outcomes.count("CapReached") == 40
    assert store.ledger.spent([DAY, "provider:serpapi"]) == {DAY: 400_000, "provider:serpapi": 400_000}
    assert len(store.ledger.purchases("req_1")) == 40


def test_threads_that_reserve_settle_and_release_at_once_leave_the_caps_at_what_was_billed(store: SqlStore) -> None:
    limits = caps(10_000_000, DAY, "provider:serpapi")

    def buy(number: int) -> None:
        made = draft(price=10_000, variant=str(number))
        store.ledger.reserve(made, limits, at_once=MANY)
        store.ledger.send(made, at=NOON)
        if number % 3 == 0:
            store.ledger.release(made, at=NOON, reason="refused")
        else:
            store.ledger.settle(answered(made, cost=7_000), reply=reply_of(made), facts=())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(buy, range(48)))
    assert store.ledger.spent([DAY, "provider:serpapi"]) == {DAY: 32 * 7_000, "provider:serpapi": 32 * 7_000}
    assert store.ledger_queries.totals().cost_micro_usd == 32 * 7_000


# claims


def test_a_second_purchase_of_the_same_question_gets_the_claim_of_the_first(store: SqlStore) -> None:
    first = reserved(store, draft())
    store.ledger.send(first, at=NOON)
    store.ledger.keep_handle(first, "task_7", lease_until=NOON + LEASE)
    assert store.ledger.reserve(draft(), caps(1_000_000), at_once=MANY) == AlreadyClaimed(
        first.purchase_id, NOON + LEASE, "task_7"
    )


@pytest.mark.parametrize("other", [draft("serp_jobs"), draft(variant="b"), draft(company_id="com_2")])
def test_another_source_variant_or_company_is_another_question(store: SqlStore, other: Purchase) -> None:
    reserved(store, draft())
    assert isinstance(store.ledger.reserve(other, caps(1_000_000), at_once=MANY), Reserved)


def test_of_eight_threads_with_the_same_question_one_gets_to_ask_it(store: SqlStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(
            threads.map(
                lambda made: store.ledger.reserve(made, caps(1_000_000), at_once=MANY), [draft() for _ in range(24)]
            )
        )
    [winner] = [outcome for outcome in outcomes if isinstance(outcome, Reserved)]
    losers = [outcome for outcome in outcomes if isinstance(outcome, AlreadyClaimed)]
    assert {loser.purchase_id for loser in losers} == {winner.purchase.purchase_id}
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


@pytest.mark.parametrize(
    "end",
    [
        lambda store, made: store.ledger.settle(answered(made), reply=reply_of(made), facts=()),
        lambda store, made: store.ledger.release(made, at=NOON, reason="refused"),
        lambda store, made: store.ledger.mark_uncertain(made, at=NOON, reason="timeout"),
    ],
    ids=["settled", "released", "uncertain"],
)
def test_the_claim_is_free_when_its_purchase_has_ended(
    store: SqlStore, end: Callable[[SqlStore, Purchase], None]
) -> None:
    made = sent(store, draft())
    assert store.ledger.is_claimed(made.purchase_id)
    end(store, made)
    assert not store.ledger.is_claimed(made.purchase_id)
    assert isinstance(store.ledger.reserve(draft(), caps(1_000_000), at_once=MANY), Reserved)


def test_nothing_is_sent_once_the_lease_is_over(store: SqlStore) -> None:
    made = reserved(store, draft())
    assert not store.ledger.send(made, at=made.lease_until)
    assert store.ledger.send(made, at=made.lease_until - timedelta(microseconds=1))


def test_nothing_is_sent_for_a_purchase_that_was_not_reserved(store: SqlStore) -> None:
    assert not store.ledger.send(draft(), at=NOON)


# how many at once


def test_as_many_are_under_way_as_the_provider_allows(store: SqlStore) -> None:
    first = sent(store, draft(variant="a"))
    reserved(store, draft(variant="b"))
    assert store.ledger.reserve(draft(variant="c"), caps(1_000_000), at_once=2) == Busy(2)
    assert store.ledger.spent([DAY]) == {DAY: 100_000}
    store.ledger.settle(answered(first), reply=reply_of(first), facts=())
    assert isinstance(store.ledger.reserve(draft(variant="c"), caps(1_000_000), at_once=2), Reserved)


def test_other_providers_and_what_has_ended_do_not_count(store: SqlStore) -> None:
    sent(store, replace(draft(variant="a"), provider="apollo"))
    unknown = sent(store, draft(variant="b"))
    store.ledger.mark_uncertain(unknown, at=NOON, reason="timeout")
    assert isinstance(store.ledger.reserve(draft(variant="c"), caps(1_000_000), at_once=1), Reserved)


def test_a_dead_process_keeps_no_other_out_once_its_lease_is_over(store: SqlStore) -> None:
    sent(store, draft(variant="a"))
    assert store.ledger.reserve(draft(variant="b"), caps(1_000_000), at_once=1) == Busy(1)
    assert isinstance(store.ledger.reserve(draft(variant="b", at=LATER), caps(1_000_000), at_once=1), Reserved)


def test_threads_together_have_no_more_under_way_than_allowed(store: SqlStore) -> None:
    made = [draft(variant=str(number)) for number in range(32)]
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda one: store.ledger.reserve(one, caps(10_000_000), at_once=5), made))
    assert sum(isinstance(outcome, Reserved) for outcome in outcomes) == 5
    assert outcomes.count(Busy(5)) == 27


# settling


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


# the other endings


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


# what they add up to


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


# answers that are there already


def test_nothing_is_reserved_where_there_is_an_answer_the_caller_has_not_seen(store: SqlStore) -> None:
    first = bought(store, draft())
    assert store.ledger.reserve(draft(), caps(1_000_000), at_once=MANY, seen=()) == AlreadyBought(first.reply_id)
    assert store.ledger.spent([DAY]) == {DAY: 50_000}
    assert len(store.ledger.purchases("req_1")) == 1


def test_an_answer_the_caller_has_seen_may_be_asked_for_again(store: SqlStore) -> None:
    first = bought(store, draft())
    again = draft()
    assert store.ledger.reserve(again, caps(1_000_000), at_once=MANY, seen={first.reply_id}) == Reserved(again)


def test_a_newer_answer_counts_though_an_older_one_was_seen_and_another_sources_does_not(store: SqlStore) -> None:
    old = bought(store, draft())
    bought(store, draft("serp_jobs", variant="b"), at=LATER)
    new = bought(store, draft(), at=LATER)
    assert store.ledger.reserve(draft(), caps(1_000_000), at_once=MANY, seen={old.reply_id}) == AlreadyBought(
        new.reply_id
    )


def test_what_another_request_asked_in_vain_since_this_one_began_is_not_asked_again(store: SqlStore) -> None:
    made = sent(store, draft())
    store.ledger.mark_uncertain(made, at=LATER, reason="no answer in time")
    mine = replace(draft(at=LATER), request_id="req_2")
    refused = store.ledger.reserve(mine, caps(1_000_000), at_once=MANY, since=NOON)
    assert refused == AskedInVain(made.purchase_id)
    elsewhere = replace(mine, purchase_id=new_id("pur"), source="serp_jobs")
    assert isinstance(store.ledger.reserve(elsewhere, caps(1_000_000), at_once=MANY, since=NOON), Reserved)
    assert isinstance(store.ledger.reserve(mine, caps(1_000_000), at_once=MANY, since=LATER), Reserved)


def test_what_failed_free_of_charge_for_another_request_is_asked_again_only_by_requests_that_began_later(
    store: SqlStore,
) -> None:
    made = sent(store, draft())
    store.ledger.release(made, at=LATER, reason="serpapi answered 503")
    mine = replace(draft(at=LATER), request_id="req_2")
    refused = store.ledger.reserve(mine, caps(1_000_000), at_once=MANY, since=NOON, failed_since=NOON)
    assert refused == AskedInVain(made.purchase_id, "serpapi answered 503")
    of_the_same_request = replace(mine, purchase_id=new_id("pur"), request_id=made.request_id)
    elsewhere = replace(mine, purchase_id=new_id("pur"), variant="another")
    for other, since in ((mine, LATER), (of_the_same_request, NOON), (elsewhere, NOON)):
        outcome = store.ledger.reserve(other, caps(1_000_000), at_once=MANY, since=NOON, failed_since=since)
        assert isinstance(outcome, Reserved)
        store.ledger.release(other, at=NOON, reason="room for the next one")


def test_a_purchase_whose_process_was_gone_before_it_sent_has_failed_for_nothing_else(store: SqlStore) -> None:
    reserved(store, draft())
    assert store.ledger.end_abandoned(NOON + 2 * LEASE) == 1
    mine = replace(draft(at=NOON + 2 * LEASE), request_id="req_2")
    assert isinstance(
        store.ledger.reserve(mine, caps(1_000_000), at_once=MANY, since=NOON, failed_since=NOON), Reserved
    )


def test_what_was_asked_in_vain_and_can_be_gone_on_with_is_gone_on_with(store: SqlStore) -> None:
    made = sent(store, draft())
    assert store.ledger.keep_handle(made, "job_1", lease_until=LATER)
    store.ledger.mark_uncertain(made, at=LATER, reason="no answer in time")
    mine = replace(draft(at=LATER), request_id="req_2")
    resumed = store.ledger.reserve(mine, caps(1_000_000), at_once=MANY, since=NOON)
    assert isinstance(resumed, Reserved)
    assert resumed.purchase.purchase_id == made.purchase_id

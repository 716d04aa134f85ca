"""Reserving a purchase: every cap at once, one claim for each question, as many under way as the vendor allows."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from enrichment.domain.ids import new_id
from enrichment.domain.purchases import Cap, Purchase
from enrichment.ports import AlreadyBought, AlreadyClaimed, AskedInVain, Busy, CapReached, Reserved
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
    reply_of,
    reserved,
    sent,
)

DAY = "day:2026-03-02"


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


def test_a_purchase_of_a_source_that_asks_for_the_same_pages_is_waited_for_while_its_process_lives(
    store: SqlStore,
) -> None:
    first, second = reserved(store, draft("site")), draft("technologies")
    waits_for = ["another", "site"]
    claimed = store.ledger.reserve(second, caps(1_000_000), at_once=MANY, waits_for=waits_for)
    assert claimed == AlreadyClaimed(first.purchase_id, first.lease_until, None)
    later = replace(second, reserved_at=first.lease_until, lease_until=first.lease_until + LEASE)
    assert isinstance(store.ledger.reserve(later, caps(1_000_000), at_once=MANY, waits_for=waits_for), Reserved)


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

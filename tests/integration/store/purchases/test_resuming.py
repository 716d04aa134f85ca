"""Expired claims and uncertain purchases: resumed where that costs nothing more, else begun anew."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from enrichment.domain.purchases import Purchase
from enrichment.ports import AlreadyClaimed, Busy, NotReserved, PurchaseClosed, Reserved, Unavailable
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, LEASE, MANY, answered, caps, draft, reply_of, reserved, sent

DAY = "day:2026-03-02"
WINDOW = timedelta(hours=1)


def repeatable(*, at: datetime = NOON, until: datetime = NOON + WINDOW, asked: str = "the question") -> Purchase:
    """A purchase of which the vendor repeats the answer for free until then."""
    return replace(draft(at=at), repeatable_until=until, asked=asked)


def states(store: SqlStore) -> dict[str, str]:
    return {purchase.purchase_id: purchase.state for purchase in store.ledger.purchases("req_1")}


def uncertain(store: SqlStore, purchase: Purchase, *, handle: str | None = None) -> Purchase:
    made = sent(store, purchase)
    if handle is not None:
        store.ledger.keep_handle(made, handle, lease_until=NOON + LEASE)
    store.ledger.mark_uncertain(made, at=NOON, reason="timeout")
    return made


def taken_over(outcome: Reserved | NotReserved) -> Purchase:
    assert isinstance(outcome, Reserved)
    return outcome.purchase


# expired claims


def test_a_dead_holder_that_never_sent_is_released_and_its_reserve_given_back(store: SqlStore) -> None:
    dead = reserved(store, draft())
    heir = draft(at=LATER)
    assert store.ledger.reserve(heir, caps(50_000), at_once=MANY) == Reserved(heir)
    assert states(store) == {dead.purchase_id: "released", heir.purchase_id: "reserved"}
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


def test_a_paused_holder_that_lost_its_claim_must_not_send(store: SqlStore) -> None:
    paused = reserved(store, draft())
    reserved(store, draft(at=LATER))
    assert not store.ledger.send(paused, at=NOON)


def test_a_dead_holder_that_had_sent_turns_uncertain_and_its_reserve_stays(store: SqlStore) -> None:
    dead = sent(store, draft())
    heir = reserved(store, draft(at=LATER))
    assert states(store) == {dead.purchase_id: "uncertain", heir.purchase_id: "reserved"}
    assert store.ledger.spent([DAY]) == {DAY: 100_000}


def test_a_dead_holder_is_ended_even_when_its_heir_may_not_buy(store: SqlStore) -> None:
    dead = sent(store, draft())
    reserved(store, draft("serp_jobs", at=LATER))
    assert store.ledger.reserve(draft(at=LATER), caps(50_000), at_once=1) == Busy(1)
    assert states(store)[dead.purchase_id] == "uncertain"
    assert not store.ledger.is_claimed(dead.purchase_id)


def test_a_dead_holder_with_a_handle_is_resumed_under_its_own_id_and_reserve(store: SqlStore) -> None:
    dead = sent(store, draft())
    store.ledger.keep_handle(dead, "snapshot_9", lease_until=NOON + LEASE)
    heir = taken_over(store.ledger.reserve(draft(at=LATER), caps(50_000), at_once=1))
    assert heir == replace(dead, state="sent", sent_at=NOON, handle="snapshot_9", lease_until=LATER + LEASE, attempt=2)
    assert store.ledger.spent([DAY]) == {DAY: 50_000}
    assert store.ledger.send(heir, at=LATER)
    assert store.ledger.purchases("req_1")[0].sent_at == NOON


def test_a_purchase_with_a_handle_may_be_taken_over_sooner(store: SqlStore) -> None:
    slow = sent(store, draft())
    soon = NOON + LEASE / 2
    store.ledger.keep_handle(slow, "snapshot_9", lease_until=soon)
    assert taken_over(store.ledger.reserve(draft(at=soon), caps(1_000_000), at_once=1)).purchase_id == slow.purchase_id


def test_the_purchase_of_a_dead_holder_is_resumed_where_its_question_is_free_to_repeat(store: SqlStore) -> None:
    dead = sent(store, repeatable())
    heir = taken_over(store.ledger.reserve(repeatable(at=LATER, until=LATER + WINDOW), caps(50_000), at_once=1))
    assert heir == replace(dead, state="sent", sent_at=NOON, lease_until=LATER + LEASE, attempt=2)
    assert states(store) == {dead.purchase_id: "sent"}
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


@pytest.mark.parametrize(
    "earlier",
    [repeatable(asked="another question"), repeatable(until=LATER)],
    ids=["asked differently", "free no longer"],
)
def test_the_purchase_of_a_dead_holder_is_not_resumed_where_its_question_would_cost_again(
    store: SqlStore, earlier: Purchase
) -> None:
    dead = sent(store, earlier)
    heir = repeatable(at=LATER, until=LATER + WINDOW)
    assert store.ledger.reserve(heir, caps(1_000_000), at_once=MANY) == Reserved(heir)
    assert states(store) == {dead.purchase_id: "uncertain", heir.purchase_id: "reserved"}


def test_one_that_was_never_sent_is_released_though_it_might_be_repeated(store: SqlStore) -> None:
    dead = reserved(store, repeatable())
    heir = repeatable(at=LATER, until=LATER + WINDOW)
    assert store.ledger.reserve(heir, caps(1_000_000), at_once=MANY) == Reserved(heir)
    assert states(store) == {dead.purchase_id: "released", heir.purchase_id: "reserved"}


def test_a_lease_ends_with_the_time_in_which_repeating_is_free(store: SqlStore) -> None:
    until = LATER + LEASE / 2
    dead = sent(store, repeatable(until=until))
    heir = taken_over(store.ledger.reserve(repeatable(at=LATER, until=LATER + WINDOW), caps(1_000_000), at_once=MANY))
    assert (heir.purchase_id, heir.lease_until) == (dead.purchase_id, until)
    assert not store.ledger.send(heir, at=until)


# a process that was taken for dead, and is not


def resumed(store: SqlStore) -> tuple[Purchase, Purchase]:
    """A purchase as the process sees it that was taken for dead, and as the process that has resumed it sees it."""
    slow = sent(store, draft())
    store.ledger.keep_handle(slow, "snapshot_9", lease_until=NOON + LEASE)
    return slow, taken_over(store.ledger.reserve(draft(at=LATER), caps(1_000_000), at_once=MANY))


def test_a_process_taken_for_dead_sends_nothing_more_and_cannot_prolong_its_lease(store: SqlStore) -> None:
    slow, heir = resumed(store)
    assert not store.ledger.send(slow, at=LATER)
    assert not store.ledger.send(slow, at=LATER, lease_until=LATER + LEASE)
    assert not store.ledger.keep_handle(slow, "snapshot_1", lease_until=LATER + 9 * LEASE)
    [row] = store.ledger.purchases("req_1")
    assert (row.handle, row.lease_until) == ("snapshot_9", heir.lease_until)


@pytest.mark.parametrize(
    "end",
    [
        lambda store, slow: store.ledger.settle(answered(slow, cost=20_000), reply=reply_of(slow), facts=()),
        lambda store, slow: store.ledger.release(slow, at=LATER, reason="refused"),
        lambda store, slow: store.ledger.mark_uncertain(slow, at=LATER, reason="timeout"),
    ],
    ids=["settle", "release", "mark uncertain"],
)
def test_a_process_taken_for_dead_cannot_end_what_another_is_buying_now(
    store: SqlStore, end: Callable[[SqlStore, Purchase], None]
) -> None:
    slow, heir = resumed(store)
    with pytest.raises(PurchaseClosed, match=f"Another process has resumed purchase {heir.purchase_id}"):
        end(store, slow)
    assert states(store) == {heir.purchase_id: "sent"}
    store.ledger.settle(answered(heir), reply=reply_of(heir), facts=())
    with pytest.raises(PurchaseClosed, match="settled"):
        end(store, slow)
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


def test_a_slow_holder_that_was_not_taken_over_goes_on_by_its_handle_and_others_wait(store: SqlStore) -> None:
    slow = sent(store, draft())
    store.ledger.keep_handle(slow, "snapshot_9", lease_until=NOON + LEASE)
    assert not store.ledger.send(slow, at=LATER)
    assert store.ledger.send(slow, at=LATER, lease_until=LATER + LEASE)
    assert store.ledger.reserve(draft(at=LATER), caps(1_000_000), at_once=MANY) == AlreadyClaimed(
        slow.purchase_id, LATER + LEASE, "snapshot_9"
    )


def test_one_that_became_uncertain_meanwhile_still_learns_its_handle(store: SqlStore) -> None:
    slow = sent(store, draft())
    store.ledger.mark_uncertain(slow, at=NOON, reason="timeout")
    assert store.ledger.keep_handle(slow, "snapshot_9", lease_until=LATER)
    assert taken_over(store.ledger.reserve(draft(at=LATER), caps(1_000_000), at_once=MANY)).handle == "snapshot_9"


def test_another_vendor_cannot_resume_what_the_source_had_asked_before(store: SqlStore) -> None:
    dead = sent(store, draft())
    store.ledger.keep_handle(dead, "snapshot_9", lease_until=NOON + LEASE)
    heir = replace(draft(at=LATER), provider="searchapi")
    assert store.ledger.reserve(heir, caps(1_000_000), at_once=MANY) == Reserved(heir)
    assert states(store) == {dead.purchase_id: "uncertain", heir.purchase_id: "reserved"}


# many


def test_of_many_heirs_one_takes_over(store: SqlStore) -> None:
    sent(store, draft())
    with ThreadPoolExecutor(8) as threads:
        heirs = [draft(at=LATER) for _ in range(16)]
        outcomes = list(threads.map(lambda made: store.ledger.reserve(made, caps(1_000_000), at_once=MANY), heirs))
    assert sum(isinstance(outcome, Reserved) for outcome in outcomes) == 1
    assert sorted(states(store).values()) == ["reserved", "uncertain"]


# what we cannot know


def test_an_uncertain_purchase_with_a_handle_is_resumed_and_no_longer_uncertain(store: SqlStore) -> None:
    made = uncertain(store, draft(), handle="snapshot_9")
    heir = taken_over(store.ledger.reserve(draft(at=LATER), caps(50_000), at_once=1))
    assert heir == replace(made, state="sent", sent_at=NOON, handle="snapshot_9", lease_until=LATER + LEASE, attempt=2)
    assert store.ledger_queries.uncertain() == []
    assert store.ledger.spent([DAY]) == {DAY: 50_000}


def test_an_uncertain_purchase_that_is_free_to_repeat_is_resumed_and_settled_once(store: SqlStore) -> None:
    made = uncertain(store, repeatable())
    again = repeatable(at=LATER, until=LATER + WINDOW)
    heir = taken_over(store.ledger.reserve(again, caps(50_000), at_once=1))
    assert (heir.purchase_id, heir.state, heir.reason, heir.closed_at) == (made.purchase_id, "sent", None, None)
    store.ledger.settle(answered(heir, cost=20_000), reply=reply_of(heir), facts=())
    assert states(store) == {made.purchase_id: "settled"}
    assert store.ledger.spent([DAY]) == {DAY: 20_000}


def test_a_process_that_resumes_an_uncertain_purchase_has_the_claim(store: SqlStore) -> None:
    made = uncertain(store, repeatable())
    heir = taken_over(store.ledger.reserve(repeatable(at=LATER), caps(1_000_000), at_once=MANY))
    assert store.ledger.is_claimed(made.purchase_id)
    other = store.ledger.reserve(repeatable(at=LATER), caps(1_000_000), at_once=MANY)
    assert other == AlreadyClaimed(made.purchase_id, heir.lease_until, None)


@pytest.mark.parametrize(
    "again",
    [draft(at=LATER), repeatable(at=LATER, asked="another question"), repeatable(at=NOON + WINDOW)],
    ids=["never repeatable", "asked differently", "free no longer"],
)
def test_an_uncertain_purchase_that_would_cost_again_stays_so_beside_a_new_one(
    store: SqlStore, again: Purchase
) -> None:
    made = uncertain(store, repeatable() if again.asked else draft())
    assert store.ledger.reserve(again, caps(1_000_000), at_once=MANY) == Reserved(again)
    assert states(store) == {made.purchase_id: "uncertain", again.purchase_id: "reserved"}
    assert store.ledger.spent([DAY]) == {DAY: 100_000}


def test_of_two_that_may_be_resumed_the_later_one_is(store: SqlStore) -> None:
    first = uncertain(store, draft())
    second = uncertain(store, draft(at=LATER))
    for made in (second, first):  # the first one's process was slow to report it
        store.ledger.keep_handle(made, f"snapshot of {made.purchase_id}", lease_until=LATER + LEASE)
    heir = taken_over(store.ledger.reserve(draft(at=LATER + LEASE), caps(1_000_000), at_once=MANY))
    assert heir.purchase_id == second.purchase_id
    assert [one.purchase_id for one in store.ledger_queries.uncertain()] == [first.purchase_id]


def test_nothing_is_resumed_while_its_source_is_suspended(store: SqlStore) -> None:
    made = uncertain(store, draft(), handle="snapshot_9")
    other = sent(store, draft(variant="b"))
    store.ledger.settle(answered(other), reply=None, facts=(), suspend="billed 2 where it may bill 1")
    assert isinstance(store.ledger.reserve(draft(at=LATER), caps(1_000_000), at_once=MANY), Unavailable)
    assert [one.purchase_id for one in store.ledger_queries.uncertain()] == [made.purchase_id]


# by hand, and by time


def test_a_late_settlement_of_a_reconciled_purchase_is_refused(store: SqlStore) -> None:
    made = uncertain(store, draft())
    store.ledger.reconcile(made.purchase_id, units={}, cost_micro_usd=0, at=LATER)
    with pytest.raises(PurchaseClosed, match="is released and cannot become settled"):
        store.ledger.settle(answered(made), reply=reply_of(made), facts=())


def test_what_has_been_uncertain_for_too_long_is_settled_at_its_reserve(store: SqlStore) -> None:
    old = uncertain(store, draft(variant="old", price=50_000))
    other_vendor = sent(store, replace(draft(variant="other"), provider="apollo"))
    store.ledger.mark_uncertain(other_vendor, at=NOON, reason="timeout")
    young = sent(store, draft(variant="young", at=LATER))
    store.ledger.mark_uncertain(young, at=LATER, reason="timeout")
    [settled] = store.ledger.settle_overdue({"serpapi": LATER - NOON, "apollo": timedelta(days=7)}, LATER)
    assert (settled.purchase_id, settled.state, settled.outcome) == (old.purchase_id, "settled", "reconciled")
    assert (settled.units, settled.cost_micro_usd, settled.closed_at) == ({"search": 1}, 50_000, LATER)
    assert {one.purchase_id for one in store.ledger_queries.uncertain()} == {
        other_vendor.purchase_id,
        young.purchase_id,
    }
    assert store.ledger.spent([DAY]) == {DAY: 150_000}
    assert store.ledger.settle_overdue({"serpapi": LATER - NOON}, LATER) == []
    assert store.ledger.settle_overdue({}, LATER) == []


def test_to_resume_an_uncertain_purchase_does_not_make_it_younger(store: SqlStore) -> None:
    old = uncertain(store, draft(), handle="snapshot_9")
    heir = taken_over(store.ledger.reserve(draft(at=LATER), caps(50_000), at_once=1))
    store.ledger.mark_uncertain(heir, at=LATER, reason="timeout once more")
    [settled] = store.ledger.settle_overdue({"serpapi": LATER - NOON}, LATER)
    assert settled.purchase_id == old.purchase_id


def test_however_many_are_overdue_all_are_settled(store: SqlStore) -> None:
    for number in range(103):
        uncertain(store, draft(variant=str(number), price=1_000))
    assert len(store.ledger.settle_overdue({"serpapi": LEASE}, LATER)) == 103
    assert store.ledger_queries.uncertain() == []
    assert store.ledger_queries.settled_units() == {"serpapi": {"search": 103}}

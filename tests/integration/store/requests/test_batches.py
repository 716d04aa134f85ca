"""Batches in the store: who may claim what, what a budget still has room for, and what is left of a dead worker."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from enrichment.domain.batches import Batch, BatchCompany, BatchEnd
from enrichment.domain.purchases import Cap, DailyCap
from enrichment.ports import CapReached, DiskAlmostFull, StoreError
from resources.secrets.client_keys import issue
from resources.store import SqlStore
from resources.store.requests.batches import SqlBatches
from tests.support.examples import NOON
from tests.support.ledger_records import bought, company, draft

LEASE = NOON + timedelta(seconds=20)
LATER = LEASE + timedelta(seconds=1)


def batch_of(store: SqlStore, count: int, *, max_cost: int | None = None, batch_id: str = "bat_1") -> Batch:
    store.companies.add([company(f"{number}.com", f"com_{number}") for number in range(count)])
    batch = Batch(batch_id, NOON, ("profile",), "ana", max_cost=max_cost)
    return store.batches.create(batch, [f"com_{number}" for number in range(count)])


def claim(store: SqlStore, batch: Batch, worker: str = "a", most: int = 10) -> list[BatchCompany]:
    return list(store.batches.claim(batch.batch_id, worker, most=most, caps=[batch.budget], at=NOON, lease_until=LEASE))


def begin(store: SqlStore, batch: Batch, one: BatchCompany, need: int, worker: str = "a") -> BatchCompany:
    begun = store.batches.begin(one, worker, f"req_{one.company_id}", need=need, caps=[batch.budget], at=NOON)
    assert isinstance(begun, BatchCompany)
    return begun


def states(store: SqlStore, batch: Batch) -> list[str]:
    return [one.state for one in store.batches.companies(batch.batch_id)]


def test_a_batch_is_kept_as_it_was_ordered(store: SqlStore) -> None:
    store.companies.add([company("acme.com", "com_1"), company("beta.com", "com_2")])
    batch = Batch("bat_1", NOON, ("profile", "technology"), "ana", strategy="legacy", max_cost=5, max_age=60)
    assert store.batches.create(batch, ["com_2", "com_1", "com_2"]) == batch == store.batches.by_id("bat_1")
    assert [one.key for one in store.batches.companies("bat_1")] == ["beta.com", "acme.com"]
    assert store.batches.by_id("bat_2") is None
    assert store.batches.summary("bat_2") is None


def test_a_batch_carries_what_its_payer_may_spend_a_day_now(store: SqlStore) -> None:
    """Of the latest key of that name: a key that was replaced is not asked any more."""
    store.companies.add([company("acme.com", "com_1")])
    first = issue(store, "crm", may=["enrich"], per_day=5, per_minute=None, now=NOON).key
    made = store.batches.create(Batch("bat_1", NOON, ("profile",), "service:crm", daily=first.daily), ["com_1"])
    assert store.batches.by_id("bat_1") == made
    store.api_keys.revoke("crm", at=NOON)
    issue(store, "crm", may=["enrich"], per_day=7, per_minute=None, now=LATER)
    assert store.batches.by_id("bat_1") == replace(made, daily=DailyCap("key:crm", 7))
    assert [batch.daily for batch in store.batches.open_ones("service:")] == [DailyCap("key:crm", 7)]


def test_what_companies_of_one_payer_may_still_need_is_not_missing_to_another_payer(store: SqlStore) -> None:
    store.companies.add([company("acme.com", "com_1"), company("beta.com", "com_2")])
    for name, id_ in (("crm", "com_1"), ("erp", "com_2")):
        key = issue(store, name, may=["enrich"], per_day=100, per_minute=None, now=NOON).key
        daily = key.daily.cap("2026-03-02")
        batch = store.batches.create(Batch(f"bat_{name}", NOON, ("profile",), name, daily=key.daily), [id_])
        [one] = store.batches.claim(batch.batch_id, "a", most=1, caps=[daily], at=NOON, lease_until=LEASE)
        begun = store.batches.begin(one, "a", f"req_{name}", need=80, caps=[daily], at=NOON)
        assert isinstance(begun, BatchCompany)


def test_a_batch_is_made_of_companies_the_store_has(store: SqlStore) -> None:
    with pytest.raises(StoreError, match="no company com_1"):
        store.batches.create(Batch("bat_1", NOON, ("profile",), "ana"), ["com_1"])
    assert store.batches.by_id("bat_1") is None
    empty = store.batches.create(Batch("bat_2", NOON, ("profile",), "ana"), [])
    summary = store.batches.summary(empty.batch_id)
    assert summary is not None
    assert (summary.batch.state, summary.total) == ("done", 0)


def test_a_batch_that_is_there_takes_further_companies_after_its_own_and_stays_as_it_was(store: SqlStore) -> None:
    store.companies.add([company(f"{name}.com", f"com_{name}") for name in "abc"])
    asked = Batch("bat_1", NOON, ("profile",), "ana", max_cost=5)
    assert store.batches.join(asked, ["com_b"]) == asked
    [first] = claim(store, asked)
    store.batches.finish(begin(store, asked, first, 1), BatchEnd("complete", 1), at=NOON)
    assert store.batches.end_if_done("bat_1", [asked.budget])

    joined = store.batches.join(replace(asked, max_cost=100), ["com_c", "com_b", "com_a"])

    assert joined == asked
    in_order = [(one.company_id, one.state) for one in store.batches.companies("bat_1")]
    assert in_order == [("com_b", "complete"), ("com_c", "waiting"), ("com_a", "waiting")]


def test_where_the_disk_is_almost_full_nothing_is_claimed_and_the_sentence_states_what_to_do(store: SqlStore) -> None:
    batch = batch_of(store, 3)
    left = [9_000_000, 10_000_000]
    batches = SqlBatches(store.database, free_bytes=lambda: left.pop(0))
    until = NOON + timedelta(seconds=20)
    says = r"has 9 MB left, .* below 10 MB: free some space, then `enrich batch resume bat_1`"
    with pytest.raises(DiskAlmostFull, match=says):
        batches.claim("bat_1", "a", most=10, caps=[batch.budget], at=NOON, lease_until=until)
    assert len(batches.claim("bat_1", "a", most=10, caps=[batch.budget], at=NOON, lease_until=until)) == 3


def test_no_company_is_claimed_by_two_workers(store: SqlStore) -> None:
    batch = batch_of(store, 40)
    with ThreadPoolExecutor(8) as threads:
        lots = list(threads.map(lambda worker: claim(store, batch, f"w{worker}", 5), range(8)))
    claimed = [one.company_id for lot in lots for one in lot]
    assert len(claimed) == len(set(claimed)) == 40
    assert claim(store, batch, "late") == []


def test_what_is_put_first_is_claimed_before_all_others_unless_it_has_ended(store: SqlStore) -> None:
    batch = batch_of(store, 4)
    first, second, third, fourth = (one.company_id for one in store.batches.companies(batch.batch_id))
    (done,) = claim(store, batch, most=1)
    store.batches.finish(begin(store, batch, done, need=0), BatchEnd("complete"), at=NOON)
    store.batches.put_first(batch.batch_id, [fourth, third, first])
    assert [one.company_id for one in claim(store, batch)] == [fourth, third, second]


def test_what_a_worker_did_not_begin_it_hands_back(store: SqlStore) -> None:
    batch = batch_of(store, 2)
    first, _ = claim(store, batch)
    begin(store, batch, first, 0)
    store.batches.hand_back(batch.batch_id, "a")
    assert [one.company_id for one in claim(store, batch, "b")] == ["com_1"]


def test_a_dead_worker_s_company_is_claimed_when_its_lease_is_over_and_its_request_has_failed(store: SqlStore) -> None:
    batch = batch_of(store, 1)
    (one,) = claim(store, batch)
    begun = begin(store, batch, one, 0)
    bought(store, replace(draft(company_id="com_0"), request_id="req_com_0"), cost=50_000)
    assert claim(store, batch, "b") == []
    (again,) = store.batches.claim(
        batch.batch_id, "b", most=1, caps=[batch.budget], at=LATER, lease_until=LATER + timedelta(seconds=20)
    )
    assert (again.attempt, again.cost, again.reason) == (1, 50_000, "its process ended before the request did")
    assert not store.batches.finish(begun, BatchEnd("complete", 7), at=LATER)


def test_a_lease_that_is_renewed_stays_with_its_worker_and_a_lost_company_is_named(store: SqlStore) -> None:
    batch = batch_of(store, 1)
    (one,) = claim(store, batch)
    begin(store, batch, one, 0)
    renewed = LATER + timedelta(seconds=20)
    assert store.batches.renew(batch.batch_id, "a", ["com_0"], lease_until=renewed) == set()
    assert not store.batches.claim(batch.batch_id, "b", most=1, caps=[], at=LATER, lease_until=renewed)
    after = renewed + timedelta(seconds=1)
    assert store.batches.claim(batch.batch_id, "b", most=1, caps=[], at=after, lease_until=after)
    assert store.batches.renew(batch.batch_id, "a", ["com_0"], lease_until=after) == {"com_0"}


def test_a_budget_has_room_for_what_is_neither_taken_nor_set_aside(store: SqlStore) -> None:
    batch = batch_of(store, 3, max_cost=100)
    first, second, third = claim(store, batch)
    begin(store, batch, first, 60)
    assert store.batches.begin(second, "a", "req_2", need=41, caps=[batch.budget], at=NOON) == CapReached(
        batch.budget.name, 40
    )
    begin(store, batch, second, 40)
    assert store.batches.begin(third, "a", "req_3", need=1, caps=[batch.budget], at=NOON) == CapReached(
        batch.budget.name, 0
    )


def test_eight_threads_give_out_a_budget_once(store: SqlStore) -> None:
    batch = batch_of(store, 20, max_cost=100)
    lot = claim(store, batch, most=20)
    with ThreadPoolExecutor(8) as threads:
        begun = list(
            threads.map(
                lambda one: store.batches.begin(
                    one, "a", f"req_{one.company_id}", need=30, caps=[batch.budget], at=NOON
                ),
                lot,
            )
        )
    assert sum(isinstance(one, BatchCompany) for one in begun) == 3


def test_what_is_postponed_is_claimed_again_when_there_is_room_for_it_and_not_before(store: SqlStore) -> None:
    batch = batch_of(store, 2, max_cost=100)
    first, second = claim(store, batch)
    begun = begin(store, batch, first, 80)
    store.batches.postpone(second, "a", need=30, reason="may need more than this batch leaves")
    assert claim(store, batch) == []
    assert not store.batches.end_if_done(batch.batch_id, [batch.budget])
    assert store.batches.finish(begun, BatchEnd("complete", 20), at=NOON)
    assert [one.company_id for one in claim(store, batch)] == ["com_1"]


def test_what_was_in_vain_is_tried_once_more_after_all_others_and_stays_as_it_was_where_it_does_not_fit(
    store: SqlStore,
) -> None:
    batch = batch_of(store, 2, max_cost=100)
    first, second = claim(store, batch)
    lacking = BatchEnd("incomplete", 60, "no headcount")
    assert store.batches.finish(begin(store, batch, first, 60), lacking, at=NOON)
    store.batches.postpone(second, "a", need=150, reason="may need more than this batch leaves")
    assert store.batches.end_if_done(batch.batch_id, [batch.budget])
    assert store.batches.reopen(batch.batch_id, "postponed", "incomplete") == 2
    again = claim(store, batch)
    assert [one.company_id for one in again] == ["com_1", "com_0"]
    for one in again:
        store.batches.postpone(one, "a", need=150, reason="may need more than this batch leaves")
    assert store.batches.end_if_done(batch.batch_id, [batch.budget])
    summary = store.batches.summary(batch.batch_id)
    assert summary is not None
    assert summary.companies == {"incomplete": 1, "postponed": 1}
    rows = {one.company_id: one for one in store.batches.companies(batch.batch_id)}
    assert (rows["com_0"].cost, rows["com_0"].reason) == (60, "no headcount")
    assert rows["com_1"].cost == 0


def test_what_was_begun_and_paid_for_is_not_postponed_but_stopped_where_the_rest_does_not_fit(store: SqlStore) -> None:
    batch = batch_of(store, 1, max_cost=100)
    (one,) = claim(store, batch)
    store.batches.finish(begin(store, batch, one, 60), BatchEnd("waiting", 60, "waits"), at=NOON)
    (again,) = claim(store, batch)
    store.batches.postpone(again, "a", need=150, reason="may need more than this batch leaves")
    assert store.batches.end_if_done(batch.batch_id, [batch.budget])
    (row,) = store.batches.companies(batch.batch_id)
    said = "it was begun, and what is left may need more than this batch leaves"
    assert (row.state, row.cost, row.reason) == ("stopped", 60, said)


def test_what_is_begun_once_more_ends_as_that_attempt_does(store: SqlStore) -> None:
    batch = batch_of(store, 1)
    (one,) = claim(store, batch)
    store.batches.finish(begin(store, batch, one, 0), BatchEnd("incomplete", 0, "no headcount"), at=NOON)
    store.batches.reopen(batch.batch_id, "incomplete")
    (again,) = claim(store, batch)
    store.batches.finish(begin(store, batch, again, 0), BatchEnd("stopped", 0, "stopped"), at=NOON)
    store.batches.reopen(batch.batch_id, "stopped")
    (third,) = claim(store, batch)
    store.batches.postpone(third, "a", need=50, reason="may need more than this batch leaves")
    assert store.batches.end_if_done(batch.batch_id, [Cap("batch:x", 0)])
    assert [row.state for row in store.batches.companies(batch.batch_id)] == ["postponed"]


def test_a_postponed_company_that_a_days_cap_has_no_room_for_is_not_claimed_again_and_again(store: SqlStore) -> None:
    batch, day = batch_of(store, 1), Cap("day:2026-03-02", 100)
    (one,) = claim(store, batch)
    store.batches.postpone(one, "a", need=101, reason="may need more than today's cap on everything leaves")
    assert not store.batches.claim(batch.batch_id, "a", most=1, caps=[batch.budget, day], at=NOON, lease_until=LEASE)
    assert store.batches.end_if_done(batch.batch_id, [batch.budget, day])


def test_a_batch_is_done_when_none_of_its_companies_waits_or_is_under_way(store: SqlStore) -> None:
    batch = batch_of(store, 2)
    first, second = claim(store, batch)
    store.batches.finish(begin(store, batch, first, 0), BatchEnd("complete", 3), at=NOON)
    begun = begin(store, batch, second, 0)
    assert not store.batches.end_if_done(batch.batch_id, [])
    store.batches.finish(begun, BatchEnd("incomplete", 4, "no headcount"), at=LATER)
    assert store.batches.end_if_done(batch.batch_id, [])
    summary = store.batches.summary(batch.batch_id)
    assert summary is not None
    assert (summary.batch.state, summary.companies) == ("done", {"complete": 1, "incomplete": 1})
    assert (summary.first_end, summary.last_end, summary.reasons) == (NOON, LATER, (("no headcount", 1),))
    assert (summary.recent, summary.at_work) == (((LATER, LATER), (NOON, NOON)), ())


def test_nothing_of_a_stopped_batch_is_claimed_until_it_is_opened_again(store: SqlStore) -> None:
    batch = batch_of(store, 2)
    one, _ = claim(store, batch)
    store.batches.finish(begin(store, batch, one, 0), BatchEnd("stopped", 5, "stopped"), at=NOON)
    store.batches.hand_back(batch.batch_id, "a")
    assert store.batches.stop(batch.batch_id)
    assert claim(store, batch) == []
    assert store.batches.reopen(batch.batch_id, "stopped", "postponed", max_cost=900) == 1
    opened = store.batches.by_id(batch.batch_id)
    assert opened is not None
    assert (opened.state, opened.max_cost) == ("open", 900)
    assert [(one.company_id, one.cost) for one in claim(store, batch)] == [("com_0", 5), ("com_1", 0)]


def test_what_resumed_a_batch_works_at_it_until_another_one_resumes_it(store: SqlStore) -> None:
    batch = batch_of(store, 1)
    store.batches.stop(batch.batch_id)
    store.batches.reopen(batch.batch_id, "stopped", by="service:crm")
    assert [one.batch_id for one in store.batches.open_ones("service:")] == [batch.batch_id]
    store.batches.stop(batch.batch_id)
    store.batches.reopen(batch.batch_id, "stopped")
    assert store.batches.open_ones("service:") == []


def test_a_request_that_an_error_ended_has_failed_at_the_cost_of_its_purchases(store: SqlStore) -> None:
    batch = batch_of(store, 1)
    (one,) = claim(store, batch)
    begun = begin(store, batch, one, 0)
    bought(store, replace(draft(company_id="com_0"), request_id="req_com_0"), cost=50_000)
    store.batches.finish(begun, BatchEnd("failed", reason="an unexpected error"), at=NOON)
    assert [(one.state, one.cost) for one in store.batches.companies(batch.batch_id)] == [("failed", 50_000)]

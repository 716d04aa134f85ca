"""Outages with one probe, and suspended sources; the same for all processes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from enrichment.domain.purchases import Outage, Purchase, Suspension
from enrichment.ports import Breaker, CapReached, Reserved, Unavailable
from resources.store import SqlStore
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, LEASE, MANY, answered, caps, draft, reply_of, reserved, sent

BREAKER = Breaker(failures=3, first_seconds=30, longest_seconds=100, exhausted_seconds=900)
FIRST = timedelta(seconds=30)


def fails(store: SqlStore, times: int = 1, *, at: datetime = NOON, exhausted: bool = False) -> None:
    for _ in range(times):
        store.provider_health.record_failure(
            "serpapi", BREAKER, exhausted=exhausted, because="It does not answer.", at=at
        )


def out_until(store: SqlStore, *, at: datetime = NOON) -> datetime | None:
    outages, _ = store.provider_health.unavailable(at)
    return outages["serpapi"].until if "serpapi" in outages else None


def probe(store: SqlStore, *, at: datetime, variant: str = "probe") -> Purchase:
    return sent(store, draft(variant=variant, at=at))


# outages


def test_no_outage_begins_before_enough_failures_in_a_row(store: SqlStore) -> None:
    fails(store, 2)
    assert store.provider_health.unavailable(NOON) == ({}, {})
    reserved(store, draft())


def test_after_enough_failures_an_outage_begins(store: SqlStore) -> None:
    fails(store, 3)
    outage = Outage("serpapi", "down", "It does not answer.", NOON + FIRST)
    assert store.provider_health.unavailable(NOON) == ({"serpapi": outage}, {})
    assert store.ledger.reserve(draft(), caps(1_000_000), at_once=MANY) == Unavailable(outage)
    assert store.ledger.purchases("req_1") == []
    reserved(store, replace(draft(), provider="apollo"))


def test_failures_decide_nothing_while_as_many_calls_may_still_be_answered(store: SqlStore) -> None:
    """Of ten calls at once a few fail, and fail first: that is no outage."""
    made = [sent(store, draft(variant=f"call {number}")) for number in range(5)]
    reserved(store, draft(variant="not sent yet"))
    fails(store, 4)
    assert store.provider_health.unavailable(NOON) == ({}, {})
    fails(store)
    assert out_until(store) == NOON + FIRST
    store.ledger.settle(answered(made[0]), reply=reply_of(made[0]), facts=())
    assert store.provider_health.unavailable(NOON) == ({}, {})


def test_calls_with_an_expired_lease_are_not_waited_for(store: SqlStore) -> None:
    lost = sent(store, draft())
    sent(store, draft(variant="another"))
    late = lost.lease_until
    fails(store, 3, at=late)
    assert out_until(store, at=late) == late + FIRST


def test_an_answer_ends_the_row_of_failures(store: SqlStore) -> None:
    made = sent(store, draft())
    fails(store, 2)
    store.ledger.settle(answered(made), reply=reply_of(made), facts=())
    fails(store, 2)
    assert store.provider_health.unavailable(NOON) == ({}, {})


def test_an_answer_ends_its_own_providers_row_alone(store: SqlStore) -> None:
    """Of three providers that failed, in any order of the table."""
    for vendor in ("apollo", "serpapi", "snov"):
        store.provider_health.record_failure(vendor, BREAKER, exhausted=False, because="-", at=NOON)
        store.provider_health.record_failure(vendor, BREAKER, exhausted=False, because="-", at=NOON)
    for vendor in ("apollo", "serpapi"):
        made = sent(store, replace(draft(), provider=vendor, company_id=f"com_{vendor}"))
        store.ledger.settle(answered(made), reply=reply_of(made), facts=())
    for vendor in ("apollo", "serpapi", "snov"):
        store.provider_health.record_failure(vendor, BREAKER, exhausted=False, because="-", at=NOON)
    outages, _ = store.provider_health.unavailable(NOON)
    assert set(outages) == {"snov"}


def test_a_probe_that_ends_is_no_longer_the_probe_though_others_are_in_order(store: SqlStore) -> None:
    store.provider_health.record_failure("apollo", BREAKER, exhausted=False, because="-", at=NOON)
    store.provider_health.record_answer("apollo")
    fails(store, 3)
    made = probe(store, at=NOON + FIRST)
    store.ledger.release(made, at=NOON + FIRST, reason="nothing was learned")
    probe(store, at=NOON + FIRST, variant="the next one")


def test_what_was_billed_without_an_answer_ends_no_row(store: SqlStore) -> None:
    made = sent(store, draft())
    fails(store, 2)
    store.ledger.settle(answered(made), reply=None, facts=())
    fails(store, 1)
    assert out_until(store) == NOON + FIRST


def test_a_plan_that_is_used_up_bars_its_provider_at_once(store: SqlStore) -> None:
    fails(store, exhausted=True)
    [outage] = store.provider_health.unavailable(NOON)[0].values()
    assert (outage.kind, outage.until) == ("exhausted", NOON + timedelta(seconds=900))
    fails(store, 5)  # which were under way
    assert store.provider_health.unavailable(NOON)[0] == {"serpapi": outage}


def test_what_was_under_way_when_it_went_out_makes_it_no_longer(store: SqlStore) -> None:
    fails(store, 20)
    assert out_until(store) == NOON + FIRST


def test_when_its_time_is_over_one_probe_is_let_through(store: SqlStore) -> None:
    fails(store, 3)
    due = NOON + FIRST
    assert store.provider_health.unavailable(due) == ({}, {})
    first = probe(store, at=due)
    second = store.ledger.reserve(draft(at=due), caps(1_000_000), at_once=MANY)
    assert second == Unavailable(Outage("serpapi", "down", "It does not answer.", first.lease_until))
    assert out_until(store, at=due) == first.lease_until


def test_a_probe_that_is_answered_ends_the_outage(store: SqlStore) -> None:
    fails(store, 3)
    made = probe(store, at=NOON + FIRST)
    store.ledger.settle(answered(made), reply=reply_of(made), facts=())
    assert store.provider_health.unavailable(NOON) == ({}, {})
    reserved(store, draft(at=NOON + FIRST))


def test_each_probe_that_fails_doubles_the_time_up_to_the_longest(store: SqlStore) -> None:
    fails(store, 3)
    at, waits = NOON + FIRST, []
    for number in range(3):
        made = probe(store, at=at, variant=str(number))
        store.ledger.mark_uncertain(made, at=at, reason="timeout")
        fails(store, at=at)
        until = out_until(store, at=at)
        assert until is not None
        waits.append((until - at).total_seconds())
        at = until
    assert waits == [60, 100, 100]


def test_after_it_was_well_again_the_times_begin_anew(store: SqlStore) -> None:
    fails(store, 3)
    probe(store, at=NOON + FIRST)
    fails(store, at=NOON + FIRST)
    store.provider_health.record_answer("serpapi")
    fails(store, 3, at=LATER)
    assert out_until(store, at=LATER) == LATER + FIRST


def test_a_probe_that_died_is_followed_by_another_once_its_lease_is_over(store: SqlStore) -> None:
    fails(store, 3)
    dead = probe(store, at=NOON + FIRST)
    assert isinstance(store.ledger.reserve(draft(at=NOON + LEASE), caps(1_000_000), at_once=MANY), Unavailable)
    probe(store, at=dead.lease_until, variant="next")


def test_a_probe_that_was_never_sent_leaves_the_next_one_its_chance(store: SqlStore) -> None:
    fails(store, 3)
    unsent = reserved(store, draft(at=NOON + FIRST))
    store.ledger.release(unsent, at=NOON + FIRST, reason="another process has just bought it")
    probe(store, at=NOON + FIRST, variant="next")


def billed_for_nothing(store: SqlStore, made: Purchase, at: datetime) -> None:
    store.ledger.settle(replace(answered(made, at=at), outcome="failed"), reply=None, facts=())


@pytest.mark.parametrize(
    "end",
    [
        lambda store, made, at: store.ledger.release(made, at=at, reason="it asks us to be slower"),
        lambda store, made, at: store.ledger.mark_uncertain(made, at=at, reason="its answer was not understood"),
        billed_for_nothing,
    ],
    ids=["refused", "uncertain", "billed for nothing"],
)
def test_a_probe_that_ended_without_a_verdict_leaves_the_next_one_its_chance(
    store: SqlStore, end: Callable[[SqlStore, Purchase, datetime], None]
) -> None:
    fails(store, 3)
    end(store, probe(store, at=NOON + FIRST), NOON + FIRST)
    probe(store, at=NOON + FIRST, variant="next")


def test_a_purchase_refused_by_a_cap_is_no_probe(store: SqlStore) -> None:
    fails(store, 3)
    due = NOON + FIRST
    assert isinstance(store.ledger.reserve(draft(at=due), caps(10), at_once=MANY), CapReached)
    probe(store, at=due)


def test_a_job_may_be_resumed_as_the_probe(store: SqlStore) -> None:
    made = sent(store, draft())
    store.ledger.keep_handle(made, "snapshot_9", lease_until=NOON)
    fails(store, 3)
    assert isinstance(store.ledger.reserve(draft(at=NOON), caps(1_000_000), at_once=MANY), Unavailable)
    outcome = store.ledger.reserve(draft(at=NOON + FIRST), caps(1_000_000), at_once=MANY)
    assert isinstance(outcome, Reserved)
    assert outcome.purchase.purchase_id == made.purchase_id
    assert out_until(store, at=NOON + FIRST) == outcome.purchase.lease_until


def test_of_many_threads_one_becomes_the_probe(store: SqlStore) -> None:
    fails(store, 3)
    made = [draft(variant=str(number), at=NOON + FIRST) for number in range(24)]
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda one: store.ledger.reserve(one, caps(10_000_000), at_once=MANY), made))
    assert sum(isinstance(outcome, Reserved) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Unavailable) for outcome in outcomes) == 23


def test_failures_that_threads_report_at_once_are_all_counted(store: SqlStore) -> None:
    patient = replace(BREAKER, failures=40)
    with ThreadPoolExecutor(8) as threads:
        list(
            threads.map(
                lambda _: store.provider_health.record_failure(
                    "serpapi", patient, exhausted=False, because="-", at=NOON
                ),
                range(39),
            )
        )
    assert store.provider_health.unavailable(NOON) == ({}, {})
    store.provider_health.record_failure("serpapi", patient, exhausted=False, because="-", at=NOON)
    assert out_until(store) == NOON + FIRST


def test_an_outage_is_forgotten_by_hand(store: SqlStore) -> None:
    fails(store, exhausted=True)
    assert store.provider_health.forget_outage("serpapi")
    assert store.provider_health.unavailable(NOON) == ({}, {})
    assert not store.provider_health.forget_outage("serpapi")
    assert not store.provider_health.forget_outage("unknown")


def test_a_vendor_that_asked_us_to_slow_down_is_not_out(store: SqlStore) -> None:
    store.rate_limit_log.pause("serpapi", LATER)
    assert store.provider_health.unavailable(NOON) == ({}, {})
    fails(store, 3)
    store.provider_health.record_answer("serpapi")
    assert store.rate_limit_log.paused_until("serpapi") == LATER


# suspended sources


@pytest.fixture
def suspended(store: SqlStore) -> Suspension:
    made = sent(store, draft())
    store.ledger.settle(
        answered(made, cost=80_000, at=LATER), reply=reply_of(made), facts=(), suspend="billed 2 searches"
    )
    return Suspension("serp_news", made.purchase_id, "billed 2 searches", LATER)


def test_a_source_that_billed_too_much_is_not_asked_any_more(store: SqlStore, suspended: Suspension) -> None:
    assert store.ledger.reserve(draft(at=LATER), caps(1_000_000), at_once=MANY) == Unavailable(suspended)
    assert store.provider_health.unavailable(NOON) == ({}, {"serp_news": suspended})
    assert store.provider_health.suspensions() == [suspended]
    reserved(store, draft("serp_jobs"))


def test_its_bill_is_booked_in_full(store: SqlStore, suspended: Suspension) -> None:
    assert store.ledger.spent(["day:2026-03-02"]) == {"day:2026-03-02": 80_000}
    assert store.ledger_queries.totals().cost_micro_usd == 80_000


def test_the_first_reason_stays_until_the_suspension_is_lifted(store: SqlStore) -> None:
    first, second = sent(store, draft(variant="a")), sent(store, draft(variant="b"))
    store.ledger.settle(answered(first), reply=None, facts=(), suspend="billed 2 searches")
    store.ledger.settle(answered(second), reply=None, facts=(), suspend="billed 3 searches")
    assert [one.because for one in store.provider_health.suspensions()] == ["billed 2 searches"]
    assert store.provider_health.lift_suspension("serp_news")
    assert store.provider_health.suspensions() == []
    assert not store.provider_health.lift_suspension("serp_news")
    reserved(store, draft(variant="c"))


def test_a_settlement_that_cannot_be_written_suspends_nothing(store: SqlStore) -> None:
    made = sent(store, draft())
    store.ledger.release(made, at=NOON, reason="refused")
    with pytest.raises(Exception, match="is released"):
        store.ledger.settle(answered(made), reply=None, facts=(), suspend="billed 2 searches")
    assert store.provider_health.suspensions() == []

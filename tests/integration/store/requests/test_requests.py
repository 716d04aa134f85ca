"""Requests of processes that are gone end as failed; what a request cost is what its purchases cost."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from enrichment.context.run_context import RunContext
from enrichment.domain.requests import Request
from enrichment.ports import REQUEST_LEASE, StoreError
from resources.store import SqlStore
from resources.store import tables as t
from resources.store.requests.requests import SILENT
from tests.support.eventually import eventually
from tests.support.examples import NOON
from tests.support.ledger_records import answered, bought, company, draft, reply_of, sent

OVER = NOON + REQUEST_LEASE
ASKED = Request("req_1", "com_1", "profile", None, "enhanced", "rules", NOON, asked_by="cli")
DONE = replace(ASKED, state="complete", finished_at=OVER + timedelta(hours=1))


@pytest.fixture
def opened(store: SqlStore) -> SqlStore:
    store.companies.add([company()])
    store.requests.open(ASKED)
    return store


def now_of(store: SqlStore) -> tuple[str, int, str | None]:
    request = store.requests.by_id("req_1")
    assert request is not None
    return request.state, request.cost_micro_usd, request.error


def lease(store: SqlStore) -> object:
    with store.database.reading() as tx:
        return tx.scalar(sa.select(t.requests.c.lease_until))


def test_a_request_that_no_process_renews_ends_as_failed_at_the_cost_of_its_purchases(opened: SqlStore) -> None:
    bought(opened, draft(price=50_000))
    assert opened.requests.end_silent(OVER - timedelta(seconds=1)) == 0
    assert now_of(opened) == ("running", 0, None)
    assert opened.requests.end_silent(OVER) == 1
    assert now_of(opened) == ("failed", 50_000, SILENT)
    assert opened.requests.end_silent(OVER) == 0


def test_what_its_purchase_costs_later_is_added(opened: SqlStore) -> None:
    late = sent(opened, draft(price=50_000))
    opened.requests.end_silent(OVER)
    assert now_of(opened) == ("failed", 0, SILENT)
    opened.ledger.settle(answered(late, cost=40_000), reply=reply_of(late), facts=())
    assert now_of(opened) == ("failed", 40_000, SILENT)


def test_a_request_that_its_process_renews_stays_under_way(opened: SqlStore) -> None:
    opened.requests.renew(["req_1"], lease_until=OVER + REQUEST_LEASE)
    assert opened.requests.end_silent(OVER) == 0
    assert opened.requests.end_silent(OVER + REQUEST_LEASE) == 1


def test_a_process_that_was_only_slow_ends_its_request_as_it_found_it(opened: SqlStore) -> None:
    bought(opened, draft(price=50_000))
    opened.requests.end_silent(OVER)
    opened.requests.renew(["req_1"], lease_until=OVER + REQUEST_LEASE)
    assert now_of(opened) == ("failed", 50_000, SILENT)
    opened.requests.close(replace(DONE, cost_micro_usd=50_000), profiles=(), reads=())
    assert now_of(opened) == ("complete", 50_000, None)
    with pytest.raises(StoreError):
        opened.requests.close(DONE, profiles=(), reads=())


def test_a_request_that_was_given_up_for_another_one_is_not_closed(opened: SqlStore) -> None:
    opened.requests.end_silent(OVER)
    opened.requests.give_up("req_1", at=OVER, reason="another worker began the company anew")
    with pytest.raises(StoreError, match="ask anew"):
        opened.requests.close(DONE, profiles=(), reads=())
    assert now_of(opened) == ("failed", 0, "another worker began the company anew")


def test_a_request_costs_what_its_purchases_cost_whichever_process_settled_them(opened: SqlStore) -> None:
    bought(opened, draft(price=50_000))
    resumed = sent(opened, draft("serp_jobs", price=30_000))
    opened.ledger.mark_uncertain(resumed, at=NOON, reason="no answer in time")
    opened.ledger.reconcile(resumed.purchase_id, units={"search": 1}, cost_micro_usd=30_000, at=NOON)
    opened.requests.close(replace(DONE, cost_micro_usd=50_000), profiles=(), reads=())
    assert now_of(opened) == ("complete", 80_000, None)


def test_what_is_uncertain_at_its_end_is_added_when_it_is_settled(opened: SqlStore) -> None:
    uncertain = sent(opened, draft(price=50_000))
    opened.ledger.mark_uncertain(uncertain, at=NOON, reason="no answer in time")
    opened.requests.close(DONE, profiles=(), reads=())
    assert now_of(opened) == ("complete", 0, None)
    opened.ledger.reconcile(uncertain.purchase_id, units=None, cost_micro_usd=0, at=OVER)
    assert now_of(opened) == ("complete", 50_000, None)


def test_a_process_renews_what_it_has_under_way_and_ends_what_others_left(opened: SqlStore) -> None:
    opened.requests.open(replace(ASKED, request_id="req_2"))
    context = RunContext(opened, {}, model=None, now=lambda: OVER)

    async def alive() -> None:
        async with context.trace("req_2"):
            beating = asyncio.create_task(context.keep_alive(every=0.01))
            ended = lambda: now_of(opened)[0] == "failed"  # noqa: E731
            await asyncio.to_thread(eventually, ended, "the request of another process ends")
            beating.cancel()

    asyncio.run(alive())
    other = opened.requests.by_id("req_2")
    assert other is not None
    assert other.state == "running"

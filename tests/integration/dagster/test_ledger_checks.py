"""Which request paid, which benefits: the published books reconcile; each way in which they may not is named."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from enrichment.domain.ids import new_id
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import CacheRead, Request
from enrichment_assets.ledger_checks import who_paid_differences
from resources.store import SqlStore
from resources.store import tables as t
from tests.support.examples import NOON
from tests.support.new_stores import new_store
from tests.support.new_warehouses import new_warehouse
from tests.support.warehouse_story import HOUR, NEWS, PROFILE, bought, company, profiled, refused, request

SECOND = timedelta(seconds=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = new_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def paid(store: SqlStore) -> tuple[Request, Purchase]:
    """A request that bought, and one of what it bought; another consumer has used both since."""
    acme = company(store, "acme.com")
    profile, purchases = profiled(store, acme, "vendor_enrichment", buys=PROFILE)
    profiled(store, acme, "profile", buys={}, reads=purchases, at=NOON + HOUR)
    first = store.requests.by_id(profile.request_id)
    assert first is not None
    return first, purchases[0]


def found(store: SqlStore, tmp_path: Path) -> list[tuple[str, str]]:
    warehouse = new_warehouse(tmp_path / "enrichment.duckdb")
    warehouse.build(store)
    return who_paid_differences(warehouse)


def closed(store: SqlStore, asked: Request, *reads: CacheRead, saved: int = 0) -> None:
    done = replace(asked, state="complete", finished_at=asked.asked_at, saved_micro_usd=saved)
    store.requests.close(done, profiles=[], reads=reads)


def booked_at(store: SqlStore, asked: Request, cost: int) -> None:
    """By hand: the store adds up what the request's purchases cost."""
    change = sa.update(t.requests).where(t.requests.c.request_id == asked.request_id).values(cost_micro_usd=cost)
    store.database.write(lambda tx: tx.execute(change))


def another(store: SqlStore, like: Request) -> Request:
    asked = replace(like, request_id=new_id("req"), state="running", finished_at=None, asked_at=NOON + 2 * HOUR)
    store.requests.open(asked)
    return asked


def test_books_that_are_right_have_no_differences(
    store: SqlStore, tmp_path: Path, paid: tuple[Request, Purchase]
) -> None:
    refused(store, request(store, company(store, "bolt.io")), "serp_news", uncertain=True)
    bought(store, request(store, company(store, "bolt.io")), "serp_jobs", {})
    assert found(store, tmp_path) == []


def test_what_was_settled_after_its_request_had_ended_is_no_difference(
    store: SqlStore, tmp_path: Path, paid: tuple[Request, Purchase]
) -> None:
    asked = another(store, paid[0])
    refused(store, asked, "serp_news", uncertain=True, at=asked.asked_at)
    closed(store, asked)
    [unsure] = store.ledger_queries.uncertain()
    store.ledger.reconcile(unsure.purchase_id, units=None, cost_micro_usd=0, at=NOON + 3 * HOUR)
    assert found(store, tmp_path) == []


def test_a_purchase_of_no_request_is_named(store: SqlStore, tmp_path: Path, paid: tuple[Request, Purchase]) -> None:
    lost = bought(store, replace(paid[0], request_id="req_gone"), "serp_news", NEWS)
    differences = dict(found(store, tmp_path))
    assert differences[lost.purchase_id] == "is settled, and booked to no request we know"
    assert differences["all requests"] == "cost 0.100000 USD, and first payers paid 0.150000"


def test_a_purchase_that_names_no_request_or_another_one_is_named(
    store: SqlStore, tmp_path: Path, paid: tuple[Request, Purchase]
) -> None:
    asked = another(store, paid[0])
    stranger = bought(store, replace(asked, consumer="profile", strategy=""), "serp_news", NEWS)
    differences = found(store, tmp_path)
    assert (stranger.purchase_id, "is settled, and names no consumer or no strategy") in differences
    other = "names another consumer or strategy than its request: vendor_enrichment, priority"
    assert (stranger.purchase_id, other) in differences


def test_a_read_of_nothing_for_no_request_or_of_ones_own_is_named(
    store: SqlStore, tmp_path: Path, paid: tuple[Request, Purchase]
) -> None:
    asked, (first, purchase) = another(store, paid[0]), paid
    own = bought(store, asked, "serp_news", NEWS, at=asked.asked_at)
    reads = [
        CacheRead(asked.request_id, "pur_gone", "serp_jobs", "reply", 1_000, NOON),
        CacheRead(asked.request_id, own.purchase_id, "serp_news", "reply", 2_000, NOON),
        CacheRead("req_gone", purchase.purchase_id, purchase.source, "reply", 3_000, NOON),
    ]
    closed(store, asked, *reads, saved=3_000)
    whys = [why for _, why in found(store, tmp_path)]
    assert "used pur_gone, which is no purchase we know" in whys
    assert f"saves a request what it paid itself: {own.purchase_id}" in whys
    assert "is booked to req_gone, which is no request we know" in whys
    assert first.request_id != "req_gone"


@pytest.mark.parametrize(
    ("cost", "saved", "why"),
    [
        (60_000, 0, "was booked 0.060000 USD, its purchases cost 0.050000"),
        (40_000, 0, "was booked 0.040000 USD, its purchases cost 0.050000, none of them later"),
        (50_000, 10_000, "saved 0.010000 USD, its reads 0"),
    ],
)
def test_a_request_unlike_what_it_bought_and_read_is_named(
    store: SqlStore, tmp_path: Path, paid: tuple[Request, Purchase], cost: int, saved: int, why: str
) -> None:
    asked = another(store, paid[0])
    bought(store, asked, "serp_news", NEWS, at=asked.asked_at - SECOND)
    closed(store, asked, saved=saved)
    booked_at(store, asked, cost)
    assert (asked.request_id, why) in [(what, sentence[: len(why)]) for what, sentence in found(store, tmp_path)]

"""The database under the store: transactions of many threads, a disk that is full, power that may fail, connections."""

import errno
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from enrichment.domain.purchases import Purchase
from enrichment.ports import PurchaseClosed, StoreError
from resources.store import SqlStore, open_store
from resources.store import tables as t
from resources.store.database import error_messages
from resources.store.database.database import Database
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import NOON
from tests.support.ledger_records import MANY, answered, caps, draft, facts_of, reply_of, reserved, sent
from tests.support.waiting_threads import all_queued

DAY = "day:2026-03-02"


def settle(store: SqlStore, made: Purchase) -> None:
    reply = reply_of(made)
    store.ledger.settle(answered(made, cost=20_000), reply=reply, facts=facts_of(reply, "Machinery"))


def test_what_threads_settle_together_has_one_number_and_is_all_there(store: SqlStore) -> None:
    made = [sent(store, draft(variant=str(number))) for number in range(5)]
    with all_queued(store.database._commit_queue, [partial(settle, store, one) for one in made]) as waiting:
        pass
    for one in waiting:
        one.result(PATIENCE_SECONDS)
    with store.changes() as (tx, _):
        assert len(set(tx.scalars(sa.select(t.purchases.c.changed)))) == 1
    assert {one.state for one in store.ledger.purchases("req_1")} == {"settled"}
    assert store.ledger_queries.totals().replies == 5
    assert store.ledger.spent([DAY]) == {DAY: 100_000}


def test_a_settlement_that_comes_too_late_takes_no_other_with_it(store: SqlStore) -> None:
    late, *others = [sent(store, draft(variant=str(number))) for number in range(4)]
    store.ledger.release(late, at=NOON, reason="refused")
    in_order = [others[0], late, *others[1:]]
    with all_queued(store.database._commit_queue, [partial(settle, store, one) for one in in_order]) as waiting:
        pass
    with pytest.raises(PurchaseClosed, match=late.purchase_id):
        waiting[1].result(PATIENCE_SECONDS)
    for one in (waiting[0], *waiting[2:]):
        one.result(PATIENCE_SECONDS)
    assert store.ledger_queries.totals().replies == 3
    assert store.ledger.spent([DAY]) == {DAY: 60_000}


def test_a_cap_that_is_reached_stops_later_purchases_and_none_before(store: SqlStore) -> None:
    made = [draft(variant=str(number), price=40_000) for number in range(4)]
    reserving = [partial(store.ledger.reserve, one, caps(100_000), at_once=MANY) for one in made]
    with all_queued(store.database._commit_queue, reserving) as waiting:
        pass
    outcomes = [type(one.result(PATIENCE_SECONDS)).__name__ for one in waiting]
    assert outcomes == ["Reserved", "Reserved", "CapReached", "CapReached"]
    assert store.ledger.spent([DAY]) == {DAY: 80_000}


# a disk that is full


@contextmanager
def a_disk_of(pages: int) -> Iterator[None]:
    """For SQLite connections made meanwhile: it can grow to no more pages than these."""

    def limit(connection: Any, record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    sa.event.listen(sa.Pool, "connect", limit)
    try:
        yield
    finally:
        sa.event.remove(sa.Pool, "connect", limit)


def buy_for_ever(store: SqlStore) -> None:
    for number in count():
        made = sent(store, draft(variant=str(number), price=1_000))
        reply = reply_of(made, payload={"search": {"noise": [number * 7919 + n * n for n in range(400)]}})
        store.ledger.settle(answered(made, cost=1_000), reply=reply, facts=facts_of(reply, "Machinery"))


def test_on_a_full_disk_nothing_is_settled_without_its_reply_and_the_sentence_states_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.sqlite"
    open_store(url, world="sandbox").close()
    with a_disk_of((tmp_path / "store.sqlite").stat().st_size // 4096 + 12):
        cramped = open_store(url, world="sandbox")
        with pytest.raises(StoreError, match="is full: free some space, then ask again"):
            buy_for_ever(cramped)
        cramped.close()
    store = open_store(url, world="sandbox")
    settled = [one.purchase_id for one in store.ledger.purchases("req_1") if one.state == "settled"]
    with store.changes() as (tx, _):
        assert sorted(tx.scalars(sa.select(t.replies.c.purchase_id))) == sorted(settled)
    assert store.ledger.spent([DAY]) == {DAY: 1_000 * len(store.ledger.purchases("req_1"))}
    for one in store.ledger.purchases("req_1"):
        if one.state == "sent":
            settle(store, one)  # with free disk space, it can be
    store.close()


# locks of others


def test_a_lock_file_that_cannot_be_one_is_named_in_one_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.sqlite"
    open_store(url, world="sandbox").close()
    (tmp_path / "store.sqlite.lock").unlink()
    (tmp_path / "store.sqlite.lock").mkdir()
    store = open_store(url, world="sandbox")
    with pytest.raises(StoreError, match=r"^The store .* cannot be locked \(Is a directory\): check its folder"):
        reserved(store, draft())
    assert store.ledger.purchases("req_1") == []
    store.close()


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (None, "has been locked for 30 s: end whatever writes to it"),
        (PermissionError(errno.EACCES, "Permission denied"), "make it and its folder writable"),
        (OSError(errno.EROFS, "Read-only file system"), "make it and its folder writable"),
        (OSError(errno.ENOSPC, "No space left on device"), "free some space"),
    ],
)
def test_a_lock_that_cannot_be_had_states_what_to_do(error: OSError | None, advice: str) -> None:
    assert advice in error_messages.of_lock(error, place="store.sqlite", seconds=30)


def test_a_transaction_that_waited_too_long_on_postgres_states_what_to_do(postgres_url: str) -> None:
    database = Database(postgres_url)

    def wait_a_moment(tx: sa.Connection) -> None:
        tx.exec_driver_sql("SET LOCAL lock_timeout = '10ms'")
        database.alone(tx)

    with database.making(), pytest.raises(StoreError, match="has been locked for 30 s: end whatever writes to it"):
        database.write(wait_a_moment)
    database.close()


# power that may fail


def test_what_is_fleeting_does_not_wait_for_the_disk_and_what_is_money_does(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.sqlite"
    open_store(url, world="sandbox").close()
    database = Database(url)
    with database.fleeting() as tx:
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    assert database.ledger(lambda tx: tx.exec_driver_sql("PRAGMA synchronous").scalar()) == 2
    with database.writing() as tx:
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    database.close()


def test_what_is_fleeting_on_postgres_leaves_other_transactions_as_they_are(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.fleeting() as tx:
        assert tx.exec_driver_sql("SHOW synchronous_commit").scalar() == "off"
    assert database.ledger(lambda tx: tx.exec_driver_sql("SHOW synchronous_commit").scalar()) == "on"
    with database.writing() as tx:
        assert tx.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    database.close()


def test_what_is_fleeting_is_written_or_not_as_a_whole(store: SqlStore) -> None:
    def call(provider: str, *, fails: bool) -> None:
        with store.database.fleeting() as tx:
            tx.execute(sa.insert(t.turns).values(provider=provider, at=NOON))
            if fails:
                raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        call("serpapi", fails=True)
    call("apollo", fails=False)
    with store.database.reading() as tx:
        assert tx.scalars(sa.select(t.turns.c.provider)).all() == ["apollo"]


# connections


def test_a_process_of_many_threads_takes_few_connections_of_postgres(postgres_url: str) -> None:
    """A server has a hundred for all of them."""
    store = open_store(postgres_url, world="sandbox")

    def use(number: int) -> int:
        settle(store, sent(store, draft(variant=str(number), price=20_000)))
        return len(store.ledger.purchases("req_1"))

    with ThreadPoolExecutor(25) as threads:
        assert max(threads.map(use, range(50))) == 50
    with psycopg.connect(postgres_url) as beside:
        database = beside.info.dbname
        counted = beside.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (database,)).fetchone()
    assert counted is not None
    assert counted[0] - 1 <= 7
    store.close()


def test_a_store_of_postgres_that_was_away_for_a_moment_is_used_again(postgres_url: str) -> None:
    store = open_store(postgres_url, world="sandbox")
    reserved(store, draft(variant="a"))
    with psycopg.connect(postgres_url, autocommit=True) as beside:
        beside.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )
    reserved(store, draft(variant="b"))
    assert len(store.ledger.purchases("req_1")) == 2
    store.close()

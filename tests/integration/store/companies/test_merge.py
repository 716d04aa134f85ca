"""Two companies prove to be one while requests about either are under way: nothing is lost or bought twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from enrichment.domain.companies import Cause, Company
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import Request
from enrichment.ports import AlreadyClaimed, Reserved
from resources.store import SqlStore, open_store
from resources.store.companies.moves import merge
from resources.store.database.database import Database
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, MANY, answered, caps, company, draft, facts_of, reply_of, reserved, sent

ACME = company("acme.com", "com_1")
NAMED = Company("com_2", "name:acme", "Acme", None, NOON)
DAY = "day:2026-03-02"


@pytest.fixture
def two(store: SqlStore) -> SqlStore:
    store.companies.add([ACME, NAMED])
    return store


def become_one(store: SqlStore) -> None:
    store.companies.rekey("com_2", key="acme.com", name=None, domain="acme.com")


def named() -> Purchase:
    return draft(company_id="com_2")


def test_a_former_id_leads_to_the_company_it_became_and_to_what_is_known_of_it(two: SqlStore) -> None:
    made = sent(two, named())
    reply = reply_of(made)
    two.ledger.settle(answered(made), reply=reply, facts=facts_of(reply, "Anvils"))
    become_one(two)
    assert two.companies.by_id("com_2") == ACME
    assert (
        two.knowledge.known("com_2")
        == two.knowledge.known("com_1")
        == two.knowledge.known_many(["com_1", "com_2"])["com_2"]
    )
    assert [head.reply_id for head in two.knowledge.known("com_2").replies] == [reply.reply_id]
    assert two.knowledge.known("com_2", "serp_news") == two.knowledge.known("com_1")


def test_what_is_being_bought_for_it_is_claimed_under_both_ids(two: SqlStore) -> None:
    made = reserved(two, named())
    become_one(two)
    waits = AlreadyClaimed(made.purchase_id, made.lease_until, None)
    assert two.ledger.reserve(draft(), caps(1_000_000), at_once=MANY) == waits
    assert two.ledger.reserve(named(), caps(1_000_000), at_once=MANY) == waits


def test_a_purchase_begun_under_the_former_id_is_the_companys(two: SqlStore) -> None:
    become_one(two)
    made = reserved(two, named())
    assert made.company_id == "com_1"
    assert isinstance(two.ledger.reserve(draft(), caps(1_000_000), at_once=MANY), AlreadyClaimed)


def test_a_reply_that_comes_after_they_became_one_is_kept_with_the_company(two: SqlStore) -> None:
    made = sent(two, named())
    become_one(two)
    reply = reply_of(made)
    two.ledger.settle(answered(made), reply=reply, facts=facts_of(reply, "Anvils"))
    known = two.knowledge.known("com_1")
    assert [head.reply_id for head in known.replies] == [reply.reply_id]
    assert [fact.company_id for fact in known.facts] == ["com_1"]


def test_where_both_were_being_asked_about_both_purchases_come_to_their_end(two: SqlStore) -> None:
    of_acme, of_named = sent(two, draft()), sent(two, named())
    become_one(two)
    assert two.ledger.reserve(draft(), caps(1_000_000), at_once=MANY) == AlreadyClaimed(
        of_acme.purchase_id, of_acme.lease_until, None
    )
    for made in (of_named, of_acme):
        two.ledger.settle(answered(made), reply=reply_of(made), facts=())
    assert two.ledger.spent([DAY]) == {DAY: 100_000}
    assert isinstance(two.ledger.reserve(draft(at=LATER), caps(1_000_000), at_once=MANY), Reserved)


def test_of_two_being_asked_about_the_one_that_died_is_found_and_ended(two: SqlStore) -> None:
    alive, dead = sent(two, draft()), sent(two, named())
    become_one(two)
    assert [purchase.purchase_id for purchase in two.ledger_queries.uncertain()] == [dead.purchase_id]
    assert not two.ledger.is_claimed(dead.purchase_id)
    assert two.ledger.is_claimed(alive.purchase_id)
    assert two.ledger.spent([DAY]) == {DAY: 100_000}


def test_of_two_being_asked_about_the_one_with_a_handle_is_resumed_when_the_other_fails(two: SqlStore) -> None:
    of_acme, of_named = sent(two, draft()), sent(two, named())
    two.ledger.keep_handle(of_named, "snapshot_9", lease_until=of_named.lease_until)
    become_one(two)
    two.ledger.mark_uncertain(of_named, at=NOON, reason="timeout")
    two.ledger.release(of_acme, at=NOON, reason="refused")
    resumed = reserved(two, draft(at=LATER))
    assert (resumed.purchase_id, resumed.handle, resumed.attempt) == (of_named.purchase_id, "snapshot_9", 2)
    assert two.ledger.spent([DAY]) == {DAY: 50_000}


def test_of_two_being_asked_about_the_one_not_sent_yet_is_not_bought(two: SqlStore) -> None:
    sent(two, draft())
    of_named = reserved(two, named())
    become_one(two)
    assert not two.ledger.send(of_named, at=NOON)
    assert two.ledger.spent([DAY]) == {DAY: 50_000}


def test_two_that_were_being_asked_about_become_a_third_one(two: SqlStore) -> None:
    of_acme, of_named = sent(two, draft()), sent(two, named())
    become_one(two)
    two.companies.add([company("acme.example", "com_3")])
    two.companies.rekey("com_1", key="acme.example", name=None, domain=None)
    waits = AlreadyClaimed(of_acme.purchase_id, of_acme.lease_until, None)
    assert two.ledger.reserve(draft(company_id="com_3"), caps(1_000_000), at_once=MANY) == waits
    for made in (of_named, of_acme):
        two.ledger.settle(answered(made), reply=reply_of(made), facts=())
    assert {purchase.company_id for purchase in two.ledger.purchases("req_1")} == {"com_3"}


def test_a_company_that_becomes_another_one_twice_is_still_found(two: SqlStore) -> None:
    become_one(two)
    two.companies.add([company("acme.example", "com_3")])
    two.companies.rekey("com_1", key="acme.example", name=None, domain=None)
    last = two.companies.by_key("acme.example")
    assert last is not None
    assert [two.companies.by_id(each) for each in ("com_1", "com_2", "com_3")] == [last] * 3
    made = reserved(two, named())
    assert made.company_id == "com_3"


def test_a_former_company_that_learns_its_domain_once_more_is_the_one_it_became(two: SqlStore) -> None:
    become_one(two)
    assert two.companies.rekey("com_2", key="acme.com", name=None, domain="acme.com") == ACME
    assert two.companies.rekey("com_2", key="acme.example", name=None, domain="acme.example").company_id == "com_1"


def test_a_request_that_began_under_the_former_id_ends_with_the_company(two: SqlStore) -> None:
    asked = Request("req_1", "com_2", "profile", None, "enhanced", "rules", NOON)
    two.requests.open(asked)
    become_one(two)
    done = replace(asked, state="complete", finished_at=NOON + timedelta(seconds=1))
    two.requests.close(done, profiles=(), reads=())
    kept = two.requests.by_id("req_1")
    assert kept is not None
    assert (kept.company_id, kept.state) == ("com_1", "complete")


def test_a_request_that_begins_under_the_former_id_is_the_companys(two: SqlStore) -> None:
    become_one(two)
    two.requests.open(Request("req_1", "com_2", "profile", None, "enhanced", "rules", NOON))
    kept = two.requests.by_id("req_1")
    assert kept is not None
    assert kept.company_id == "com_1"


def test_a_request_that_ends_while_its_company_is_being_merged_is_the_survivors(emptied_postgres_url: str) -> None:
    """On Postgres transactions run side by side: the request ends after the merge moved its row, before it commits."""
    store, beside = open_store(emptied_postgres_url, world="sandbox"), Database(emptied_postgres_url)
    store.companies.add([ACME, NAMED])
    asked = Request("req_1", "com_2", "profile", None, "enhanced", "rules", NOON)
    store.requests.open(asked)
    done = replace(asked, state="complete", finished_at=NOON)
    with ThreadPoolExecutor(1) as threads:
        with beside.writing() as tx:
            beside.moving_companies(tx)
            merge(tx, "com_2", ACME, Cause("test", NOON, "they are one"))
            ending = threads.submit(store.requests.close, done, profiles=(), reads=())
            until_something_waits(tx)
        ending.result(timeout=PATIENCE_SECONDS)
    kept = store.requests.by_id("req_1")
    assert kept is not None
    assert (kept.company_id, kept.state) == ("com_1", "complete")
    beside.close()
    store.close()


def until_something_waits(tx: sa.Connection) -> None:
    """For a lock, in this Postgres."""
    pause = threading.Event()
    for _ in range(PATIENCE_SECONDS * 1000):
        if tx.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one():
            return
        pause.wait(0.001)
    raise AssertionError("nothing waits for a lock")

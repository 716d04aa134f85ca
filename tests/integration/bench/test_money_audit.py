"""What the soak calls bought twice, lost or astray: seen in a real store, where the ledger itself would not do it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from bench.money.audit import bought_twice, orphans, reconcile
from enrichment.domain.json_values import fingerprint
from enrichment.domain.purchases import Purchase
from resources.store import SqlStore
from resources.store import tables as t
from tests.support.examples import NOON
from tests.support.ledger_records import (
    MANY,
    answered,
    bought,
    caps,
    company,
    draft,
    facts_of,
    reply_of,
    reserved,
    sent,
)

LATER = NOON + timedelta(hours=2)
BY_NAME = fingerprint(["a", "Acme", None])
TWICE = [("com_1", "serp_news")]


@pytest.fixture
def two(store: SqlStore) -> SqlStore:
    """A company known by its name, and one known by its domain."""
    store.companies.add([company(), company("name:acme", "com_2")])
    return store


def become_one(store: SqlStore) -> None:
    store.companies.rekey("com_2", key="acme.com", name="Acme", domain="acme.com")


def uncertain_purchase(store: SqlStore, purchase: Purchase, *, handle: str | None = None) -> Purchase:
    made = sent(store, purchase)
    if handle is not None:
        assert store.ledger.keep_handle(made, handle, lease_until=NOON + timedelta(seconds=60))
    store.ledger.mark_uncertain(made, at=purchase.reserved_at, reason="no answer in time")
    return made


def anew(store: SqlStore, purchase: Purchase, values: dict[str, object]) -> None:
    """As if the ledger had begun another purchase, though it would have resumed the first."""
    with store.changes() as (tx, _):
        row = tx.execute(sa.select(t.purchases).where(t.purchases.c.purchase_id == purchase.purchase_id)).one()
        tx.execute(sa.insert(t.purchases).values({**row._mapping, "purchase_id": "pur_anew", **values}))


def test_what_was_bought_once_is_no_duplicate(two: SqlStore) -> None:
    bought(two, draft(), "anvils")
    bought(two, draft("serp_jobs"), "anvils")
    bought(two, draft(at=NOON + timedelta(days=9)), "anvils", at=NOON + timedelta(days=9))
    assert (bought_twice(two), orphans(two)) == ([], [])


def test_two_settled_purchases_of_one_question_are_a_duplicate(two: SqlStore) -> None:
    bought(two, draft(), "anvils")
    bought(two, draft(at=LATER), "anvils", at=LATER)
    assert bought_twice(two) == TWICE


def test_so_they_are_where_two_companies_turned_out_to_be_one(two: SqlStore) -> None:
    bought(two, draft(), "anvils")
    bought(two, draft(company_id="com_2", at=LATER), "anvils", at=LATER)
    assert bought_twice(two) == []
    become_one(two)
    assert bought_twice(two) == TWICE


def test_to_have_asked_by_a_name_alone_before_its_company_was_known_is_another_question(two: SqlStore) -> None:
    bought(two, draft(), "anvils")
    bought(two, replace(draft(company_id="com_2", at=LATER), asked=BY_NAME), "anvils", at=LATER)
    become_one(two)
    assert bought_twice(two, ["Acme"]) == []
    assert bought_twice(two) == TWICE
    bought(two, replace(draft(at=LATER), asked=BY_NAME), "anvils", at=LATER + timedelta(minutes=1))
    assert bought_twice(two, ["Acme"]) == TWICE


def test_an_uncertain_purchase_of_what_was_known_already_is_a_duplicate_and_reconciling_it_changes_nothing(
    two: SqlStore,
) -> None:
    bought(two, draft(), "anvils")
    uncertain = uncertain_purchase(two, draft(at=LATER))
    assert bought_twice(two) == TWICE
    two.ledger.reconcile(uncertain.purchase_id, units={"search": 1}, cost_micro_usd=50_000, at=LATER)
    assert bought_twice(two) == TWICE


def test_an_uncertain_purchase_that_could_not_be_resumed_explains_the_next_purchase(two: SqlStore) -> None:
    uncertain_purchase(two, draft())
    bought(two, draft(at=LATER), "anvils", at=LATER)
    assert bought_twice(two) == []


@pytest.mark.parametrize("end", ["uncertain", "reconciled"])
def test_an_uncertain_purchase_that_could_have_been_resumed_by_its_handle_does_not(two: SqlStore, end: str) -> None:
    uncertain = uncertain_purchase(two, draft(), handle="snapshot_9")
    anew(
        two, uncertain, {"state": "settled", "reserved_at": LATER, "sent_at": LATER, "closed_at": LATER, "handle": None}
    )
    if end == "reconciled":
        two.ledger.reconcile(uncertain.purchase_id, units=None, cost_micro_usd=0, at=LATER)
    assert bought_twice(two) == TWICE


@pytest.mark.parametrize(
    ("until", "asked", "found"),
    [
        (LATER + timedelta(minutes=1), "the question", TWICE),
        (LATER - timedelta(minutes=1), "the question", []),
        (LATER + timedelta(minutes=1), "another", []),
    ],
)
def test_an_uncertain_purchase_that_was_free_to_repeat_does_not_either(
    two: SqlStore, until: datetime, asked: str, found: list[tuple[str, str]]
) -> None:
    uncertain = uncertain_purchase(two, replace(draft(), repeatable_until=until, asked="the question"))
    anew(
        two, uncertain, {"state": "settled", "reserved_at": LATER, "sent_at": LATER, "closed_at": LATER, "asked": asked}
    )
    assert bought_twice(two) == found


def test_what_belongs_to_no_company_or_to_another_than_its_purchase_is_found(two: SqlStore) -> None:
    made = sent(two, draft())
    reply = reply_of(made)
    two.ledger.settle(answered(made), reply=reply, facts=facts_of(reply, "anvils"))
    assert orphans(two) == []
    with two.changes() as (tx, _):
        tx.execute(sa.update(t.replies).values(company_id="com_2"))
    assert orphans(two) == [reply.reply_id]
    with two.changes() as (tx, _):
        tx.execute(sa.update(t.replies).values(company_id="com_gone"))
        tx.execute(sa.update(t.purchases).values(company_id="com_gone"))
    assert sorted(orphans(two)) == sorted([made.purchase_id, reply.reply_id])


def test_a_purchase_of_a_company_that_is_not_there_is_found(two: SqlStore) -> None:
    lost = reserved(two, draft(company_id="com_9"))
    assert orphans(two) == [lost.purchase_id]
    assert two.ledger.reserve(draft(), caps(1_000_000), at_once=MANY)


def test_companies_of_one_name_are_one_subject_as_their_questions_may_read_the_same(two: SqlStore) -> None:
    bought(two, draft(), "anvils")
    uncertain_purchase(two, draft(company_id="com_2", at=LATER))
    asked = ('{"q": "\\"Acme\\" company"}', '{"q": "acme.com company"}')
    lines = [{"vendor": "serpapi", "unit": "search", "units": 1, "asked": text} for text in asked]
    assert reconcile(two, lines, [{"name": "Acme", "domain": "acme.com"}], LATER) == {}
    assert {one.state for one in two.ledger.purchases("req_1")} == {"settled"}

"""Merges and splits can be undone: what a company had comes back to it, and nothing that was bought is lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from enrichment.domain.companies import Alias, Cause, Company, CompanyRelation
from enrichment.domain.profiles import Profile
from enrichment.domain.requests import Request
from enrichment.ports import AlreadyClaimed, StoreError
from resources.store import SqlStore
from resources.store.tables import metadata
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
    texts,
)

ACME = company("acme.com", "com_1")
NAMED = Company("com_2", "name:acme-widgets", "Acme Widgets", None, NOON)
AMAZON = company("amazon.com", "com_3")
LATER = NOON + timedelta(hours=1)
ASKED = Cause("enrich companies merge", LATER, "they are one")
DAY = "day:2026-03-02"
A_LOG, MARKS = {"company_events"}, {"change_counter"}


def dump(tx: sa.Connection, *, without: frozenset[str] = frozenset()) -> dict[str, list[tuple[Any, ...]]]:
    """All tables as they are stored, without the numbers of changes and the log of events. without: former ids."""
    shown: dict[str, list[tuple[Any, ...]]] = {}
    for table in metadata.sorted_tables:
        if table.name in A_LOG | MARKS:
            continue
        columns = [sa.type_coerce(column, sa.types.NullType()) for column in table.columns if column.name != "changed"]
        rows = [tuple(row) for row in tx.execute(sa.select(*columns).order_by(*table.primary_key.columns))]
        shown[table.name] = [row for row in rows if table.name != "former_companies" or row[0] not in without]
    return shown


def kept_in(store: SqlStore) -> dict[str, list[tuple[Any, ...]]]:
    with store.database.reading() as tx:
        return dump(tx)


@pytest.fixture
def three(store: SqlStore) -> SqlStore:
    """Each with a request, a purchase with its reply and a fact, an alias, and a profile."""
    store.companies.add([ACME, NAMED, AMAZON])
    sources = ("serp_news", "serp_jobs", "serp_organic")
    for number, (one, source) in enumerate(zip((ACME, NAMED, AMAZON), sources, strict=True), start=1):
        request = Request(f"req_{number}", one.company_id, "profile", None, "enhanced", "rules", NOON)
        store.requests.open(request)
        purchase = replace(draft(source, company_id=one.company_id), request_id=request.request_id)
        bought(store, purchase, f"Industry {number}")
        done = replace(request, state="complete", finished_at=NOON)
        store.requests.close(done, profiles=[_profile(f"pro_{number}", request)], reads=())
        store.companies.add_aliases([Alias(f"linkedin:{number}", one.company_id, "id", None, "apollo", NOON)])
        parent = CompanyRelation(one.company_id, "parent", f"name:parent-{number}", "Parent", "apollo", NOON)
        store.companies.add_relations([parent])
    return store


def _profile(profile_id: str, request: Request) -> Profile:
    return Profile(
        profile_id,
        request.company_id,
        "profile",
        None,
        "requirements",
        "rules",
        request.request_id,
        0.9,
        1.0,
        "High",
        {"datasets": {}},
        request.asked_at,
        request.asked_at + timedelta(days=7),
    )


def industries(store: SqlStore, company_id: str) -> list[str]:
    return sorted(texts(store.knowledge.known(company_id).facts))


def test_a_merge_is_kept_with_who_asked_when_why_and_what_it_moved(three: SqlStore) -> None:
    event = three.company_events.merge("com_2", "com_1", ASKED)
    assert (event.kind, event.from_key, event.to_key) == ("merge", "name:acme-widgets", "acme.com")
    assert event.cause == ASKED
    assert event.moved == {
        "requests": 1,
        "purchases": 1,
        "replies": 1,
        "model_replies": 0,
        "analyses": 0,
        "profiles": 1,
        "changes": 0,
        "verdicts": 0,
        "facts": 1,
        "under_way": 0,
        "aliases": 1,
        "relations": 1,
    }
    assert three.company_events.latest() == three.company_events.latest("com_1") == [event]
    assert three.company_events.by_id(event.event_id) == event
    assert three.companies.by_key("name:acme-widgets") == three.companies.by_key("linkedin:2") == ACME


def test_an_undone_merge_leaves_all_as_it_was(three: SqlStore) -> None:
    before = kept_in(three)
    event = three.company_events.merge("com_2", "com_1", ASKED)
    assert kept_in(three) != before
    undone = three.company_events.undo(event.event_id, by="enrich companies undo", at=LATER)
    assert kept_in(three) == before
    assert (undone.undone_at, undone.undone_by) == (LATER, "enrich companies undo")


def test_a_preview_tells_what_would_move_and_moves_nothing(three: SqlStore) -> None:
    before = kept_in(three)
    seen = three.company_events.merge("com_2", "com_1", ASKED, preview=True)
    assert kept_in(three) == before
    assert three.company_events.latest() == []
    assert three.company_events.merge("com_2", "com_1", ASKED).moved == seen.moved


def test_a_merge_by_a_key_that_was_found_is_an_event_too(three: SqlStore) -> None:
    before = kept_in(three)
    cause = Cause("identify", LATER, "serp_organic names acme.com as its domain")
    three.companies.rekey("com_2", key="acme.com", name=None, domain="acme.com", cause=cause)
    [event] = three.company_events.latest()
    assert event.cause == cause
    assert Alias("name:acme-widgets", "com_1", "former_key", None, "identify", LATER) in three.companies.aliases(
        "com_1"
    )
    three.company_events.undo(event.event_id, by="test", at=LATER)
    assert kept_in(three) == before


def test_what_was_bought_after_a_merge_stays_with_the_company_it_was_bought_for(three: SqlStore) -> None:
    event = three.company_events.merge("com_2", "com_1", ASKED)
    bought(three, draft("apollo_contacts", company_id="com_2"), "Later")
    three.company_events.undo(event.event_id, by="test", at=LATER)
    assert industries(three, "com_1") == ["Industry 1", "Later"]
    assert industries(three, "com_2") == ["Industry 2"]


def test_what_was_under_way_at_a_merge_ends_with_the_surviving_company_and_comes_back(three: SqlStore) -> None:
    made = sent(three, draft("apollo_contacts", company_id="com_2"))
    event = three.company_events.merge("com_2", "com_1", ASKED)
    assert event.moved["under_way"] == 1
    waits = AlreadyClaimed(made.purchase_id, made.lease_until, None)
    assert three.ledger.reserve(draft("apollo_contacts"), caps(1_000_000), at_once=MANY) == waits
    reply = reply_of(made)
    three.ledger.settle(answered(made), reply=reply, facts=facts_of(reply, "Under way"))
    assert industries(three, "com_1") == ["Industry 1", "Industry 2", "Under way"]
    three.company_events.undo(event.event_id, by="test", at=LATER)
    assert industries(three, "com_1") == ["Industry 1"]
    assert industries(three, "com_2") == ["Industry 2", "Under way"]


def test_what_is_still_under_way_when_a_merge_is_undone_is_claimed_for_its_own_company(three: SqlStore) -> None:
    made = sent(three, draft("apollo_contacts", company_id="com_2"))
    event = three.company_events.merge("com_2", "com_1", ASKED)
    three.company_events.undo(event.event_id, by="test", at=LATER)
    waits = AlreadyClaimed(made.purchase_id, made.lease_until, None)
    assert three.ledger.reserve(draft("apollo_contacts", company_id="com_2"), caps(1_000_000), at_once=MANY) == waits
    assert reserved(three, draft("apollo_contacts")).company_id == "com_1"


def test_an_undone_merge_gives_back_no_purchase_that_the_ledger_ended(three: SqlStore) -> None:
    """Both were being asked the same: one gave way. Its reserve is free again, or kept for what may be billed."""
    staying, going = sent(three, draft("apollo_contacts")), sent(three, draft("apollo_contacts", company_id="com_2"))
    event = three.company_events.merge("com_2", "com_1", ASKED)
    spent = three.ledger.spent([DAY])
    three.company_events.undo(event.event_id, by="test", at=LATER)
    assert three.ledger.spent([DAY]) == spent
    assert [(one.purchase_id, one.company_id) for one in three.ledger_queries.uncertain()] == [
        (going.purchase_id, "com_2")
    ]
    assert three.ledger.is_claimed(staying.purchase_id)


def test_a_reply_read_anew_while_merged_comes_back_with_its_new_facts(three: SqlStore) -> None:
    [head] = three.knowledge.known("com_2").replies
    event = three.company_events.merge("com_2", "com_1", ASKED)
    reply = three.knowledge.reply(head.reply_id)
    assert reply is not None
    three.knowledge.keep_facts(reply.reply_id, facts_of(reply, "Read anew", version=2))
    three.company_events.undo(event.event_id, by="test", at=LATER)
    assert industries(three, "com_2") == ["Read anew"]


def test_a_profile_made_while_merged_is_served_no_more(three: SqlStore) -> None:
    """It contains values of the other company."""
    event = three.company_events.merge("com_2", "com_1", ASKED)
    request = Request("req_9", "com_1", "profile", None, "enhanced", "rules", LATER)
    three.requests.open(request)
    done = replace(request, state="complete", finished_at=LATER)
    three.requests.close(done, profiles=[_profile("pro_9", request)], reads=())
    now = LATER + timedelta(hours=1)
    three.company_events.undo(event.event_id, by="test", at=now)
    mixed, own = three.profiles.by_id("pro_9"), three.profiles.by_id("pro_1")
    assert mixed is not None
    assert own is not None
    assert mixed.holds_until == now
    assert own.holds_until == NOON + timedelta(days=7)


def test_a_split_takes_aliases_and_purchases_into_a_company_of_its_own(three: SqlStore) -> None:
    three.company_events.merge("com_2", "com_3", ASKED)
    merged = kept_in(three)
    [taken] = three.ledger.purchases("req_2")
    widgets = Company("com_9", "name:acme-widgets", "Acme Widgets", None, LATER)
    event = three.company_events.split(
        "com_3", widgets, ASKED, aliases=["linkedin:2"], purchase_ids=[taken.purchase_id]
    )
    assert (event.kind, event.from_key, event.to_key) == ("split", "amazon.com", "name:acme-widgets")
    assert (event.moved["requests"], event.moved["facts"], event.moved["aliases"]) == (1, 1, 2)
    assert industries(three, "com_9") == ["Industry 2"]
    assert industries(three, "com_3") == ["Industry 3"]
    assert three.companies.by_key("name:acme-widgets") == three.companies.by_key("linkedin:2") == widgets
    assert three.companies.named("Acme Widgets") == [widgets]
    latest = three.profiles.latest("com_9", "profile", None)
    assert latest is not None
    assert latest.profile_id == "pro_2"
    three.company_events.undo(event.event_id, by="test", at=LATER)
    back = kept_in(three)
    assert back.pop("former_companies") == [*merged.pop("former_companies"), ("com_9", "com_3")]
    assert back == merged


def test_a_request_that_bought_more_than_is_split_off_stays(three: SqlStore) -> None:
    first, second = draft("apollo_contacts"), draft("snov_contacts")
    for purchase in (first, second):
        bought(three, replace(purchase, request_id="req_1"), "Bought by one request")
    event = three.company_events.split("com_1", company("beta.com", "com_9"), ASKED, purchase_ids=[first.purchase_id])
    assert (event.moved["purchases"], event.moved["requests"], event.moved["profiles"]) == (1, 0, 0)
    kept = three.requests.by_id("req_1")
    assert kept is not None
    assert kept.company_id == "com_1"


def test_profiles_made_before_a_split_are_served_no_more_until_it_is_undone(three: SqlStore) -> None:
    [purchase] = three.ledger.purchases("req_1")
    bought(three, replace(draft("apollo_contacts"), request_id="req_1"), "More")
    event = three.company_events.split(
        "com_1", company("beta.com", "com_9"), ASKED, purchase_ids=[purchase.purchase_id]
    )
    ended = three.profiles.by_id("pro_1")
    assert ended is not None
    assert ended.holds_until == LATER
    three.company_events.undo(event.event_id, by="test", at=LATER)
    valid = three.profiles.by_id("pro_1")
    assert valid is not None
    assert valid.holds_until == NOON + timedelta(days=7)


def test_what_a_split_company_bought_and_learned_since_goes_along_when_it_is_undone(three: SqlStore) -> None:
    event = three.company_events.split("com_1", company("beta.com", "com_9"), ASKED, aliases=["linkedin:1"])
    bought(three, draft("apollo_contacts", company_id="com_9"), "Bought since")
    three.companies.rekey("com_9", key="beta.example", name=None, domain="beta.example")
    three.companies.add_aliases([Alias("name:beta", "com_9", "spelling")])
    three.company_events.undo(event.event_id, by="test", at=LATER)
    assert industries(three, "com_1") == ["Bought since", "Industry 1"]
    assert [alias.alias for alias in three.companies.aliases("com_1")] == ["beta.example", "linkedin:1", "name:beta"]
    assert three.companies.by_id("com_9") == ACME


def test_the_purchases_of_a_split_are_reported_to_dagster_anew_and_undoing_it_takes_that_back(three: SqlStore) -> None:
    [purchase] = three.ledger.purchases("req_1")
    three.ledger.mark_reported([purchase.purchase_id], NOON)
    event = three.company_events.split(
        "com_1", company("beta.com", "com_9"), ASKED, purchase_ids=[purchase.purchase_id]
    )
    assert [one.reported_at for one in three.ledger.purchases("req_1")] == [None]
    three.company_events.undo(event.event_id, by="test", at=LATER)
    assert [one.reported_at for one in three.ledger.purchases("req_1")] == [NOON]


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"aliases": ["linkedin:2"]}, "linkedin:2 is no alias of acme.com"),
        ({"purchase_ids": ["pur_unknown"]}, "pur_unknown is no purchase of acme.com"),
        ({}, "Nothing would be taken from acme.com"),
    ],
)
def test_only_what_a_company_has_can_be_split_off(
    three: SqlStore, parts: dict[str, Sequence[str]], sentence: str
) -> None:
    before = kept_in(three)
    with pytest.raises(StoreError, match=sentence):
        three.company_events.split("com_1", company("beta.com", "com_9"), ASKED, **parts)  # type: ignore[arg-type]
    assert kept_in(three) == before


def test_a_key_that_is_taken_is_none_for_a_new_company(three: SqlStore) -> None:
    with pytest.raises(StoreError, match=r"amazon\.com is the key of a company already"):
        three.company_events.split("com_1", company("amazon.com", "com_9"), ASKED, aliases=["linkedin:1"])


def test_a_company_is_not_merged_with_itself_nor_with_one_that_is_not_there(three: SqlStore) -> None:
    with pytest.raises(StoreError, match="one company already"):
        three.company_events.merge("com_1", "com_1", ASKED)
    with pytest.raises(StoreError, match="no company com_9"):
        three.company_events.merge("com_9", "com_1", ASKED)


def test_a_later_event_that_took_the_rows_on_is_undone_first(three: SqlStore) -> None:
    before = kept_in(three)
    first = three.company_events.merge("com_2", "com_1", ASKED)
    second = three.company_events.merge("com_1", "com_3", ASKED)
    with pytest.raises(StoreError, match=f"Undo {second.event_id} first"):
        three.company_events.undo(first.event_id, by="test", at=LATER)
    for event in (second, first):
        three.company_events.undo(event.event_id, by="test", at=LATER)
    assert kept_in(three) == before
    with pytest.raises(StoreError, match="undone already"):
        three.company_events.undo(first.event_id, by="test", at=LATER)
    with pytest.raises(StoreError, match="no event evt_unknown"):
        three.company_events.undo("evt_unknown", by="test", at=LATER)


def test_of_two_merges_into_one_company_either_is_undone_first(three: SqlStore) -> None:
    before = kept_in(three)
    wrong, right = (three.company_events.merge(one, "com_3", ASKED) for one in ("com_1", "com_2"))
    three.company_events.undo(wrong.event_id, by="test", at=LATER)
    assert three.companies.by_key("acme.com") == ACME
    assert three.companies.by_key("name:acme-widgets") == AMAZON
    three.company_events.undo(right.event_id, by="test", at=LATER)
    assert kept_in(three) == before


def test_a_merge_whose_key_another_company_took_meanwhile_is_not_undone(three: SqlStore) -> None:
    event = three.company_events.merge("com_2", "com_1", ASKED)
    three.companies.rekey("com_1", key="name:acme-widgets", name=None, domain=None)
    merged = kept_in(three)
    with pytest.raises(StoreError, match="name:acme-widgets is the key of another company by now"):
        three.company_events.undo(event.event_id, by="test", at=LATER)
    assert kept_in(three) == merged

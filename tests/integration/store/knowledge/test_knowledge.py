"""What the store remembers: replies and facts, requests and their events, profiles; exactly as they were written."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event as Signal

import pytest

from enrichment.domain.knowledge import Analysis, Fact, Known, ModelReply
from enrichment.domain.profiles import Profile
from enrichment.domain.requests import CacheRead, Event, Request
from enrichment.domain.values import Claim, Contact, EmployeeCount, NewsItem, Technology, Text, Value
from enrichment.ports import AlreadyBought, Reserved, StoreError
from resources.store import SqlStore, new_unreported
from resources.store.database.database import Database
from resources.store.tables import company_aliases
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.examples import NOON
from tests.support.ledger_records import LATER, answered, bought, draft, facts_of, reply_of, reserved, sent, texts

HOSTILE = {
    "plain": "text",
    "nul": "a\x00b",
    "surrogate": "\ud83d and \udfff alone",
    "letters": "Zürich 東京 \u202e 🏭",
    "quotes": "'; DROP TABLE facts; --",
    "numbers": [1.1, 1e-9, 2**63, -0.0, 1.10, True, None],
    "deep": {"a": [{"b": []}]},
    "": "an empty key",
}


def request(request_id: str = "req_1", *, company_id: str = "com_1", at: timedelta = timedelta()) -> Request:
    return Request(request_id, company_id, "profile", None, "enhanced", "rules", NOON + at)


def profile(profile_id: str = "pro_1", *, audience: str | None = None, at: timedelta = timedelta()) -> Profile:
    return Profile(
        profile_id=profile_id,
        company_id="com_1",
        consumer="profile",
        audience=audience,
        requirements_hash="requirements",
        rules_hash="rules",
        request_id="req_1",
        quality=0.1 + 0.2,
        completeness=1.0,
        confidence="High",
        document={"industry": HOSTILE},
        created_at=NOON + at,
        holds_until=NOON + timedelta(days=7, microseconds=1),
    )


# replies and facts


def test_nothing_is_known_of_a_company_without_replies(store: SqlStore) -> None:
    assert store.knowledge.known("com_1") == Known()
    assert store.knowledge.known_many([]) == {}
    assert store.knowledge.known_many(["com_1", "com_2"]) == {"com_1": Known(), "com_2": Known()}
    assert store.knowledge.reply("rep_unknown") is None


def test_the_newest_reply_of_each_source_is_known_with_its_facts_alone(store: SqlStore) -> None:
    bought(store, draft("serp_news"), "Old news", at=NOON)
    newer = bought(store, draft("serp_news", variant="b"), "New news", "More news", at=LATER, cost=7)
    jobs = bought(store, draft("serp_jobs"), "Jobs", at=NOON)
    known = store.knowledge.known("com_1")
    assert [(head.source, head.reply_id) for head in known.replies] == [
        ("serp_jobs", jobs.reply_id),
        ("serp_news", newer.reply_id),
    ]
    assert known.replies[1].cost_micro_usd == 7
    assert sorted(texts(known.facts)) == ["Jobs", "More news", "New news"]


def test_what_a_source_was_asked_on_two_topics_is_known_beside_each_other(store: SqlStore) -> None:
    for topic, at in (("", NOON), ("plants", NOON), ("plants", LATER), ("robots", LATER)):
        made = draft("serp_topic", variant=f"v {topic} {at}", topic=topic)
        bought(store, made, topic or "None", at=at)
    known = store.knowledge.known("com_1")
    assert sorted(texts(known.facts)) == ["None", "plants", "robots"]
    assert sorted(head.topic for head in known.replies) == ["", "plants", "robots"]
    of_plants = store.knowledge.known("com_1", "serp_topic", "plants")
    assert [(head.topic, head.collected_at) for head in of_plants.replies] == [("plants", LATER)]


def test_an_answer_on_one_topic_is_none_on_another(store: SqlStore) -> None:
    bought(store, draft("serp_topic", variant="v plants", topic="plants"), "Plants")
    other = store.ledger.reserve(draft("serp_topic", variant="v robots", topic="robots"), (), at_once=9, seen=())
    again = store.ledger.reserve(draft("serp_topic", variant="v plants", topic="plants"), (), at_once=9, seen=())
    assert (isinstance(other, Reserved), isinstance(again, AlreadyBought)) == (True, True)


def test_a_reply_that_arrives_late_does_not_hide_one_collected_after_it(store: SqlStore) -> None:
    newer = bought(store, draft(variant="a"), "New", at=LATER)
    bought(store, draft(variant="b"), "Old, imported afterwards", at=NOON)
    assert [head.reply_id for head in store.knowledge.known("com_1").replies] == [newer.reply_id]
    assert texts(store.knowledge.known("com_1").facts) == ["New"]


def test_of_two_replies_collected_in_one_microsecond_one_is_known(store: SqlStore) -> None:
    replies = [bought(store, draft(variant=name), name) for name in ("a", "b")]
    last = max(reply.reply_id for reply in replies)
    assert [head.reply_id for head in store.knowledge.known("com_1").replies] == [last]


def test_knowing_nothing_is_known_too(store: SqlStore) -> None:
    made = sent(store, draft())
    nothing = replace(reply_of(made), found=False)
    store.ledger.settle(answered(made, cost=0), reply=nothing, facts=())
    [head] = store.knowledge.known("com_1").replies
    assert (head.found, head.cost_micro_usd, head.expires_at) == (False, 0, nothing.expires_at)


def test_ten_thousand_companies_are_recalled_together_and_apart(store: SqlStore) -> None:
    for number in range(3):
        bought(store, draft(company_id=f"com_{number}"), f"Industry {number}")
    asked = [f"com_{number}" for number in range(10_000)]
    known = store.knowledge.known_many(asked)
    assert list(known) == asked
    assert [texts(known[id_].facts) for id_ in asked[:4]] == [["Industry 0"], ["Industry 1"], ["Industry 2"], []]
    assert sum(len(of_one.replies) for of_one in known.values()) == 3


def test_a_payload_comes_back_as_it_came(store: SqlStore) -> None:
    reply = bought(store, draft(), payload={"search": HOSTILE})
    assert store.knowledge.reply(reply.reply_id) == reply


@pytest.mark.parametrize(
    ("dataset", "value"),
    [
        ("industry", Text(text="a\x00b 東京 🏭")),
        ("employee_count", EmployeeCount(low=10_001)),
        ("key_contacts", Contact(full_name="Invented Person", email_checked_at=NOON + timedelta(microseconds=1))),
        ("recent_news", NewsItem(title="Acme does a thing", published_at=NOON)),
        ("tech_stack", Technology(name="Technology 1")),
        ("competition", Claim(statement="It competes.", evidence_id="e1", quote="“competes”")),
    ],
)
def test_a_fact_comes_back_as_it_was_read(store: SqlStore, dataset: str, value: Value) -> None:
    made = sent(store, draft())
    reply = reply_of(made)
    [plain] = facts_of(reply, "x")
    fact = replace(plain, dataset=dataset, value=value, quality=0.1 + 0.2, last_resort=True, reader_version=3)
    store.ledger.settle(answered(made), reply=reply, facts=[fact])
    known = store.knowledge.known("com_1")
    assert known.facts == (fact,)
    assert known.replies[0].reader_version == 3


def test_a_name_that_no_database_can_store_is_kept_with_the_bad_characters_replaced(store: SqlStore) -> None:
    made = sent(store, draft())
    store.ledger.release(made, at=NOON, reason="the vendor answered: a\x00b\ud800")
    assert store.ledger.purchases("req_1")[0].reason == "the vendor answered: a\ufffdb\ufffd"


def test_what_a_newer_reader_reads_replaces_what_was_read_before(store: SqlStore) -> None:
    reply = bought(store, draft("serp_news"), "Old", "Older")
    other = bought(store, draft("serp_jobs"), "Jobs")
    store.knowledge.keep_facts(reply.reply_id, facts_of(reply, "New", version=2))
    known = store.knowledge.known("com_1")
    assert sorted(texts(known.facts)) == ["Jobs", "New"]
    assert {head.reply_id: head.reader_version for head in known.replies} == {reply.reply_id: 2, other.reply_id: 1}
    store.knowledge.keep_facts(reply.reply_id, [])
    assert texts(store.knowledge.known("com_1").facts) == ["Jobs"]


def test_replies_that_a_newer_reader_reads_again_are_counted_with_those_that_were_misread(store: SqlStore) -> None:
    right, wrong = bought(store, draft("serp_news"), "Old"), bought(store, draft("serp_jobs"), "Jobs")
    store.knowledge.keep_facts(right.reply_id, facts_of(right, "Old", "New", version=2), reader_version=2)
    store.knowledge.keep_facts(right.reply_id, facts_of(right, "Old", version=2), reader_version=2)
    dataset = facts_of(right, "Old")[0].dataset
    assert store.knowledge.rereadings() == {("serp_news", dataset): (1, 0)}
    store.knowledge.keep_facts(wrong.reply_id, [], reader_version=2)
    assert store.knowledge.rereadings()["serp_jobs", dataset] == (1, 1)


def test_a_newer_reader_leaves_what_an_analysis_has_read(store: SqlStore) -> None:
    reply = bought(store, draft("serp_jobs"), "Read by a reader")
    made = sent(store, draft("technologies"))
    answer = Analysis(
        "ana_1", "key", "com_1", "technologies", None, "model", made.purchase_id, "req_1", {}, 1, 0, {}, NOON
    )
    found = [replace(fact, source="technologies") for fact in facts_of(reply, "Read by an analysis")]
    raw = ModelReply("ana_1", "key", "com_1", "technologies", "model", made.purchase_id, "req_1", {}, NOON)
    store.ledger.settle(answered(made), reply=None, facts=(), answer=raw)
    store.knowledge.keep_analysis(answer, found, checked_by=1)
    store.knowledge.keep_facts(reply.reply_id, [])
    assert store.knowledge.known("com_1").facts == tuple(found)


# requests


def test_a_request_is_opened_and_closed_with_its_profiles_and_reads(store: SqlStore) -> None:
    opened = request()
    store.requests.open(opened)
    assert store.requests.by_id("req_1") == opened
    bought(store, draft(price=50_000))
    closed = replace(
        opened,
        state="complete",
        finished_at=LATER,
        cost_micro_usd=50_000,
        saved_micro_usd=2**40,
        served_from="vendors",
        profile_id="pro_1",
        plan=HOSTILE,
    )
    reads = [CacheRead("req_1", "pur_before", "serp_news", "reply", 2**40, NOON)]
    store.requests.close(closed, profiles=[profile()], reads=reads)
    assert store.requests.by_id("req_1") == closed
    assert store.requests.cache_reads("req_1") == reads
    assert store.profiles.by_id("pro_1") == profile()
    assert store.ledger_queries.totals().saved_micro_usd == 2**40


def test_a_request_is_closed_once_so_that_no_saving_counts_twice(store: SqlStore) -> None:
    store.requests.open(request())
    closed = replace(request(), state="complete", finished_at=NOON)
    read = CacheRead("req_1", "pur_before", "serp_news", "reply", 50_000, NOON)
    store.requests.close(closed, profiles=[], reads=[read])
    with pytest.raises(StoreError, match="req_1 is not running"):
        store.requests.close(closed, profiles=[profile()], reads=[read])
    assert store.requests.cache_reads("req_1") == [read]
    assert store.profiles.by_id("pro_1") is None


def test_requests_are_listed_latest_first_of_one_company_or_of_all(store: SqlStore) -> None:
    for number, company_id in enumerate(("com_1", "com_2", "com_1")):
        store.requests.open(request(f"req_{number}", company_id=company_id, at=timedelta(hours=number)))
    assert [r.request_id for r in store.requests.latest()] == ["req_2", "req_1", "req_0"]
    assert [r.request_id for r in store.requests.latest("com_1")] == ["req_2", "req_0"]
    assert [r.request_id for r in store.requests.latest(limit=1)] == ["req_2"]


def test_events_come_back_in_the_order_they_were_recorded(store: SqlStore) -> None:
    recorded = [Event("req_1", NOON, "collect", f"step {number}", {"data": HOSTILE}) for number in range(20)]
    store.requests.record(recorded[:10])
    store.requests.record([])
    store.requests.record([Event("req_2", NOON, "plan", "another request")])
    store.requests.record(recorded[10:])
    assert store.requests.events("req_1") == recorded


@pytest.mark.parametrize(
    "nothing",
    [
        lambda store: store.ledger.purchases("req_unknown"),
        lambda store: store.requests.events("req_unknown"),
        lambda store: store.requests.cache_reads("req_unknown"),
        lambda store: store.requests.by_id("req_unknown"),
        lambda store: store.profiles.by_id("pro_unknown"),
        lambda store: store.profiles.latest("com_1", "profile", None),
        lambda store: store.ledger.spent([]),
        lambda store: store.ledger.mark_reported([], NOON),
        lambda store: new_unreported(store, 0, limit=10).purchases,
        lambda store: store.ledger_queries.settled_units(),
    ],
)
def test_of_what_is_not_there_there_is_nothing(store: SqlStore, nothing: Callable[[SqlStore], object]) -> None:
    assert not nothing(store)


def test_the_latest_profile_is_the_one_of_the_same_audience(store: SqlStore) -> None:
    for number, audience in enumerate((None, "com_vendor", None, "com_vendor")):
        store.requests.open(request(f"req_{number}"))
        made = profile(f"pro_{number}", audience=audience, at=timedelta(hours=number))
        store.requests.close(replace(request(f"req_{number}"), state="complete"), profiles=[made], reads=[])
    assert store.profiles.latest("com_1", "profile", None) == profile("pro_2", at=timedelta(hours=2))
    latest = store.profiles.latest("com_1", "profile", "com_vendor")
    assert latest is not None
    assert latest.profile_id == "pro_3"
    assert store.profiles.latest("com_1", "profile", "com_other") is None
    assert store.profiles.latest("com_1", "vendor_context", None) is None
    assert {id_: head.profile_id for id_, head in store.profiles.latest_by_company("profile").items()} == {
        "com_1": "pro_2"
    }
    assert store.profiles.latest_by_company("vendor_context") == {}
    kept = [head.profile_id for head in store.profiles.latest_by_company("profile").values()]
    assert store.profiles.by_ids([*kept, "pro_gone"]) == {id_: store.profiles.by_id(id_) for id_ in kept}


# what changed


def changed(store: SqlStore, table: str, since: int) -> tuple[int, int]:
    """How many rows of the table have changed since the mark, and the next mark."""
    with store.changes() as (tx, mark):
        rows = tx.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE changed >= {since} AND changed < {mark}")  # noqa: S608
        return rows.scalar_one(), mark


def test_each_change_is_seen_once_by_a_reader_that_asks_from_mark_to_mark(store: SqlStore) -> None:
    _, mark = changed(store, "purchases", 0)
    made = reserved(store, draft())
    assert changed(store, "purchases", mark)[0] == 1
    _, mark = changed(store, "purchases", mark)
    assert changed(store, "purchases", mark)[0] == 0
    store.ledger.settle(answered(made), reply=reply_of(made), facts=())
    assert changed(store, "purchases", mark)[0] == 1


def test_facts_read_anew_show_in_the_mark_of_their_reply_even_when_none_are_left(store: SqlStore) -> None:
    reply = bought(store, draft(), "Machinery")
    _, mark = changed(store, "replies", 0)
    store.knowledge.keep_facts(reply.reply_id, [])
    assert changed(store, "replies", mark)[0] == 1


def test_a_row_that_commits_late_is_not_missed(store: SqlStore, store_url: str) -> None:
    """Its transaction began, and was numbered, before another that has been committed and read meanwhile."""
    beside = Database(store_url)
    written, go_on = Signal(), Signal()

    def slowly() -> None:
        with beside.writing() as tx:
            tx.execute(company_aliases.insert().values(alias="late.com", company_id="com_1"))
            written.set()
            assert go_on.wait(timeout=PATIENCE_SECONDS)

    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(slowly)
        assert written.wait(timeout=PATIENCE_SECONDS)
        quick = threads.submit(reserved, store, draft())
        if not beside.sqlite:  # there is one writer at a time there
            quick.result(timeout=PATIENCE_SECONDS)
        seen, mark = changed(store, "company_aliases", 0)
        go_on.set()
        slow.result(timeout=PATIENCE_SECONDS)
        quick.result(timeout=PATIENCE_SECONDS)
    beside.close()
    assert seen == 0
    assert changed(store, "company_aliases", mark)[0] == 1
    assert changed(store, "purchases", mark)[0] == 1


def test_a_fact_is_one_value_whatever_engine_keeps_it(store: SqlStore) -> None:
    """Floats come back bit for bit, times to the microsecond."""
    made = sent(store, draft())
    reply = replace(reply_of(made), collected_at=NOON + timedelta(microseconds=999_999))
    [plain] = facts_of(reply, "x")
    exact: Fact = replace(plain, quality=1 / 3, reliability=5e-324)
    store.ledger.settle(answered(made), reply=reply, facts=[exact])
    assert store.knowledge.known("com_1").facts == (exact,)


def test_a_contact_is_found_by_the_whole_name_whatever_company_has_it(store: SqlStore) -> None:
    people = ("Zoë Tin", "Ann 100% Lee", "Bo Tin")
    reply = bought(store, draft())
    (fact,) = facts_of(reply, "x")
    contacts = [Contact(full_name=name, title="CFO") for name in people]
    store.knowledge.keep_facts(
        reply.reply_id, [replace(fact, dataset="key_contacts", value=one) for one in contacts], reader_version=2
    )
    find = store.knowledge.companies_of_contact
    assert [find(name, most=3) for name in ("Zoë Tin", "Ann 100% Lee", "Ann 1000 Lee", "Tin")] == [
        ["com_1"],
        ["com_1"],
        [],
        [],
    ]

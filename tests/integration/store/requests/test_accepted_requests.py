"""Accepted requests: one process at a time is at work on each, and none is lost or given up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from enrichment.domain.accepted_requests import AcceptedRequest, IdempotencyKey, MadeBefore, ServedRequest
from enrichment.domain.requests import CacheRead, Event, Request
from enrichment.ports import StoreError
from resources.store import SqlStore
from tests.support.manual_clock import NOON

LEASE = timedelta(seconds=20)
ONE = AcceptedRequest("req_1", "key_1", {"company": "tesla.com"}, NOON)
KEY = IdempotencyKey("key_1", "order 7", "abc")


@pytest.fixture
def accepted(store: SqlStore) -> AcceptedRequest:
    assert store.accepted_requests.accept(ONE, KEY, worker="first", lease_until=NOON + LEASE) is None
    return ONE


def claimed(store: SqlStore, worker: str, seconds: float) -> list[str]:
    at = NOON + timedelta(seconds=seconds)
    return [one.request_id for one in store.accepted_requests.claim(worker, at=at, lease_until=at + LEASE, most=9)]


def test_it_is_read_as_it_was_accepted(store: SqlStore, accepted: AcceptedRequest) -> None:
    assert store.accepted_requests.by_id("req_1") == accepted


def test_another_process_takes_it_over_once_its_lease_is_over(store: SqlStore, accepted: AcceptedRequest) -> None:
    assert claimed(store, "second", 19.9) == []
    assert claimed(store, "second", 20) == ["req_1"]
    assert claimed(store, "third", 20) == []


def test_a_renewed_lease_keeps_it_and_tells_what_is_to_be_stopped(store: SqlStore, accepted: AcceptedRequest) -> None:
    rows = store.accepted_requests
    assert set(rows.renew("first", ["req_1"], lease_until=NOON + 2 * LEASE)) == set()
    assert claimed(store, "second", 20) == []
    assert rows.ask_to_stop("req_1", at=NOON) is True
    assert set(rows.renew("first", ["req_1"], lease_until=NOON + 2 * LEASE)) == {"req_1"}
    assert rows.by_id("req_1") == replace(accepted, stop_asked_at=NOON)


def test_what_a_process_hands_back_is_taken_at_once(store: SqlStore, accepted: AcceptedRequest) -> None:
    store.accepted_requests.hand_back("first")
    assert claimed(store, "second", 0) == ["req_1"]


def test_what_has_ended_is_claimed_and_stopped_no_more(store: SqlStore, accepted: AcceptedRequest) -> None:
    store.accepted_requests.end("req_1", at=NOON, problem={"code": "failed"})
    assert claimed(store, "second", 60) == []
    assert store.accepted_requests.ask_to_stop("req_1", at=NOON) is False
    ended = replace(accepted, state="ended", ended_at=NOON, problem={"code": "failed"})
    assert store.accepted_requests.by_id("req_1") == ended


def test_an_idempotency_key_means_what_it_made_first(store: SqlStore, accepted: AcceptedRequest) -> None:
    two = replace(ONE, request_id="req_2")
    rows = store.accepted_requests
    assert rows.accept(two, KEY, worker="first", lease_until=NOON) == MadeBefore("req_1", same=True)
    other = replace(KEY, body_hash="xyz")
    assert rows.accept(two, other, worker="first", lease_until=NOON) == MadeBefore("req_1", same=False)
    assert rows.by_id("req_2") is None
    assert rows.accept(two, replace(KEY, owner="key_2"), worker="first", lease_until=NOON) is None


def test_an_accepted_request_is_not_given_up_when_its_process_is_silent(
    store: SqlStore, accepted: AcceptedRequest
) -> None:
    for request_id in ("req_1", "req_typed"):
        store.requests.open(Request(request_id, "com_1", "profile", None, "enhanced", "abc", NOON))
    assert store.requests.end_silent(NOON + timedelta(days=1)) == 1
    states = {one.request_id: one.state for one in store.requests.latest()}
    assert states == {"req_1": "running", "req_typed": "failed"}


def served_one(number: int) -> ServedRequest:
    """As layer 1 answers it, with values that a row has to convert."""
    request_id = f"req_{number}"
    request = Request(
        request_id=request_id,
        company_id="com_1",
        consumer="profile",
        audience=None,
        strategy="enhanced",
        rules_hash="r",
        asked_at=NOON,
        asked_by="service:crm",
        state="complete",
        finished_at=NOON + LEASE,
        saved_micro_usd=150_000,
        served_from="layer_1",
        profile_id="prf_1",
        plan={"asked": {"max_cost": None, "name": "Zoë"}},
    )
    made = replace(ONE, request_id=request_id, state="ended", ended_at=NOON)
    reads = (CacheRead(request_id, "pur_1", "brightdata_company_db", "profile", 150_000, NOON),)
    return ServedRequest(made, request, reads, (Event(request_id, NOON, "layer_1", "served", {"saved": 150_000}),))


def test_many_that_were_served_are_kept_together_as_each_would_be(store: SqlStore) -> None:
    many = [served_one(number) for number in range(130)]
    store.accepted_requests.serve_many(many)
    for one in (many[0], many[64], many[129]):
        request_id = one.request.request_id
        assert store.accepted_requests.by_id(request_id) == one.accepted
        assert store.requests.by_id(request_id) == one.request
        assert store.requests.events(request_id) == list(one.events)
    assert store.ledger_queries.totals().saved_micro_usd == 130 * 150_000


def test_where_one_cannot_be_kept_none_is_and_it_is_said_in_one_sentence(store: SqlStore) -> None:
    with pytest.raises(StoreError, match=r"^The store .* refused: .*"):
        store.accepted_requests.serve_many([served_one(1), served_one(2), served_one(1)])
    assert store.accepted_requests.by_id("req_2") is None
    store.accepted_requests.serve_many([served_one(1)])
    assert store.accepted_requests.by_id("req_1") is not None

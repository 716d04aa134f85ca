"""What memory answers is answered before it reaches its route: the same answer, the same rows, the same refusals."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from enrichment.domain.access import Right
from resources.secrets.client_keys import issue
from resources.store import tables as t
from sandbox.companies.catalogue import Catalogue
from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.one_authority import NO_AUTHORITY

ROUTES = {"/v1/enrichments": "company", "/vendor/enrich": "companyName"}
BY_ROUTE = {"Content-Type": "application/json; charset=utf-8"}
"""Understood by the route alone, so that a call with it goes there."""
OWN = ("id", "asked_at", "finished_at", "links", "requestId")


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    """With a key. Both routes have bought what they give."""
    with (
        served(create_service(stack.settings, now=stack.clock.now)) as url,
        httpx.Client(
            base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY, headers=with_key(stack, "crm")
        ) as opened,
    ):
        assert ask(opened, "/v1/enrichments", {"Prefer": "wait=60"}).status_code == 200
        assert ask(opened, "/vendor/enrich").status_code == 200
        yield opened


def with_key(stack: Stack, name: str, *may: Right, per_minute: int | None = None) -> dict[str, str]:
    rights: tuple[Right, ...] = may or ("read", "enrich")
    made = issue(stack.store, name, may=rights, per_day=None, per_minute=per_minute, now=stack.clock.now())
    return {"Authorization": f"Bearer {made.secret}"}


def ask(
    client: httpx.Client, route: str, headers: dict[str, str] | None = None, company: str = "tesla.com"
) -> httpx.Response:
    content = json.dumps({ROUTES[route]: company})
    return client.post(route, content=content, headers={"Content-Type": "application/json"} | (headers or {}))


def rows_of(stack: Stack, request_id: str) -> dict[str, Any]:
    """What the store has of it, without ids and times."""
    store = stack.store
    accepted, request = store.accepted_requests.by_id(request_id), store.requests.by_id(request_id)
    assert accepted is not None
    assert request is not None
    with store.database.reading() as tx:
        of_it = sa.select(t.cache_reads).where(t.cache_reads.c.request_id == request_id)
        found = tx.execute(of_it.order_by(t.cache_reads.c.read_id)).all()
    reads = [(one.purchase_id, one.source, one.layer, one.saved_micro_usd) for one in found]
    events = [(one.stage, one.what, one.data) for one in store.requests.events(request_id)]
    kept = (request.state, request.served_from, request.saved_micro_usd, request.profile_id, request.plan)
    return {"accepted": (accepted.owner, accepted.ask, accepted.state), "kept": kept, "reads": reads, "events": events}


@pytest.mark.parametrize("route", ROUTES)
def test_the_answer_its_headers_and_its_rows_are_those_of_the_route(
    client: httpx.Client, stack: Stack, route: str
) -> None:
    quick, by_route = ask(client, route), ask(client, route, BY_ROUTE)
    assert quick.status_code == by_route.status_code == 200
    assert quick.headers.keys() == by_route.headers.keys()
    mine, theirs = quick.json(), by_route.json()
    assert list(mine) == list(theirs)
    assert [rows_of(stack, one["id"]) for one in (mine, theirs)] == [rows_of(stack, theirs["id"])] * 2
    assert {n: v for n, v in mine.items() if n not in OWN} == {n: v for n, v in theirs.items() if n not in OWN}
    assert mine["served_from"] == "layer_1"
    assert mine["links"]["self"] == f"/v1/enrichments/{mine['id']}"
    with_its_ids = by_route.text
    for name in ("id", "asked_at", "finished_at"):
        with_its_ids = with_its_ids.replace(theirs[name], mine[name])
    assert quick.text == with_its_ids


def test_it_is_counted_and_logged_as_a_call_of_its_route(client: httpx.Client) -> None:
    ask(client, "/vendor/enrich")
    counted = 'enrich_http_requests_total{method="POST",route="/vendor/enrich",status="200"} 2.0'
    assert counted in client.get("/metrics").text


def test_a_call_takes_one_of_what_its_key_may_make_whether_it_is_a_hit_or_not(
    client: httpx.Client, stack: Stack
) -> None:
    limited = with_key(stack, "limited", per_minute=3)
    hit, wrong = ask(client, "/v1/enrichments", limited), ask(client, "/v1/enrichments", limited, company=" ")
    assert (hit.status_code, wrong.status_code) == (200, 422)
    assert ask(client, "/v1/enrichments", limited).status_code == 200
    refused = ask(client, "/v1/enrichments", limited)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert int(refused.headers["retry-after"]) > 0


def test_a_key_that_was_revoked_or_may_not_is_refused_at_once(client: httpx.Client, stack: Stack) -> None:
    reader, gone = with_key(stack, "reader", "read"), with_key(stack, "gone")
    assert ask(client, "/v1/enrichments", reader).json()["code"] == "not_allowed"
    assert ask(client, "/v1/enrichments", gone).status_code == 200
    stack.store.api_keys.revoke("gone", at=stack.clock.now())
    assert ask(client, "/v1/enrichments", gone).json()["code"] == "unknown_key"


def test_a_value_that_was_judged_wrong_is_served_no_more(client: httpx.Client) -> None:
    judged = {"dataset": "industry", "wrong": None, "right": "Aerospace", "because": "its annual report"}
    before = ask(client, "/v1/enrichments").json()["profile"]["datasets"]["industry"]["values"]
    verdict = client.post("/v1/companies/tesla.com/verdicts", json={k: v for k, v in judged.items() if v is not None})
    assert verdict.status_code in {200, 201}, verdict.text
    after = ask(client, "/v1/enrichments", {"Prefer": "wait=60"}).json()["profile"]["datasets"]["industry"]["values"]
    assert after != before
    assert "Aerospace" in json.dumps(after)


def test_what_is_too_old_is_bought_anew(client: httpx.Client, stack: Stack) -> None:
    stack.clock.advance(days=40)
    again = ask(client, "/v1/enrichments", {"Prefer": "wait=60"}).json()
    assert again["served_from"] == "vendors"
    assert ask(client, "/v1/enrichments").json()["served_from"] == "layer_1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"company": 1}',
        b'{"company": "tesla.com", "x": 1}',
        b"[" * 100_000,
        b'{"company": "\xff"}',
        b"null",
    ],
)
def test_a_body_that_cannot_be_understood_is_refused_in_the_words_of_the_route(
    client: httpx.Client, content: bytes
) -> None:
    quick = client.post("/v1/enrichments", content=content, headers={"Content-Type": "application/json"})
    by_route = client.post("/v1/enrichments", content=content, headers=BY_ROUTE)
    assert (quick.status_code, quick.json()) == (by_route.status_code, by_route.json())
    assert quick.status_code in {400, 422}


def test_a_query_that_the_route_does_not_know_is_refused(client: httpx.Client) -> None:
    refused = client.post("/v1/enrichments?x=1", json={"company": "tesla.com"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


def test_where_there_is_no_room_to_buy_it_is_refused_as_by_the_route(client: httpx.Client, stack: Stack) -> None:
    stack.fault("*", "latency", seconds=3600)
    most = min(64, sum(provider.concurrency for provider in stack.rules.providers.values()))
    domains = [one.domain for one in Catalogue().companies if one.domain not in {None, "tesla.com"}][: most + 5]
    for domain in domains:
        ask(client, "/v1/enrichments", company=str(domain))
    quick, by_route = (ask(client, "/v1/enrichments", how, company=str(domains[-1])) for how in (None, BY_ROUTE))
    assert (quick.status_code, quick.json(), quick.headers["retry-after"]) == (
        by_route.status_code, by_route.json(), by_route.headers["retry-after"],
    )  # fmt: skip
    assert quick.json()["code"] == "busy"
    assert ask(client, "/v1/enrichments").json()["served_from"] == "layer_1"
    stack.clear_faults()

"""More than the vendors take: some are refused at once, what was accepted ends, and what memory has is served."""

import asyncio
import json
from collections import Counter

import httpx
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from sandbox.companies.catalogue import Catalogue
from service.app import create_service
from service.memory_hits import MemoryHits
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer
from tests.support.eventually import PATIENCE_SECONDS, eventually

WAIT = {"Prefer": "wait=60"}


def test_beyond_what_the_vendors_take_requests_are_refused_and_what_memory_answers_is_not(
    client: httpx.Client, stack: Stack
) -> None:
    key = bearer(stack, "crm", ["enrich"])
    for asked in ({"company": "tesla.com"}, {"company": "apple.com", "datasets": ["industry", "employee_count"]}):
        client.post("/v1/enrichments", json=asked, headers={**WAIT, **key})
    stack.fault("*", "latency", seconds=3600)
    most = min(64, sum(provider.concurrency for provider in stack.rules.providers.values()))
    known = ("tesla.com", "apple.com")
    domains = [company.domain for company in Catalogue().companies if company.domain not in known][: most + 5]
    answers = [client.post("/v1/enrichments", json={"company": domain}, headers=key) for domain in domains]
    states = Counter(answer.status_code for answer in answers)
    assert states[202] >= most
    refused = answers[-1]
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert int(refused.headers["retry-after"]) > 0
    hit = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=key)
    assert (hit.status_code, hit.json()["served_from"]) == (200, "layer_1")
    for dataset, once in (("industry", {}), ("employee_count", {"Idempotency-Key": "once"})):
        asked = {"company": "apple.com", "datasets": [dataset]}
        rebuilt = client.post("/v1/enrichments", json=asked, headers={**WAIT, **key, **once})
        assert (rebuilt.status_code, rebuilt.json().get("served_from")) == (200, "memory")
    stack.clear_faults()
    accepted = [answer.json()["id"] for answer in answers if answer.status_code == 202]

    def all_ended() -> bool:
        return all(stack.store.accepted_requests.by_id(one).state == "ended" for one in accepted)  # type: ignore[union-attr]

    eventually(all_ended, "what was accepted ends")
    again = client.post("/v1/enrichments", json={"company": domains[-1]}, headers={**WAIT, **key})
    assert again.status_code == 200


def test_of_calls_that_come_at_once_no_more_go_to_their_route_than_there_is_room_for(stack: Stack) -> None:
    (authorization,) = bearer(stack, "crm", ["enrich"]).values()
    domains = [company.domain for company in Catalogue().companies]
    gone_on, answered, may_end = list[str](), list[int](), asyncio.Event()

    async def route(scope: Scope, receive: Receive, send: Send) -> None:
        gone_on.append(scope["path"])
        if len(gone_on) > most:
            may_end.set()
        await may_end.wait()

    async def call(hits: MemoryHits, app: FastAPI, domain: str) -> None:
        body = json.dumps({"company": domain}).encode()
        headers = {
            "authorization": authorization, "content-type": "application/json", "content-length": str(len(body)),
        }  # fmt: skip
        scope = {
            "type": "http", "method": "POST", "path": "/v1/enrichments", "query_string": b"", "app": app, "state": {},
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.append(message["status"])
                if len(answered) + most == len(domains):
                    may_end.set()

        await hits(scope, receive, send)

    async def story() -> int:
        app = create_service(stack.settings, now=stack.clock.now)
        async with app.router.lifespan_context(app):
            hits = MemoryHits(route)
            await asyncio.gather(*(call(hits, app, domain) for domain in domains))
            return int(app.state.service.runs.room)

    most = min(64, sum(provider.concurrency for provider in stack.rules.providers.values()))
    room_afterwards = asyncio.run(asyncio.wait_for(story(), PATIENCE_SECONDS))

    assert len(gone_on) == room_afterwards == most
    assert answered == [503] * (len(domains) - most)


def test_a_request_under_way_is_stopped_after_its_call(client: httpx.Client, stack: Stack) -> None:
    stack.fault("*", "latency", seconds=3600)
    accepted = client.post("/v1/enrichments", json={"company": "tesla.com", "consumer": "customer_enrichment"}).json()
    eventually(lambda: bool(stack.store.ledger.purchases(accepted["id"])), "its first call is under way")
    stopping = client.delete(f"/v1/enrichments/{accepted['id']}")
    assert stopping.status_code == 202
    begun = {purchase.purchase_id for purchase in stack.store.ledger.purchases(accepted["id"])}
    stack.clear_faults()
    eventually(
        lambda: client.get(f"/v1/enrichments/{accepted['id']}").json()["state"] == "stopped", "the request is stopped"
    )
    purchases = stack.store.ledger.purchases(accepted["id"])
    assert {purchase.purchase_id for purchase in purchases} == begun
    assert {purchase.state for purchase in purchases} <= {"settled", "released"}

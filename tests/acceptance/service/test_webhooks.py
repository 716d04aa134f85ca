"""What happens is sent to the address a key has registered, signed, once, and only where that is allowed."""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from standardwebhooks.webhooks import Webhook as Signer

from enrichment.domain.webhooks import WebhookDelivery
from resources.store import tables as t
from resources.store.database.row_mapping import record_of
from resources.webhooks.webhook_sender import Outcome, WebhookSender
from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_batches import done
from tests.acceptance.service.test_enrichments import WAIT
from tests.acceptance.service.test_keys import bearer
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.manual_clock import NOON
from tests.support.one_authority import NO_AUTHORITY
from tests.support.raw_server import listening, say_nothing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """A web server of a client. answers: statuses, one for each call; 200 where there is none left."""

    url: str = ""
    answers: deque[int] = field(default_factory=deque)
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)

    def events(self, name: str) -> list[dict[str, Any]]:
        bodies = [json.loads(body) for _, body in self.got]
        return [body["data"] for body in bodies if body["type"] == name]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            here.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = here.answers.popleft() if here.answers else 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", f"{here.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield here
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def telling(stack: Stack) -> Iterator[httpx.Client]:
    """The service, where webhooks may be sent to this machine."""
    settings = stack.settings.model_copy(update={"enrich_webhook_loopback": True})
    with (
        served(create_service(settings, now=stack.clock.now)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY) as opened,
    ):
        yield opened


def enriched(client: httpx.Client, *, headers: Mapping[str, str] | None = None, **body: object) -> httpx.Response:
    return client.post("/v1/enrichments", json={"company": "tesla.com", **body}, headers={**WAIT, **(headers or {})})


def deliveries(stack: Stack) -> list[WebhookDelivery]:
    with stack.store.database.reading() as tx:
        rows = tx.execute(sa.select(t.webhook_deliveries).order_by(t.webhook_deliveries.c.delivery_id))
        return [record_of(WebhookDelivery, row) for row in rows]


def attempted(stack: Stack, number: int) -> WebhookDelivery:
    """The one delivery, after so many attempts have failed."""
    eventually(lambda: deliveries(stack)[0].attempts == number and _has_ended(stack), f"attempt {number} is over")
    return deliveries(stack)[0]


def _has_ended(stack: Stack) -> bool:
    """An attempt that is under way has a lease of a minute, and each wait is another one."""
    (one,) = deliveries(stack)
    return one.state != "waiting" or (
        one.problem is not None and one.next_at != stack.clock.now() + timedelta(seconds=60)
    )


def registered(client: httpx.Client, url: str, *events: str, **more: Any) -> dict[str, Any]:
    """events: none is all of them."""
    answer = client.post("/v1/webhooks", json={"url": url, **({"events": events} if events else {})}, **more)
    assert answer.status_code == 201, answer.text
    got: dict[str, Any] = answer.json()
    return got


def is_signed(headers: dict[str, str], body: str, secret: str) -> bool:
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=UTC)
    return headers["webhook-signature"] == Signer(secret).sign(headers["webhook-id"], at, body)


def test_the_end_of_an_enrichment_is_told_once_and_signed(
    telling: httpx.Client, stack: Stack, receiver: Receiver
) -> None:
    webhook = registered(telling, receiver.url, "enrichment.completed")
    bought, hit = enriched(telling).json(), enriched(telling).json()
    eventually(lambda: len(receiver.got) == 2, "both ends are sent")
    told = {data["id"]: data for data in receiver.events("enrichment.completed")}
    assert told.keys() == {bought["id"], hit["id"]}
    assert told[bought["id"]]["state"] == bought["state"]
    assert told[bought["id"]]["cost_usd"] == bought["cost_usd"]
    assert (told[hit["id"]]["served_from"], told[hit["id"]]["company"]) == ("layer_1", "tesla.com")
    headers, body = receiver.got[0]
    assert is_signed(headers, body, webhook["secret"])
    assert not is_signed(headers, body + " ", webhook["secret"])
    assert webhook["secret"] not in telling.get("/v1/webhooks").text


def test_a_receiver_that_fails_is_asked_again_under_the_same_id(
    telling: httpx.Client, stack: Stack, receiver: Receiver
) -> None:
    webhook = registered(telling, receiver.url, "enrichment.completed")
    receiver.answers.extend([500, 307])
    enriched(telling)
    assert attempted(stack, 1).problem == "it answered 500"
    stack.clock.advance(seconds=5)
    assert attempted(stack, 2).problem == "it answered 307: redirects are not followed"
    assert len(receiver.got) == 2
    stack.clock.advance(seconds=30)
    eventually(lambda: len(receiver.got) == 3, "the third attempt")
    ids = {headers["webhook-id"] for headers, _ in receiver.got}
    assert len(ids) == 1
    assert all(is_signed(headers, body, webhook["secret"]) for headers, body in receiver.got)
    assert telling.get(f"/v1/webhooks/{webhook['id']}/dead-letters").json() == {"dead_letters": []}


def test_what_cannot_be_told_within_a_day_is_a_dead_letter(
    telling: httpx.Client, stack: Stack, receiver: Receiver
) -> None:
    webhook = registered(telling, receiver.url, "enrichment.completed")
    receiver.answers.extend([503] * 50)
    enriched(telling)
    at = f"/v1/webhooks/{webhook['id']}/dead-letters"
    begun, last = stack.clock.now(), attempted(stack, 1)
    while last.state == "waiting":
        stack.clock.advance(seconds=(last.next_at - stack.clock.now()).total_seconds())
        last = attempted(stack, last.attempts + 1)
    assert timedelta(hours=20) < stack.clock.now() - begun < timedelta(hours=24)
    dead = telling.get(at).json()["dead_letters"]
    assert [(one["event"], one["problem"]) for one in dead] == [("enrichment.completed", "it answered 503")]
    assert json.loads(dead[0]["body"])["data"]["company"] == "tesla.com"
    assert len(receiver.got) == dead[0]["attempts"]


def test_what_a_refresh_finds_different_is_told_with_the_reason(
    telling: httpx.Client, stack: Stack, receiver: Receiver
) -> None:
    registered(telling, receiver.url, "profile.changed")
    enriched(telling, datasets=["recent_news"])
    stack.clock.advance(days=40)
    enriched(telling, datasets=["recent_news"])
    changes = telling.get("/v1/changes").json()["changes"]
    assert changes
    eventually(lambda: len(receiver.got) == len(changes), "each change is sent")
    told = {one["id"]: one for one in receiver.events("profile.changed")}
    for change in changes:
        data = told[change["id"]]
        assert (data["company"], data["field"], data["source"]) == ("tesla.com", "recent_news", change["source"])
        assert (data["old"], data["new"], data["why"]) == (change["before"], change["after"], change["why"])


def test_a_batch_that_is_done_is_told_to_the_key_that_asked_for_it(
    telling: httpx.Client, stack: Stack, receiver: Receiver
) -> None:
    mine, other = bearer(stack, "mine", ["enrich"]), bearer(stack, "other", ["enrich"])
    registered(telling, f"{receiver.url}/mine", "batch.completed", headers=mine)
    registered(telling, f"{receiver.url}/other", headers=other)
    body = {"companies": ["tesla.com"], "max_cost_usd": 2}
    answer = telling.post("/v1/batches", json=body, headers=mine)
    assert answer.status_code == 202, answer.text
    batch = done(telling, answer.json()["id"], mine)
    eventually(lambda: bool(receiver.got), "its end is sent")
    (data,) = receiver.events("batch.completed")
    assert (data["id"], data["companies"]) == (batch["id"], {"complete": 1})
    assert len(deliveries(stack)) == 1


def test_a_daily_budget_that_has_no_room_is_told_once(telling: httpx.Client, stack: Stack, receiver: Receiver) -> None:
    poor = bearer(stack, "poor", ["enrich"], per_day=60_000)
    registered(telling, receiver.url, "budget.reached", headers=poor)
    for company in ("tesla.com", "adobe.com", "nvidia.com"):
        enriched(telling, company=company, headers=poor)
    eventually(lambda: bool(receiver.got), "the budget is sent")
    (data,) = receiver.events("budget.reached")
    assert data["budget"].startswith("key:poor:")
    assert data["limit_usd"] == "0.06"


def test_a_source_that_bills_more_than_it_may_is_suspended_and_that_is_sent(
    telling: httpx.Client, stack: Stack, receiver: Receiver
) -> None:
    registered(telling, receiver.url, "source.suspended")
    stack.fault("brightdata", "overbilled", times=1)
    assert enriched(telling).status_code == 200
    eventually(lambda: bool(receiver.got), "the suspension is sent")
    (data,) = receiver.events("source.suspended")
    assert data["source"] == "brightdata_company_db"
    assert data["because"].startswith("billed ")


def test_webhooks_belong_to_their_key_and_end_with_it(telling: httpx.Client, stack: Stack, receiver: Receiver) -> None:
    mine, other = bearer(stack, "mine", ["enrich"]), bearer(stack, "other", ["enrich"])
    webhook = registered(telling, receiver.url, headers=mine)
    at = f"/v1/webhooks/{webhook['id']}"
    assert telling.get("/v1/webhooks", headers=other).json() == {"webhooks": []}
    for answer in (
        telling.delete(at, headers=other),
        telling.post(f"{at}/test", headers=other),
        telling.get(f"{at}/dead-letters", headers=other),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    tried = telling.post(f"{at}/test", headers=mine).json()
    assert (tried["delivered"], tried["status"], tried["problem"]) == (True, 200, None)
    assert receiver.got[0][0]["webhook-id"] == tried["id"]
    stack.store.api_keys.revoke("mine", at=stack.clock.now())
    enriched(telling, headers=other)
    assert deliveries(stack) == []
    admin = bearer(stack, "admin", ["enrich", "admin"])
    assert telling.delete(at, headers=admin).status_code == 200
    assert telling.get("/v1/webhooks", headers=admin).json() == {"webhooks": []}


def test_only_https_and_public_addresses_are_registered(client: httpx.Client) -> None:
    refused = [
        "http://crm.example/hooks", "https://127.0.0.1/x", "https://[::1]/x", "https://10.0.0.7/x",
        "https://[fe80::1]/x", "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/x", "https://[64:ff9b::a00:7]/x",
        "https://100.64.0.1/x", "https://224.0.0.1/x", "https://me:pw@crm.example/x", "ftp://crm.example/x",
        "https://localhost/x", "https://api.localhost/x", "https://0x7f.1/x", "https://127.1/x", "https://2130706433/x",
        "https://0177.0.0.1/x", "https://127.0.0.1./x", "https://intranet/x", "https://crm.internal/x", "https://nas.local/x",
        "crm.example", "https://crm.example\\@10.0.0.7/", "https://crm.example:99999/",
    ]  # fmt: skip
    answers = {url: client.post("/v1/webhooks", json={"url": url}) for url in refused}
    assert {url: answer.status_code for url, answer in answers.items() if answer.status_code != 422} == {}
    assert {answer.json()["code"] for answer in answers.values()} == {"invalid"}
    of_none = client.post("/v1/webhooks", json={"url": "https://crm.example/hooks", "events": []})
    assert (of_none.status_code, of_none.json()["detail"][:45]) == (
        422,
        "events: name one at least, or leave it out: a",
    )
    assert client.post("/v1/webhooks", json={"url": "https://crm.example/hooks"}).status_code == 201


def test_a_name_that_leads_to_this_machine_is_not_connected_to(receiver: Receiver) -> None:
    sender, port = WebhookSender(loopback=False), receiver.url.rpartition(":")[2]
    outcome = asyncio.run(sender.send(f"https://localhost:{port}/x", SECRET, "msg_1", "{}", at=NOON))
    assert outcome.problem == "localhost has an address that is not public: nothing is sent to it"
    assert receiver.got == []


def test_a_receiver_that_hangs_is_left_after_a_while() -> None:
    async def sent() -> Outcome:
        async with listening(say_nothing) as url:
            return await WebhookSender(loopback=True, seconds=0.2).send(url, SECRET, "msg_1", "{}", at=NOON)

    assert asyncio.run(sent()).problem == "no answer within 0.2 s"

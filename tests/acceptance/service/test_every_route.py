"""Every route of the API with no key, a revoked one, one of another installation, and another client's."""

from collections.abc import Mapping
from functools import cache

import httpx
import pytest

from enrichment.domain.batches import Batch
from enrichment.domain.research import Persona, Session
from enrichment.domain.webhooks import Webhook
from resources.settings import Settings
from service.app import create_service
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer
from tests.support.examples import FROZEN

PUBLIC = {("get", "/healthz"), ("get", "/readyz"), ("get", "/metrics")}
OWNED = {
    ("get", "/v1/enrichments/{enrichment_id}"),
    ("get", "/v1/enrichments/{enrichment_id}/events"),
    ("delete", "/v1/enrichments/{enrichment_id}"),
    ("get", "/v1/requests/{request_id}/trace"),
    ("get", "/v1/batches/{batch_id}"),
    ("get", "/v1/batches/{batch_id}/companies"),
    ("get", "/v1/batches/{batch_id}/export.csv"),
    ("delete", "/v1/batches/{batch_id}"),
    ("post", "/v1/batches/{batch_id}/resume"),
    ("post", "/v1/batches/{batch_id}/retry"),
    ("post", "/v1/webhooks/{webhook_id}/test"),
    ("get", "/v1/webhooks/{webhook_id}/dead-letters"),
    ("delete", "/v1/webhooks/{webhook_id}"),
    ("get", "/v1/sessions/{session_id}"),
    ("get", "/v1/sessions/{session_id}/events"),
    ("get", "/v1/sessions/{session_id}/transcript"),
    ("post", "/v1/sessions/{session_id}/questions"),
    ("post", "/v1/sessions/{session_id}/stop"),
    ("delete", "/v1/sessions/{session_id}"),
}
"""Routes of objects that belong to the key that made them: for another key they are not there."""
LISTS = {"/v1/batches": "bat_mine", "/v1/sessions": "ses_mine", "/v1/webhooks": "whk_mine"}
"""Lists of such objects: where, and what of mine is in them."""
NEEDS_MORE_THAN_READ = {
    ("post", "/v1/enrichments"),
    ("post", "/vendor/enrich"),
    ("delete", "/v1/enrichments/{enrichment_id}"),
    ("post", "/v1/batches"),
    ("post", "/v1/batches/upload"),
    ("delete", "/v1/batches/{batch_id}"),
    ("post", "/v1/batches/{batch_id}/resume"),
    ("post", "/v1/batches/{batch_id}/retry"),
    ("post", "/v1/companies/{key}/verdicts"),
    ("delete", "/v1/companies/{key}/verdicts/{verdict_id}"),
    ("post", "/v1/webhooks"),
    ("get", "/v1/webhooks"),
    ("post", "/v1/webhooks/{webhook_id}/test"),
    ("get", "/v1/webhooks/{webhook_id}/dead-letters"),
    ("delete", "/v1/webhooks/{webhook_id}"),
    ("post", "/v1/sessions"),
    ("post", "/v1/sessions/{session_id}/questions"),
    ("post", "/v1/sessions/{session_id}/stop"),
    ("delete", "/v1/sessions/{session_id}"),
}
WITHDRAW = ("delete", "/v1/companies/{key}/verdicts/{verdict_id}")
UNREGISTER = ("delete", "/v1/webhooks/{webhook_id}")
DELETE_SESSION = ("delete", "/v1/sessions/{session_id}")
PERSONA = {"name": "Ann", "role": "seller", "company": "tesla.com", "sells": "cars"}
BODIES: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("post", "/v1/enrichments"): {"company": "tesla.com"},
    ("post", "/v1/quotes"): {"company": "tesla.com"},
    ("post", "/vendor/enrich"): {"companyName": "tesla.com"},
    ("post", "/v1/batches"): {"companies": ["tesla.com"], "max_cost_usd": 1},
    ("post", "/v1/batches/upload"): {"website": "tesla.com"},
    ("post", "/v1/batches/quote"): {"companies": ["tesla.com"], "max_cost_usd": 1},
    ("post", "/v1/batches/{batch_id}/resume"): {},
    ("post", "/v1/batches/{batch_id}/retry"): {},
    ("post", "/v1/companies/{key}/verdicts"): {"dataset": "employee_count", "because": "it is", "right": "7"},
    ("post", "/v1/webhooks"): {"url": "https://crm.example/hooks"},
    ("post", "/v1/webhooks/{webhook_id}/test"): {},
    ("post", "/v1/sessions"): {"persona": PERSONA},
    ("post", "/v1/sessions/{session_id}/questions"): {"question": "Whom does tesla.com hire?"},
    ("post", "/v1/sessions/{session_id}/stop"): {},
}
QUERIES: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("get", "/v1/sessions/{session_id}/events"): {"follow": "false"},
    ("post", "/v1/batches/upload"): {"max_cost_usd": "1"},
}


@cache
def routes() -> tuple[tuple[str, str], ...]:
    """Those of the OpenAPI document, made when the first test needs it: that takes more CPU than most tests."""
    app = create_service(Settings(enrich_home=FROZEN, enrich_config=FROZEN), now=lambda: None)  # type: ignore[arg-type, return-value]
    return tuple((method, path) for path, item in app.openapi()["paths"].items() for method in item)


def routes_with_key() -> list[tuple[str, str]]:
    return [route for route in routes() if route not in PUBLIC]


def call(
    client: httpx.Client,
    route: tuple[str, str],
    headers: Mapping[str, str],
    request_id: str,
    query: Mapping[str, str] | None = None,
) -> httpx.Response:
    method, path = route
    here = path.format(
        enrichment_id=request_id,
        request_id=request_id,
        key="tesla.com",
        consumer="profile",
        batch_id="bat_mine",
        verdict_id="ver_none",
        webhook_id="whk_mine",
        session_id="ses_mine",
        source="serp_news",
    )
    kind = {"Content-Type": "application/x-ndjson"} if path.endswith("/upload") else {}
    return client.request(
        method, here, params={**QUERIES.get(route, {}), **(query or {})}, headers={**headers, **kind},
        json=BODIES.get(route),
    )  # fmt: skip


@pytest.fixture
def mine(stack: Stack) -> dict[str, str]:
    return bearer(stack, "mine", ["enrich"])


@pytest.fixture
def request_id(client: httpx.Client, stack: Stack, mine: dict[str, str]) -> str:
    """Of an enrichment of mine; there are a batch, a webhook and a session of mine too."""
    answer = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={**mine, "Prefer": "wait=60"})
    batch = Batch("bat_mine", stack.clock.now(), ("profile",), "service:mine", state="done", max_cost=0)
    stack.store.batches.create(batch, [])
    owner = stack.store.api_keys.by_name("mine")
    assert owner is not None
    # a URL that cannot be sent to: the test of it says so, and connects to nothing
    webhook = Webhook("whk_mine", owner.key_id, "http://crm.example", (), "whsec_AAAA", stack.clock.now())
    stack.store.webhooks.add(webhook, most=1)
    company = stack.store.companies.by_key("tesla.com")
    assert company is not None
    session = Session(
        "ses_mine", owner.key_id, Persona(**PERSONA), company.company_id, 1_000_000, stack.clock.now(), "epoch"
    )
    stack.store.sessions.open(session, [], question=None, key=None)
    return str(answer.json()["id"])


def test_the_matrix_covers_every_route() -> None:
    assert set(routes()) >= PUBLIC
    assert OWNED | NEEDS_MORE_THAN_READ | BODIES.keys() <= set(routes_with_key())
    assert {route for route in routes() if route[0] in {"post", "put", "patch"}} == BODIES.keys()


def test_no_route_answers_without_a_valid_key_of_this_installation(
    client: httpx.Client, stack: Stack, request_id: str
) -> None:
    revoked = bearer(stack, "revoked", ["enrich", "admin"])
    stack.store.api_keys.revoke("revoked", at=stack.clock.now())
    strangers = {
        "none": {},
        "revoked": revoked,
        "of a live store": {"Authorization": f"Bearer enr_live_{'A' * 43}"},
        "of another scheme": {"Authorization": f"Basic {revoked['Authorization'].split()[1]}"},
    }
    billed = stack.invoice()
    answers = {
        (route, who): call(client, route, headers, request_id)
        for route in routes_with_key()
        for who, headers in strangers.items()
    }
    for who, headers in strangers.items():
        for method in ("get", "post", "delete"):
            answers[(method, "/mcp"), who] = client.request(method, "/mcp", headers=headers)
    wrong = {key: answer.status_code for key, answer in answers.items() if answer.status_code != 401}
    assert wrong == {}
    assert {answer.headers["content-type"] for answer in answers.values()} == {"application/problem+json"}
    assert stack.invoice() == billed


def test_another_key_finds_what_is_shared_and_nothing_of_mine(
    client: httpx.Client, stack: Stack, request_id: str, mine: dict[str, str]
) -> None:
    other = bearer(stack, "other", ["enrich"])
    answers = {route: call(client, route, other, request_id).status_code for route in routes_with_key()}
    assert answers.pop(WITHDRAW) == 404  # there is no such verdict; another key's: see test_verdicts
    assert {route for route, status in answers.items() if status == 404} == OWNED
    assert {route: status for route, status in answers.items() if status >= 400 and route not in OWNED} == {}
    own = {
        route: call(client, route, mine, request_id).status_code
        for route in sorted(OWNED - {UNREGISTER, DELETE_SESSION})
    }
    assert {route for route, status in own.items() if status == 409} == {one for one in own if one[0] == "delete"}
    assert {route for route, status in own.items() if status == 202} == {
        route
        for route in own
        if route[0] == "post" and ("session_id" in route[1] or route[1].startswith("/v1/batches"))
    }
    assert {status for status in own.values() if status not in {202, 409}} == {200}
    assert call(client, UNREGISTER, mine, request_id).status_code == 200
    assert call(client, DELETE_SESSION, mine, request_id).status_code == 204


@pytest.mark.parametrize(("path", "mine_is"), LISTS.items())
def test_a_list_has_what_is_mine_for_me_and_for_an_admin_and_not_for_another_key(
    client: httpx.Client, stack: Stack, request_id: str, mine: dict[str, str], path: str, mine_is: str
) -> None:
    other, boss = bearer(stack, "other", ["enrich"]), bearer(stack, "boss", ["enrich", "admin"])
    seen = [mine_is in client.get(path, headers=headers).text for headers in (mine, boss, other)]
    assert seen == [True, True, False]


def test_an_admin_key_reads_and_stops_what_is_mine_and_asks_nothing_at_my_cost(
    client: httpx.Client, stack: Stack, request_id: str
) -> None:
    boss = bearer(stack, "boss", ["enrich", "admin"])
    order = [*sorted(OWNED - {UNREGISTER, DELETE_SESSION}), UNREGISTER, DELETE_SESSION]
    answers = {route: call(client, route, boss, request_id).status_code for route in order}
    assert answers.pop(("post", "/v1/sessions/{session_id}/questions")) == 403
    ended = {("delete", "/v1/enrichments/{enrichment_id}"), ("delete", "/v1/batches/{batch_id}")}
    assert {route for route, status in answers.items() if status == 409} == ended
    assert {status for route, status in answers.items() if route not in ended} == {200, 202, 204}


def test_a_batch_of_the_command_line_is_read_with_any_key_and_changed_by_an_admin(
    client: httpx.Client, stack: Stack
) -> None:
    stack.store.batches.create(Batch("bat_cli", stack.clock.now(), ("profile",), "cli", max_cost=0), [])
    other, boss = bearer(stack, "other", ["enrich"]), bearer(stack, "boss", ["enrich", "admin"])
    assert "bat_cli" in client.get("/v1/batches", headers=other).text
    assert client.get("/v1/batches/bat_cli", headers=other).status_code == 200
    refused = client.post("/v1/batches/bat_cli/resume", json={}, headers=other)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert client.post("/v1/batches/bat_cli/resume", json={}, headers=boss).status_code == 202


def test_a_key_that_may_only_read_reads_everything_and_begins_nothing(
    client: httpx.Client, stack: Stack, request_id: str
) -> None:
    reader = bearer(stack, "reader", ["read"])
    answers = {route: call(client, route, reader, request_id).status_code for route in routes_with_key()}
    assert {route for route, status in answers.items() if status == 403} == NEEDS_MORE_THAN_READ


def test_no_route_ignores_a_query_parameter_that_it_does_not_know(
    client: httpx.Client, stack: Stack, request_id: str
) -> None:
    headers = bearer(stack, "boss", ["enrich", "admin"])
    billed, batches = stack.invoice(), len(stack.store.batches.latest())
    answers = {route: call(client, route, headers, request_id, {"consumer_": "profile"}) for route in routes()}
    other = {path: client.get(f"{path}?consumer_=profile", headers=headers) for path in ("/openapi.json", "/mcp")}
    for route, answer in (answers | other).items():
        assert (route, answer.status_code, answer.json()["code"]) == (route, 422, "invalid")
        assert "no query parameter 'consumer_'" in answer.json()["detail"]
    assert (stack.invoice(), len(stack.store.batches.latest())) == (billed, batches)


def test_a_parameter_that_is_taken_once_is_refused_when_it_is_sent_twice(client: httpx.Client) -> None:
    answer = client.get("/v1/companies?limit=1&limit=2")
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "The query parameter 'limit' is sent twice: send it once.",
    )
    assert client.get("/v1/company-table?known=industry&known=employee_count").status_code == 200


@pytest.mark.parametrize("route", sorted(PUBLIC))
def test_a_public_route_answers_without_a_key_and_names_no_secret(
    client: httpx.Client, mine: dict[str, str], route: tuple[str, str]
) -> None:
    answer = client.request(*route)
    assert answer.status_code == 200
    assert mine["Authorization"].split()[1] not in answer.text

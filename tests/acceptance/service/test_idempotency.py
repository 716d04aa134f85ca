"""Idempotency-Key: one call, however often it is sent."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from sandbox.companies.catalogue import Catalogue
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer

WAIT = {"Prefer": "wait=60"}
KEY = {"Idempotency-Key": "order 7"}


def test_a_hundred_clients_with_one_key_buy_once(client: httpx.Client, stack: Stack) -> None:
    def call(_: int) -> httpx.Response:
        return client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={**WAIT, **KEY})

    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(call, range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len({answer.text for answer in answers}) == 1
    assert len([answer for answer in answers if "idempotency-replayed" not in answer.headers]) == 1
    assert len(stack.store.requests.latest()) == 1
    assert stack.invoice() == {"brightdata": {"company_record": 1}}


def test_the_last_place_is_taken_by_one_of_a_hundred_clients_with_one_key(client: httpx.Client, stack: Stack) -> None:
    stack.fault("*", "latency", seconds=3600)
    most = min(64, sum(provider.concurrency for provider in stack.rules.providers.values()))
    others = [company.domain for company in Catalogue().companies if company.domain != "tesla.com"]
    for domain in others[: most - 1]:
        client.post("/v1/enrichments", json={"company": domain})

    def call(_: int) -> httpx.Response:
        return client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=KEY)

    with ThreadPoolExecutor(100) as threads:
        answers = list(threads.map(call, range(100)))
    refused = client.post("/v1/enrichments", json={"company": others[most]})
    stack.clear_faults()

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert f"{most} requests are under way or being begun" in refused.json()["detail"]


def test_what_repeats_a_call_says_so_on_every_route_that_takes_a_key(client: httpx.Client) -> None:
    calls = [
        ("/v1/enrichments", {"company": "tesla.com"}),
        ("/vendor/enrich", {"companyName": "tesla.com"}),
        ("/v1/batches", {"companies": ["tesla.com"], "max_cost_usd": "1.00"}),
        ("/v1/sessions", {"persona": {"name": "Ann", "role": "seller", "company": "tesla.com", "sells": "things"}}),
    ]
    for path, body in calls:
        first, second = (client.post(path, json=body, headers={"Idempotency-Key": path}) for _ in range(2))
        assert first.is_success, first.text
        assert "idempotency-replayed" not in first.headers, path
        assert second.headers.get("idempotency-replayed") == "true", path
    upload = {"content": b"name\nTesla\n", "params": {"max_cost_usd": "1.00"}}
    headers = {"Content-Type": "text/csv", **KEY}
    first, second = (client.post("/v1/batches/upload", headers=headers, **upload) for _ in range(2))  # type: ignore[arg-type]
    assert first.is_success, first.text
    assert (first.headers.get("idempotency-replayed"), second.headers.get("idempotency-replayed")) == (None, "true")


def test_a_batch_that_was_made_before_names_again_what_was_left_out_of_it(client: httpx.Client) -> None:
    body = {"companies": ["tesla.com", "???"], "max_cost_usd": "1.00"}
    first, second = (client.post("/v1/batches", json=body, headers=KEY).json() for _ in range(2))
    upload = {"content": b"name\nTesla\ngmail.com\n", "params": {"max_cost_usd": "1.00"}}
    headers = {"Content-Type": "text/csv", "Idempotency-Key": "another"}
    listed, again = (client.post("/v1/batches/upload", headers=headers, **upload).json() for _ in range(2))  # type: ignore[arg-type]
    assert [one["company"] for one in first["left_out"]] == ["???"]
    assert listed["left_out"]
    assert (second["id"], second["left_out"]) == (first["id"], first["left_out"])
    assert (again["id"], again["left_out"]) == (listed["id"], listed["left_out"])


def test_a_route_that_does_not_take_a_key_refuses_it_and_makes_nothing(client: httpx.Client) -> None:
    calls = [
        ("/v1/webhooks", {"url": "https://hooks.example.com/"}),
        ("/v1/companies/tesla.com/verdicts", {"dataset": "industry", "because": "it is not"}),
        ("/v1/quotes", {"company": "tesla.com"}),
    ]
    for path, body in calls:
        refused = client.post(path, json=body, headers=KEY)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), path
        assert refused.json()["detail"] == "This route takes no Idempotency-Key: leave it out."
    assert client.get("/v1/webhooks").json()["webhooks"] == []


def test_the_same_key_with_another_body_is_refused(client: httpx.Client) -> None:
    first = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={**WAIT, **KEY}).json()
    other = client.post("/v1/enrichments", json={"company": "apple.com"}, headers={**WAIT, **KEY})
    assert (other.status_code, other.json()["code"]) == (422, "other_body")
    assert other.json()["id"] == first["id"]
    elsewhere = client.post("/vendor/enrich", json={"companyName": "tesla.com"}, headers=KEY)
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "other_body")


def test_a_hit_of_layer_1_is_repeated_under_its_key_too(client: httpx.Client) -> None:
    client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=WAIT)
    first, second = (client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=KEY) for _ in range(2))
    assert first.json()["served_from"] == "layer_1"
    assert second.json() == first.json()


def test_a_repeated_call_that_does_not_wait_finds_the_request_under_way(client: httpx.Client, stack: Stack) -> None:
    stack.fault("brightdata", "latency", seconds=3600, times=20)
    first = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=KEY)
    second = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=KEY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.headers["location"] == first.headers["location"]
    stack.clear_faults()
    done = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={**WAIT, **KEY})
    assert (done.status_code, done.json()["id"]) == (200, first.json()["id"])


def test_two_keys_of_the_service_do_not_share_what_they_call_by_one_name(client: httpx.Client, stack: Stack) -> None:
    ids = {
        client.post(
            "/v1/enrichments", json={"company": "tesla.com"}, headers={**WAIT, **KEY, **bearer(stack, name, ["enrich"])}
        ).json()["id"]
        for name in ("one", "two")
    }
    assert len(ids) == 2


def test_a_key_is_forgotten_after_a_day(client: httpx.Client, stack: Stack) -> None:
    first = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={**WAIT, **KEY}).json()
    stack.clock.advance(hours=24, seconds=1)
    other = client.post("/v1/enrichments", json={"company": "apple.com"}, headers={**WAIT, **KEY})
    assert other.status_code == 200
    assert other.json()["id"] != first["id"]

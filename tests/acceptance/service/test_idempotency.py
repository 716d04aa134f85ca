"""Idempotency-Key: one call, however often it is sent."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer

WAIT = {"Prefer": "wait=60"}
KEY = {"Idempotency-Key": "order 7"}


def test_a_hundred_clients_with_one_key_buy_once(client: httpx.Client, stack: Stack) -> None:
    def call(_: int) -> httpx.Response:
        return client.post("/v1/enrichments", json={"company": "tesla.com"}, headers={**WAIT, **KEY})

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(call, range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len({answer.text for answer in answers}) == 1
    assert len([answer for answer in answers if "idempotency-replayed" not in answer.headers]) == 1
    assert len(stack.store.requests.latest()) == 1
    assert stack.invoice() == {"brightdata": {"company_record": 1}}


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
    stack.fault("brightdata", "latency", seconds=0.5, times=20)
    first = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=KEY)
    second = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=KEY)
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.headers["location"] == first.headers["location"]
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

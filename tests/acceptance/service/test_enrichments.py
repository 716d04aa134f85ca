"""Ask, wait, look, follow and stop an enrichment over HTTP."""

import json
from datetime import datetime, timedelta

import httpx
import pytest

from service.app import create_service
from service.server import served
from tests.acceptance.conftest import Stack
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.one_authority import NO_AUTHORITY

WAIT = {"Prefer": "wait=60"}
ENDS = {"complete", "incomplete", "refused", "failed", "stopped"}


def enriched(client: httpx.Client, **body: object) -> httpx.Response:
    return client.post("/v1/enrichments", json={"company": "tesla.com", **body}, headers=WAIT)


def frames(
    client: httpx.Client, enrichment_id: str, after: str | None = None
) -> list[tuple[str, str, dict[str, object]]]:
    """(id, event, data) of each frame of the stream, to its end."""
    headers = {} if after is None else {"Last-Event-ID": after}
    found, now = [], dict[str, str]()
    with client.stream("GET", f"/v1/enrichments/{enrichment_id}/events", headers=headers) as response:
        assert response.status_code == 200
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if line == "" and "event" in now:
                found.append((now.get("id", ""), now["event"], json.loads(now["data"])))
            now = {} if line == "" else {**now, name: value}
    return found


def test_who_waits_gets_the_profile_and_its_exact_cost(client: httpx.Client, stack: Stack) -> None:
    answer = enriched(client)
    assert answer.status_code == 200
    got = answer.json()
    assert (got["state"], got["served_from"], got["company"]["key"]) == ("complete", "vendors", "tesla.com")
    assert got["profile"]["datasets"]["industry"]["values"]
    kept = stack.store.requests.by_id(got["id"])
    assert kept is not None
    assert got["cost_usd"] == "0.15"
    assert kept.cost_micro_usd == 150_000
    assert kept.asked_by == "service:loopback"


def test_the_second_request_is_served_from_layer_1_and_costs_nothing(client: httpx.Client, stack: Stack) -> None:
    first = enriched(client).json()
    billed = stack.invoice()
    second = client.post("/v1/enrichments", json={"company": "tesla.com"})
    assert second.status_code == 200
    got = second.json()
    assert (got["served_from"], got["cost_usd"], got["saved_usd"]) == ("layer_1", "0.00", "0.15")
    assert got["profile"] == first["profile"]
    assert got["id"] != first["id"]
    assert stack.invoice() == billed


def test_who_does_not_wait_gets_202_and_finds_the_state_at_the_location(client: httpx.Client) -> None:
    answer = client.post("/v1/enrichments", json={"company": "tesla.com"})
    assert answer.status_code == 202
    at = answer.headers["location"]
    frames(client, answer.json()["id"])
    got = client.get(at).json()
    assert got["state"] == "complete"
    assert [event["what"] for event in got["trace"]][-1] == "kept"


def test_the_stream_shows_plan_and_calls_and_ends_with_the_state(client: httpx.Client) -> None:
    accepted = client.post("/v1/enrichments", json={"company": "tesla.com"}).json()
    seen = frames(client, accepted["id"])
    kinds = [kind for _, kind, _ in seen]
    assert kinds.index("plan") < kinds.index("call") < kinds.index("end") == len(kinds) - 1
    assert seen[-1][2]["state"] == "complete"


def test_a_stream_that_is_resumed_misses_nothing_and_repeats_nothing(client: httpx.Client) -> None:
    request_id = enriched(client).json()["id"]
    whole = frames(client, request_id)
    for number, (event_id, _, _) in enumerate(whole[:-1], start=1):
        assert frames(client, request_id, after=event_id) == whole[number:]
    done = client.get(f"/v1/enrichments/{request_id}/events", headers={"Last-Event-ID": whole[-1][0]})
    assert (done.status_code, done.content) == (204, b"")


def test_a_quote_buys_nothing_and_is_what_the_request_then_does(client: httpx.Client, stack: Stack) -> None:
    billed = stack.invoice()
    quote = client.post("/v1/quotes", json={"company": "tesla.com"})
    assert quote.status_code == 201
    got = quote.json()
    assert stack.invoice() == billed
    assert float(got["expected_usd"]) <= float(got["p90_usd"]) <= float(got["most_usd"])
    done = client.post("/v1/enrichments", json={"quote_id": got["id"]}, headers=WAIT).json()
    assert done["state"] == "complete"
    assert float(done["cost_usd"]) <= float(got["most_usd"])


def test_a_quote_is_good_for_ten_minutes(client: httpx.Client, stack: Stack) -> None:
    quote = client.post("/v1/quotes", json={"company": "tesla.com"}).json()
    stack.clock.advance(minutes=10)
    answer = client.post("/v1/enrichments", json={"quote_id": quote["id"]}, headers=WAIT)
    assert (answer.status_code, answer.json()["code"]) == (410, "quote_expired")


def test_a_quote_of_a_profile_that_memory_has_costs_nothing(client: httpx.Client) -> None:
    enriched(client)
    quote = client.post("/v1/quotes", json={"company": "tesla.com"}).json()
    assert (quote["served"], quote["most_usd"], quote["plans"]) == (True, "0.00", [])


def test_the_users_own_endpoint_waits_and_answers_with_their_names_too(client: httpx.Client) -> None:
    answer = client.post("/vendor/enrich", json={"companyName": "Tesla", "strategy": "enhanced"})
    assert answer.status_code == 200
    got = answer.json()
    assert got["companyName"] == "Tesla"
    assert got["requestId"] == got["id"]
    assert got["status"] == got["state"]
    assert (got["consumer"], got["strategy"]) == ("vendor_enrichment", "enhanced")


def test_the_users_own_endpoint_answers_202_where_they_do_not_wait(client: httpx.Client) -> None:
    answer = client.post("/vendor/enrich", json={"companyName": "Tesla", "tier": "legacy", "async": True})
    assert answer.status_code == 202
    request_id = answer.json()["requestId"]
    frames(client, request_id)
    assert client.get(f"/v1/enrichments/{request_id}").json()["strategy"] == "legacy"


def test_what_has_ended_cannot_be_stopped(client: httpx.Client) -> None:
    request_id = enriched(client).json()["id"]
    answer = client.delete(f"/v1/enrichments/{request_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "already_ended")


def test_an_enrichment_is_asked_for_before_it_is_finished_also_where_memory_has_it(stack: Stack) -> None:
    def ticking() -> datetime:
        stack.clock.at += timedelta(milliseconds=1)
        return stack.clock.now()

    with (
        served(create_service(stack.settings, now=ticking)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False, verify=NO_AUTHORITY) as client,
    ):
        answers = [enriched(client).json() for _ in range(2)]
    assert [one["served_from"] for one in answers] == ["vendors", "layer_1"]
    assert all(one["asked_at"] <= one["finished_at"] for one in answers)


@pytest.mark.parametrize("path", ["/v1/quotes", "/v1/enrichments"])
@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"datasets": []}, "datasets: name one at least, or leave it out"),
        ({"datasets": ["industry"], "sources": []}, "sources: name one at least, or leave it out"),
        ({"strategy": "basic"}, "There is no strategy 'basic'. Choose one of: "),
        ({"accept_stale": "yes"}, "accept_stale: send true or false"),
    ],
)
def test_what_would_be_taken_for_something_else_is_refused_before_it_is_accepted(
    client: httpx.Client, path: str, more: dict[str, object], says: str
) -> None:
    answer = client.post(path, json={"company": "zzz.com", **more})
    assert (answer.status_code, answer.json()["detail"][: len(says)]) == (422, says)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"tier": "basic", "async": True}, "There is no strategy 'basic'. Choose one of: "),
        ({"strategy": "enhanced", "tier": "basic"}, "body: strategy and tier name the same thing and differ: "),
        ({"async": "yes"}, "async: send true or false"),
    ],
)
def test_the_users_own_endpoint_checks_what_it_is_sent(
    client: httpx.Client, more: dict[str, object], says: str
) -> None:
    answer = client.post("/vendor/enrich", json={"companyName": "zzz.com", **more})
    assert (answer.status_code, answer.json()["detail"][: len(says)]) == (422, says)

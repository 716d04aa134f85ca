"""A person says over HTTP that a value is wrong: it is served no more, and nothing is bought for it."""

from typing import Any

import httpx
import pytest

from enrichment.domain.knowledge import VERDICT
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_enrichments import enriched
from tests.acceptance.service.test_keys import bearer

AT = "/v1/companies/tesla.com/verdicts"
WRONG_HEADCOUNT = {"dataset": "employee_count", "because": "they told us on the phone", "right": "5,200"}


def best(answer: dict[str, Any], dataset: str) -> dict[str, Any]:
    found: dict[str, Any] = answer["profile"]["datasets"][dataset]["values"][0]
    return found


def judged(client: httpx.Client, **body: object) -> dict[str, Any]:
    answer = client.post(AT, json=body)
    assert answer.status_code == 201, answer.text
    got: dict[str, Any] = answer.json()
    return got


@pytest.fixture
def first(client: httpx.Client) -> dict[str, Any]:
    got: dict[str, Any] = enriched(client).json()
    return got


def test_layer_1_serves_the_right_value_from_then_on_and_nothing_is_bought(
    client: httpx.Client, stack: Stack, first: dict[str, Any]
) -> None:
    billed, before = stack.invoice(), best(first, "employee_count")
    verdict = judged(client, **WRONG_HEADCOUNT)
    assert verdict["wrong"]["value"] == before["value"]
    assert verdict["sources"] == [before["source"]]
    again = enriched(client).json()
    served = best(again, "employee_count")
    assert (again["served_from"], again["cost_usd"]) == ("layer_1", "0.00")
    assert (served["source"], served["value"]) == (VERDICT, {"low": 5200, "high": 5200})
    assert (served["reply_id"], served["evidence"]) == (verdict["id"], WRONG_HEADCOUNT["because"])
    others = again["profile"]["datasets"]["employee_count"]["others"]
    assert [one["rejected_by"] for one in others if one["value"] == before["value"]] == [verdict["id"]]
    assert stack.invoice() == billed


def test_it_survives_a_refresh_that_buys_the_wrong_value_again(
    client: httpx.Client, stack: Stack, first: dict[str, Any]
) -> None:
    judged(client, **WRONG_HEADCOUNT)
    stack.clock.advance(days=40)
    fresh = enriched(client).json()
    assert fresh["served_from"] == "vendors"
    assert best(fresh, "employee_count")["source"] == VERDICT
    assert not fresh["profile"]["datasets"]["employee_count"]["disputed"]
    assert best(fresh, "industry")["collected_at"] > best(first, "industry")["collected_at"]


def test_what_is_withdrawn_is_as_it_was_at_no_cost(client: httpx.Client, stack: Stack, first: dict[str, Any]) -> None:
    billed, verdict = stack.invoice(), judged(client, **WRONG_HEADCOUNT)
    gone = client.delete(f"{AT}/{verdict['id']}").json()
    assert gone["withdrawn_by"] == "service:loopback"
    again = enriched(client).json()
    assert best(again, "employee_count")["value"] == best(first, "employee_count")["value"]
    assert stack.invoice() == billed
    assert client.delete(f"{AT}/{verdict['id']}").status_code == 409
    assert [one["id"] for one in client.get(AT).json()["verdicts"]] == [verdict["id"]]


def test_a_value_that_is_only_wrong_is_looked_for_elsewhere(client: httpx.Client, first: dict[str, Any]) -> None:
    before = best(first, "industry")
    judged(client, dataset="industry", because="they sell cars")
    again = enriched(client).json()
    field = again["profile"]["datasets"]["industry"]
    assert again["served_from"] != "layer_1"
    assert before["value"] not in [value["value"] for value in field["values"]]
    assert "rejected_by" in field["others"][-1]


def test_one_of_several_values_has_to_be_named(client: httpx.Client, first: dict[str, Any]) -> None:
    people = enriched(client, consumer="vendor_enrichment").json()["profile"]["datasets"]["key_contacts"]["values"]
    answer = client.post(AT, json={"dataset": "key_contacts", "because": "she left"})
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_to_judge")
    assert people[0]["value"]["full_name"] in answer.json()["detail"]
    judged(client, dataset="key_contacts", because="she left", wrong=people[0]["value"]["full_name"])
    left = enriched(client, consumer="vendor_enrichment").json()["profile"]["datasets"]["key_contacts"]["values"]
    assert [one["value"] for one in left] == [one["value"] for one in people[1:]]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"dataset": "employee_count", "because": " ", "right": "5"}, 422),
        ({"dataset": "employee_count", "because": "x", "right": "plenty"}, 422),
        ({"dataset": "shoe_size", "because": "x", "right": "5"}, 422),
        ({"dataset": "purchase_intent", "because": "x"}, 422),
        ({"dataset": "employee_count", "because": "x", "wrong": "7", "right": "7"}, 422),
    ],
)
def test_what_makes_no_sense_is_answered_in_one_sentence(
    client: httpx.Client, first: dict[str, Any], body: dict[str, Any], status: int
) -> None:
    answer = client.post(AT, json=body)
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")
    assert client.get(AT).json() == {"verdicts": []}


def test_another_spelling_of_the_value_that_is_served_is_no_correction(
    client: httpx.Client, first: dict[str, Any]
) -> None:
    served = best(first, "industry")["value"]
    answer = client.post(AT, json={"dataset": "industry", "because": "x", "right": "Automotive"})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        f"'{served['text']}', which is wrong, and 'Automotive', which is right, are two ways to write the same value: "
        "state one that differs.",
    )


def test_a_company_that_is_not_registered_is_not_found(client: httpx.Client) -> None:
    assert client.post("/v1/companies/nowhere.example/verdicts", json=WRONG_HEADCOUNT).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"dataset": "employee_count", "because": "they told us", "wrong": "5,200"},
        {"dataset": "employee_count", "because": "they told us", "right": "6,000"},
    ],
)
def test_only_the_key_that_gave_a_verdict_or_an_admin_says_otherwise(
    client: httpx.Client, stack: Stack, first: dict[str, Any], body: dict[str, str]
) -> None:
    mine, other = bearer(stack, "mine", ["enrich"]), bearer(stack, "other", ["enrich"])
    given = client.post(AT, json=WRONG_HEADCOUNT, headers=mine).json()
    refused = client.post(AT, json=body, headers=other)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert given["id"] in refused.json()["detail"]
    assert "service:mine" in refused.json()["detail"]
    assert len(client.get(AT, headers=other).json()["verdicts"]) == 1
    same = {"dataset": "employee_count", "because": "their report", "wrong": "90", "right": "5,200"}
    assert client.post(AT, json=same, headers=other).status_code == 201
    assert client.post(AT, json=body, headers=bearer(stack, "boss", ["enrich", "admin"])).status_code == 201


def test_only_the_key_that_gave_a_verdict_or_an_admin_withdraws_it(
    client: httpx.Client, stack: Stack, first: dict[str, Any]
) -> None:
    mine, other = bearer(stack, "mine", ["enrich"]), bearer(stack, "other", ["enrich"])
    given = client.post(AT, json=WRONG_HEADCOUNT, headers=mine).json()
    refused = client.delete(f"{AT}/{given['id']}", headers=other)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert client.get(AT, headers=other).json()["verdicts"][0]["withdrawn_at"] is None
    boss = bearer(stack, "boss", ["enrich", "admin"])
    assert client.delete(f"{AT}/{given['id']}", headers=boss).json()["withdrawn_by"] == "service:boss"

"""The OpenAPI document is true: calls made from it by bench/service/from_the_document.py, a few of each kind."""

import re
from pathlib import Path

import httpx
import pytest

from bench.service.from_the_document import DEAR_BOUNDS, called
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer
from tests.support.eventually import PATIENCE_SECONDS


def test_calls_made_from_the_document_find_nothing_that_it_does_not_state(
    client: httpx.Client, stack: Stack, tmp_path: Path
) -> None:
    key = bearer(stack, "tester", ["read", "enrich", "admin"])["Authorization"].removeprefix("Bearer ")
    url = str(client.base_url).rstrip("/")
    found = called(url, key, tmp_path, examples=2, seed=1, seconds=PATIENCE_SECONDS, without_bounds=DEAR_BOUNDS)
    assert found is None


def test_every_route_that_takes_a_body_states_how_bodies_are_refused(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    operations = {(path, method): one for path, methods in paths.items() for method, one in methods.items()}
    taking = {of: set(one["responses"]) for of, one in operations.items() if "requestBody" in one}
    assert ("/v1/companies/{key}/verdicts", "post") in taking
    assert {of: missing for of, has in taking.items() if (missing := {"400", "408", "413", "415", "422"} - has)} == {}


@pytest.mark.parametrize(
    ("path", "name", "good", "refused"),
    [
        ("/v1/purchases", "since", ["3d", " 10 h", "007m"], ["0d", "00 s", "x"]),
        ("/v1/changes", "after", ["", "12.chg_1"], ["x", ".chg_1", "12"]),
    ],
)
def test_a_text_that_is_refused_is_not_one_that_the_document_allows(
    client: httpx.Client, path: str, name: str, good: list[str], refused: list[str]
) -> None:
    parameters = client.get("/openapi.json").json()["paths"][path]["get"]["parameters"]
    [schema] = [one["schema"] for one in parameters if one["name"] == name]
    [pattern] = [one["pattern"] for one in (schema, *schema.get("anyOf", ())) if "pattern" in one]
    allowed = [text for text in (*good, *refused) if re.search(pattern, text)]
    answered = [text for text in (*good, *refused) if client.get(path, params={name: text}).status_code == 200]
    assert allowed == answered == good


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"company": "\xe9"}',
        b"[" * 100_000,
        b'{"company": "tesla.com", "max_cost_usd": ' + b"9" * 6_000 + b"}",
    ],
    ids=["not UTF-8", "deep", "a number of 6,000 digits"],
)
def test_a_body_that_cannot_be_read_as_json_is_not_json(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/v1/quotes", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")
    assert answer.json()["detail"].startswith("Send the body as JSON in UTF-8")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/companies/tesla%00.com", None),
        ("GET", "/v1/companies?query=a%00b", None),
        ("POST", "/v1/quotes", {"company": "tesla\0.com"}),
        ("POST", "/vendor/enrich", {"companyName": "tesla\0.com"}),
        ("POST", "/v1/companies/tesla.com/verdicts", {"dataset": "industry", "because": "x", "right": {"text": "\0"}}),
    ],
)
def test_a_text_that_postgres_cannot_store_is_refused_wherever_it_is(
    client: httpx.Client, method: str, path: str, body: dict[str, object] | None
) -> None:
    answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert "the character U+0000: leave it out" in answer.json()["detail"]


@pytest.mark.parametrize("age", ["3 weeks", "", "0d", "99999d", "3d" + " " * 20, "3d" + " " * 20 + "x"])
def test_an_age_that_is_none_is_told_what_to_write(client: httpx.Client, age: str) -> None:
    answer = client.post("/v1/quotes", json={"company": "tesla.com", "max_age": age})
    said = "max_age: write an age such as 3d or 12h, above 0 and of ten years at most."
    assert (answer.status_code, answer.json()["detail"]) == (422, said)


def test_the_document_allows_the_ages_that_are_accepted_and_no_others(client: httpx.Client) -> None:
    asked = client.get("/openapi.json").json()["components"]["schemas"]["AskBody"]["properties"]["max_age"]
    (pattern,) = [one["pattern"] for one in asked["anyOf"] if "pattern" in one]
    for age, accepted in {"3650d": True, "3651d": False, "87600 h": True, "87601h": False, "0s": False}.items():
        answer = client.post("/v1/quotes", json={"company": "tesla.com", "max_age": age})
        assert (answer.status_code, re.search(pattern, age) is not None) == (201 if accepted else 422, accepted), age


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_json_under_another_type_is_refused_with_the_type_to_send(client: httpx.Client, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = client.post("/v1/quotes", content=b'{"company": "tesla.com"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json_type")
    assert "Content-Type: application/json" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/quotes", "/v1/batches/upload?max_cost_usd=1"])
def test_a_compressed_body_is_refused_as_it_is_not_read(client: httpx.Client, path: str) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    answer = client.post(path, content=b'{"company": "tesla.com"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "not_plain")


def test_errors_are_problems_also_where_the_framework_finds_them(client: httpx.Client) -> None:
    answers = {
        "not_found": client.get("/nothing"),
        "method_not_allowed": client.put("/v1/enrichments/req_1"),
        "not_json": client.post("/v1/quotes", content=b"{", headers={"Content-Type": "application/json"}),
        "too_large": client.post("/v1/quotes", content=b" " * 1_000_001, headers={"Content-Type": "application/json"}),
        "invalid": client.post("/v1/quotes", json={"company": "tesla.com", "max_cost": "1"}),
    }
    for code, answer in answers.items():
        assert answer.headers["content-type"] == "application/problem+json"
        got = answer.json()
        assert (got["code"], got["status"]) == (code, answer.status_code)
        assert got["detail"].endswith(".")
    assert answers["method_not_allowed"].headers["allow"] == "DELETE, GET"
    assert answers["invalid"].json()["detail"] == "max_cost: means nothing here: correct its name, or leave it out."

"""The OpenAPI document is true: calls made from it, right and wrong ones, alone and one after another."""

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer

# A body may be right by its schema and name a company, consumer or strategy that there is not: 422, or 402 by its cap;
# one with more items than are allowed may be too large as well: 413. DELETE stops a batch or a request and removes
# nothing: it is still there to be read. How long an answer takes depends on what else the machine does. The events of
# a session go on for as long as they are followed.
_SETTINGS = """
[checks]
use_after_free.enabled = false
max_response_time = 120
positive_data_acceptance.expected-statuses = ["2xx", "3xx", 401, 402, 403, 404, 409, 410, 422, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, "5xx"]

[[operations]]
include-name = "GET /v1/sessions/{session_id}/events"
parameters = { "follow" = false }
"""
_PATIENCE_SECONDS = 300


def test_calls_made_from_the_document_find_nothing_that_it_does_not_state(
    client: httpx.Client, stack: Stack, tmp_path: Path
) -> None:
    key = bearer(stack, "tester", ["read", "enrich", "admin"])
    (tmp_path / "schemathesis.toml").write_text(_SETTINGS)
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "schemathesis.toml"),
        "run", f"{client.base_url}/openapi.json",
        "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "6", "--seed", "1",
        "-H", f"Authorization: {key['Authorization']}", "--no-color", "--request-timeout", "60",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=_PATIENCE_SECONDS, check=False)
    assert done.returncode == 0, done.stdout


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
    assert answers["invalid"].json()["detail"] == "max_cost: Extra inputs are not permitted."

"""HEAD is answered as GET is, without a body."""

import httpx
import pytest

from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer


@pytest.mark.parametrize("path", ["/healthz", "/v1/companies", "/v1/companies/nowhere.example", "/openapi.json", "/"])
def test_head_answers_what_get_does_without_a_body(client: httpx.Client, stack: Stack, path: str) -> None:
    key = bearer(stack, "reader", ["read"])
    asked, head = client.get(path, headers=key), client.head(path, headers=key)
    assert (head.status_code, head.headers["content-type"]) == (asked.status_code, asked.headers["content-type"])
    assert (head.content, head.headers["content-length"]) == (b"", str(len(asked.content)))


def test_head_of_a_stream_ends_at_once(client: httpx.Client, stack: Stack) -> None:
    key = bearer(stack, "enricher", ["read", "enrich"])
    made = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=key).json()
    head = client.head(f"/v1/enrichments/{made['id']}/events", headers=key)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"].startswith("text/event-stream")


def test_head_of_a_path_that_only_takes_a_body_is_refused(client: httpx.Client) -> None:
    assert client.head("/v1/quotes").status_code == 405

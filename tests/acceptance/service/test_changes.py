"""What a refresh found different, read on by a cursor."""

import json
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_enrichments import enriched


def changes(client: httpx.Client, **query: str) -> dict[str, Any]:
    answer = client.get("/v1/changes", params=query)
    assert answer.status_code == 200, answer.text
    got: dict[str, Any] = answer.json()
    return got


def test_nothing_has_changed_where_nothing_was_refreshed(client: httpx.Client) -> None:
    assert changes(client) == {"changes": [], "cursor": None, "has_more": False}
    enriched(client)
    assert changes(client)["changes"] == []


def test_a_refresh_that_finds_news_is_a_change_with_its_evidence_and_comes_once(
    client: httpx.Client, stack: Stack
) -> None:
    ask = {"datasets": ["recent_news"]}
    enriched(client, **ask)
    stack.clock.advance(days=40)
    fresh = enriched(client, **ask).json()
    page = changes(client)
    shown = [value["value"]["title"] for value in fresh["profile"]["datasets"]["recent_news"]["values"]]
    assert page["changes"]
    for change in page["changes"]:
        assert (change["company"], change["dataset"], change["kind"]) == ("tesla.com", "recent_news", "added")
        assert change["after"]["value"]["title"] in shown
        assert change["request_id"] == fresh["id"]
    assert changes(client, after=page["cursor"]) == {"changes": [], "cursor": page["cursor"], "has_more": False}
    first = changes(client, limit="1")
    assert first["has_more"] == (len(page["changes"]) > 1)
    assert changes(client, dataset="industry")["changes"] == []
    listed = json.loads(stack.command("changes", "--since", "7d", "--json").stdout)["changes"]
    assert {one["change_id"] for one in listed} == {one["id"] for one in page["changes"]}


@pytest.mark.parametrize("cursor", ["x", "1", "-1.chg", "9" * 30 + ".chg"])
def test_a_cursor_that_no_page_gave_is_refused(client: httpx.Client, cursor: str) -> None:
    answer = client.get("/v1/changes", params={"after": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")

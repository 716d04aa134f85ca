"""Many companies within one budget, over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer
from tests.support.eventually import eventually

BEFORE_ITS_END = {"waiting", "under_way"}
COMPANIES = ["tesla.com", "apple.com", "nvidia.com"]


def done(client: httpx.Client, batch_id: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The batch, once it is done."""
    seen: list[dict[str, Any]] = []

    def is_done() -> bool:
        seen.append(client.get(f"/v1/batches/{batch_id}", headers=headers).json())
        return bool(seen[-1]["state"] == "done")

    eventually(is_done, "the batch is done")
    return seen[-1]


def ended(batch: dict[str, Any]) -> int:
    """Companies whose request has ended by itself."""
    counts: dict[str, int] = batch["companies"]
    return counts.get("complete", 0) + counts.get("incomplete", 0)


def test_a_batch_is_carried_out_within_its_budget(client: httpx.Client, stack: Stack) -> None:
    made = client.post("/v1/batches", json={"companies": [*COMPANIES, "???"], "max_cost_usd": "2.00"})
    assert made.status_code == 202
    got = made.json()
    assert [(one["company"], one["code"]) for one in got["left_out"]] == [("???", "not_a_company")]
    end = done(client, got["id"])
    assert ended(end) == 3
    spent = stack.store.ledger_queries.totals()
    assert 0 < spent.cost_micro_usd <= 2_000_000
    assert float(str(end["taken_usd"])) == (spent.cost_micro_usd + spent.uncertain_micro_usd) / 1_000_000
    for company in COMPANIES:
        history = client.get(f"/v1/companies/{company}/history").json()["requests"]
        assert [one["asked_by"] for one in history] == [f"batch:{got['id']}"]
    assert got["id"] in [one["id"] for one in client.get("/v1/batches").json()["batches"]]


def test_companies_of_which_most_are_complete_for_a_dollar_are_begun_first(client: httpx.Client, stack: Stack) -> None:
    """Of one, nothing is left to buy; of another, no source is left that can tell its industry."""
    asyncio.run(stack.ask("tesla.com"))
    for vendor in ("brightdata", "serpapi", "snov", "apollo"):
        stack.fault(vendor, "empty")
    asyncio.run(stack.ask("apple.com"))
    stack.clear_faults()
    body = {"companies": ["apple.com", "nike.com", "tesla.com"], "max_cost_usd": "2.00"}
    batch_id = client.post("/v1/batches", json=body).json()["id"]
    done(client, batch_id)
    assert [one.key for one in stack.store.batches.companies(batch_id)] == ["tesla.com", "nike.com", "apple.com"]


def test_a_batch_has_a_budget(client: httpx.Client) -> None:
    answer = client.post("/v1/batches", json={"companies": COMPANIES})
    assert (answer.status_code, answer.json()["detail"]) == (422, "max_cost_usd: is missing: send it.")


def test_a_batch_of_an_unknown_strategy_is_refused_before_anything_is_registered(client: httpx.Client) -> None:
    wanted = {"companies": ["first-of-its-kind.com"], "max_cost_usd": 1, "strategy": "cheapest"}
    answer = client.post("/v1/batches", json=wanted)
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_name")
    assert client.get("/v1/companies", params={"query": "first-of-its-kind"}).json()["companies"] == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("text/csv", "Account,Web\nTesla,tesla.com\nApple,https://www.apple.com/\nNVIDIA,nvidia.com\n"),
        (
            "application/x-ndjson",
            '{"name": "Tesla", "website": "tesla.com"}\n{"website": "apple.com"}\n{"website": "nvidia.com"}\n',
        ),
    ],
)
def test_a_list_is_uploaded_as_it_is(client: httpx.Client, stack: Stack, kind: str, text: str) -> None:
    answer = client.post(
        "/v1/batches/upload", params={"max_cost_usd": "2.00"}, content=text.encode(), headers={"Content-Type": kind}
    )
    assert answer.status_code == 202
    assert answer.json()["total"] == 3
    assert ended(done(client, answer.json()["id"])) == 3
    assert {company.key for company in stack.store.companies.all()} == set(COMPANIES)


def test_what_is_no_list_is_refused_in_one_sentence(client: httpx.Client) -> None:
    other = client.post(
        "/v1/batches/upload", params={"max_cost_usd": 1}, content=b"%PDF", headers={"Content-Type": "application/pdf"}
    )
    assert (other.status_code, other.json()["code"]) == (415, "not_list_type")
    empty = client.post(
        "/v1/batches/upload", params={"max_cost_usd": 1}, content=b"a,b\n1,2\n", headers={"Content-Type": "text/csv"}
    )
    assert (empty.status_code, empty.json()["code"]) == (422, "invalid")
    assert empty.json()["detail"].endswith("rename the one that names the company.")


def test_a_batch_is_made_once_under_one_idempotency_key(client: httpx.Client, stack: Stack) -> None:
    body = {"companies": COMPANIES, "max_cost_usd": "2.00"}
    first, second = (client.post("/v1/batches", json=body, headers={"Idempotency-Key": "b1"}) for _ in range(2))
    assert first.json()["id"] == second.json()["id"]
    other = client.post("/v1/batches", json={**body, "max_cost_usd": "3.00"}, headers={"Idempotency-Key": "b1"})
    assert (other.status_code, other.json()["code"]) == (422, "other_body")
    assert len(stack.store.batches.latest()) == 1


def test_a_batch_stays_below_the_daily_cap_of_its_key(client: httpx.Client, stack: Stack) -> None:
    headers = bearer(stack, "crm", ["enrich"], per_day=330_000)
    made = client.post("/v1/batches", json={"companies": COMPANIES, "max_cost_usd": "2.00"}, headers=headers).json()
    eventually(
        lambda: (
            not client.get(f"/v1/batches/{made['id']}", headers=headers).json()["companies"].keys() & BEFORE_ITS_END
        ),
        "no company waits any more",
    )
    name = f"key:crm:{stack.clock.at.date().isoformat()}"
    assert 0 < stack.store.ledger.spent([name])[name] <= 330_000


def test_only_who_asked_for_a_batch_stops_it(client: httpx.Client, stack: Stack) -> None:
    mine, other = bearer(stack, "mine", ["enrich"]), bearer(stack, "other", ["enrich"])
    stack.fault("*", "latency", seconds=3600)
    made = client.post("/v1/batches", json={"companies": COMPANIES, "max_cost_usd": "2.00"}, headers=mine).json()
    here = f"/v1/batches/{made['id']}"
    assert client.delete(here, headers=other).status_code == 404
    stopped = client.delete(here, headers=mine)
    assert (stopped.status_code, stopped.json()["state"]) == (202, "stopped")
    stack.clear_faults()

"""What memory has, what was spent, which sources can be asked: read without buying."""

import json

import httpx
import pytest

from enrichment.domain.companies import Company
from tests.acceptance.conftest import Stack
from tests.acceptance.service.test_keys import bearer

WAIT = {"Prefer": "wait=60"}


@pytest.fixture
def bought(client: httpx.Client) -> str:
    """Tesla's profile is in memory. The id of its request."""
    done = client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=WAIT).json()
    assert done["state"] == "complete"
    return str(done["id"])


def test_companies_are_found_by_a_part_of_name_or_domain_and_read_page_by_page(
    client: httpx.Client, stack: Stack, bought: str
) -> None:
    for domain in ("apple.com", "nvidia.com", "adobe.com"):
        client.post("/v1/enrichments", json={"company": domain}, headers=WAIT)
    by_name = client.get("/v1/companies", params={"query": "Tesl"}).json()
    assert [company["key"] for company in by_name["companies"]] == ["tesla.com"]
    first = client.get("/v1/companies", params={"limit": 3}).json()
    rest = client.get("/v1/companies", params={"limit": 3, "after": first["next_after"]}).json()
    keys = [company["key"] for page in (first, rest) for company in page["companies"]]
    assert keys == ["adobe.com", "apple.com", "nvidia.com", "tesla.com"]
    assert rest["next_after"] is None


def test_a_company_shows_its_layers_with_provenance_and_what_was_spent(client: httpx.Client, bought: str) -> None:
    got = client.get("/v1/companies/tesla.com").json()
    assert got["spent_usd"] == "0.15"
    assert [(one["consumer"], one["fresh"]) for one in got["profiles"]] == [("profile", True)]
    assert [reply["source"] for reply in got["replies"]] == ["brightdata_company_db"]
    industry = got["facts"]["industry"][0]
    assert industry["source"] == "brightdata_company_db"
    assert industry["purchase_id"] == got["replies"][0]["purchase_id"]
    assert industry["fresh"] is True


def test_a_profile_is_read_whatever_its_age_and_says_whether_it_is_fresh(
    client: httpx.Client, stack: Stack, bought: str
) -> None:
    billed = stack.invoice()
    here = "/v1/companies/tesla.com/profiles/profile"
    assert client.get(here).json()["fresh"] is True
    stack.clock.advance(days=60)
    old = client.get(here).json()
    assert (old["fresh"], old["request_id"]) == (False, bought)
    assert stack.invoice() == billed
    missing = client.get("/v1/companies/tesla.com/profiles/vendor_enrichment")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    unknown = client.get("/v1/companies/tesla.com/profiles/nonsense")
    assert "There is no consumer named" in unknown.json()["detail"]
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/v1/companies/tesla.com", "/v1/companies/tesla.com/profiles/profile", "/v1/companies/tesla.com/history"],
)
def test_what_did_not_change_is_not_sent_again(client: httpx.Client, stack: Stack, bought: str, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    stack.clock.advance(days=60)
    client.post("/v1/enrichments", json={"company": "tesla.com"}, headers=WAIT)
    assert client.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 200


def test_a_list_of_companies_that_did_not_change_is_not_sent_again(
    client: httpx.Client, stack: Stack, bought: str
) -> None:
    first = client.get("/v1/companies")
    known = {"If-None-Match": first.headers["etag"]}
    assert client.get("/v1/companies", headers=known).status_code == 304
    stack.store.companies.add([Company("com_new", "new.example", "New", "new.example", stack.clock.now())])
    assert client.get("/v1/companies", headers=known).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1/companies?after=garbage",
        "/v1/company-table?after=garbage",
        "/v1/company-table?after=garbage&sort=added",
        "/v1/changes?after=garbage",
    ],
)
def test_a_place_to_read_on_from_that_is_none_is_refused(client: httpx.Client, bought: str, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_the_history_of_a_company_has_its_requests_the_latest_first(client: httpx.Client, bought: str) -> None:
    second = client.post("/v1/enrichments", json={"company": "tesla.com"}).json()["id"]
    history = client.get("/v1/companies/tesla.com/history").json()["requests"]
    assert [one["id"] for one in history] == [second, bought]
    assert [one["served_from"] for one in history] == ["layer_1", "vendors"]
    assert [one["cost_usd"] for one in history] == ["0.00", "0.15"]


def test_spend_adds_up_to_the_ledger_and_shows_the_keys_cap(client: httpx.Client, stack: Stack, bought: str) -> None:
    headers = bearer(stack, "crm", ["enrich"], per_day=1_000_000)
    client.post("/v1/enrichments", json={"company": "apple.com"}, headers={**WAIT, **headers})
    got = client.get("/v1/spend", headers=headers).json()
    totals = stack.store.ledger_queries.totals()
    assert round(float(got["spent_usd"]) * 1_000_000) == totals.cost_micro_usd
    (mine,) = got["keys"]
    assert (mine["cap"], mine["limit_usd"]) == ("key:crm", "1.00")
    assert float(mine["taken_usd"]) + float(mine["left_usd"]) == 1.0
    assert float(mine["taken_usd"]) == 0.15


def test_only_a_key_that_may_admin_sees_what_other_keys_spend(client: httpx.Client, stack: Stack) -> None:
    mine, boss = bearer(stack, "crm", ["read"]), bearer(stack, "boss", ["read", "admin"])
    assert [one["cap"] for one in client.get("/v1/spend", headers=mine).json()["keys"]] == ["key:crm"]
    assert {one["cap"] for one in client.get("/v1/spend", headers=boss).json()["keys"]} == {"key:crm", "key:boss"}


def test_purchases_name_what_asked_for_them(client: httpx.Client, bought: str) -> None:
    got = client.get("/v1/purchases", params={"company": "tesla.com", "since": "1d"}).json()
    assert got["in_all"] == 1
    (one,) = got["purchases"]
    assert (one["request_id"], one["source"], one["state"]) == (bought, "brightdata_company_db", "settled")
    assert (one["asked_by"], one["cost_usd"]) == ("service:loopback", "0.15")
    assert client.get("/v1/purchases", params={"uncertain": True}).json() == {"purchases": [], "in_all": 0}


def test_a_source_that_is_not_asked_says_why(client: httpx.Client, stack: Stack) -> None:
    before = {one["source"]: one for one in client.get("/v1/sources").json()["sources"]}
    assert before.keys() == stack.rules.sources.keys()
    assert all(one["usable"] for one in before.values())
    stack.fault("snov", "quota")
    client.post(
        "/v1/enrichments",
        json={"company": "tesla.com", "datasets": ["key_contacts"], "sources": ["snov_contacts"]},
        headers=WAIT,
    )
    after = {one["source"]: one for one in client.get("/v1/sources").json()["sources"]}
    assert after["snov_contacts"]["usable"] is False
    assert after["snov_contacts"]["why"]
    assert after["apollo_contacts"]["usable"] is True


def test_a_trace_is_that_of_the_command_line_also_of_its_own_requests(
    client: httpx.Client, stack: Stack, bought: str
) -> None:
    trace = client.get(f"/v1/requests/{bought}/trace").json()
    assert trace["events"][0]["what"] == "asked"
    assert trace["purchases"][0]["cost_micro_usd"] == 150_000
    typed = stack.command("company", "apple.com", "--json")
    assert typed.returncode == 0
    request_id = json.loads(typed.stdout)["request_id"]
    assert client.get(f"/v1/requests/{request_id}/trace").json()["request"]["asked_by"] == "cli"
    nothing = client.get("/v1/requests/req_0/trace")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")

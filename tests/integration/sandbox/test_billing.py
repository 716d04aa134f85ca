"""What the vendors charge, for what they charge nothing, and that the invoice outlives a restart."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.server import served
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import ManualClock

KEY = "key"
BEARER = {"authorization": f"Bearer {KEY}"}
NOWHERE = "nonsuch-widgets.example"
TESLA = {"name": "website", "operator": "=", "value": "tesla.com"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "sandbox"


@pytest.fixture
def http(home: Path) -> Iterator[httpx.Client]:
    """Tests move its clock themselves."""
    app = create_app(home, read_time=ManualClock().seconds)
    with served(app) as url, httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as client:
        yield client


def invoice(http: httpx.Client, key: str | None = None) -> dict[str, dict[str, int]]:
    """Without the zeros."""
    full = http.get("/_sandbox/invoice", params={"key": key} if key else {}).json()
    charged = {vendor: {unit: n for unit, n in units.items() if n} for vendor, units in full.items()}
    return {vendor: units for vendor, units in charged.items() if units}


def skip(http: httpx.Client, seconds: float) -> None:
    http.post("/_sandbox/clock", json={"skip_seconds": seconds}).raise_for_status()


def search(http: httpx.Client, **params: Any) -> dict[str, Any]:
    reply: dict[str, Any] = http.get("/serpapi/search.json", params={"api_key": KEY, **params}).json()
    return reply


def token(http: httpx.Client, client: str = KEY) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": "secret"}
    return {"authorization": "Bearer " + http.post("/snov/v1/oauth/access_token", data=form).json()["access_token"]}


def start_snov(http: httpx.Client, headers: dict[str, str], path: str, **params: Any) -> str:
    """Where the result will be."""
    started = http.post(f"/snov/v2/domain-search{path}/start", params=params, headers=headers).json()
    return str(started["links"]["result"])


def test_an_invoice_names_every_unit_even_at_zero(http: httpx.Client) -> None:
    full = http.get("/_sandbox/invoice").json()
    assert list(full["brightdata"]) == [
        "company_record",
        "person_record",
        "technographic_record",
        "firmographic_record",
        "intent_record",
        "page",
    ]
    assert full["serpapi"] == {"search": 0}
    assert full["openai"] == {"input_token": 0, "output_token": 0}


def test_a_search_is_charged_empty_or_not_and_repeated_for_free_within_the_hour(http: httpx.Client) -> None:
    first = search(http, q="Tesla")
    assert search(http, q="Tesla") == first
    assert invoice(http) == {"serpapi": {"search": 1}}
    search(http, q="Nonsuch Widgets")
    assert invoice(http) == {"serpapi": {"search": 2}}
    skip(http, 3601)
    assert search(http, q="Tesla")["search_metadata"]["id"] != first["search_metadata"]["id"]
    assert invoice(http) == {"serpapi": {"search": 3}}


def test_refused_searches_and_the_account_cost_nothing(http: httpx.Client) -> None:
    http.get("/serpapi/search.json", params={"q": "Tesla", "api_key": "bad"})
    http.get("/serpapi/search.json", params={"api_key": KEY})
    account = http.get("/serpapi/account.json", params={"api_key": KEY}).json()
    assert invoice(http) == {}
    search(http, q="Tesla")
    after = http.get("/serpapi/account.json", params={"api_key": KEY}).json()
    assert after["total_searches_left"] == account["total_searches_left"] - 1
    assert after["this_month_usage"] == 1


def test_snov_charges_a_credit_when_a_task_with_results_completes(http: httpx.Client) -> None:
    headers = token(http)
    result = start_snov(http, headers, "", domain="apple.com")
    assert http.get(result, headers=headers).json()["status"] in ("in_progress", "in progress")
    assert invoice(http) == {}
    skip(http, 2)
    assert http.get(result, headers=headers).json()["status"] == "completed"
    assert invoice(http) == {"snov": {"credit": 1}}


def test_snov_charges_nothing_for_nothing_and_nothing_for_asking_again(http: httpx.Client) -> None:
    headers = token(http)
    start_snov(http, headers, "", domain=NOWHERE)
    start_snov(http, headers, "", domain="tesla.com")
    first = start_snov(http, headers, "/prospects", domain="apple.com")
    assert start_snov(http, headers, "/prospects", domain="apple.com") == first
    skip(http, 2)
    assert invoice(http) == {"snov": {"credit": 1}}
    skip(http, 24 * 3600)
    start_snov(http, token(http), "/prospects", domain="apple.com")
    skip(http, 2)
    assert invoice(http) == {"snov": {"credit": 2}}


def test_snov_charges_each_address_it_finds_by_name(http: httpx.Client) -> None:
    headers = token(http)
    prospects = start_snov(http, headers, "/prospects", domain="apple.com")
    skip(http, 2)
    known = http.get(prospects, headers=headers).json()["data"][:3]
    rows = [{**{name: row[name] for name in ("first_name", "last_name")}, "domain": "apple.com"} for row in known]
    rows += [{"first_name": "Ada", "last_name": "Sandholt", "domain": NOWHERE}]
    started = http.post("/snov/v2/emails-by-domain-by-name/start", json={"rows": rows}, headers=headers).json()
    skip(http, 2)
    path = f"/snov/v2/emails-by-domain-by-name/result?task_hash={started['data']['task_hash']}"
    found = [row for row in http.get(path, headers=headers).json()["data"] if row["result"]]
    assert len(found) == 3
    assert invoice(http) == {"snov": {"credit": 1 + 3}}


def test_snov_allows_sixty_calls_a_minute(http: httpx.Client) -> None:
    headers = token(http)
    statuses = [http.get("/snov/v1/get-balance", headers=headers).status_code for _ in range(61)]
    assert statuses == [200] * 60 + [429]
    assert http.get("/snov/v1/get-balance", headers=token(http, "another client")).status_code == 200


def test_a_snov_token_lasts_an_hour(http: httpx.Client) -> None:
    headers = token(http)
    skip(http, 3599)
    assert http.get("/snov/v1/get-balance", headers=headers).status_code == 200
    skip(http, 2)
    assert http.get("/snov/v1/get-balance", headers=headers).status_code == 401
    assert http.get("/snov/v1/get-balance", headers=token(http)).status_code == 200


def test_apollo_charges_persons_matched_and_organizations_enriched_but_no_search(http: httpx.Client) -> None:
    headers = {"x-api-key": KEY}
    asked = {"q_organization_domains_list": ["tesla.com"]}
    people = http.post("/apollo/api/v1/mixed_people/api_search", json=asked, headers=headers).json()["people"]
    assert invoice(http) == {}
    for person in people:
        http.post("/apollo/api/v1/people/match", params={"id": person["id"]}, headers=headers)
    http.post("/apollo/api/v1/people/match", params={"id": "nobody"}, headers=headers)
    http.get("/apollo/api/v1/organizations/enrich", params={"domain": "tesla.com"}, headers=headers)
    http.get("/apollo/api/v1/organizations/enrich", params={"domain": NOWHERE}, headers=headers)
    assert invoice(http) == {"apollo": {"credit": len(people) + 1}}
    left = http.post("/apollo/api/v1/usage_stats/credit_usage_stats", headers=headers).json()
    assert left["credit_usage_stats"]["lead_credit"]["consumed"] == len(people) + 1


def test_bright_data_charges_each_record_delivered_by_a_search(http: httpx.Client) -> None:
    companies, people = "gd_l1vikfnt1wgvvqz95w", "gd_l1viktl72bvl7bjuj0"
    http.post(f"/brightdata/datasets/search/{companies}", json={"filter": TESLA}, headers=BEARER)
    no_company = {"name": "name", "operator": "=", "value": "Nonsuch"}
    http.post(f"/brightdata/datasets/search/{companies}", json={"filter": no_company}, headers=BEARER)
    asked = {"filter": {"name": "current_company_name", "operator": "=", "value": "Tesla"}, "size": 3}
    http.post(f"/brightdata/datasets/search/{people}", json=asked, headers=BEARER)
    assert invoice(http) == {"brightdata": {"company_record": 1, "person_record": 3}}


@pytest.mark.parametrize(
    ("dataset_id", "unit"),
    [("gd_l1vijqt9jfj7olije", "firmographic_record"), ("gd_l1vilg5a1decoahvgq", "technographic_record")],
)
def test_a_filter_job_is_charged_once_when_it_is_ready(http: httpx.Client, dataset_id: str, unit: str) -> None:
    asked = {"dataset_id": dataset_id, "filter": TESLA}
    handle = http.post("/brightdata/datasets/filter", json=asked, headers=BEARER).json()["snapshot_id"]
    path = f"/brightdata/datasets/snapshots/{handle}"
    assert http.get(path, headers=BEARER).json()["status"] in ("scheduled", "building")
    assert http.get(f"{path}/download", headers=BEARER).status_code == 202
    assert invoice(http) == {}
    skip(http, 6)
    assert [len(http.get(f"{path}/download", headers=BEARER).json()) for _ in range(2)] == [1, 1]
    assert invoice(http) == {"brightdata": {unit: 1}}


def test_error_records_are_free_and_the_limit_per_input_limits_the_bill(http: httpx.Client) -> None:
    inputs = [{"url": "https://tesla.com"}, {"url": f"https://{NOWHERE}"}]
    params = {"dataset_id": "gd_intent_signals", "limit_per_input": "2"}
    handle = http.post("/brightdata/datasets/v3/trigger", params=params, json=inputs, headers=BEARER).json()
    running = http.get(f"/brightdata/datasets/v3/progress/{handle['snapshot_id']}", headers=BEARER).json()
    assert (running["status"], invoice(http)) == ("running", {})
    skip(http, 6)
    ready = http.get(f"/brightdata/datasets/v3/progress/{handle['snapshot_id']}", headers=BEARER).json()
    assert (ready["records"], ready["errors"], ready["error_codes"]) == (2, 1, {"dead_page": 1})
    assert invoice(http) == {"brightdata": {"intent_record": 2}}


def test_only_pages_that_were_unlocked_are_charged(http: httpx.Client) -> None:
    for url in ("https://tesla.com/", "https://tesla.com/no-such-page", f"https://{NOWHERE}/"):
        http.post("/brightdata/request", json={"zone": "z", "url": url, "format": "raw"}, headers=BEARER)
    assert invoice(http) == {"brightdata": {"page": 1}}


def test_google_charges_a_search_per_reply_even_an_empty_one(http: httpx.Client) -> None:
    for query in ("Tesla", "Nonsuch Widgets"):
        http.get("/google_kg/v1/entities:search", params={"query": query, "key": KEY})
    http.get("/google_kg/v1/entities:search", params={"key": KEY})
    assert invoice(http) == {"google_kg": {"search": 2}}


def test_openai_charges_the_tokens_it_reports(http: httpx.Client) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "ü" * 10}]}
    usage = http.post("/openai/v1/chat/completions", json=body, headers=BEARER).json()["usage"]
    assert usage["prompt_tokens"] == 5
    assert invoice(http)["openai"] == {"input_token": 5, "output_token": usage["completion_tokens"]}


def test_each_key_has_its_own_invoice(http: httpx.Client) -> None:
    search(http, q="Tesla")
    http.get("/serpapi/search.json", params={"q": "Tesla", "api_key": "another"})
    assert invoice(http) == {"serpapi": {"search": 2}}
    assert invoice(http, KEY) == invoice(http, "another") == {"serpapi": {"search": 1}}
    start_snov(http, token(http, "client"), "", domain="apple.com")
    skip(http, 2)
    assert invoice(http, "client") == {"snov": {"credit": 1}}


def test_a_restart_forgets_neither_bills_nor_jobs_nor_tokens_nor_free_repeats(home: Path) -> None:
    with (
        served(create_app(home, read_time=ManualClock().seconds)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as http,
    ):
        headers = token(http)
        search(http, q="Tesla")
        result = start_snov(http, headers, "", domain="apple.com").removeprefix(url)
        skip(http, 2)
        before = http.get("/_sandbox/invoice/lines").json()
    with (
        served(create_app(home, read_time=ManualClock().seconds)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as http,
    ):
        assert http.get("/_sandbox/invoice/lines").json() == before
        assert [(line["vendor"], line["key"], line["units"]) for line in before] == [
            ("serpapi", KEY, 1),
            ("snov", KEY, 1),
        ]
        assert http.get(result, headers=headers).json()["status"] == "completed"
        search(http, q="Tesla")
        assert invoice(http) == {"serpapi": {"search": 1}, "snov": {"credit": 1}}

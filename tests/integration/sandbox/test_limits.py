"""The vendors' limits, as the sandbox keeps and counts them; and vendors that take more than was asked for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.calls.rate_tracking import RateTracker, RateWindow
from sandbox.clock import SandboxClock
from sandbox.server import served
from sandbox.state_file import StateFile
from sandbox.vendors.serpapi import SerpApi
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import ManualClock

KEY = "key"
BEARER = {"authorization": f"Bearer {KEY}"}
APOLLO = {"x-api-key": KEY}
TESLA = {"name": "website", "operator": "=", "value": "tesla.com"}


@pytest.fixture
def http(tmp_path: Path) -> Iterator[httpx.Client]:
    app = create_app(tmp_path, read_time=ManualClock().seconds)
    with served(app) as url, httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as client:
        yield client


def snov_headers(http: httpx.Client) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": KEY, "client_secret": "secret"}
    return {"authorization": "Bearer " + http.post("/snov/v1/oauth/access_token", data=form).json()["access_token"]}


def seen(http: httpx.Client, vendor: str) -> dict[str, Any]:
    of_key: dict[str, Any] = http.get("/_sandbox/limits").json()[vendor][KEY]
    return of_key


def test_snovs_sixty_first_call_of_a_minute_is_refused_and_all_are_counted(http: httpx.Client) -> None:
    headers = snov_headers(http)
    statuses = [http.get("/snov/v1/get-balance", headers=headers).status_code for _ in range(62)]
    assert statuses == [200] * 60 + [429] * 2
    assert seen(http, "snov") == {
        "calls": 62,
        "refused": 2,
        "most_in_flight": 1,
        "windows": [{"seconds": 60, "most": 60, "largest": 62}],
    }


def test_apollo_refuses_by_the_minute_and_states_for_how_long(http: httpx.Client) -> None:
    asked = {"q_organization_domains_list[]": ["tesla.com"], "per_page": 1}
    replies = [http.post("/apollo/api/v1/mixed_people/api_search", json=asked, headers=APOLLO) for _ in range(201)]
    assert [reply.status_code for reply in replies] == [200] * 200 + [429]
    assert replies[99].headers["x-minute-requests-left"] == "100"
    assert replies[200].headers["x-minute-requests-left"] == "0"
    assert int(replies[200].headers["retry-after"]) == 60


def test_a_refused_call_takes_no_place_in_a_window_and_an_old_one_leaves_it(tmp_path: Path) -> None:
    clock = ManualClock()
    rates = RateTracker(SandboxClock(StateFile(tmp_path), time_scale=6, read=clock.seconds))
    pair = (RateWindow(60, most=2),)
    assert [rates.count_call("v", "k", pair) for _ in range(5)] == [0, 0, 60, 60, 60]
    clock.advance(seconds=9)
    assert (rates.used("v", "k", pair[0]), rates.count_call("v", "k", pair)) == (2, 6)
    clock.advance(seconds=1)
    assert rates.used("v", "k", pair[0]) == 0
    assert rates.count_call("v", "k", pair) == 0
    assert rates.counts()["v"]["k"]["refused"] == 4


def test_serpapi_allows_six_thousand_searches_an_hour_to_each_key(tmp_path: Path) -> None:
    rates = RateTracker(SandboxClock(StateFile(tmp_path), time_scale=1, read=ManualClock().seconds))
    waits = [rates.count_call("serpapi", KEY, SerpApi.windows) for _ in range(6001)]
    assert waits[5999:] == [0, 3600]
    assert rates.count_call("serpapi", "another", SerpApi.windows) == 0


def test_brightdata_runs_a_hundred_jobs_of_a_dataset_at_once(http: httpx.Client) -> None:
    def trigger(dataset: str) -> httpx.Response:
        params = {"dataset_id": dataset}
        inputs = [{"url": "https://tesla.com"}]
        return http.post("/brightdata/datasets/v3/trigger", params=params, json=inputs, headers=BEARER)

    assert {trigger("gd_intent_signals").status_code for _ in range(100)} == {200}
    refused = trigger("gd_intent_signals")
    assert (refused.status_code, "Running jobs: 100>=100" in refused.text) == (429, True)
    assert int(refused.headers["retry-after"]) == 6
    assert trigger("gd_l1vilg5a1decoahvgq").status_code == 200
    http.post("/_sandbox/clock", json={"skip_seconds": 6}).raise_for_status()
    assert trigger("gd_intent_signals").status_code == 200


# Vendors that charge more than was asked for


@pytest.fixture
def overbilled(http: httpx.Client) -> httpx.Client:
    http.post("/_sandbox/faults", json={"vendor": "*", "fault": "overbilled", "times": None}).raise_for_status()
    return http


def invoiced(http: httpx.Client, vendor: str) -> dict[str, int]:
    return {unit: units for unit, units in http.get("/_sandbox/invoice").json()[vendor].items() if units}


def test_brightdata_delivers_and_charges_more_records_than_were_asked_for(overbilled: httpx.Client) -> None:
    company = "gd_l1vikfnt1wgvvqz95w"
    found = overbilled.post(f"/brightdata/datasets/search/{company}", json={"filter": TESLA, "size": 1}, headers=BEARER)
    assert len(found.json()["hits"]) == 3
    assert invoiced(overbilled, "brightdata") == {"company_record": 3}


def test_apollo_takes_more_credits_than_it_finds_people(overbilled: httpx.Client) -> None:
    asked = {"q_organization_domains_list": ["tesla.com"]}
    person = overbilled.post("/apollo/api/v1/mixed_people/api_search", json=asked, headers=APOLLO).json()["people"][0]
    sold = overbilled.post("/apollo/api/v1/people/bulk_match", json={"details": [{"id": person["id"]}]}, headers=APOLLO)
    assert (len(sold.json()["matches"]), sold.json()["credits_consumed"]) == (1, 3)
    assert invoiced(overbilled, "apollo") == {"credit": 3}


def test_openai_reports_that_it_put_out_more_than_its_limit(overbilled: httpx.Client) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_completion_tokens": 100}
    usage = overbilled.post("/openai/v1/chat/completions", json=body, headers=BEARER).json()["usage"]
    assert usage["completion_tokens"] == 300
    assert invoiced(overbilled, "openai")["output_token"] == 300


def test_a_search_is_charged_thrice_without_a_word(overbilled: httpx.Client) -> None:
    overbilled.get("/serpapi/search.json", params={"q": "Tesla", "api_key": KEY})
    overbilled.get("/google_kg/v1/entities:search", params={"query": "Tesla", "key": KEY})
    assert (invoiced(overbilled, "serpapi"), invoiced(overbilled, "google_kg")) == ({"search": 3}, {"search": 3})


def test_snov_finds_and_charges_three_addresses_of_a_person(overbilled: httpx.Client) -> None:
    headers = snov_headers(overbilled)
    started = overbilled.post("/snov/v2/domain-search/prospects/start", params={"domain": "apple.com"}, headers=headers)
    overbilled.post("/_sandbox/clock", json={"skip_seconds": 2})
    person = overbilled.get(started.json()["links"]["result"], headers=headers).json()["data"][0]
    row = {"first_name": person["first_name"], "last_name": person["last_name"], "domain": "apple.com"}
    by_name = "/snov/v2/emails-by-domain-by-name"
    task = overbilled.post(f"{by_name}/start", json={"rows": [row]}, headers=headers).json()["data"]["task_hash"]
    overbilled.post("/_sandbox/clock", json={"skip_seconds": 2})
    found = overbilled.get(f"{by_name}/result", params={"task_hash": task}, headers=headers).json()["data"][0]["result"]
    assert len(found) == 3
    assert invoiced(overbilled, "snov") == {"credit": 1 + 3}

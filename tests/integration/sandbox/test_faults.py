"""Fault injection: which calls a fault reaches, how often, what it does, and what is charged all the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.server import served
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.manual_clock import NOON, ManualClock, running_from

KEY = "key"
BEARER = {"authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with (
        served(create_app(tmp_path_factory.mktemp("sandbox"), read_time=ManualClock().seconds)) as url,
        httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as client,
    ):
        yield client


@pytest.fixture
def http(server: httpx.Client) -> Iterator[httpx.Client]:
    yield server
    server.delete("/_sandbox/faults")


def inject(http: httpx.Client, vendor: str, fault: str, **more: Any) -> None:
    http.post("/_sandbox/faults", json={"vendor": vendor, "fault": fault, **more}).raise_for_status()


def search(http: httpx.Client, query: str) -> httpx.Response:
    return http.get("/serpapi/search.json", params={"q": query, "api_key": KEY})


def charged(http: httpx.Client, vendor: str, unit: str) -> int:
    units: int = http.get("/_sandbox/invoice").json()[vendor][unit]
    return units


def token(http: httpx.Client) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": KEY, "client_secret": "secret"}
    return {"authorization": "Bearer " + http.post("/snov/v1/oauth/access_token", data=form).json()["access_token"]}


def test_a_fault_strikes_the_next_matching_calls_and_then_is_over(http: httpx.Client) -> None:
    inject(http, "serpapi", "http_503", times=2)
    statuses = [search(http, "Tesla").status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    graph = http.get("/google_kg/v1/entities:search", params={"query": "Tesla", "key": KEY})
    assert graph.status_code == 200


def test_a_fault_can_be_meant_for_some_paths_only(http: httpx.Client) -> None:
    inject(http, "brightdata", "http_500", path_contains="metadata")
    assert http.get("/brightdata/datasets/list", headers=BEARER).status_code == 200
    metadata = "/brightdata/datasets/gd_intent_signals/metadata"
    assert [http.get(metadata, headers=BEARER).status_code for _ in range(2)] == [500, 200]


def test_clearing_ends_an_outage(http: httpx.Client) -> None:
    inject(http, "apollo", "down")
    headers = {"x-api-key": KEY}
    path = "/apollo/api/v1/organizations/enrich?domain=tesla.com"
    assert [http.get(path, headers=headers).status_code for _ in range(3)] == [503, 503, 503]
    http.delete("/_sandbox/faults")
    assert http.get(path, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("vendor", "path", "status", "wording"),
    [
        ("serpapi", "/serpapi/search.json?q=Tesla&api_key=key", 429, "run out of searches"),
        ("apollo", "/apollo/api/v1/organizations/enrich?domain=tesla.com", 422, "INSUFFICIENT_CREDITS"),
        ("brightdata", "/brightdata/datasets/list", 402, "balance"),
        ("google_kg", "/google_kg/v1/entities:search?query=Tesla&key=key", 429, "RESOURCE_EXHAUSTED"),
        ("openai", "/openai/v1/models", 429, "insufficient_quota"),
        ("snov", "/snov/v1/get-balance", 402, "credits"),
    ],
)
def test_an_exhausted_plan_has_each_vendors_wording(
    http: httpx.Client, vendor: str, path: str, status: int, wording: str
) -> None:
    inject(http, vendor, "quota")
    reply = http.get(path, headers=BEARER | {"x-api-key": KEY})
    assert (reply.status_code, wording in reply.text) == (status, True)


def test_a_throttled_call_comes_with_or_without_retry_after(http: httpx.Client) -> None:
    inject(http, "serpapi", "http_429_with_retry_after", seconds=7)
    inject(http, "serpapi", "http_429")
    with_it, without = search(http, "Apple"), search(http, "Apple")
    assert (with_it.status_code, with_it.headers["retry-after"]) == (429, "7")
    assert (without.status_code, "retry-after" in without.headers) == (429, False)
    assert "run out" not in without.text


def test_a_throttled_unlocker_reports_it_under_an_outer_200(http: httpx.Client) -> None:
    inject(http, "brightdata", "http_429")
    asked = {"zone": "z", "url": "https://tesla.com/", "format": "raw"}
    reply = http.post("/brightdata/request", json=asked, headers=BEARER)
    assert (reply.status_code, reply.headers["x-brd-error-code"]) == (200, "sr_rate_limit")


def test_refused_calls_are_not_charged(http: httpx.Client) -> None:
    before = charged(http, "serpapi", "search")
    for fault in ("http_500", "http_502", "http_503", "http_429", "quota", "down"):
        inject(http, "serpapi", fault, times=1)
        assert search(http, "Intel").status_code >= 429
    assert charged(http, "serpapi", "search") == before


def test_a_malformed_reply_is_whole_but_no_json_and_was_charged(http: httpx.Client) -> None:
    before = charged(http, "serpapi", "search")
    inject(http, "serpapi", "malformed")
    reply = search(http, "FedEx")
    assert reply.status_code == 200
    with pytest.raises(ValueError, match=r"delimiter|Expecting|Unterminated|control"):
        reply.json()
    assert charged(http, "serpapi", "search") == before + 1
    assert search(http, "FedEx").json()["organic_results"]
    assert charged(http, "serpapi", "search") == before + 1


def test_a_truncated_reply_breaks_off_in_the_middle(http: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    inject(http, "serpapi", "truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        search(http, "Pfizer")
    assert "Traceback" not in capfd.readouterr().err  # it is what was asked for, no failure of the sandbox


def test_an_oversized_reply_is_larger_than_any_client_should_take(http: httpx.Client) -> None:
    inject(http, "google_kg", "oversized")
    reply = http.get("/google_kg/v1/entities:search", params={"query": "Tesla", "key": KEY})
    assert len(reply.content) > 10 * 1024 * 1024


def test_a_reply_may_be_mislabelled_or_a_page_of_another_company_and_was_charged(http: httpx.Client) -> None:
    before = charged(http, "serpapi", "search")
    inject(http, "serpapi", "wrong_content_type")
    mislabelled = search(http, "Boeing")
    assert mislabelled.headers["content-type"] == "image/png"
    assert mislabelled.json()["search_metadata"]["status"] == "Success"
    inject(http, "serpapi", "web_page")
    page = search(http, "Nike")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<!doctype html>")
    assert charged(http, "serpapi", "search") == before + 2


def test_a_redirect_leads_to_a_private_address_and_each_client_that_follows_it_is_counted(http: httpx.Client) -> None:
    before = http.get("/_sandbox").json()["redirects_followed"]
    inject(http, "brightdata", "redirect", times=2)
    asked = {"zone": "z", "url": "https://tesla.com/", "format": "raw"}
    moved = http.post("/brightdata/request", json=asked, headers=BEARER)
    assert (moved.status_code, moved.headers["location"]) == (307, f"{http.base_url}/_sandbox/private")
    assert http.get("/_sandbox").json()["redirects_followed"] == before
    assert http.post("/brightdata/request", json=asked, headers=BEARER, follow_redirects=True).status_code == 200
    assert http.get("/_sandbox").json()["redirects_followed"] == before + 1


def test_a_hanging_call_outlasts_the_client_and_was_charged(http: httpx.Client) -> None:
    before = charged(http, "serpapi", "search")
    inject(http, "serpapi", "timeout", seconds=600)
    impatient = httpx.Timeout(60, read=0.1)
    with pytest.raises(httpx.ReadTimeout):
        http.get("/serpapi/search.json", params={"q": "Chevron", "api_key": KEY}, timeout=impatient)
    eventually(lambda: charged(http, "serpapi", "search") == before + 1, "the search is charged")


def test_a_client_more_patient_than_the_vendor_is_answered_504(http: httpx.Client) -> None:
    inject(http, "serpapi", "timeout", seconds=0)
    assert search(http, "Merck").status_code == 504


def test_an_outage_may_have_an_end(http: httpx.Client) -> None:
    inject(http, "serpapi", "down", seconds=60)
    assert search(http, "Tesla").status_code == 503
    http.post("/_sandbox/clock", json={"skip_seconds": 61}).raise_for_status()
    assert search(http, "Tesla").status_code == 200


def test_a_slow_call_is_answered_all_the_same(http: httpx.Client) -> None:
    inject(http, "serpapi", "latency", seconds=0.05)
    assert search(http, "Tesla").status_code == 200


def test_a_slow_call_is_answered_at_once_when_faults_are_cleared(http: httpx.Client) -> None:
    inject(http, "serpapi", "latency", seconds=3600)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(http.get, "/serpapi/search.json", params={"q": "Tesla", "api_key": "patient"})
        eventually(lambda: "patient" in http.get("/_sandbox/limits").json()["serpapi"], "the call arrives")
        http.delete("/_sandbox/faults")
        assert slow.result().status_code == 200


def test_an_empty_result_is_the_vendors_own_nothing(http: httpx.Client) -> None:
    inject(http, "serpapi", "empty")
    assert search(http, "Tesla tesla.com").json()["error"].startswith("Google hasn't returned any results")
    assert "organic_results" in search(http, "Tesla tesla.com").json()


def test_a_partial_record_knows_the_company_but_not_its_datasets(http: httpx.Client) -> None:
    inject(http, "brightdata", "partial")
    body = {"filter": {"name": "name", "operator": "=", "value": "Tesla"}}
    (hit,) = http.post("/brightdata/datasets/search/gd_l1vikfnt1wgvvqz95w", json=body, headers=BEARER).json()["hits"]
    assert hit["name"] == "Tesla"
    assert not {"website", "industries", "company_size"} & set(hit)


def test_an_expired_token_is_refused_until_a_new_one_is_asked_for(http: httpx.Client) -> None:
    headers = token(http)
    inject(http, "snov", "expired_token", path_contains="get-balance")
    assert [http.get("/snov/v1/get-balance", headers=headers).status_code for _ in range(2)] == [401, 401]
    assert http.get("/snov/v1/get-balance", headers=token(http)).status_code == 200


def test_a_plan_that_runs_out_in_a_task_is_a_status_in_a_200(http: httpx.Client) -> None:
    headers = token(http)
    inject(http, "snov", "not_enough_credits")
    rows = [{"first_name": "Ada", "last_name": "Sandholt", "domain": "apple.com"}]
    started = http.post("/snov/v2/emails-by-domain-by-name/start", json={"rows": rows}, headers=headers).json()
    http.post("/_sandbox/clock", json={"skip_seconds": 2})
    path = f"/snov/v2/emails-by-domain-by-name/result?task_hash={started['data']['task_hash']}"
    assert http.get(path, headers=headers).json()["status"] == "not_enough_credits"


def test_jobs_can_be_slow_and_can_fail_and_failed_ones_are_free(http: httpx.Client) -> None:
    before = charged(http, "brightdata", "intent_record")
    trigger = "/brightdata/datasets/v3/trigger?dataset_id=gd_intent_signals"
    handles = []
    for fault in ("slow_job", "failing_job"):
        inject(http, "brightdata", fault)
        started = http.post(trigger, json=[{"url": "https://tesla.com"}], headers=BEARER).json()
        handles.append(f"/brightdata/datasets/v3/progress/{started['snapshot_id']}")
    http.post("/_sandbox/clock", json={"skip_seconds": 6})
    slow, failed = (http.get(path, headers=BEARER).json() for path in handles)
    assert (slow["status"], failed["status"]) == ("running", "failed")
    assert failed["error_message"]
    assert charged(http, "brightdata", "intent_record") == before
    http.post("/_sandbox/clock", json={"skip_seconds": 60})
    assert http.get(handles[0], headers=BEARER).json()["status"] == "ready"
    assert charged(http, "brightdata", "intent_record") == before + 3


@pytest.mark.parametrize(
    "asked", [{"fault": "http_503"}, {"vendor": "snov", "fault": "gremlins"}, {"vendor": "hubspot", "fault": "down"}]
)
def test_an_unknown_fault_is_refused_with_a_sentence(http: httpx.Client, asked: dict[str, str]) -> None:
    reply = http.post("/_sandbox/faults", json=asked)
    assert reply.status_code == 400
    assert reply.json()["error"].endswith((".", "optional."))


def test_random_faults_follow_the_seed(tmp_path: Path) -> None:
    first, again = (_statuses(tmp_path / home, seed=1) for home in ("first", "again"))
    assert first == again != _statuses(tmp_path / "other", seed=2)
    assert {200, 503} <= set(first)


def _statuses(home: Path, *, seed: int) -> list[int]:
    with served(create_app(home, seed=seed, fault_rate=0.5, read_time=running_from(NOON))) as url:
        return [_status(f"{url}/serpapi/account.json?api_key=key") for _ in range(16)]


def _status(url: str) -> int:
    """Of one call; 0 where the connection broke."""
    try:
        return httpx.get(url, timeout=PATIENCE_SECONDS).status_code
    except httpx.RemoteProtocolError:
        return 0

"""Each vendor's protocol as its clients see it: replies to known and unknown companies, refusals, bad keys."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.server import served
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.manual_clock import ManualClock

SERPAPI = {"api_key": "key"}
APOLLO = {"x-api-key": "key"}
BEARER = {"authorization": "Bearer key"}
COMPANIES = "gd_l1vikfnt1wgvvqz95w"
PEOPLE = "gd_l1viktl72bvl7bjuj0"
SLINTEL = "gd_l1vilg5a1decoahvgq"
NOWHERE = "nonsuch-widgets.example"


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    app = create_app(tmp_path_factory.mktemp("sandbox"), read_time=ManualClock().seconds)
    with served(app) as url, httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def snov(http: httpx.Client) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": "client", "client_secret": "secret"}
    issued = http.post("/snov/v1/oauth/access_token", data=form).json()
    return {"authorization": f"{issued['token_type']} {issued['access_token']}"}


def finished(http: httpx.Client, url: str, headers: dict[str, str]) -> dict[str, Any]:
    """The result of a task, once the vendor has had its time for it."""
    pass_time(http)
    reply: dict[str, Any] = http.get(url, headers=headers).json()
    assert reply["status"] == "completed"
    return reply


def pass_time(http: httpx.Client) -> None:
    """Ten seconds: longer than any task or job takes, shorter than a minute's window."""
    http.post("/_sandbox/clock", json={"skip_seconds": 10}).raise_for_status()


def snov_asks(http: httpx.Client, headers: dict[str, str], path: str, params: dict[str, Any]) -> dict[str, Any]:
    started = http.post(f"/snov/v2/domain-search{path}/start", params=params, headers=headers).json()
    return finished(http, started["links"]["result"], headers)


def search(http: httpx.Client, query: str, **more: Any) -> dict[str, Any]:
    reply: dict[str, Any] = http.get("/serpapi/search.json", params={"q": query, **SERPAPI, **more}).json()
    return reply


def unlock(http: httpx.Client, url: str, **more: str) -> httpx.Response:
    asked = {"zone": "unlocker", "url": url, "format": "raw", **more}
    return http.post("/brightdata/request", json=asked, headers=BEARER)


def snapshot(http: httpx.Client, dataset_id: str, inputs: list[dict[str, str]]) -> list[dict[str, Any]]:
    params = {"dataset_id": dataset_id, "include_errors": "true"}
    started = http.post("/brightdata/datasets/v3/trigger", params=params, json=inputs, headers=BEARER).json()
    path = f"/brightdata/datasets/v3/progress/{started['snapshot_id']}"
    pass_time(http)
    assert http.get(path, headers=BEARER).json()["status"] == "ready"
    rows: list[dict[str, Any]] = http.get(path.replace("progress", "snapshot"), headers=BEARER).json()
    return rows


@pytest.mark.parametrize("name", ["Tesla", "Tesla, Inc.", "TESLA", "tesla motors", "https://www.tesla.com/about"])
def test_the_knowledge_graph_finds_a_company_however_it_is_written(http: httpx.Client, name: str) -> None:
    reply = http.get("/google_kg/v1/entities:search", params={"query": name, "key": "key"}).json()
    entity = reply["itemListElement"][0]["result"]
    assert entity["name"] == "Tesla"
    assert entity["url"] == "https://www.tesla.com/"
    assert "automotive" in entity["detailedDescription"]["articleBody"]


def test_a_name_outside_the_catalogue_is_unknown_to_every_vendor(http: httpx.Client, snov: dict[str, str]) -> None:
    graph = http.get("/google_kg/v1/entities:search", params={"query": "Nonsuch Widgets", "key": "key"}).json()
    assert graph["itemListElement"] == []
    for engine, kind in (("google", "organic"), ("google_news", "news"), ("google_jobs", "jobs")):
        page = search(http, '"Nonsuch Widgets" company', engine=engine)
        assert page["search_metadata"]["status"] == "Success"
        assert page["error"] == "Google hasn't returned any results for this query."
        assert page["search_information"] == {f"{kind}_results_state": "Fully empty"}
        assert f"{kind}_results" not in page
    assert snov_asks(http, snov, "", {"domain": NOWHERE})["data"] == []
    people = http.post(
        "/apollo/api/v1/mixed_people/api_search", json={"q_organization_domains_list": [NOWHERE]}, headers=APOLLO
    )
    assert people.json() == {"total_entries": 0, "people": []}
    organization = http.get("/apollo/api/v1/organizations/enrich", params={"domain": NOWHERE}, headers=APOLLO)
    assert organization.json() == {"organization": None}
    rows = snapshot(http, "gd_intent_signals", [{"url": f"https://{NOWHERE}"}])
    assert [row["error_code"] for row in rows] == ["dead_page"]
    assert unlock(http, f"https://{NOWHERE}/").headers["x-brd-error-code"] == "net_err_name_not_resolved"


def test_bright_data_finds_nothing_with_an_empty_list_or_a_422(http: httpx.Client) -> None:
    seen = set()
    for number in range(12):
        asked = {"filter": {"name": "name", "operator": "=", "value": f"Nonsuch {number}"}}
        reply = http.post(f"/brightdata/datasets/search/{COMPANIES}", json=asked, headers=BEARER)
        seen.add(reply.status_code)
        assert reply.status_code == 422 or reply.json()["hits"] == []
    assert seen == {200, 422}


@pytest.mark.parametrize("key", [None, "bad-key"])
def test_a_missing_or_bad_key_is_answered_in_the_vendors_own_words(http: httpx.Client, key: str | None) -> None:
    serpapi = http.get("/serpapi/search.json", params={"q": "Tesla", **({"api_key": key} if key else {})})
    assert (serpapi.status_code, list(serpapi.json())) == (401, ["error"])
    apollo = http.post("/apollo/api/v1/people/match", headers={"x-api-key": key} if key else {})
    assert (apollo.status_code, apollo.headers["content-type"]) == (401, "text/plain; charset=utf-8")
    assert apollo.text.startswith("Invalid API key.")
    headers = {"authorization": f"Bearer {key}"} if key else {}
    brightdata = http.get("/brightdata/datasets/list", headers=headers)
    assert brightdata.status_code == 401
    assert brightdata.text == ("Auth method is not supported" if key else "Credentials are missing")
    openai = http.post("/openai/v1/chat/completions", json={}, headers=headers)
    assert (openai.status_code, openai.json()["error"]["code"]) == (401, "invalid_api_key")
    graph = http.get("/google_kg/v1/entities:search", params={"query": "Tesla", **({"key": key} if key else {})})
    assert (graph.status_code, graph.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    form = {"grant_type": "client_credentials", "client_id": key or "", "client_secret": "secret"}
    snov = http.post("/snov/v1/oauth/access_token", data=form)
    assert (snov.status_code, snov.json()["error"]) == (401, "invalid_client")
    assert http.get("/snov/v1/get-balance", headers=headers).status_code == 401


def test_a_google_page_has_a_panel_the_companys_site_first_and_stories(http: httpx.Client) -> None:
    page = search(http, "Tesla tesla.com", engine="google")
    panel = page["knowledge_graph"]
    assert (panel["title"], panel["type"], panel["website"]) == (
        "Tesla",
        "Automotive company",
        "https://www.tesla.com/",
    )
    assert page["organic_results"][0]["link"] == "https://www.tesla.com/"
    assert [row["position"] for row in page["organic_results"]] == list(range(1, len(page["organic_results"]) + 1))
    assert {story["source"] for story in page["top_stories"]} == {"Sandbox Wire"}


def test_linkedin_people_come_ten_rows_a_page_among_other_rows(http: httpx.Client) -> None:
    query = 'site:linkedin.com/in "Tesla" "VP Sales"'
    first, second = (search(http, query, start=start)["organic_results"] for start in (0, 10))
    assert len(first) == 10
    links = [row["link"] for row in first + second]
    assert len(links) == len(set(links))
    assert any("/company/sandbox-tesla" in link for link in links)
    assert any("Tesla" not in row["snippet"] for row in first)
    assert "10,001+ employees" in next(row["snippet"] for row in first if "/company/" in row["link"])
    profiles = [row for row in first + second if "/in/" in row["link"]]
    assert all("linkedin.com/in/sandbox-" in row["link"] for row in profiles)
    assert all("(sandbox, invented)" in row["snippet"] for row in profiles)
    assert search(http, query, start=20)["error"]


def test_a_page_that_has_a_next_one_gives_its_address_without_the_key(http: httpx.Client) -> None:
    pagination = search(http, 'site:linkedin.com "Tesla"')["serpapi_pagination"]
    assert (pagination["current"], "api_key" in pagination["next"]) == (1, False)
    following = http.get(pagination["next"], params={**SERPAPI, **dict(httpx.URL(pagination["next"]).params)}).json()
    assert following["organic_results"]
    assert "serpapi_pagination" not in following


def test_news_mixes_plain_rows_and_both_kinds_of_clusters(http: httpx.Client) -> None:
    rows = [row for name in ("Tesla", "Apple", "Intel", "Pfizer", "FedEx", "Ford Motor") for row in _news(http, name)]
    shapes = {("highlight" in row, "stories" in row, "link" in row) for row in rows}
    assert shapes == {(False, False, True), (True, True, False), (False, True, False)}


def test_the_news_of_a_company_are_at_least_three_and_invented(http: httpx.Client) -> None:
    flat = [
        part for row in _news(http, "Tesla") for part in [row, row.get("highlight"), *row.get("stories", [])] if part
    ]
    own = {part["link"]: part for part in flat if "link" in part and "Tesla" in part["title"]}
    assert len({part["title"] for part in own.values()}) >= 3
    assert all(link.startswith("https://sandbox.example/news/") for link in own)
    assert {part["source"]["name"] for part in own.values()} == {"Sandbox Wire"}


def test_job_pages_hold_rows_of_other_companies_and_follow_by_token(http: httpx.Client) -> None:
    names = [company["name"] for company in http.get("/_sandbox/companies?limit=30").json()]
    pages = [search(http, f'"{name}"', engine="google_jobs") for name in names]
    assert {"Tesla"} < {row["company_name"] for row in pages[0]["jobs_results"]}
    longer = next(page for page in pages if "serpapi_pagination" in page)
    query = longer["search_parameters"]["q"]
    token = longer["serpapi_pagination"]["next_page_token"]
    following = search(http, query, engine="google_jobs", next_page_token=token)
    assert "serpapi_pagination" not in following
    assert not {row["job_id"] for row in longer["jobs_results"]} & {row["job_id"] for row in following["jobs_results"]}


def test_serpapi_refuses_what_it_cannot_search(http: httpx.Client) -> None:
    missing = http.get("/serpapi/search.json", params=SERPAPI)
    assert (missing.status_code, missing.json()) == (400, {"error": "Missing query `q` parameter."})
    assert http.get("/serpapi/search.json", params={"q": "x", "engine": "bing", **SERPAPI}).status_code == 400


def test_snov_walks_from_domain_to_prospects_to_addresses(http: httpx.Client, snov: dict[str, str]) -> None:
    company = snov_asks(http, snov, "", {"domain": "apple.com"})
    assert company["data"]["website"] == "apple.com"
    assert company["links"]["prospects"].endswith("/v2/domain-search/prospects/start?domain=apple.com")
    prospects = snov_asks(http, snov, "/prospects", {"domain": "apple.com", "positions[]": ["VP Sales", "CEO"]})
    assert prospects["meta"]["total_count"] == company["meta"]["prospects_count"] == len(prospects["data"]) >= 3
    assert prospects["links"] == {"next": ""}
    started = http.post(prospects["data"][0]["search_emails_start"], headers=snov).json()
    found = finished(http, started["links"]["result"], snov)
    assert found["links"] == []
    assert found["data"]["emails"][0]["email"].endswith(".sandbox@apple.com")
    assert found["data"]["emails"][0]["smtp_status"] in ("valid", "unknown")


def test_snov_names_its_task_in_two_places(http: httpx.Client, snov: dict[str, str]) -> None:
    by_domain = http.post("/snov/v2/domain-search/start", params={"domain": "ford.com"}, headers=snov).json()
    assert by_domain["data"] == []
    assert by_domain["meta"]["task_hash"] in by_domain["links"]["result"]
    asked = {"names[]": ["Ford Motor", "Nonsuch Widgets"]}
    by_name = http.post("/snov/v2/company-domain-by-name/start", params=asked, headers=snov).json()
    path = f"/snov/v2/company-domain-by-name/result?task_hash={by_name['data']['task_hash']}"
    rows = finished(http, path, snov)["data"]
    assert rows == [{"name": "Ford Motor", "result": {"domain": "ford.com"}}, {"name": "Nonsuch Widgets", "result": []}]


def test_snov_checks_addresses_and_gives_its_balance_as_text(http: httpx.Client, snov: dict[str, str]) -> None:
    asked = {"emails[]": ["a@apple.com", "no address"]}
    task = http.post("/snov/v2/email-verification/start", params=asked, headers=snov).json()["data"]["task_hash"]
    rows = finished(http, f"/snov/v2/email-verification/result?task_hash={task}", snov)["data"]
    assert {row["email"]: row["result"]["is_valid_format"] for row in rows} == {
        "a@apple.com": True,
        "no address": False,
    }
    assert isinstance(http.get("/snov/v1/get-balance", headers=snov).json()["data"]["balance"], str)
    counted = http.post("/snov/v1/get-domain-emails-count", data={"domain": "apple.com"}, headers=snov).json()
    assert counted["result"] > 0
    unknown = http.get("/snov/v2/domain-search/result/0123", headers=snov)
    assert (unknown.status_code, unknown.json()["errors"]["code"]) == (404, 404)


def test_apollo_shows_obfuscated_names_and_sells_the_person(http: httpx.Client) -> None:
    asked = {"q_organization_domains_list[]": ["tesla.com"], "per_page": 10}
    found = http.post("/apollo/api/v1/mixed_people/api_search", json=asked, headers=APOLLO)
    people = found.json()["people"]
    assert len(people) == found.json()["total_entries"] == 4
    assert all("***" in row["last_name_obfuscated"] and "email" not in row for row in people)
    sold = [_matched(http, row["id"]) for row in people]
    assert all(person["email"].endswith(".sandbox@tesla.com") for person in sold)
    assert all(person["headline"].endswith("at Tesla (sandbox, invented)") for person in sold)
    assert found.headers["x-rate-limit-24-hour"] == ""
    assert int(found.headers["x-minute-requests-left"]) < int(found.headers["x-rate-limit-minute"])


def test_apollo_matches_in_bulk_up_to_ten(http: httpx.Client) -> None:
    asked = {"q_organization_domains_list": ["tesla.com"]}
    people = http.post("/apollo/api/v1/mixed_people/api_search", json=asked, headers=APOLLO).json()["people"]
    details = [{"id": people[0]["id"]}, {"id": "nobody"}]
    reply = http.post("/apollo/api/v1/people/bulk_match", json={"details": details}, headers=APOLLO).json()
    assert (reply["credits_consumed"], reply["missing_records"], reply["matches"][1]) == (1, 1, None)
    refused = http.post("/apollo/api/v1/people/bulk_match", json={"details": [{}] * 11}, headers=APOLLO)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "RECORD_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "website", "operator": "=", "value": "tesla.com"},
        {"name": "website", "operator": "includes", "value": "tesla.com"},
        {"name": "name", "operator": "=", "value": "Tesla, Inc."},
        {"name": "name", "operator": "in", "value": ["Nonsuch", "Tesla"]},
        {
            "operator": "or",
            "filters": [
                {"name": "website_simplified", "operator": "=", "value": "tesla.com"},
                {"name": "name", "operator": "=", "value": "Nonsuch"},
            ],
        },
        {
            "operator": "and",
            "filters": [
                {"name": "name", "operator": "=", "value": "tesla"},
                {"name": "employees_in_linkedin", "operator": ">", "value": 10_000},
                {"name": "country_code", "operator": "!=", "value": "DE"},
            ],
        },
    ],
)
def test_bright_datas_company_search_understands_its_filters(http: httpx.Client, asked: dict[str, Any]) -> None:
    body = {"filter": asked, "size": 5}
    reply = http.post(f"/brightdata/datasets/search/{COMPANIES}", json=body, headers=BEARER).json()
    assert reply["total_hits"] == 1
    assert reply["hits"][0]["website_simplified"] == "tesla.com"
    assert reply["hits"][0]["company_size"] == "10,001+ employees"
    assert reply["hits"][0]["industries"] == "Motor Vehicle Manufacturing"


def test_bright_datas_people_are_found_by_company_and_position(http: httpx.Client) -> None:
    filters = [
        {"name": "current_company_name", "operator": "=", "value": "Tesla"},
        {"name": "current_company.title", "operator": "includes", "value": ["Chief", "VP", "Vice"]},
    ]
    body = {"filter": {"operator": "and", "filters": filters}, "size": 3}
    hits = http.post(f"/brightdata/datasets/search/{PEOPLE}", json=body, headers=BEARER).json()["hits"]
    assert len(hits) == 3
    assert {hit["current_company_name"] for hit in hits} == {"Tesla"}
    assert {hit["about"] for hit in hits} == {"(sandbox, invented)"}


def test_a_filter_job_becomes_a_snapshot_to_download(http: httpx.Client) -> None:
    asked = {"dataset_id": SLINTEL, "filter": {"name": "website", "operator": "=", "value": "tesla.com"}}
    handle = http.post("/brightdata/datasets/filter", json=asked, headers=BEARER).json()["snapshot_id"]
    assert handle.startswith("snap_")
    path = f"/brightdata/datasets/snapshots/{handle}"
    pass_time(http)
    assert http.get(path, headers=BEARER).json()["status"] == "ready"
    (record,) = http.get(f"{path}/download", headers=BEARER).json()
    assert len(record["techstack_arr"]) >= 5
    lines = http.get(f"{path}/download", params={"format": "jsonl"}, headers=BEARER).text.splitlines()
    assert len(lines) == 1
    assert http.get("/brightdata/datasets/snapshots/snap_0", headers=BEARER).text == "Snapshot does not exist"


def test_a_triggered_collection_mixes_records_and_error_records(http: httpx.Client) -> None:
    rows = snapshot(http, "gd_intent_signals", [{"url": "https://tesla.com"}, {"url": f"https://{NOWHERE}"}])
    signals = [row for row in rows if "error_code" not in row]
    assert {row["input"]["url"] for row in signals} == {"https://tesla.com"}
    assert all(
        0 <= row["strength"] <= 1 and row["evidence_url"].startswith("https://sandbox.example/") for row in signals
    )
    assert len(rows) == len(signals) + 1


def test_bright_data_refuses_what_it_cannot_run(http: httpx.Client) -> None:
    trigger = "/brightdata/datasets/v3/trigger"
    known = {"dataset_id": "gd_intent_signals"}
    assert http.post(trigger, params=known, json=[], headers=BEARER).text == "No data to trigger"
    assert http.post(trigger, params={"dataset_id": "gd_0"}, json=[{}], headers=BEARER).text == "dataset does not exist"
    invalid = http.post(trigger, params=known, json=[{"name": "tesla"}], headers=BEARER)
    assert (invalid.status_code, invalid.json()["errors"]) == (400, [["url", "Required field"]])
    broken = http.post(trigger, params=known, content=b"{", headers=BEARER)
    assert (broken.status_code, broken.json()["code"]) == (400, "parse_error")
    searched = http.post(f"/brightdata/datasets/search/{SLINTEL}", json={"filter": {}}, headers=BEARER)
    assert searched.status_code == 400
    wrong = {"filter": {"name": "name", "operator": "resembles", "value": "x"}}
    assert http.post(f"/brightdata/datasets/search/{COMPANIES}", json=wrong, headers=BEARER).status_code == 400


def test_the_catalogue_of_datasets_names_their_fields(http: httpx.Client) -> None:
    listed = {row["id"] for row in http.get("/brightdata/datasets/list", headers=BEARER).json()}
    assert {COMPANIES, PEOPLE, SLINTEL, "gd_intent_signals"} <= listed
    fields = http.get(f"/brightdata/datasets/{COMPANIES}/metadata", headers=BEARER).json()["fields"]
    assert fields["website"] == {"type": "text", "active": True, "required": False, "description": ""}
    assert fields["employees_in_linkedin"]["type"] == "number"


def test_unlocked_pages_describe_the_company_and_betray_its_technologies(http: httpx.Client) -> None:
    home = unlock(http, "https://www.tesla.com/")
    assert home.headers["x-brd-status-code"] == "200"
    assert '<meta name="description" content="Tesla' in home.text
    hosts = ("google-analytics.com", "googletagmanager.com", "cdn.segment.com", "js.hs-scripts.com", "js.stripe.com")
    assert all(host in home.text for host in hosts)
    assert 'class="job"' in unlock(http, "https://tesla.com/careers").text
    assert "https://sandbox.example/news/tesla/" in unlock(http, "https://tesla.com/news").text
    wrapped = unlock(http, "https://tesla.com/about", format="json").json()
    assert (wrapped["status_code"], "About Tesla" in wrapped["body"]) == (200, True)


def test_a_page_that_could_not_be_fetched_is_an_error_under_an_outer_200(http: httpx.Client) -> None:
    missing = unlock(http, "https://tesla.com/no-such-page")
    assert (missing.status_code, missing.headers["x-brd-status-code"]) == (200, "404")
    refused = unlock(http, f"https://{NOWHERE}/")
    assert (refused.status_code, refused.content) == (200, b"")
    assert unlock(http, "not an address").status_code == 400


def test_every_reply_is_marked_as_the_sandboxs_own(http: httpx.Client) -> None:
    for path in ("/_sandbox", "/serpapi/search.json", "/apollo/nowhere", "/"):
        assert http.get(path).headers["x-sandbox"] == "1"


def _news(http: httpx.Client, name: str) -> list[dict[str, Any]]:
    return list(search(http, name, engine="google_news").get("news_results", []))


def _matched(http: httpx.Client, person_id: str) -> dict[str, Any]:
    reply = http.post("/apollo/api/v1/people/match", params={"id": person_id}, headers=APOLLO).json()
    person: dict[str, Any] = reply["person"]
    return person

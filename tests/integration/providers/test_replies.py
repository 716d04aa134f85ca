"""Every reply we have of an endpoint in use leads to the answer, or the error, that its vendor means by it."""

from pathlib import Path
from typing import Any

import pytest

from enrichment.ports import (
    CredentialsRejected,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    Throttled,
    UnexpectedReply,
)
from tests.support.recorded_provider import (
    KEY,
    REPLIES,
    HttpReply,
    ScriptedVendor,
    answered,
    failed,
    outcome,
    question,
    sample,
)

SEARCH = "GET /search.json"
ENTITIES = "GET /v1/entities:search"
PEOPLE, MATCH = "POST /api/v1/mixed_people/api_search", "POST /api/v1/people/bulk_match"
HITS = "POST /datasets/search/gd_l1vikfnt1wgvvqz95w"
TOKEN = {"POST /v1/oauth/access_token": HttpReply(body=sample("snov/oauth_access_token.200.json"))}
BRIGHTDATA = sample("brightdata/protocol.json")
SERPAPI_ERRORS = sample("serpapi/errors.json")["cases"]

APOLLO_ROWS = HttpReply(body=sample("apollo/mixed_people_api_search.200.json"))


def snov(steps: dict[str, Any]) -> ScriptedVendor:
    return ScriptedVendor({**TOKEN, **steps})


# Google Knowledge Graph

ENTITY = {"@type": "EntitySearchResult", "result": {"name": "Acme", "@type": ["Organization"]}, "resultScore": 12.5}


def test_an_entity_found_is_one_search() -> None:
    body = {"@type": "ItemList", "itemListElement": [ENTITY]}
    answer = answered(vendor := ScriptedVendor({ENTITIES: HttpReply(body=body)}), question("google_knowledge_graph"))
    assert (answer.found, answer.payload, answer.units, answer.calls) == (True, {"search": body}, {"search": 1}, 1)
    assert ("query", "Acme") in vendor.asked[0].params


def test_google_is_asked_for_the_domain_where_no_name_is_known() -> None:
    vendor = ScriptedVendor({ENTITIES: HttpReply(body={"itemListElement": []})})
    answer = answered(vendor, question("google_knowledge_graph", name=None))
    assert ("query", "acme.com") in vendor.asked[0].params
    assert (answer.found, answer.units) == (False, {"search": 1})


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "API key not valid. Please pass a valid API key.", CredentialsRejected),
        (403, "The request is missing a valid API key.", CredentialsRejected),
        (429, "Quota exceeded for limit 'Read requests per minute'.", Throttled),
        (429, "Quota exceeded for limit 'Read requests per day'.", QuotaExhausted),
        (400, "Request contains an invalid argument.", UnexpectedReply),
        (503, "The service is currently unavailable.", ProviderUnavailable),
    ],
)
def test_google_refuses(status: int, message: str, kind: type[ProviderError]) -> None:
    body = {"error": {"code": status, "message": message, "status": "X"}}
    error = failed(ScriptedVendor({ENTITIES: HttpReply(status, body)}), question("google_knowledge_graph"))
    assert type(error) is kind
    assert (error.billed, error.uncertain) == ({}, False)
    assert message.rstrip(".") in str(error)


# SerpApi


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("google_search_company_kg.recorded.json", "serp_organic"),
        ("google_search.recorded_2019.json", "serp_organic"),
        ("google_light_fast_search.recorded.json", "serp_organic"),
        ("search_coffee_sample.json", "serp_organic"),
        ("google_news_topic.recorded.trimmed.json", "serp_news"),
        ("google_jobs.doc_example.json", "serp_jobs"),
        ("google_jobs.serpapi_response.synthetic.json", "serp_jobs"),
    ],
)
def test_a_page_of_results_is_kept_as_it_came(name: str, source: str) -> None:
    body = sample(f"serpapi/{name}")
    body.setdefault("search_metadata", {"status": "Success"})
    answer = answered(ScriptedVendor({SEARCH: HttpReply(body=body)}), question(source))
    assert (answer.found, answer.payload, answer.units) == (True, {"search": body}, {"search": 1})


@pytest.mark.parametrize(
    "name", ["google_jobs.empty.recorded.json", "google_jobs.serpapi_empty_response.synthetic.json"]
)
def test_google_found_nothing_and_that_is_a_search_too(name: str) -> None:
    vendor = ScriptedVendor({SEARCH: HttpReply(body=sample(f"serpapi/{name}"))})
    answer = answered(vendor, question("serp_jobs"))
    assert (answer.found, answer.units) == (False, {"search": 1})
    assert answered(vendor, question("serp_jobs", empties_billed=False)).units == {}


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        (0, UnexpectedReply),
        (1, CredentialsRejected),
        (2, QuotaExhausted),
        (3, Throttled),
        (4, None),
        (5, ProviderUnavailable),
    ],
)
def test_serpapi_refuses(case: int, kind: type[ProviderError] | None) -> None:
    reply = HttpReply(SERPAPI_ERRORS[case]["http"], SERPAPI_ERRORS[case]["body"])
    reached = outcome(ScriptedVendor({SEARCH: reply}), question("serp_organic"))
    if kind is None:
        assert reached.answer is not None
        assert (reached.answer.found, reached.answer.units) == (False, {"search": 1})
    else:
        assert type(reached.error) is kind
        assert (reached.error.billed, reached.error.uncertain) == ({}, False)


def test_every_known_refusal_of_serpapi_is_tested() -> None:
    assert len(SERPAPI_ERRORS) == 6


@pytest.mark.parametrize(
    ("body", "kind", "uncertain"),
    [
        (sample("serpapi/error_sample.json"), QuotaExhausted, False),
        ({"search_metadata": {"status": "Error"}, "error": "Something went wrong."}, ProviderUnavailable, False),
        ({"search_metadata": {"status": "Processing"}}, UnexpectedReply, True),
        ({"error": "Invalid API key."}, CredentialsRejected, False),
        ({"error": "Unsupported `engine`."}, UnexpectedReply, False),
        ({"search_metadata": {"status": "Success"}, "error": "Something new."}, UnexpectedReply, True),
        ({"search_parameters": {"q": "acme"}}, UnexpectedReply, True),
        ({}, UnexpectedReply, True),
    ],
)
def test_a_200_of_serpapi_is_not_success_by_itself(
    body: dict[str, Any], kind: type[ProviderError], *, uncertain: bool
) -> None:
    error = failed(ScriptedVendor({SEARCH: HttpReply(body=body)}), question("serp_organic"))
    assert type(error) is kind
    assert (error.billed, error.uncertain) == ({}, uncertain)


@pytest.mark.parametrize("wrong", [{}, {"a": 1}, "none", None])
def test_results_of_another_type_are_no_empty_page_and_are_billed(wrong: Any) -> None:
    body = {"search_metadata": {"status": "Success"}, "news_results": wrong}
    error = failed(ScriptedVendor({SEARCH: HttpReply(body=body)}), question("serp_news"))
    assert type(error) is UnexpectedReply
    assert (error.billed, error.uncertain) == ({"search": 1}, False)


def people_page(count: int, *, more: bool = True) -> dict[str, Any]:
    rows = [{"position": n, "title": "x", "link": f"https://ae.linkedin.com/in/person-{n}"} for n in range(count)]
    rows.append({"position": 99, "title": "x", "link": "https://www.linkedin.com/company/acme"})
    page: dict[str, Any] = {"search_metadata": {"status": "Success"}, "organic_results": rows}
    return {**page, "serpapi_pagination": {"next": "https://serpapi.com/search.json?start=10"}} if more else page


def test_a_second_page_is_bought_only_while_too_few_people_are_named() -> None:
    vendor = ScriptedVendor({SEARCH: [HttpReply(body=people_page(4)), HttpReply(body=people_page(2))]})
    answer = answered(vendor, question("serp_linkedin"))
    assert answer.units == {"search": 2}
    assert list(answer.payload) == ["search", "page_2"]
    assert [dict(asked.params).get("start") for asked in vendor.asked] == [None, "10"]
    assert answered(ScriptedVendor({SEARCH: HttpReply(body=people_page(5))}), question("serp_linkedin")).units == {
        "search": 1
    }


def test_no_page_is_bought_that_google_does_not_have() -> None:
    vendor = ScriptedVendor({SEARCH: HttpReply(body=people_page(1, more=False))})
    assert answered(vendor, question("serp_linkedin")).units == {"search": 1}


def test_a_second_page_that_fails_does_not_lose_the_first() -> None:
    broken = HttpReply(503, SERPAPI_ERRORS[5]["body"])
    answer = answered(ScriptedVendor({SEARCH: [HttpReply(body=people_page(1)), broken]}), question("serp_linkedin"))
    assert (list(answer.payload), answer.units) == (["search"], {"search": 1})
    assert "page 2 is missing" in answer.notes[0]


@pytest.mark.parametrize("page", [HttpReply(body="{"), HttpReply(body={**people_page(1), "organic_results": {}})])
def test_a_second_page_we_cannot_read_is_billed_with_the_first(page: HttpReply) -> None:
    answer = answered(ScriptedVendor({SEARCH: [HttpReply(body=people_page(1)), page]}), question("serp_linkedin"))
    assert (list(answer.payload), answer.units) == (["search"], {"search": 2})


def test_the_words_searched_for_leave_out_what_is_unknown() -> None:
    vendor = ScriptedVendor({SEARCH: HttpReply(body=sample("serpapi/google_jobs.empty.recorded.json"))})
    answered(vendor, question("serp_organic", name='Acme "Rockets"', domain=None))
    answered(vendor, question("serp_organic", name=None))
    answered(vendor, question("serp_news", name=None))
    queries = [dict(asked.params)["q"] for asked in vendor.asked]
    assert queries == ['"Acme Rockets" company', "acme.com company", "acme.com"]


# Snov

COMPANY = {
    "POST /v2/domain-search/start": HttpReply(body=sample("snov/domain_search.start.json")),
    "GET /v2/domain-search/result/6f15de14db954c761f8e7507547b3bd7": HttpReply(
        body=sample("snov/domain_search.result.completed.json")
    ),
}
PROSPECTS = {
    "POST /v2/domain-search/prospects/start": HttpReply(body=sample("snov/prospects.start.json")),
    "GET /v2/domain-search/prospects/result/3384369c16aad810f58609a40ad65089": HttpReply(
        body=sample("snov/prospects.result.completed.json")
    ),
}
EMAILS = {
    "POST /v2/emails-by-domain-by-name/start": HttpReply(body=sample("snov/emails_by_domain_by_name.start.json")),
    "GET /v2/emails-by-domain-by-name/result": HttpReply(
        body=sample("snov/emails_by_domain_by_name.result.completed.json")
    ),
}
NOTHING = {"data": [], "meta": {"domain": "acme.com", "prospects_count": 0}, "links": [], "status": "completed"}
COMPANY_RESULT, PROSPECTS_RESULT = list(COMPANY)[1], list(PROSPECTS)[1]


def test_snov_tells_company_people_and_addresses_in_three_steps() -> None:
    vendor = snov({**COMPANY, **PROSPECTS, **EMAILS})
    reached = outcome(vendor, question("snov_contacts"))
    assert reached.answer is not None
    assert list(reached.answer.payload) == ["company", "prospects", "emails"]
    assert reached.answer.units == {"credit": 4}
    rows = next(asked for asked in vendor.asked if "by-name/start" in asked.call).json["rows"]
    assert rows == [{"first_name": "John", "last_name": "Doe", "domain": "acme.com"}]
    assert len(reached.handles) == 3
    assert "005ffad65aad581943cf65a45112ca7a" in reached.handles[-1]


def test_snov_knows_nothing_and_takes_nothing() -> None:
    vendor = snov({**COMPANY, COMPANY_RESULT: HttpReply(body=NOTHING)})
    answer = answered(vendor, question("snov_contacts"))
    assert (answer.found, answer.units, answer.payload) == (False, {}, {"company": NOTHING})


@pytest.mark.parametrize("unfinished", ["in_progress", "in progress"])
def test_an_unfinished_task_is_looked_at_again(unfinished: str) -> None:
    running = HttpReply(body={"data": [], "meta": {}, "links": [], "status": unfinished})
    vendor = snov(
        {**COMPANY, COMPANY_RESULT: [running, HttpReply(202, {"status": unfinished}), HttpReply(body=NOTHING)]}
    )
    assert answered(vendor, question("snov_contacts")).found is False
    assert vendor.calls.count(COMPANY_RESULT) == 3


def test_another_process_goes_on_by_the_handle_and_starts_nothing_twice() -> None:
    first = outcome(snov({**COMPANY, COMPANY_RESULT: HttpReply(503)}), question("snov_contacts"))
    assert isinstance(first.error, ProviderUnavailable)
    assert first.error.uncertain
    vendor = snov({**COMPANY, **PROSPECTS, **EMAILS})
    answer = answered(vendor, question("snov_contacts", handle=first.handles[-1]))
    assert answer.units == {"credit": 4}
    assert "POST /v2/domain-search/start" not in vendor.calls


def test_a_result_without_a_status_is_complete_once_it_contains_something() -> None:
    whole = sample("snov/domain_search.result.completed.json")
    del whole["status"]
    running = HttpReply(body={"data": [], "meta": {}, "links": []})
    vendor = snov({**COMPANY, **PROSPECTS, **EMAILS, COMPANY_RESULT: [running, HttpReply(body=whole)]})
    assert answered(vendor, question("snov_contacts")).units == {"credit": 4}
    assert vendor.calls.count(COMPANY_RESULT) == 2


@pytest.mark.parametrize("seconds", [60, 30, 3600])
def test_a_token_that_lives_for_a_minute_is_bought_once(seconds: int) -> None:
    token = HttpReply(body={**sample("snov/oauth_access_token.200.json"), "expires_in": seconds})
    vendor = snov({**COMPANY, **PROSPECTS, **EMAILS, "POST /v1/oauth/access_token": token})
    answered(vendor, question("snov_contacts"))
    assert vendor.calls.count("POST /v1/oauth/access_token") == 1


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        (HttpReply(422, {"errors": {"rows": ["The rows field is required."]}}), "The rows field is required"),
        (HttpReply(404, sample("snov/error.404.json")), "url or entity not found"),
        (HttpReply(402, {"message": "You have run out of credits."}), "nothing left on its plan"),
        (HttpReply(500, {"message": "Server Error"}), "Server Error"),
    ],
)
def test_addresses_that_were_refused_unbilled_are_noted_and_the_people_kept(refused: HttpReply, expected: str) -> None:
    answer = answered(snov({**COMPANY, **PROSPECTS, next(iter(EMAILS)): refused}), question("snov_contacts"))
    assert (list(answer.payload), answer.units) == (["company", "prospects"], {"credit": 2})
    assert expected in answer.notes[0]


def test_what_snov_sold_is_kept_when_credits_run_out_at_the_next_step() -> None:
    ended = HttpReply(body={"status": "not_enough_credits", "data": [], "meta": {}})
    answer = answered(snov({**COMPANY, **PROSPECTS, **EMAILS, list(EMAILS)[1]: ended}), question("snov_contacts"))
    assert (list(answer.payload), answer.units) == (["company", "prospects"], {"credit": 2})
    assert "nothing left on its plan" in answer.notes[0]


def test_addresses_are_asked_for_only_as_far_as_they_are_reserved() -> None:
    vendor = snov({**COMPANY, **PROSPECTS})
    answer = answered(vendor, question("snov_contacts", max_units=2))
    assert answer.units == {"credit": 2}
    assert "emails" not in answer.payload


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, sample("snov/error.404.json"), UnexpectedReply),
        (402, {"success": False, "message": "You have run out of credits."}, QuotaExhausted),
        (403, {"errors": "not enough credits"}, QuotaExhausted),
        (422, {"errors": {"domain": ["The domain field is required."]}}, UnexpectedReply),
        (429, {"error": "Rate limit exceeded"}, Throttled),
        (500, {"success": False, "message": "Server Error"}, ProviderUnavailable),
    ],
)
def test_snov_refuses(status: int, body: Any, kind: type[ProviderError]) -> None:
    error = failed(snov({"POST /v2/domain-search/start": HttpReply(status, body)}), question("snov_contacts"))
    assert type(error) is kind
    assert (error.billed, error.uncertain) == ({}, False)


def test_a_refused_token_is_renewed_once() -> None:
    refusal = HttpReply(401, {"error": "Unauthenticated."})
    good = COMPANY["POST /v2/domain-search/start"]
    once = snov({**COMPANY, "POST /v2/domain-search/start": [refusal, good], COMPANY_RESULT: HttpReply(body=NOTHING)})
    assert answered(once, question("snov_contacts")).found is False
    always = snov({"POST /v2/domain-search/start": refusal})
    assert type(failed(always, question("snov_contacts"))) is CredentialsRejected
    assert always.calls.count("POST /v1/oauth/access_token") == 2


def test_a_wrong_client_is_named_by_the_settings_to_check() -> None:
    refused = HttpReply(401, {"error": "invalid_client", "message": "Client authentication failed"})
    error = failed(ScriptedVendor({"POST /v1/oauth/access_token": refused}), question("snov_contacts"))
    assert type(error) is CredentialsRejected
    assert "SNOV_CLIENT_ID and SNOV_CLIENT_SECRET" in str(error)


# Apollo


def test_apollo_matches_the_people_of_the_free_search() -> None:
    bulk = sample("apollo/people_bulk_match.200.0.json")
    vendor = ScriptedVendor({PEOPLE: APOLLO_ROWS, MATCH: HttpReply(body=bulk)})
    answer = answered(vendor, question("apollo_contacts"))
    assert (answer.found, answer.units) == (True, {"credit": 3})
    assert answer.payload == {"search": APOLLO_ROWS.body, "people": bulk}
    assert len(vendor.asked[1].json["details"]) == 4
    assert ("q_organization_domains_list[]", "acme.com") in vendor.asked[0].params


def test_where_apollo_does_not_report_what_it_took_it_is_one_credit_a_person() -> None:
    bulk = sample("apollo/people_bulk_match.200.1.json")
    vendor = ScriptedVendor({PEOPLE: APOLLO_ROWS, MATCH: HttpReply(body={**bulk, "matches": [*bulk["matches"], None]})})
    assert answered(vendor, question("apollo_contacts")).units == {"credit": 1}


@pytest.mark.parametrize("empty", [{"total_entries": 0, "people": []}])
def test_apollo_knows_no_one_and_takes_nothing(empty: dict[str, Any]) -> None:
    answer = answered(ScriptedVendor({PEOPLE: HttpReply(body=empty)}), question("apollo_contacts"))
    assert (answer.found, answer.units, answer.payload) == (False, {}, {"search": empty})


@pytest.mark.parametrize(
    ("call", "status", "name", "kind"),
    [
        (PEOPLE, 401, "mixed_people_api_search.401.txt", CredentialsRejected),
        (PEOPLE, 403, "mixed_people_api_search.403.json", CredentialsRejected),
        (PEOPLE, 403, "mixed_companies_search.403.json", CredentialsRejected),
        (PEOPLE, 422, "mixed_people_api_search.422.json", UnexpectedReply),
        (PEOPLE, 429, "mixed_people_api_search.429.json", Throttled),
        (MATCH, 400, "people_bulk_match.400.0.json", UnexpectedReply),
        (MATCH, 400, "people_bulk_match.400.1.json", UnexpectedReply),
        (MATCH, 401, "people_bulk_match.401.txt", CredentialsRejected),
        (MATCH, 422, "people_bulk_match.422.json", UnexpectedReply),
        (MATCH, 429, "people_bulk_match.429.json", Throttled),
    ],
)
def test_apollo_refuses(call: str, status: int, name: str, kind: type[ProviderError]) -> None:
    vendor = ScriptedVendor({PEOPLE: APOLLO_ROWS, call: HttpReply(status, sample(f"apollo/{name}"))})
    error = failed(vendor, question("apollo_contacts"))
    assert type(error) is kind
    assert (error.billed, error.uncertain) == ({}, False)


@pytest.mark.parametrize(
    ("name", "advice"),
    [("mixed_people_api_search.403", "widen the key's scope"), ("mixed_companies_search.403", "upgrade the plan")],
)
def test_apollo_names_what_is_closed_and_not_the_key(name: str, advice: str) -> None:
    error = failed(ScriptedVendor({PEOPLE: HttpReply(403, sample(f"apollo/{name}.json"))}), question("apollo_contacts"))
    assert advice in str(error)
    assert "check APOLLO_API_KEY" not in str(error)


def test_apollo_without_credits_is_exhausted() -> None:
    used_up = HttpReply(422, {"error": "Insufficient credits. Please upgrade your plan."})
    error = failed(ScriptedVendor({PEOPLE: APOLLO_ROWS, MATCH: used_up}), question("apollo_contacts"))
    assert type(error) is QuotaExhausted


# Bright Data

RECORDS = sample("brightdata/linkedin_company.records.json")
TRIGGER, PROGRESS = "POST /datasets/v3/trigger", "GET /datasets/v3/progress/sd_mu3j5zf4i64vu5aoj"
COLLECTED = "GET /datasets/v3/snapshot/sd_mu3j5zf4i64vu5aoj"
FILTER, STATE = "POST /datasets/filter", "GET /datasets/snapshots/snap_m2bxug4e2o352v1jv1"
FILE = f"{STATE}/download"
STARTED = {
    TRIGGER: HttpReply(body=BRIGHTDATA["trigger.200"]),
    PROGRESS: HttpReply(body=BRIGHTDATA["progress.200.ready"]),
}
FILTERED = {
    FILTER: HttpReply(body=BRIGHTDATA["marketplace.filter.200"]),
    STATE: HttpReply(body=BRIGHTDATA["marketplace.snapshot_meta.200"]),
}


def test_a_hit_is_a_record_billed() -> None:
    vendor = ScriptedVendor({HITS: HttpReply(body={"hits": RECORDS[:1], "total_hits": 1})})
    answer = answered(vendor, question("brightdata_company_db"))
    assert (answer.found, answer.units) == (True, {"company_record": 1})
    assert answer.payload == {"records": RECORDS[:1]}
    assert vendor.asked[0].json["size"] == 1


def fits(website: str, asked: dict[str, Any]) -> bool:
    """As the vendor's documents describe its operators."""
    if "filters" in asked:
        return any(fits(website, part) for part in asked["filters"])
    value = asked["value"]
    verdicts: dict[str, bool] = {"=": website == value, "in": website in value, "includes": str(value) in website}
    return verdicts[asked["operator"]]


@pytest.mark.parametrize("call", [HITS, FILTER])
def test_no_other_companys_record_is_bought_for_a_domain(call: str) -> None:
    vendor = ScriptedVendor(
        {HITS: HttpReply(body={"hits": []}), **FILTERED, STATE: HttpReply(body={"status": "ready", "dataset_size": 0})}
    )
    answered(vendor, question("brightdata_company_db" if call == HITS else "brightdata_technographics"))
    (asked,) = (asked.json["filter"] for asked in vendor.asked if asked.call == call)
    bare = ("acme.com", "www.acme.com")
    spelled = [f"{scheme}{host}{end}" for scheme in ("", "http://", "https://") for host in bare for end in ("", "/")]
    spelled += ["https://www.acme.com/en/about", "https://acme.com?utm=x", "http://www.acme.com/?utm=x"]
    assert [website for website in spelled if not fits(website, asked)] == []
    others = ["acme.com.au", "https://acme.com.au", "http://www.acme.com.au/", "https://notacme.com/", "acme.community"]
    assert [website for website in others if fits(website, asked)] == []


def test_records_above_the_number_asked_for_are_stated_truthfully() -> None:
    vendor = ScriptedVendor({HITS: HttpReply(body={"hits": RECORDS[:2]})})
    assert answered(vendor, question("brightdata_company_db")).units == {"company_record": 2}


@pytest.mark.parametrize(
    "reply",
    [
        HttpReply(body={"hits": [], "total_hits": 0}),
        HttpReply(422, {"error": "No records match the filter"}),
        HttpReply(404, {"error": "No matching records"}),
    ],
)
def test_no_match_is_an_answer_of_no_cost(reply: HttpReply) -> None:
    answer = answered(ScriptedVendor({HITS: reply}), question("brightdata_company_db"))
    assert (answer.found, answer.units, answer.payload) == (False, {}, {"records": []})


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, BRIGHTDATA["auth.401.no_header.text"], CredentialsRejected),
        (401, BRIGHTDATA["auth.401.bad_token.text"], CredentialsRejected),
        (401, BRIGHTDATA["auth.401.basic.text"], CredentialsRejected),
        (400, "Customer is not active", CredentialsRejected),
        (402, "Insufficient account balance.", QuotaExhausted),
        (404, BRIGHTDATA["trigger.404.text"], UnexpectedReply),
        (404, "<html><h1>Not Found</h1></html>", UnexpectedReply),
        (422, {"validation_errors": ['"filter" is required']}, UnexpectedReply),
        (429, BRIGHTDATA["trigger.429.text"], Throttled),
    ],
)
def test_brightdata_refuses(status: int, body: Any, kind: type[ProviderError]) -> None:
    error = failed(ScriptedVendor({HITS: HttpReply(status, body)}), question("brightdata_company_db"))
    assert type(error) is kind
    assert (error.billed, error.uncertain) == ({}, False)


@pytest.mark.parametrize("case", ["validation", "parse", "query", "empty_list.text"])
def test_a_trigger_refused_bills_nothing(case: str) -> None:
    error = failed(
        ScriptedVendor({TRIGGER: HttpReply(400, BRIGHTDATA[f"trigger.400.{case}"])}), question("brightdata_intent_data")
    )
    assert type(error) is UnexpectedReply
    assert (error.billed, error.uncertain) == ({}, False)


def test_a_triggered_job_is_polled_downloaded_and_its_error_rows_are_free() -> None:
    rows = [{"input": {"url": "https://acme.com"}, "topic": "x"}, *BRIGHTDATA["snapshot.200.error_record"]]
    running = HttpReply(body=BRIGHTDATA["progress.200.running"])
    late = HttpReply(202, BRIGHTDATA["snapshot.202"])
    vendor = ScriptedVendor(
        {**STARTED, PROGRESS: [running, STARTED[PROGRESS]], COLLECTED: [late, HttpReply(body=rows)]}
    )
    reached = outcome(vendor, question("brightdata_intent_data"))
    assert reached.answer is not None
    assert (reached.answer.found, reached.answer.units) == (True, {"intent_record": 1})
    assert reached.answer.payload == {"records": rows}
    assert reached.handles == ["sd_mu3j5zf4i64vu5aoj"]
    assert vendor.asked[0].json == [{"url": "https://acme.com"}]


def test_a_job_of_nothing_but_error_rows_found_nothing() -> None:
    vendor = ScriptedVendor(
        {
            **STARTED,
            PROGRESS: HttpReply(body=BRIGHTDATA["progress.200.ready_with_error"]),
            COLLECTED: HttpReply(body=BRIGHTDATA["snapshot.200.error_record"]),
        }
    )
    answer = answered(vendor, question("brightdata_intent_data"))
    assert (answer.found, answer.units) == (False, {})


@pytest.mark.parametrize(
    ("text", "kind"),
    [(BRIGHTDATA["snapshot.400.text"][0], UnexpectedReply), (BRIGHTDATA["snapshot.400.text"][1], None)],
)
def test_a_snapshot_may_be_expired_or_empty(text: str, kind: type[ProviderError] | None) -> None:
    reached = outcome(ScriptedVendor({**STARTED, COLLECTED: HttpReply(400, text)}), question("brightdata_intent_data"))
    if kind is None:
        assert reached.answer is not None
        assert reached.answer.found is False
    else:
        assert type(reached.error) is kind
        assert reached.error.uncertain


@pytest.mark.parametrize(
    ("state", "uncertain"),
    [
        (HttpReply(body=BRIGHTDATA["progress.200.canceled"]), False),
        (HttpReply(body={"status": "failed", "error_message": "crawl failed"}), False),
        (HttpReply(404, BRIGHTDATA["progress.404.text"]), True),
        (HttpReply(503, "busy"), True),
    ],
)
def test_a_job_that_ended_badly_is_free_and_one_we_lost_is_uncertain(state: HttpReply, *, uncertain: bool) -> None:
    error = failed(ScriptedVendor({**STARTED, PROGRESS: state}), question("brightdata_intent_data"))
    assert (error.uncertain, error.billed) == (uncertain, {})


@pytest.mark.parametrize("form", ["array", "data", "lines"])
def test_a_filtered_file_comes_in_three_forms(form: str) -> None:
    lines = "\n".join(['{"name": "a"}', '{"name": "b"}'])
    bodies: dict[str, Any] = {"array": [{"name": "a"}, {"name": "b"}], "data": {"data": [{"name": "a"}, {"name": "b"}]}}
    vendor = ScriptedVendor({**FILTERED, FILE: HttpReply(body=bodies.get(form, lines))})
    answer = answered(vendor, question("brightdata_firmographics", size=2, max_units=2))
    assert answer.payload == {"records": [{"name": "a"}, {"name": "b"}]}
    assert answer.units == {"firmographic_record": 2}


@pytest.mark.parametrize(
    "state", [{"status": "ready", "dataset_size": 0}, {"status": "failed", "error": "No records found"}]
)
def test_a_filter_without_records_is_an_answer_of_no_cost(state: dict[str, Any]) -> None:
    answer = answered(ScriptedVendor({**FILTERED, STATE: HttpReply(body=state)}), question("brightdata_technographics"))
    assert (answer.found, answer.units) == (False, {})


def test_an_earlier_process_job_is_fetched_by_its_handle() -> None:
    vendor = ScriptedVendor({STATE: FILTERED[STATE], FILE: HttpReply(body=RECORDS[:1])})
    answer = answered(vendor, question("brightdata_technographics", handle="snap_m2bxug4e2o352v1jv1"))
    assert answer.units == {"technographic_record": 1}
    assert FILTER not in vendor.calls


PAGE = "POST /request"
HTML = HttpReply(body="<!doctype html><h1>Acme</h1>", headers={"x-brd-status-code": "200"})


def refused_page(code: str, error: str = "no reason") -> HttpReply:
    return HttpReply(body="", headers={"x-brd-error": error, "x-brd-error-code": code})


def test_pages_that_came_are_billed_and_the_others_noted() -> None:
    missing = HttpReply(body="<h1>404</h1>", headers={"x-brd-status-code": "404"})
    answer = answered(ScriptedVendor({PAGE: [HTML, missing]}), question("brightdata_web_scraping"))
    assert (answer.payload, answer.units) == ({"page:/": HTML.body}, {"page": 1})
    assert answer.notes == ("/careers: it answered 404",)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused_page("net_err_name_not_resolved"), None),
        (HttpReply(body="gone", headers={"x-brd-status-code": "410"}), None),
        (refused_page("http_status", "404 Not Found"), None),
        (refused_page("proxy_timeout"), ProviderUnavailable),
        (refused_page("sr_rate_limit"), Throttled),
        (refused_page("client_10020"), CredentialsRejected),
        (HttpReply(400, 'zone "web_unlocker1" not found'), UnexpectedReply),
    ],
)
def test_no_page_came(reply: HttpReply, kind: type[ProviderError] | None) -> None:
    reached = outcome(ScriptedVendor({PAGE: reply}), question("brightdata_web_scraping"))
    if kind is None:
        assert reached.answer is not None
        assert (reached.answer.found, reached.answer.units) == (False, {})
    else:
        assert type(reached.error) is kind
        assert reached.error.billed == {}


@pytest.mark.parametrize(
    "reply",
    [
        refused_page("reject_block"),
        refused_page("captcha"),
        refused_page("http_status", "403 Forbidden"),
        HttpReply(body="", headers={"x-brd-err-code": "policy_20000", "x-brd-err-msg": "forbidden"}),
        HttpReply(body="<h1>Go away</h1>", headers={"x-brd-status-code": "403"}),
        HttpReply(body="  "),
    ],
)
def test_a_site_that_keeps_everyone_out_is_no_outage_and_no_finding(reply: HttpReply) -> None:
    error = failed(ScriptedVendor({PAGE: reply}), question("brightdata_web_scraping"))
    assert type(error) is UnexpectedReply
    assert (error.billed, error.uncertain) == ({}, False)
    assert "could not read acme.com" in str(error)
    assert "unavailable" not in str(error)


def test_a_page_that_came_survives_an_outage_at_the_next() -> None:
    answer = answered(ScriptedVendor({PAGE: [HTML, HttpReply(503, "busy")]}), question("brightdata_web_scraping"))
    assert (list(answer.payload), answer.units) == (["page:/"], {"page": 1})
    assert KEY not in str(answer)


IN_USE = (
    "apollo/mixed_people_api_search.*",
    "apollo/people_bulk_match.*",
    "serpapi/google_*",
    "serpapi/search_*",
    "serpapi/err*",
)
NOT_ASKED = {"cancel.200.text", "scrape.202", "unlocker.json.200"}


def test_no_reply_of_an_endpoint_in_use_is_left_out() -> None:
    tested = Path(__file__).read_text(encoding="utf-8")
    files = [path.name for pattern in IN_USE for path in REPLIES.glob(pattern)]
    assert len(files) > 15
    assert [name for name in files if name not in tested] == []
    cases = [key.removeprefix("trigger.400.") for key in BRIGHTDATA if key not in NOT_ASKED]
    assert [case for case in cases if case not in tested] == []

"""Every reply we have of SerpApi leads to the answer, or the error, that it means by it."""

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
    HttpReply,
    ScriptedVendor,
    answered,
    failed,
    outcome,
    question,
    sample,
)

SEARCH = "GET /search.json"
SERPAPI_ERRORS = sample("serpapi/errors.json")["cases"]


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

"""What is checked without a call that is billed: questions, credentials, addresses, accounts, where the caller is."""

from typing import Any

import pytest

from enrichment.ports import (
    CredentialsRejected,
    SourceAnswer,
    UnexpectedReply,
)
from resources.providers import PROVIDERS
from resources.providers.rate_limiter import Unlimited
from tests.support import virtual_time
from tests.support.app_sender import AppSender
from tests.support.recorded_provider import (
    KEY,
    RULES,
    HttpReply,
    ScriptedVendor,
    client,
    failed,
    forget,
    go_ahead,
    question,
    sample,
)

SEARCH, ENTITIES = "GET /search.json", "GET /v1/entities:search"


def test_every_question_that_ships_can_be_asked() -> None:
    problems = {name: PROVIDERS[rules.provider].check_question(rules.question) for name, rules in RULES.sources.items()}
    assert {name: found for name, found in problems.items() if found} == {}


@pytest.mark.parametrize(
    ("source", "change", "expected"),
    [
        ("serp_organic", {"q": "{nme} company"}, "does not know {nme}"),
        ("serp_organic", {"q": "a company"}, "names nothing of the company"),
        ("serp_organic", {"num": 100}, "num: Extra inputs are not permitted"),
        ("serp_news", {"pages": 2}, "engine google_news has no pages"),
        ("snov_contacts", {"people": 11}, "people: "),
        ("apollo_contacts", {"seniorities": ["boss"]}, "seniorities.0: "),
        ("brightdata_company_db", {"dataset_id": "x"}, "search.dataset_id: "),
        ("brightdata_web_scraping", {"pages": ["careers"]}, "unlock.pages.0: "),
        ("brightdata_company_db", {"call": "guess"}, "guess"),
    ],
)
def test_a_wrong_question_is_named_before_it_is_asked(source: str, change: dict[str, Any], expected: str) -> None:
    spec = {**RULES.sources[source].question, **change}
    problems = PROVIDERS[RULES.sources[source].provider].check_question(spec)
    assert any(expected in problem for problem in problems), problems
    vendor = ScriptedVendor({})
    assert source in str(failed(vendor, question(source, **change)))
    assert vendor.asked == []


def test_a_source_that_needs_a_domain_reports_it_before_anything_is_sent() -> None:
    vendor = ScriptedVendor({})
    error = failed(vendor, question("snov_contacts", domain=None))
    assert "needs the company's domain" in str(error)
    assert vendor.asked == []


def test_a_client_without_credentials_names_the_settings() -> None:
    with pytest.raises(ValueError, match="SNOV_CLIENT_ID and SNOV_CLIENT_SECRET"):
        PROVIDERS["snov"](RULES.providers["snov"], {}, limiter=Unlimited())


@pytest.mark.parametrize(
    "base_url", ["vendor", "localhost:8931", "htp://vendor", "https://", "http://a b", "http://v?x=1"]
)
def test_a_base_url_that_is_none_is_named_when_the_client_is_made(base_url: str) -> None:
    with pytest.raises(ValueError, match="which is no base URL: set SERPAPI_BASE_URL to one like"):
        PROVIDERS["serpapi"](RULES.providers["serpapi"], {"api_key": KEY}, base_url=base_url, limiter=Unlimited())


@pytest.mark.parametrize(
    "base_url", ["http://vendor", "http://vendor/", "http://vendor/api/v1", "http://vendor/api/v1/"]
)
def test_apollos_base_url_may_end_in_its_version_or_not(base_url: str) -> None:
    vendor = ScriptedVendor({"POST /api/v1/mixed_people/api_search": HttpReply(body={"people": []})})

    async def ask() -> SourceAnswer:
        async with PROVIDERS["apollo"](
            RULES.providers["apollo"],
            {"api_key": KEY},
            base_url=base_url,
            sender=AppSender(vendor),
            limiter=Unlimited(),
        ) as apollo:
            return await apollo.ask(question("apollo_contacts"), keep_handle=forget, before_send=go_ahead)

    assert virtual_time.run(ask()).found is False


ACCOUNT = "GET /account.json"
HEALTH, CREDITS = "GET /api/v1/auth/health", "POST /api/v1/usage_stats/credit_usage_stats"
TOKEN = {"POST /v1/oauth/access_token": HttpReply(body=sample("snov/oauth_access_token.200.json"))}
GONE = HttpReply(404, "<html>Not Found</html>")
HEALTHY = HttpReply(body={"healthy": True, "is_logged_in": True})


@pytest.mark.parametrize(
    ("provider", "replies", "ok", "left"),
    [
        ("serpapi", {ACCOUNT: HttpReply(body={**sample("serpapi/account.json"), "total_searches_left": 12})}, True, 12),
        ("serpapi", {ACCOUNT: HttpReply(body=sample("serpapi/account.json"))}, True, None),
        ("serpapi", {ACCOUNT: HttpReply(401, {"error": "Invalid API key."})}, False, None),
        ("snov", {**TOKEN, "GET /v1/get-balance": HttpReply(body=sample("snov/get_balance.200.json"))}, True, 25000),
        (
            "apollo",
            {HEALTH: HEALTHY, CREDITS: HttpReply(body=sample("apollo/usage_stats_credit.200.json"))},
            True,
            7500,
        ),
        (
            "apollo",
            {HEALTH: HEALTHY, CREDITS: HttpReply(403, sample("apollo/usage_stats_credit.403.json"))},
            True,
            None,
        ),
        ("apollo", {HEALTH: HttpReply(body={"healthy": True, "is_logged_in": False})}, False, None),
        ("apollo", {HEALTH: GONE, CREDITS: HttpReply(body=sample("apollo/usage_stats_credit.200.json"))}, True, 7500),
        ("apollo", {HEALTH: GONE, CREDITS: HttpReply(401, sample("apollo/usage_stats_credit.401.txt"))}, False, None),
        ("apollo", {HEALTH: GONE, CREDITS: HttpReply(403, sample("apollo/usage_stats_credit.403.json"))}, None, None),
        ("apollo", {HEALTH: GONE, CREDITS: GONE}, None, None),
        ("apollo", {HEALTH: HEALTHY, CREDITS: GONE}, True, None),
        ("apollo", {HEALTH: HttpReply(401, sample("apollo/usage_stats_credit.401.txt"))}, False, None),
        ("serpapi", {ACCOUNT: GONE}, None, None),
        ("snov", {**TOKEN, "GET /v1/get-balance": GONE}, None, None),
        ("brightdata", {"GET /datasets/list": GONE}, None, None),
        ("brightdata", {"GET /datasets/list": HttpReply(body=[{"id": "gd_x", "name": "x", "size": 1}])}, True, None),
        ("brightdata", {"GET /datasets/list": HttpReply(401, "Credentials are missing")}, False, None),
        ("google_kg", {}, None, None),
    ],
)
def test_an_account_can_be_checked_for_free(
    provider: str, replies: dict[str, HttpReply], *, ok: bool | None, left: int | None
) -> None:
    vendor = ScriptedVendor(replies)

    async def check() -> Any:
        async with client(provider, AppSender(vendor)) as asking:
            return await asking.check()

    status = virtual_time.run(check())
    assert (status.ok, status.left) == (ok, left)
    assert status.sentence.startswith(provider)
    assert KEY not in status.sentence


@pytest.mark.parametrize(
    ("monthly", "remark"),
    [(75.0, "75.00 USD for 5,000 searches makes one cost 0.0150 USD, config/providers.yaml says 0.0500"), (250.0, "")],
)
def test_an_account_that_states_another_price_than_the_rules_says_so(monthly: float, remark: str) -> None:
    plan = {"total_searches_left": 12, "plan_monthly_price": monthly, "searches_per_month": 5000}
    vendor = ScriptedVendor({ACCOUNT: HttpReply(body={**sample("serpapi/account.json"), **plan})})

    async def check() -> Any:
        async with client("serpapi", AppSender(vendor)) as asking:
            return await asking.check()

    said = virtual_time.run(check()).sentence
    assert remark in said
    assert ("correct usd_per_unit" in said) == bool(remark)


# Where the caller is

_BLOCKED_PAGE = "<h1>Error 1009</h1>The owner of this website has banned the country or region your IP address is in"


@pytest.mark.parametrize(
    ("source", "route", "status", "body"),
    [
        ("serp_news", SEARCH, 403, _BLOCKED_PAGE),
        ("serp_news", SEARCH, 451, "Unavailable For Legal Reasons"),
        ("google_knowledge_graph", ENTITIES, 403, {"error": {"message": "Not available in your country."}}),
        (
            "google_knowledge_graph",
            ENTITIES,
            400,
            {"error": {"message": "User location is not supported for the API use.", "status": "FAILED_PRECONDITION"}},
        ),
    ],
)
def test_a_vendor_that_does_not_serve_the_callers_country_refuses_no_key(
    source: str, route: str, status: int, body: Any
) -> None:
    vendor = ScriptedVendor({route: HttpReply(status, body)})
    error = failed(vendor, question(source))
    assert (type(error), error.billed, error.uncertain, len(vendor.calls)) == (UnexpectedReply, {}, False, 1)
    assert "does not serve the country or region this machine asks from" in str(error)
    assert "API_KEY" not in str(error)


def test_a_key_that_is_refused_stays_one_though_its_message_names_a_country() -> None:
    refused = HttpReply(403, {"error": {"message": "The key is not valid. Countries: see our documentation."}})
    assert type(failed(ScriptedVendor({ENTITIES: refused}), question("google_knowledge_graph"))) is CredentialsRejected

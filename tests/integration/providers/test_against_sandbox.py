"""The clients against the sandbox, over real sockets: the units they tell are the units on the vendor's invoice."""

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from enrichment.ports import (
    CredentialsRejected,
    KeepHandle,
    ProviderError,
    ProviderUnavailable,
    SourceAnswer,
    UnexpectedReply,
)
from resources.providers import PROVIDERS, credential_names
from resources.providers.rate_limiter import Unlimited
from tests.support.eventually import PATIENCE_SECONDS
from tests.support.recorded_provider import ROOT, RULES, forget, go_ahead, question

TIME_SCALE = 200
WEBSITE = "brightdata_web_scraping"
COMPANIES = [("Tesla", "tesla.com"), ("Nobody", "nobody-knows.example")]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("sandbox")
    command = [sys.executable, "-m", "sandbox", "--home", str(home), "--time-scale", str(TIME_SCALE)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("sandbox: ").strip()
        process.terminate()


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key of its own for each test, so that each has an invoice of its own."""
    return f"key-of-{request.node.name}"


def ask(
    sandbox: str,
    key: str,
    source: str,
    *,
    company: tuple[str | None, str | None] = COMPANIES[0],
    handle: str | None = None,
    keep: KeepHandle = forget,
    **changes: object,
) -> SourceAnswer | ProviderError:
    async def asked() -> SourceAnswer | ProviderError:
        provider = RULES.sources[source].provider
        kind = PROVIDERS[provider]
        rules = RULES.providers[provider].model_copy(update=changes)
        keys = dict.fromkeys(credential_names(provider), key)
        async with kind(
            rules, keys, base_url=f"{sandbox}/{provider}", time_scale=TIME_SCALE, limiter=Unlimited()
        ) as client:
            try:
                asking = question(source, name=company[0], domain=company[1], handle=handle)
                return await client.ask(asking, keep_handle=keep, before_send=go_ahead)
            except ProviderError as error:
                return error

    return asyncio.run(asked())


def answer_of(sandbox: str, key: str, source: str, **options: Any) -> SourceAnswer:
    reached = ask(sandbox, key, source, **options)
    assert isinstance(reached, SourceAnswer), reached
    return reached


def invoice(sandbox: str, key: str, source: str) -> dict[str, int]:
    bill = httpx.get(f"{sandbox}/_sandbox/invoice", params={"key": key}, timeout=PATIENCE_SECONDS).json()[
        RULES.sources[source].provider
    ]
    return {unit: count for unit, count in bill.items() if count}


def a_bad_day(sandbox: str, source: str, fault: str, **options: object) -> None:
    provider = RULES.sources[source].provider
    body = {"vendor": provider, "fault": fault, **options}
    httpx.post(f"{sandbox}/_sandbox/faults", json=body, timeout=PATIENCE_SECONDS).raise_for_status()


@pytest.fixture(autouse=True)
def good_days(sandbox: str) -> Iterator[None]:
    yield
    httpx.delete(f"{sandbox}/_sandbox/faults", timeout=PATIENCE_SECONDS).raise_for_status()


@pytest.mark.parametrize("source", RULES.sources)
def test_the_units_stated_are_the_units_invoiced(sandbox: str, key: str, source: str) -> None:
    units: Counter[str] = Counter()
    found = []
    for company in COMPANIES:
        answer = answer_of(sandbox, key, source, company=company)
        units.update(answer.units)
        found.append(answer.found)
    assert dict(units) == invoice(sandbox, key, source)
    assert found[1] is False


def test_snov_sells_people_with_addresses_and_tells_every_credit(sandbox: str, key: str) -> None:
    companies = httpx.get(f"{sandbox}/_sandbox/companies", params={"limit": 6}, timeout=PATIENCE_SECONDS).json()
    answers = [answer_of(sandbox, key, "snov_contacts", company=(one["name"], one["domain"])) for one in companies]
    units = sum((Counter(answer.units) for answer in answers), Counter())
    assert dict(units) == invoice(sandbox, key, "snov_contacts")
    assert any({"company", "prospects", "emails"} <= set(answer.payload) for answer in answers)
    assert all(sum(answer.units.values()) <= 7 for answer in answers)


def test_the_same_search_within_the_hour_is_free(sandbox: str, key: str) -> None:
    async def twice() -> list[SourceAnswer]:
        rules = RULES.providers["serpapi"]
        async with PROVIDERS["serpapi"](
            rules, {"api_key": key}, base_url=f"{sandbox}/serpapi", limiter=Unlimited()
        ) as client:
            return [
                await client.ask(question("serp_organic"), keep_handle=forget, before_send=go_ahead) for _ in range(2)
            ]

    first, again = asyncio.run(twice())
    assert (first.units, again.units) == ({"search": 1}, {})
    assert again.payload == first.payload
    assert invoice(sandbox, key, "serp_organic") == {"search": 1}


@pytest.mark.parametrize(
    "source", ["google_knowledge_graph", "serp_organic", "apollo_contacts", "brightdata_company_db"]
)
@pytest.mark.parametrize("fault", ["http_429", "http_429_with_retry_after"])
def test_a_throttled_call_is_sent_again(sandbox: str, key: str, source: str, fault: str) -> None:
    a_bad_day(sandbox, source, fault, seconds=0.01)
    answer = answer_of(sandbox, key, source)
    assert dict(answer.units) == invoice(sandbox, key, source)


@pytest.mark.parametrize("fault", ["malformed", "truncated", "oversized", "web_page"])
@pytest.mark.parametrize(
    ("source", "billed", "uncertain"),
    [
        ("google_knowledge_graph", {"search": 1}, False),
        ("apollo_contacts", {}, True),
        ("brightdata_company_db", {}, True),
    ],
)
def test_an_answer_that_came_damaged_was_paid_for(
    sandbox: str, key: str, source: str, fault: str, billed: dict[str, int], *, uncertain: bool
) -> None:
    a_bad_day(sandbox, source, fault, path_contains="bulk_match" if source == "apollo_contacts" else "")
    error = ask(sandbox, key, source)
    assert isinstance(error, ProviderUnavailable if fault == "truncated" else UnexpectedReply)
    assert (error.billed, error.uncertain) == (billed, uncertain)
    invoiced = sum(invoice(sandbox, key, source).values())
    assert invoiced > 0
    assert uncertain or invoiced == sum(billed.values())


@pytest.mark.parametrize("source", ["google_knowledge_graph", "brightdata_company_db"])
def test_a_good_answer_under_a_wrong_name_is_used(sandbox: str, key: str, source: str) -> None:
    a_bad_day(sandbox, source, "wrong_content_type")
    answer = answer_of(sandbox, key, source)
    assert answer.found
    assert dict(answer.units) == invoice(sandbox, key, source)


@pytest.mark.parametrize("source", ["google_knowledge_graph", "apollo_contacts", "brightdata_web_scraping"])
def test_a_redirect_to_a_private_address_is_refused_and_costs_nothing(sandbox: str, key: str, source: str) -> None:
    a_bad_day(sandbox, source, "redirect")
    error = ask(sandbox, key, source)
    assert isinstance(error, UnexpectedReply)
    assert (error.billed, error.uncertain, invoice(sandbox, key, source)) == ({}, False, {})
    assert httpx.get(f"{sandbox}/_sandbox", timeout=PATIENCE_SECONDS).json()["redirects_followed"] == 0


@pytest.mark.parametrize(
    "source", ["apollo_contacts", "snov_contacts", "brightdata_company_db", "brightdata_intent_data"]
)
def test_more_than_was_asked_for_is_stated_truthfully(sandbox: str, key: str, source: str) -> None:
    a_bad_day(sandbox, source, "overbilled", times=None)
    companies = httpx.get(f"{sandbox}/_sandbox/companies", params={"limit": 6}, timeout=PATIENCE_SECONDS).json()
    answers = [answer_of(sandbox, key, source, company=(one["name"], one["domain"])) for one in companies]
    assert sum(map(Counter, (answer.units for answer in answers)), Counter()) == invoice(sandbox, key, source)
    assert max(sum(answer.units.values()) for answer in answers) > RULES.sources[source].max_units


def test_a_damaged_page_of_results_is_fetched_again_and_paid_once(sandbox: str, key: str) -> None:
    a_bad_day(sandbox, "serp_organic", "truncated")
    answer = answer_of(sandbox, key, "serp_organic")
    assert (answer.found, dict(answer.units), answer.calls) == (True, invoice(sandbox, key, "serp_organic"), 2)


def test_no_answer_in_time_from_a_paid_call_is_uncertain(sandbox: str, key: str) -> None:
    a_bad_day(sandbox, "apollo_contacts", "timeout", path_contains="bulk_match", seconds=0)
    error = ask(sandbox, key, "apollo_contacts")
    assert isinstance(error, ProviderUnavailable)
    assert error.uncertain
    assert sum(invoice(sandbox, key, "apollo_contacts").values()) > 0


def test_nothing_is_billed_while_the_vendor_is_down(sandbox: str, key: str) -> None:
    a_bad_day(sandbox, "snov_contacts", "down")
    error = ask(sandbox, key, "snov_contacts")
    assert isinstance(error, ProviderUnavailable)
    assert (error.uncertain, invoice(sandbox, key, "snov_contacts")) == (False, {})


def test_a_token_that_expires_on_the_way_is_renewed(sandbox: str, key: str) -> None:
    a_bad_day(sandbox, "snov_contacts", "expired_token", path_contains="/result/")
    answer = answer_of(sandbox, key, "snov_contacts")
    assert dict(answer.units) == invoice(sandbox, key, "snov_contacts")


class _Crash(Exception):
    pass


@pytest.mark.parametrize("source", ["snov_contacts", "brightdata_firmographics", "brightdata_intent_data"])
def test_another_process_fetches_what_a_crashed_one_started_and_it_is_billed_once(
    sandbox: str, key: str, source: str
) -> None:
    company = ("Microsoft", "microsoft.com")

    async def die_after(handle: str) -> None:
        handles.append(handle)
        raise _Crash

    handles: list[str] = []
    with pytest.raises(_Crash):
        ask(sandbox, key, source, company=company, keep=die_after)
    answer = answer_of(sandbox, key, source, company=company, handle=handles[0])
    assert dict(answer.units) == invoice(sandbox, key, source)


def test_a_job_that_fails_is_free(sandbox: str, key: str) -> None:
    a_bad_day(sandbox, "brightdata_technographics", "failing_job")
    error = ask(sandbox, key, "brightdata_technographics")
    assert isinstance(error, ProviderUnavailable)
    assert (error.uncertain, invoice(sandbox, key, "brightdata_technographics")) == (False, {})


@pytest.mark.parametrize("provider", ["serpapi", "snov", "apollo", "brightdata"])
def test_a_bad_key_is_found_out_by_the_check(sandbox: str, provider: str) -> None:
    source = next(name for name, rules in RULES.sources.items() if rules.provider == provider)
    error = ask(sandbox, "bad-key", source)
    assert isinstance(error, CredentialsRejected)
    assert f"{provider.upper()}_" in str(error)
    assert "bad-key" not in str(error)


NEXT_PAGE = "/request"


def a_good_page_first(sandbox: str) -> None:
    """Uses up the fault that is first in line on something harmless."""
    a_bad_day(sandbox, WEBSITE, "latency", path_contains=NEXT_PAGE, times=1, seconds=0.01)


@pytest.mark.parametrize("fault", ["truncated", "oversized"])
def test_a_page_that_came_is_kept_and_booked_where_the_next_one_breaks_off(sandbox: str, key: str, fault: str) -> None:
    a_good_page_first(sandbox)
    a_bad_day(sandbox, WEBSITE, fault, path_contains=NEXT_PAGE, times=1)
    answer = answer_of(sandbox, key, WEBSITE)
    assert list(answer.payload) == ["page:/"]
    assert answer.units == invoice(sandbox, key, WEBSITE) == {"page": 2}
    assert answer.notes[0].startswith("/careers: it was billed, but not read: a body")


@pytest.mark.parametrize("fault", ["truncated", "oversized"])
def test_a_page_that_breaks_off_first_does_not_keep_the_next_one_from_being_read(
    sandbox: str, key: str, fault: str
) -> None:
    a_bad_day(sandbox, WEBSITE, fault, path_contains=NEXT_PAGE, times=1)
    answer = answer_of(sandbox, key, WEBSITE)
    assert list(answer.payload) == ["page:/careers"]
    assert answer.units == invoice(sandbox, key, WEBSITE) == {"page": 2}


@pytest.mark.parametrize("fault", ["truncated", "oversized"])
def test_pages_that_all_break_off_are_booked_as_billed_and_leave_nothing_uncertain(
    sandbox: str, key: str, fault: str
) -> None:
    a_bad_day(sandbox, WEBSITE, fault, path_contains=NEXT_PAGE, times=2)
    error = ask(sandbox, key, WEBSITE)
    assert isinstance(error, ProviderUnavailable if fault == "truncated" else UnexpectedReply)
    assert (error.billed, error.uncertain) == (invoice(sandbox, key, WEBSITE), False)
    assert error.billed == {"page": 2}
    assert "keeps it out" not in str(error)

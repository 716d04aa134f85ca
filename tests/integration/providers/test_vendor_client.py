"""What every client is, whatever its vendor: bounded, discreet, patient to a point, and honest about what is owed."""

import asyncio
import json
import logging
from base64 import b64encode

import pytest

from enrichment.ports import (
    ProviderError,
    ProviderUnavailable,
    SourceAnswer,
    Throttled,
    UnexpectedReply,
)
from resources.providers import PROVIDERS, credential_names
from resources.providers.call_session import CallSession
from resources.providers.http_call import Charge, HttpCall
from resources.providers.rate_limiter import Unlimited
from resources.providers.response_reading import as_object
from tests.support import virtual_time
from tests.support.app_sender import AppSender
from tests.support.raw_server import Handler, hang_up, listening, say_nothing, sends
from tests.support.recorded_provider import (
    KEY,
    RULES,
    HttpReply,
    NoSlotLeft,
    ScriptedVendor,
    answered,
    client,
    failed,
    forget,
    go_ahead,
    outcome,
    question,
    sample,
)

SEARCH, ENTITIES = "GET /search.json", "GET /v1/entities:search"
FOUND = HttpReply(body={"itemListElement": [{"result": {"name": "Acme"}}]})
RESULTS = HttpReply(body={"search_metadata": {"status": "Success"}, "organic_results": [{"link": "https://acme.com"}]})
BUSY = HttpReply(429, {"error": "slow down"}, {"retry-after": "0"})


# Over a real socket: what left, and what did not


def asked_over_a_socket(handler: Handler | None, source: str, **changes: object) -> SourceAnswer | ProviderError:
    """handler None: no server listens."""

    async def ask(base_url: str) -> SourceAnswer | ProviderError:
        provider = RULES.sources[source].provider
        kind = PROVIDERS[provider]
        rules = RULES.providers[provider].model_copy(update=changes)
        keys = dict.fromkeys(credential_names(provider), KEY)
        async with kind(rules, keys, base_url=base_url, time_scale=1000, limiter=Unlimited()) as asking:
            try:
                return await asking.ask(question(source), keep_handle=forget, before_send=go_ahead)
            except ProviderError as error:
                return error

    async def serve() -> SourceAnswer | ProviderError:
        async with listening(handler or hang_up) as base_url:
            if handler:
                return await ask(base_url)
        return await ask(base_url)

    return virtual_time.run(serve())


@pytest.mark.parametrize(
    ("handler", "uncertain"), [(None, False), (hang_up, True), (say_nothing, True), (sends("nonsense"), True)]
)
def test_a_request_that_left_is_uncertain_and_one_that_never_left_is_not(
    handler: Handler | None, *, uncertain: bool
) -> None:
    error = asked_over_a_socket(handler, "google_knowledge_graph")
    assert type(error) is ProviderUnavailable
    assert (error.uncertain, error.billed) == (uncertain, {})


def test_a_paid_call_of_a_never_provider_is_sent_once() -> None:
    times = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal times
        times += 1
        await hang_up(reader, writer)

    asked_over_a_socket(count, "google_knowledge_graph")
    assert times == 1
    asked_over_a_socket(count, "serp_organic")
    assert times > 2


@pytest.mark.parametrize("body", [b'{"itemListElement": [NaN]}', b"<html></html>", b"[1]", b""])
def test_an_answer_we_cannot_read_is_billed_where_every_answer_is(body: bytes) -> None:
    error = asked_over_a_socket(
        sends(f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}", body), "google_knowledge_graph"
    )
    assert type(error) is UnexpectedReply
    assert (error.billed, error.uncertain) == ({"search": 1}, False)


def test_an_answer_that_was_cut_off_is_billed_all_the_same() -> None:
    cut = sends("HTTP/1.1 200 OK\r\ncontent-length: 1000", b'{"itemListElement": [')
    error = asked_over_a_socket(cut, "google_knowledge_graph")
    assert type(error) is ProviderUnavailable
    assert (error.billed, error.uncertain) == ({"search": 1}, False)


def test_an_accepted_status_that_is_free_owes_nothing_where_its_body_breaks_off() -> None:
    cut = sends("HTTP/1.1 404 Not Found\r\ncontent-length: 1000", b'{"error"')
    error = asked_over_a_socket(cut, "brightdata_company_db")
    assert type(error) is ProviderUnavailable
    assert (error.uncertain, error.billed) == (False, {})


@pytest.mark.parametrize(
    ("status", "accepts", "is_billed"),
    [(200, {}, True), (404, {404: "billed"}, True), (404, {404: "free"}, False), (404, {}, False)],
)
@pytest.mark.parametrize("owed", [{"credit": 1}, None])
def test_an_unreadable_answer_is_owed_only_where_its_status_is_billed(
    status: int, accepts: dict[int, Charge], *, is_billed: bool, owed: dict[str, int] | None
) -> None:
    page = ScriptedVendor({"GET /person": HttpReply(status, "<html>no such page</html>")})
    call = HttpCall("GET", "/person", owed=owed, repeatable=False, accepts=accepts)

    async def send() -> None:
        async with client("google_kg", AppSender(page)) as asking:
            await CallSession(asking.session_config, go_ahead).send(call, as_object)

    with pytest.raises(UnexpectedReply) as raised:
        asyncio.run(send())
    billed = owed if is_billed and owed else {}
    assert (raised.value.billed, raised.value.uncertain) == (billed, is_billed and owed is None)


def test_no_more_than_ten_megabytes_are_read() -> None:
    flood = sends("HTTP/1.1 200 OK\r\ncontent-length: 30000000", b" " * 12_000_000)
    error = asked_over_a_socket(flood, "google_knowledge_graph")
    assert type(error) is UnexpectedReply
    assert "larger than 10 MB" in str(error)


def test_an_answer_that_drips_for_ever_ends_with_the_time_of_the_ask() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(1)

    error = asked_over_a_socket(drip, "google_knowledge_graph")
    assert type(error) is ProviderUnavailable
    assert "cut off" in str(error)


def test_a_paid_call_without_a_readable_answer_is_uncertain_where_the_amount_is_unknown() -> None:
    vendor = ScriptedVendor({"POST /datasets/search/gd_l1vikfnt1wgvvqz95w": HttpReply(body="<html>")})
    error = failed(vendor, question("brightdata_company_db"))
    assert (type(error), error.uncertain, error.billed) == (UnexpectedReply, True, {})
    gateway = ScriptedVendor({"POST /datasets/search/gd_l1vikfnt1wgvvqz95w": HttpReply(504, "<html>")})
    assert failed(gateway, question("brightdata_company_db")).uncertain
    assert len(gateway.asked) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failure_is_released_only_where_the_vendor_does_not_bill_failures(status: int) -> None:
    broken, rows = HttpReply(status, "<html>"), HttpReply(body=sample("apollo/mixed_people_api_search.200.json"))
    match = "POST /api/v1/people/bulk_match"
    apollo = ScriptedVendor({"POST /api/v1/mixed_people/api_search": rows, match: broken})
    error = failed(apollo, question("apollo_contacts"))
    assert (type(error), error.uncertain, error.billed) == (ProviderUnavailable, True, {})
    assert apollo.calls.count(match) == 1
    google = ScriptedVendor({ENTITIES: broken})
    error = failed(google, question("google_knowledge_graph"))
    assert (type(error), error.uncertain, error.billed) == (ProviderUnavailable, False, {})


def test_a_failed_search_or_record_is_free_by_the_vendors_word() -> None:
    for source, call in (
        ("serp_organic", SEARCH),
        ("brightdata_company_db", "POST /datasets/search/gd_l1vikfnt1wgvvqz95w"),
        ("brightdata_web_scraping", "POST /request"),
    ):
        error = failed(ScriptedVendor({call: HttpReply(500, "<html>")}), question(source))
        assert (type(error), error.uncertain, error.billed) == (ProviderUnavailable, False, {})


def test_a_free_call_that_fails_is_never_uncertain() -> None:
    error = failed(
        ScriptedVendor({"POST /api/v1/mixed_people/api_search": HttpReply(500, "<html>")}), question("apollo_contacts")
    )
    assert (error.uncertain, error.billed) == (False, {})


# Patience


def test_a_throttled_client_waits_as_long_as_the_vendor_asks_and_then_goes_on() -> None:
    vendor = ScriptedVendor({ENTITIES: [BUSY, BUSY, FOUND]})
    answer = answered(vendor, question("google_knowledge_graph"))
    assert (answer.units, answer.calls) == ({"search": 1}, 3)


@pytest.mark.parametrize("wait", ["3600", "21"])
def test_no_client_waits_longer_than_is_worth_it(wait: str) -> None:
    vendor = ScriptedVendor({ENTITIES: HttpReply(429, {"error": "slow down"}, {"retry-after": wait})})
    error = failed(vendor, question("google_knowledge_graph"))
    assert isinstance(error, Throttled)
    assert error.retry_after == float(wait)
    assert len(vendor.asked) == 1


def test_a_first_attempt_stays_uncertain_after_a_clear_second() -> None:
    broken, refused = HttpReply(504, "<html>"), HttpReply(401, {"error": "Invalid API key."})
    error = failed(ScriptedVendor({SEARCH: [broken, refused]}), question("serp_organic"))
    assert error.uncertain


def test_a_repeat_that_costs_nothing_saves_the_search() -> None:
    answer = answered(
        ScriptedVendor({SEARCH: [HttpReply(body="{"), HttpReply(503, "busy"), RESULTS]}), question("serp_organic")
    )
    assert (answer.units, answer.calls) == ({"search": 1}, 3)


def test_a_repeat_writes_nothing_to_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    answered(ScriptedVendor({ENTITIES: [BUSY, FOUND]}), question("google_knowledge_graph"))
    assert capfd.readouterr() == ("", "")


def test_a_broken_reply_is_not_quoted_in_the_error() -> None:
    half = ScriptedVendor(
        {"POST /datasets/search/gd_l1vikfnt1wgvvqz95w": HttpReply(body='{"hits": [{"name": "Jane Example"')}
    )
    error = failed(half, question("brightdata_company_db"))
    assert "broken JSON" in str(error)
    assert "Jane" not in str(error)


def test_a_running_job_outlives_a_short_outage_of_the_vendor() -> None:
    protocol = sample("brightdata/protocol.json")
    progress = "GET /datasets/v3/progress/sd_mu3j5zf4i64vu5aoj"
    vendor = ScriptedVendor(
        {
            "POST /datasets/v3/trigger": HttpReply(body=protocol["trigger.200"]),
            progress: [*[HttpReply(503, "busy")] * 4, HttpReply(body=protocol["progress.200.ready"])],
            "GET /datasets/v3/snapshot/sd_mu3j5zf4i64vu5aoj": HttpReply(body=[{"topic": "x"}]),
        }
    )
    assert answered(vendor, question("brightdata_intent_data")).units == {"intent_record": 1}


def test_a_job_without_end_is_uncertain_when_the_time_is_over_and_its_handle_is_kept() -> None:
    protocol = sample("brightdata/protocol.json")
    vendor = ScriptedVendor(
        {
            "POST /datasets/v3/trigger": HttpReply(body=protocol["trigger.200"]),
            "GET /datasets/v3/progress/sd_mu3j5zf4i64vu5aoj": HttpReply(body=protocol["progress.200.running"]),
        }
    )
    reached = outcome(vendor, question("brightdata_intent_data"), timeout_seconds=0.2)
    assert isinstance(reached.error, ProviderUnavailable)
    assert reached.error.uncertain
    assert reached.handles == ["sd_mu3j5zf4i64vu5aoj"]


def test_what_our_own_limit_stops_was_never_sent() -> None:
    vendor = ScriptedVendor({ENTITIES: FOUND})
    error = failed(vendor, question("google_knowledge_graph"), limiter=NoSlotLeft())
    assert isinstance(error, Throttled)
    assert (error.uncertain, error.billed, vendor.asked) == (False, {}, [])


# Discretion


@pytest.mark.parametrize(
    ("source", "call"),
    [
        ("serp_organic", SEARCH),
        ("google_knowledge_graph", ENTITIES),
        ("apollo_contacts", "POST /api/v1/mixed_people/api_search"),
    ],
)
def test_a_key_reaches_the_vendor_and_nothing_else(source: str, call: str, caplog: pytest.LogCaptureFixture) -> None:
    echo = HttpReply(500, {"error": f"bad request ?api_key={KEY}&key={KEY} x-api-key: {KEY}"})
    vendor = ScriptedVendor({call: echo})
    with caplog.at_level(logging.DEBUG):
        error = failed(vendor, question(source))
    assert KEY in json.dumps([dict(vendor.asked[0].params), dict(vendor.asked[0].headers)])
    assert KEY not in caplog.text
    assert KEY not in str(error)
    assert KEY not in repr(error.__cause__)


def test_a_key_the_vendor_repeats_is_cut_out_of_the_payload() -> None:
    link = f"https://serpapi.com/search.json?api_key={KEY}&start=10"
    vendor = ScriptedVendor({SEARCH: HttpReply(body={**RESULTS.body, "serpapi_pagination": {"next": link}})})
    answer = answered(vendor, question("serp_organic"))
    assert KEY not in json.dumps(dict(answer.payload))


def test_a_key_that_is_repeated_in_base64_is_cut_out_of_the_payload() -> None:
    sent = b64encode(f"api:{KEY}".encode()).decode()
    vendor = ScriptedVendor({SEARCH: HttpReply(body={**RESULTS.body, "authorization": f"Basic {sent}"})})
    kept = json.dumps(dict(answered(vendor, question("serp_organic")).payload))
    assert "[redacted]" in kept
    assert b64encode(KEY.encode()).decode()[4:20] not in kept


def test_no_redirect_is_followed() -> None:
    elsewhere = HttpReply(302, "", {"location": "http://elsewhere.example/collect"})
    vendor = ScriptedVendor({ENTITIES: elsewhere})
    assert type(failed(vendor, question("google_knowledge_graph"))) is UnexpectedReply
    assert len(vendor.asked) == 1


def test_a_vendors_long_page_is_cut_short_in_the_error() -> None:
    error = failed(
        ScriptedVendor({ENTITIES: HttpReply(400, "<html>" + "far too long " * 500)}), question("google_knowledge_graph")
    )
    assert len(str(error)) < 400

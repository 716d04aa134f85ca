"""What is asked twice: which repeats cost nothing, which were billed to us before, and jobs that are resumed."""

import json
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from enrichment.ports import CredentialsRejected, ProviderError, ProviderUnavailable, Throttled, UnexpectedReply
from tests.support import virtual_time
from tests.support.app_sender import AppSender
from tests.support.manual_clock import NOON
from tests.support.recorded_provider import (
    HttpReply,
    NoSlotLeft,
    ScriptedVendor,
    answered,
    client,
    forget,
    go_ahead,
    outcome,
    question,
    sample,
)

SEARCH = "GET /search.json"
_A_MINUTE_AGO = NOON - timedelta(minutes=1)


def a_search(made: timedelta, *, search_id: str = "679fbeb4931dfa210a6dcaff", **metadata: Any) -> HttpReply:
    """A page of results that was made so long ago by the vendor's clock."""
    written = f"{NOON - made:%Y-%m-%d %H:%M:%S UTC}"
    heading = {"id": search_id, "status": "Success", "created_at": written, "processed_at": written, **metadata}
    return HttpReply(
        body={"search_metadata": heading, "news_results": [{}]}, headers={"date": format_datetime(NOON, True)}
    )


def searched(vendor: ScriptedVendor, *names: str) -> list[int]:
    """What one client books for each of the searches it makes."""

    async def ask() -> list[int]:
        async with client("serpapi", AppSender(vendor)) as asking:
            questions = [question("serp_news", name=name) for name in names]
            answers = [await asking.ask(one, keep_handle=forget, before_send=go_ahead) for one in questions]
        return [answer.units.get("search", 0) for answer in answers]

    return virtual_time.run(ask())


def test_a_search_another_process_bought_within_the_hour_is_free() -> None:
    answer = answered(ScriptedVendor({SEARCH: a_search(timedelta(minutes=30))}), question("serp_news"))
    assert (answer.found, answer.units) == (True, {})
    assert "free" in answer.notes[0]


@pytest.mark.parametrize(
    "reply",
    [
        a_search(timedelta(minutes=61)),
        a_search(timedelta(days=300)),
        a_search(timedelta(0)),
        a_search(timedelta(minutes=-30)),
        a_search(timedelta(minutes=30), search_id=""),
        a_search(timedelta(minutes=30), processed_at=None),
        a_search(timedelta(minutes=30), processed_at="2026-01-01 00:00:00 UTC"),
        a_search(timedelta(minutes=30), created_at="yesterday"),
        HttpReply(body=a_search(timedelta(minutes=30)).body),
        HttpReply(body=a_search(timedelta(minutes=1)).body, headers={"date": format_datetime(_A_MINUTE_AGO, True)}),
    ],
    ids=[
        *("over an hour", "long ago", "now", "to come", "no id", "not processed", "processed before", "no date"),
        *("no clock of the vendor's", "our clock is ahead"),
    ],
)
def test_a_search_that_may_be_a_new_one_is_booked(reply: HttpReply) -> None:
    answer = answered(ScriptedVendor({SEARCH: reply}), question("serp_news"))
    assert (answer.units, answer.notes) == ({"search": 1}, ())


def test_the_same_search_again_is_free_and_another_one_of_the_same_id_is_not() -> None:
    constant = a_search(timedelta(0))
    assert searched(ScriptedVendor({SEARCH: constant}), "Acme", "Acme", "Globex", "Acme") == [1, 0, 1, 0]
    constant = a_search(timedelta(minutes=30))
    assert searched(ScriptedVendor({SEARCH: constant}), "Acme", "Globex", "Initech") == [0, 1, 1]


def test_the_same_question_is_another_search_once_the_vendor_searched_again() -> None:
    vendor = ScriptedVendor({SEARCH: [a_search(timedelta(0)), a_search(timedelta(0), search_id="another")]})
    assert searched(vendor, "Acme", "Acme") == [1, 1]


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("made", "first_sent", "units"),
    [
        (20 * MINUTE, NOON - 20 * MINUTE, {"search": 1}),
        (19 * MINUTE, NOON - 20 * MINUTE, {"search": 1}),
        (30 * MINUTE, NOON - 20 * MINUTE, {}),
        (timedelta(0), NOON - 20 * MINUTE, {"search": 1}),
        (30 * MINUTE, NOON - 90 * MINUTE, {"search": 1}),
    ],
    ids=["by our first attempt", "after it", "by another process before it", "only now", "after an attempt long ago"],
)
def test_a_free_repeat_of_what_this_very_purchase_sent_before_is_booked(
    made: timedelta, first_sent: datetime, units: dict[str, int]
) -> None:
    answer = answered(ScriptedVendor({SEARCH: a_search(made)}), question("serp_news", first_sent_at=first_sent))
    assert answer.units == units


def test_every_page_is_booked_by_when_it_was_made() -> None:
    def page(made: timedelta, number: int) -> HttpReply:
        reply = a_search(made, search_id=f"page{number}")
        links = [{"link": "https://www.linkedin.com/in/a"}]
        more = {"organic_results": links, "serpapi_pagination": {"next": "https://serpapi.com/?start=10"}}
        return HttpReply(body={**reply.body, **more}, headers=reply.headers)

    vendor = ScriptedVendor({SEARCH: [page(30 * MINUTE, 1), page(10 * MINUTE, 2)]})
    resumed = question("serp_linkedin", first_sent_at=NOON - 20 * MINUTE)
    assert answered(vendor, resumed).units == {"search": 1}


def test_a_search_this_process_remembers_is_booked_if_it_was_bought_for_this_purchase() -> None:
    vendor = ScriptedVendor({SEARCH: a_search(timedelta(0))})

    async def ask() -> list[int]:
        async with client("serpapi", AppSender(vendor)) as asking:
            questions = [question("serp_news"), question("serp_news", first_sent_at=NOON), question("serp_news")]
            answers = [await asking.ask(one, keep_handle=forget, before_send=go_ahead) for one in questions]
        return [answer.units.get("search", 0) for answer in answers]

    assert virtual_time.run(ask()) == [1, 1, 0]


# Jobs an earlier process started

BRIGHTDATA = sample("brightdata/protocol.json")
STARTS = {"POST /datasets/v3/trigger", "POST /datasets/filter"}
TRIGGERED = ("brightdata_intent_data", "GET /datasets/v3/progress/sd_mu3j5zf4i64vu5aoj", "sd_mu3j5zf4i64vu5aoj")
FILTERED = ("brightdata_technographics", "GET /datasets/snapshots/snap_m2bxug4e2o352v1jv1", "snap_m2bxug4e2o352v1jv1")


@pytest.mark.parametrize(("source", "look", "handle"), [TRIGGERED, FILTERED])
@pytest.mark.parametrize(
    ("reply", "kind", "uncertain"),
    [
        (HttpReply(404, BRIGHTDATA["progress.404.text"]), UnexpectedReply, False),
        (HttpReply(404, "<html>Not Found</html>"), UnexpectedReply, True),
        (HttpReply(body={"status": "failed", "error_message": "crawl failed"}), ProviderUnavailable, False),
        (HttpReply(body={"status": "canceled"}), ProviderUnavailable, False),
        (HttpReply(body={"status": "running"}), ProviderUnavailable, True),
        (HttpReply(503, "busy"), ProviderUnavailable, True),
        (HttpReply(429, "slow down"), Throttled, True),
        (HttpReply(401, "Credentials are missing"), CredentialsRejected, True),
    ],
    ids=["unknown", "nothing there", "failed", "canceled", "running", "outage", "throttled", "no key"],
)
def test_a_job_that_is_over_ends_its_purchase_and_one_that_may_go_on_leaves_it_uncertain(
    source: str, look: str, handle: str, reply: HttpReply, kind: type[ProviderError], *, uncertain: bool
) -> None:
    vendor = ScriptedVendor({look: reply})
    asked = question(source, handle=handle, first_sent_at=_A_MINUTE_AGO)
    reached = outcome(vendor, asked, timeout_seconds=0.3)
    assert type(reached.error) is kind
    assert (reached.error.uncertain, reached.error.billed) == (uncertain, {})
    assert (STARTS & set(vendor.calls), reached.announced, reached.handles) == (set(), [], [])


def test_an_interrupted_poll_is_taken_up_again_without_a_second_job() -> None:
    source, look, handle = TRIGGERED
    start = {"POST /datasets/v3/trigger": HttpReply(body=BRIGHTDATA["trigger.200"])}
    vendor = ScriptedVendor({**start, look: HttpReply(body=BRIGHTDATA["progress.200.running"])})
    first = outcome(vendor, question(source), timeout_seconds=0.2)
    assert first.error is not None
    assert (first.error.uncertain, first.handles) == (True, [handle])
    file = f"GET /datasets/v3/snapshot/{handle}"
    vendor = ScriptedVendor(
        {look: HttpReply(body=BRIGHTDATA["progress.200.ready"]), file: HttpReply(body=[{"topic": "x"}])}
    )
    assert answered(vendor, question(source, handle=first.handles[0])).units == {"intent_record": 1}


def test_a_job_without_a_usable_handle_leaves_none_to_resume_by() -> None:
    vendor = ScriptedVendor({"POST /datasets/v3/trigger": HttpReply(body={"snapshot_id": "../../account"})})
    reached = outcome(vendor, question(TRIGGERED[0]))
    assert reached.error is not None
    assert (reached.error.uncertain, reached.handles, len(vendor.asked)) == (True, [], 1)


TASK = "6f15de14db954c761f8e7507547b3bd7"
NOTHING = {"data": [], "meta": {"domain": "acme.com", "prospects_count": 0}, "links": [], "status": "completed"}
GONE = HttpReply(404, sample("snov/error.404.json"))
SNOV = {
    "POST /v1/oauth/access_token": HttpReply(body=sample("snov/oauth_access_token.200.json")),
    "POST /v2/domain-search/start": HttpReply(body=sample("snov/domain_search.start.json")),
    f"GET /v2/domain-search/result/{TASK}": HttpReply(body=NOTHING),
    "GET /v2/domain-search/result/gone": GONE,
}


def test_a_task_snov_has_forgotten_is_started_again_since_one_request_is_billed_once() -> None:
    vendor = ScriptedVendor(SNOV)
    reached = outcome(vendor, question("snov_contacts", handle='{"company": "gone"}'))
    assert reached.answer is not None
    assert (reached.answer.found, reached.answer.units) == (False, {})
    assert [vendor.calls[before] for before in reached.announced] == ["POST /v2/domain-search/start"]
    assert [json.loads(handle) for handle in reached.handles] == [{"company": TASK}]


def test_a_task_that_was_forgotten_as_soon_as_it_began_is_uncertain() -> None:
    vendor = ScriptedVendor({**SNOV, f"GET /v2/domain-search/result/{TASK}": GONE})
    reached = outcome(vendor, question("snov_contacts", handle='{"company": "gone"}'))
    assert reached.error is not None
    assert (reached.error.uncertain, vendor.calls.count("POST /v2/domain-search/start")) == (True, 1)


# What an earlier process had asked, and never learned


PROSPECTS = "POST /v2/domain-search/prospects/start"
REFUSALS = [
    HttpReply(429, "slow down", {"retry-after": "600"}),
    HttpReply(401, "no"),
    HttpReply(402, "no"),
    HttpReply(500, "no"),
    HttpReply(400, "no"),
]
FIRST_CALLS = [
    ("serp_news", SEARCH, {}),
    ("snov_contacts", "POST /v2/domain-search/start", SNOV),
    ("snov_contacts", "POST /v1/oauth/access_token", SNOV),
]


@pytest.mark.parametrize(("source", "call", "others"), FIRST_CALLS)
@pytest.mark.parametrize("reply", REFUSALS, ids=["throttled", "no key", "no plan", "outage", "refused"])
def test_a_refusal_now_does_not_tell_whether_the_first_process_was_billed(
    source: str, call: str, others: dict[str, HttpReply], reply: HttpReply
) -> None:
    fresh = outcome(ScriptedVendor({**others, call: reply}), question(source)).error
    again = outcome(ScriptedVendor({**others, call: reply}), question(source, first_sent_at=_A_MINUTE_AGO)).error
    assert fresh is not None
    assert again is not None
    assert (type(again), again.billed) == (type(fresh), {})
    assert (fresh.uncertain, again.uncertain) == (False, True)


def test_nor_does_it_help_that_our_own_slot_did_not_come() -> None:
    reached = outcome(ScriptedVendor({}), question("serp_news", first_sent_at=_A_MINUTE_AGO), limiter=NoSlotLeft())
    assert isinstance(reached.error, Throttled)
    assert reached.error.uncertain


def test_a_later_step_that_may_have_been_billed_before_keeps_the_whole_uncertain() -> None:
    company = HttpReply(body=sample("snov/domain_search.result.completed.json"))
    steps = {**SNOV, f"GET /v2/domain-search/result/{TASK}": company, PROSPECTS: REFUSALS[0]}
    handle = json.dumps({"company": TASK})
    assert answered(ScriptedVendor(steps), question("snov_contacts", handle=handle)).units == {"credit": 1}
    again = outcome(ScriptedVendor(steps), question("snov_contacts", first_sent_at=_A_MINUTE_AGO, handle=handle)).error
    assert isinstance(again, Throttled)
    assert again.uncertain


def test_an_answer_to_the_repeat_makes_the_charge_certain() -> None:
    vendor = ScriptedVendor(
        {**SNOV, "POST /v2/domain-search/start": [HttpReply(503, "busy"), SNOV["POST /v2/domain-search/start"]]}
    )
    answer = answered(vendor, question("snov_contacts", first_sent_at=_A_MINUTE_AGO))
    assert (answer.found, answer.units) == (False, {})

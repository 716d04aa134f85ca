"""What is done last before a paid call leaves, on every attempt; and how throttled clients hold back."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import stamina.instrumentation

from enrichment.ports import ClaimLost, ProviderError, SourceAnswer, Throttled
from resources.providers.call_session import ATTEMPTS, LONGEST_BACKOFF
from resources.providers.rate_limiter import NoSlot, RateLimitSlot, Unlimited, asked_to_wait, wait_for_slot
from tests.support import virtual_time
from tests.support.app_sender import AppSender
from tests.support.recorded_provider import (
    RULES,
    TIME_SCALE,
    HttpReply,
    ScriptedVendor,
    client,
    failed,
    forget,
    go_ahead,
    outcome,
    question,
    sample,
)

ENTITIES, SEARCH, PAGE = "GET /v1/entities:search", "GET /search.json", "POST /request"
FOUND = HttpReply(body={"itemListElement": [{"result": {"name": "Acme"}}]})
BUSY = HttpReply(503, "<html>busy</html>")
BRIGHTDATA = sample("brightdata/protocol.json")
RECORD = [{"name": "Acme"}]
HTML = HttpReply(body="<!doctype html><h1>Acme</h1>", headers={"x-brd-status-code": "200"})
PEOPLE = HttpReply(
    body={
        "search_metadata": {"status": "Success"},
        "organic_results": [{"link": "https://www.linkedin.com/in/a"}],
        "serpapi_pagination": {"next": "https://serpapi.com/search.json?start=10"},
    }
)
SNOV = {
    "POST /v1/oauth/access_token": HttpReply(body=sample("snov/oauth_access_token.200.json")),
    "POST /v2/domain-search/start": HttpReply(body=sample("snov/domain_search.start.json")),
    "GET /v2/domain-search/result/6f15de14db954c761f8e7507547b3bd7": HttpReply(
        body=sample("snov/domain_search.result.completed.json")
    ),
    "POST /v2/domain-search/prospects/start": HttpReply(body=sample("snov/prospects.start.json")),
    "GET /v2/domain-search/prospects/result/3384369c16aad810f58609a40ad65089": HttpReply(
        body=sample("snov/prospects.result.completed.json")
    ),
    "POST /v2/emails-by-domain-by-name/start": HttpReply(body=sample("snov/emails_by_domain_by_name.start.json")),
    "GET /v2/emails-by-domain-by-name/result": HttpReply(
        body=sample("snov/emails_by_domain_by_name.result.completed.json")
    ),
}
SNOV_STARTS = [call for call in SNOV if call.endswith("/start")]
APOLLO = {
    "POST /api/v1/mixed_people/api_search": HttpReply(body=sample("apollo/mixed_people_api_search.200.json")),
    "POST /api/v1/people/bulk_match": HttpReply(body=sample("apollo/people_bulk_match.200.0.json")),
}
HITS = {"POST /datasets/search/gd_l1vikfnt1wgvvqz95w": HttpReply(body={"hits": RECORD})}
FILTER = {
    "POST /datasets/filter": HttpReply(body=BRIGHTDATA["marketplace.filter.200"]),
    "GET /datasets/snapshots/snap_m2bxug4e2o352v1jv1": HttpReply(body=BRIGHTDATA["marketplace.snapshot_meta.200"]),
    "GET /datasets/snapshots/snap_m2bxug4e2o352v1jv1/download": HttpReply(body=RECORD),
}
TRIGGER: dict[str, HttpReply | Sequence[HttpReply]] = {
    "POST /datasets/v3/trigger": HttpReply(body=BRIGHTDATA["trigger.200"]),
    "GET /datasets/v3/progress/sd_mu3j5zf4i64vu5aoj": [
        HttpReply(body=BRIGHTDATA["progress.200.running"]),
        HttpReply(body=BRIGHTDATA["progress.200.ready"]),
    ],
    "GET /datasets/v3/snapshot/sd_mu3j5zf4i64vu5aoj": HttpReply(body=RECORD),
}
ASKED: list[tuple[str, Mapping[str, HttpReply | Sequence[HttpReply]], list[str]]] = [
    ("google_knowledge_graph", {ENTITIES: FOUND}, [ENTITIES]),
    ("serp_organic", {SEARCH: [HttpReply(body="{"), BUSY, PEOPLE]}, [SEARCH] * 3),
    ("serp_linkedin", {SEARCH: PEOPLE}, [SEARCH] * 2),
    ("snov_contacts", SNOV, SNOV_STARTS),
    ("apollo_contacts", APOLLO, ["POST /api/v1/people/bulk_match"]),
    ("brightdata_company_db", HITS, list(HITS)),
    ("brightdata_technographics", FILTER, ["POST /datasets/filter"]),
    ("brightdata_intent_data", TRIGGER, ["POST /datasets/v3/trigger"]),
    ("brightdata_web_scraping", {PAGE: HTML}, [PAGE] * 2),
]


@pytest.mark.parametrize(("source", "replies", "paid"), ASKED, ids=[source for source, *_ in ASKED])
def test_leave_is_asked_immediately_before_each_call_that_may_be_billed_and_before_no_other(
    source: str, replies: Mapping[str, Any], paid: list[str]
) -> None:
    vendor = ScriptedVendor(replies)
    reached = outcome(vendor, question(source))
    assert reached.answer is not None, reached.error
    assert [vendor.calls[before] for before in reached.announced] == paid
    assert Counter(call for call in vendor.calls if call in paid) == Counter(paid)


@pytest.mark.parametrize("source", ["brightdata_technographics", "brightdata_intent_data", "snov_contacts"])
def test_no_leave_is_needed_to_fetch_what_was_started_before(source: str) -> None:
    replies: Mapping[str, Any] = {**SNOV, **FILTER, **TRIGGER}
    first = outcome(ScriptedVendor(replies), question(source))
    resumed = outcome(ScriptedVendor(replies), question(source, handle=first.handles[-1]))
    assert (resumed.announced, resumed.handles) == ([], [])
    assert resumed.answer is not None
    assert first.answer is not None
    assert resumed.answer.units == first.answer.units


@pytest.mark.parametrize(("source", "replies", "paid"), ASKED, ids=[source for source, *_ in ASKED])
@pytest.mark.parametrize("kept", [0, 1])
def test_a_process_that_lost_its_claim_sends_nothing_more_and_reports_it(
    source: str, replies: Mapping[str, Any], paid: list[str], kept: int
) -> None:
    vendor = ScriptedVendor(replies)
    lost = ClaimLost("the claim ran out.", provider="x")
    leave = [None] * min(kept, len(paid) - 1)

    async def before_send() -> None:
        if not leave:
            raise lost
        leave.pop()

    with pytest.raises(ClaimLost) as raised:
        ask(vendor, source, before_send=before_send)
    assert raised.value is lost
    assert sum(call in paid for call in vendor.calls) == min(kept, len(paid) - 1)


def ask(vendor: ScriptedVendor, source: str, *, before_send: Any = go_ahead, **options: Any) -> SourceAnswer:
    async def asked() -> SourceAnswer:
        async with client(RULES.sources[source].provider, AppSender(vendor), **options) as asking:
            return await asking.ask(question(source), keep_handle=forget, before_send=before_send)

    return virtual_time.run(asked())


def test_leave_that_came_too_late_for_the_answer_is_not_used() -> None:
    vendor = ScriptedVendor({ENTITIES: FOUND})

    async def slowly() -> None:
        await asyncio.sleep(RULES.providers["google_kg"].timeout_seconds)

    with pytest.raises(Throttled, match="not asked in time") as late:
        ask(vendor, "google_knowledge_graph", before_send=slowly)
    assert (vendor.asked, late.value.uncertain, late.value.billed) == ([], False, {})


class Slots(Unlimited):
    """Slots of which the first ones are over when they are used; and the pauses the vendor asked for."""

    def __init__(self, *, over: int = 0) -> None:
        self.over, self.taken = over, 0
        self.pauses: list[float | None] = []

    async def slot(self, *, patience: float) -> RateLimitSlot:
        self.taken += 1
        return RateLimitSlot(valid_until=0) if self.taken <= self.over else await super().slot(patience=patience)

    async def pause(self, seconds: float | None) -> None:
        self.pauses.append(seconds)


def test_a_slot_that_was_delayed_is_not_used_and_leave_is_asked_again() -> None:
    vendor, slots, announced = ScriptedVendor({ENTITIES: FOUND}), Slots(over=2), []

    async def before_send() -> None:
        announced.append(slots.taken)

    answer = ask(vendor, "google_knowledge_graph", before_send=before_send, limiter=slots)
    assert (announced, len(vendor.asked), answer.calls) == ([1, 2, 3], 1, 1)


def test_a_wait_for_a_slot_ends_with_the_time_that_is_left() -> None:
    class Strict(Slots):
        async def slot(self, *, patience: float) -> RateLimitSlot:
            if patience <= 0:
                raise NoSlot(1)
            return await super().slot(patience=patience)

    left = iter([2.0, 1.0, 0.0])
    with pytest.raises(NoSlot):
        virtual_time.run(wait_for_slot(Strict(over=9), left=lambda: next(left), before_send=None))


# Holding back


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        ({"retry-after": "0.02"}, 0.02),
        ({"retry-after": "120"}, 120),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:30 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 30),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({}, None),
    ],
)
def test_a_vendor_states_in_several_ways_how_long_to_wait(headers: dict[str, str], asked: float | None) -> None:
    assert asked_to_wait(headers) == asked


@pytest.mark.parametrize("seconds", ["0.01", "600", None])
def test_a_throttled_client_makes_all_processes_pause(seconds: str | None) -> None:
    slots, asking = Slots(), {"retry-after": seconds} if seconds else {}
    vendor = ScriptedVendor({ENTITIES: [HttpReply(429, {"error": "slow down"}, asking), FOUND]})
    if seconds == "600":
        with pytest.raises(Throttled):
            ask(vendor, "google_knowledge_graph", limiter=slots)
    else:
        assert ask(vendor, "google_knowledge_graph", limiter=slots).calls == 2
    assert slots.pauses == [float(seconds) if seconds else None]


def test_a_throttled_unlocker_is_left_alone() -> None:
    slots = Slots()
    limited = HttpReply(body="", headers={"x-brd-error": "rate limit reached", "x-brd-error-code": "sr_rate_limit"})
    vendor = ScriptedVendor({PAGE: [HTML, limited, HTML]})
    answer = ask(vendor, "brightdata_web_scraping", limiter=slots)
    assert (answer.units, len(vendor.asked), slots.pauses) == ({"page": 1}, 2, [None])


@pytest.mark.parametrize("reply", [BUSY, HttpReply(429, {"error": "slow down"})])
def test_repeats_come_at_random_moments(reply: HttpReply) -> None:
    waits: list[float] = []
    stamina.instrumentation.set_on_retry_hooks([lambda details: waits.append(details.wait_for)])
    try:
        for _ in range(10):
            failed(ScriptedVendor({SEARCH: reply}), question("serp_organic"))
    finally:
        stamina.instrumentation.set_on_retry_hooks([])
    assert len(waits) == 10 * (ATTEMPTS - 1)
    assert len({round(wait * TIME_SCALE, 6) for wait in waits}) > 15
    assert all(0 < wait <= LONGEST_BACKOFF / TIME_SCALE for wait in waits)


def test_a_plan_that_is_used_up_is_no_reason_to_hold_back() -> None:
    slots = Slots()
    with pytest.raises(ProviderError, match="nothing left on its plan"):
        ask(
            ScriptedVendor({SEARCH: HttpReply(429, {"error": "Your account has run out of searches."})}),
            "serp_organic",
            limiter=slots,
        )
    assert slots.pauses == []

"""Every reply we have of Snov leads to the answer, or the error, that it means by it."""

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

TOKEN = {"POST /v1/oauth/access_token": HttpReply(body=sample("snov/oauth_access_token.200.json"))}


def snov(steps: dict[str, Any]) -> ScriptedVendor:
    return ScriptedVendor({**TOKEN, **steps})


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


@pytest.mark.parametrize("seconds", [60, 30, 3600, "3600", "60.0", None, "", "soon", 0, -5, True, [], "inf", "9" * 400])
def test_a_token_is_bought_once_however_long_it_is_said_to_live(seconds: object) -> None:
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

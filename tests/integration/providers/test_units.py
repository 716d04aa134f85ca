"""Numbers that vendors report: nothing is reckoned with that is no number of units, or of what is left."""

from decimal import Decimal
from typing import Any

import pytest

from enrichment.ports import UnexpectedReply
from resources.providers.units import MOST_UNITS
from resources.providers.vendor_client import AccountStatus
from tests.support import virtual_time
from tests.support.app_sender import AppSender
from tests.support.recorded_provider import HttpReply, ScriptedVendor, answered, client, failed, question, sample

PEOPLE, MATCH = "POST /api/v1/mixed_people/api_search", "POST /api/v1/people/bulk_match"
FREE_SEARCH = HttpReply(body=sample("apollo/mixed_people_api_search.200.json"))
ACCOUNT, BALANCE = "GET /account.json", "GET /v1/get-balance"
TOKEN = {"POST /v1/oauth/access_token": HttpReply(body=sample("snov/oauth_access_token.200.json"))}
CREDITS = "POST /api/v1/usage_stats/credit_usage_stats"
HEALTHY = {"GET /api/v1/auth/health": HttpReply(body={"healthy": True, "is_logged_in": True})}
NO_COUNTS = ["-5", "2.5", "1e400", "true", '"3"', "[]", "{}", str(MOST_UNITS + 1), "9" * 40]
NOTHING_LEFT_TO_TELL = ["-1", "1e400", "true", '"NaN"', '"Infinity"', '"-3"', '"1e99"', "[]", '"lots"', '""', "9" * 40]


def apollo_that_took(number: str) -> ScriptedVendor:
    body = '{"status": "success", "matches": [{"id": "1"}, null], "credits_consumed": %s}' % number  # noqa: UP031
    return ScriptedVendor({PEOPLE: FREE_SEARCH, MATCH: HttpReply(body=body)})


@pytest.mark.parametrize("number", NO_COUNTS)
def test_a_bill_that_is_no_number_of_units_leaves_us_uncertain_and_is_reported_in_one_sentence(number: str) -> None:
    error = failed(apollo_that_took(number), question("apollo_contacts"))
    assert type(error) is UnexpectedReply
    assert (error.billed, error.uncertain) == ({}, True)
    assert str(error).startswith("apollo did not answer as its protocol promises (credits_consumed: ")
    assert "is no number of units" in str(error)
    assert str(error).count(". ") == 0
    assert len(str(error)) < 250


@pytest.mark.parametrize(("number", "units"), [("0", {}), ("3", {"credit": 3}), ("2.0", {"credit": 2})])
def test_a_bill_is_booked_as_the_vendor_reports_also_above_what_was_asked(number: str, units: dict[str, int]) -> None:
    assert answered(apollo_that_took(number), question("apollo_contacts", max_units=1)).units == units


@pytest.mark.parametrize("number", ["null", str(MOST_UNITS)])
def test_what_is_not_reported_is_counted_and_the_highest_count_is_still_a_bill(number: str) -> None:
    units = {"credit": 1} if number == "null" else {"credit": MOST_UNITS}
    assert answered(apollo_that_took(number), question("apollo_contacts")).units == units


def checked(provider: str, replies: dict[str, HttpReply]) -> AccountStatus:
    async def check() -> Any:
        async with client(provider, AppSender(ScriptedVendor(replies))) as asking:
            return await asking.check()

    status = virtual_time.run(check())
    assert isinstance(status, AccountStatus)
    return status


def account_with(provider: str, left: str) -> dict[str, HttpReply]:
    match provider:
        case "serpapi":
            return {ACCOUNT: HttpReply(body='{"total_searches_left": %s}' % left)}  # noqa: UP031
        case "snov":
            return {**TOKEN, BALANCE: HttpReply(body='{"success": true, "data": {"balance": %s}}' % left)}  # noqa: UP031
        case _:
            usage = '{"credit_usage_stats": {"lead_credit": {"left_over": %s}}}' % left  # noqa: UP031
            return {**HEALTHY, CREDITS: HttpReply(body=usage)}


@pytest.mark.parametrize("provider", ["serpapi", "snov", "apollo"])
@pytest.mark.parametrize("number", NOTHING_LEFT_TO_TELL)
def test_a_balance_that_is_no_number_is_not_reckoned_with(provider: str, number: str) -> None:
    status = checked(provider, account_with(provider, number))
    assert status.left is None
    assert status.sentence.startswith(provider)


@pytest.mark.parametrize("provider", ["serpapi", "snov", "apollo"])
@pytest.mark.parametrize(("number", "left"), [("0", 0), ("12", 12), ('"25000.00"', 25000), ("7.5", Decimal("7.5"))])
def test_a_balance_may_be_text_and_a_fraction(provider: str, number: str, left: Decimal | int) -> None:
    status = checked(provider, account_with(provider, number))
    assert (status.left, status.ok) == (left, left > 0)

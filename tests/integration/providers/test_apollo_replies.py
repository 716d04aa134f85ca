"""Every reply we have of Apollo leads to the answer, or the error, that it means by it."""

from typing import Any

import pytest

from enrichment.ports import (
    CredentialsRejected,
    ProviderError,
    QuotaExhausted,
    Throttled,
    UnexpectedReply,
)
from tests.support.recorded_provider import (
    HttpReply,
    ScriptedVendor,
    answered,
    failed,
    question,
    sample,
)

PEOPLE, MATCH = "POST /api/v1/mixed_people/api_search", "POST /api/v1/people/bulk_match"
APOLLO_ROWS = HttpReply(body=sample("apollo/mixed_people_api_search.200.json"))


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

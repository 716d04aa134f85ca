"""Every reply we have of Google Knowledge Graph leads to the answer, or the error, that it means by it."""

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
    question,
)

ENTITIES = "GET /v1/entities:search"


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


def _reason(reason: str) -> dict[str, object]:
    return {"errors": [{"domain": "usageLimits", "reason": reason}]}


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (403, {"message": "Daily Limit Exceeded", **_reason("dailyLimitExceeded")}, QuotaExhausted),
        (403, {"message": "Quota exceeded", **_reason("quotaExceeded")}, QuotaExhausted),
        (403, {"message": "Daily Limit Exceeded. The quota will be reset at midnight"}, QuotaExhausted),
        (403, {"message": "Rate Limit Exceeded", **_reason("rateLimitExceeded")}, Throttled),
        (403, {"message": "User Rate Limit Exceeded", **_reason("userRateLimitExceeded")}, Throttled),
        (403, {"message": "Slow down", "status": "RESOURCE_EXHAUSTED"}, Throttled),
        (429, {"message": "Quota exceeded", "details": [{"reason": "RATE_LIMIT_EXCEEDED"}]}, Throttled),
        (403, {"message": "Sign up", **_reason("dailyLimitExceededUnreg")}, CredentialsRejected),
        (403, {"message": "Not enabled", **_reason("accessNotConfigured")}, CredentialsRejected),
        (403, {"message": "The caller does not have permission", "status": "PERMISSION_DENIED"}, CredentialsRejected),
        (403, {"message": "Odd", "errors": {"reason": "dailyLimitExceeded"}, "details": "x"}, CredentialsRejected),
    ],
)
def test_google_says_with_403_what_is_no_matter_of_the_key(
    status: int, error: dict[str, object], kind: type[ProviderError]
) -> None:
    refused = HttpReply(status, {"error": {"code": status, **error}})
    found = failed(ScriptedVendor({ENTITIES: refused}), question("google_knowledge_graph"))
    assert type(found) is kind
    assert (found.billed, found.uncertain) == ({}, False)

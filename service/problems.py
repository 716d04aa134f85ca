"""Every error as application/problem+json (RFC 9457): the one place where an error gets its status.

our error, by type        -> code -> status, title        detail: the sentence that the command line prints
ApiProblem("quote_expired")  ->
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from enrichment.domain.json_values import Json
from enrichment.identity.ambiguity import AmbiguousCompany
from enrichment.identity.domains import NotACompany
from enrichment.parsing.stated_values import NotAValue
from enrichment.pipeline.verdicts import NothingToJudge, OtherVerdict
from enrichment.ports import StoreError
from enrichment.rules import RulesError
from enrichment.rules.requirements import UnknownName
from enrichment.rules.strategy import UnknownStrategy
from resources.settings import SettingsError
from resources.store.knowledge.profile_changes import BadCursor

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:enrich:problem:"

CODES: Mapping[str, tuple[int, str]] = {
    "invalid": (422, "The request cannot be understood"),
    "not_json": (400, "The body is no JSON"),
    "not_form": (400, "The form cannot be read"),
    "not_http": (400, "This is no HTTP"),
    "not_a_company": (422, "This is no company"),
    "unknown_name": (422, "The rules do not know this name"),
    "ambiguous_company": (409, "It is not sure which company is meant"),
    "no_key": (401, "A key is needed"),
    "unknown_key": (401, "This key opens nothing"),
    "not_allowed": (403, "This key may not do this"),
    "refused_by_cap": (402, "A cap leaves too little"),
    "nothing_to_judge": (422, "It is not clear which value is meant"),
    "not_found": (404, "There is nothing here"),
    "method_not_allowed": (405, "This method is not known here"),
    "too_slow": (408, "The request took too long to arrive"),
    "under_way": (409, "The same call is still under way"),
    "already_ended": (409, "It has ended already"),
    "too_many_webhooks": (409, "This key has as many webhooks as it may"),
    "too_many_questions": (409, "This session has as many open questions as it may"),
    "quote_expired": (410, "The quote is no longer valid"),
    "too_large": (413, "This is too large"),
    "not_json_type": (415, "The body is not sent as JSON"),
    "not_plain": (415, "The body is compressed"),
    "not_list_type": (415, "The body is no list of a known kind"),
    "other_body": (422, "This Idempotency-Key was used for another body"),
    "too_many": (429, "Too many requests with this key"),
    "failed": (500, "This is a fault of the service"),
    "store_unavailable": (503, "The store cannot be used"),
    "settings": (503, "The service is not set up for this"),
    "busy": (503, "Too many requests are under way"),
    "stopping": (503, "The service is being stopped"),
}
"""Code -> status and title."""

ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (AmbiguousCompany, "ambiguous_company"),
    (NotACompany, "not_a_company"),
    (UnknownName, "unknown_name"),
    (UnknownStrategy, "unknown_name"),
    (NotAValue, "invalid"),
    (BadCursor, "invalid"),
    (NothingToJudge, "nothing_to_judge"),
    (OtherVerdict, "not_allowed"),
    (RulesError, "settings"),
    (SettingsError, "settings"),
    (StoreError, "store_unavailable"),
)


class ProblemView(BaseModel):
    """An error (RFC 9457). Some carry more: `candidates` where a company is ambiguous, `id` of what is under way."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="urn:enrich:problem: and the code")
    title: str
    status: int
    detail: str = Field(description="One sentence that states what to do")
    code: str = Field(description="What a program looks at")


class ApiProblem(Exception):
    """A call that is answered with this problem. more: further members of its JSON."""

    def __init__(self, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Json) -> None:
        super().__init__(detail)
        self.code, self.detail, self.headers, self.more = code, detail, dict(headers or {}), more

    def as_json(self) -> dict[str, Json]:
        status, title = CODES[self.code]
        head = {"type": _TYPE + self.code, "title": title, "status": status, "detail": self.detail, "code": self.code}
        return head | self.more


def problem_of(error: Exception) -> ApiProblem | None:
    """The problem of an error. None: it is not an error of ours, so a fault of the service."""
    if isinstance(error, ApiProblem):
        return error
    code = next((code for kind, code in ERRORS if isinstance(error, kind)), None)
    if code is None:
        return None
    if isinstance(error, AmbiguousCompany):
        return ApiProblem(code, str(error), candidates=[_candidate(one) for one in error.candidates])
    headers = {"Retry-After": "1"} if code == "store_unavailable" else {}
    return ApiProblem(code, str(error), headers=headers)


BODY = ("not_json", "not_json_type", "not_plain", "too_large", "too_slow", "stopping")
"""What a route that takes a body may answer besides."""


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route: what it may answer besides its result."""
    by_status: dict[int | str, list[str]] = {}
    for code in codes:
        status, title = CODES[code]
        by_status.setdefault(status, []).append(title)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemView"}}}
    return {status: {"description": "; ".join(titles), "content": content} for status, titles in by_status.items()}


def _candidate(one: Any) -> dict[str, Json]:
    company = one.company
    return {
        "key": company.key,
        "name": company.name,
        "domain": company.domain,
        "country": company.country,
        "because": one.comparison.because,
        "probability": round(one.comparison.probability, 4),
    }

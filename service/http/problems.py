"""Every error as application/problem+json (RFC 9457): the one place where an error gets its status.

our error, by type        -> code -> status, title        detail: the sentence that the command line prints
ApiProblem("quote_expired")  ->
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

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
_ALTERNATIVES = frozenset({"ask", "quote"})  # which of several bodies was sent
_OF_STATUS = {
    400: "not_form",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    503: "stopping",
}


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
    """None: it is none of ours, so a fault."""
    if isinstance(error, ApiProblem):
        return error
    code = next((code for kind, code in ERRORS if isinstance(error, kind)), None)
    if code is None:
        return None
    if isinstance(error, AmbiguousCompany):
        return ApiProblem(code, str(error), candidates=[_candidate(one) for one in error.candidates])
    headers = {"Retry-After": "1"} if code == "store_unavailable" else {}
    return ApiProblem(code, str(error), headers=headers)


def problem_response(problem: ApiProblem) -> JSONResponse:
    status, _ = CODES[problem.code]
    return JSONResponse(problem.as_json(), status, problem.headers, MEDIA_TYPE)


AsPage = Callable[[Request, ApiProblem], Awaitable[Response]]
"""A problem as a page, for a browser."""


def answer_errors(app: FastAPI, as_page: AsPage) -> None:
    """Has every error of this application answered as a problem; in a browser as a page."""
    app.state.as_page = as_page
    ours: list[type[Exception]] = [ApiProblem, *(kind for kind, _ in ERRORS)]
    for kind in ours:
        app.add_exception_handler(kind, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(Exception, _fault)


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


async def answered(request: Request, problem: ApiProblem) -> Response:
    """The problem as a response; as a page where a browser asks."""
    if "text/html" not in request.headers.get("accept", ""):
        return problem_response(problem)
    as_page: AsPage = request.app.state.as_page
    return await as_page(request, problem)


async def _ours(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    assert problem is not None  # noqa: S101  it is registered for these types alone
    return await answered(request, problem)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  it is registered for this type alone
    errors = error.errors()
    if any(one["type"] == "json_invalid" for one in errors):
        return problem_response(_not_json())
    if isinstance(error.body, bytes):  # the framework leaves it as it came
        detail = "Send the body as JSON, with `Content-Type: application/json`."
        return problem_response(ApiProblem("not_json_type", detail, headers={"Accept": "application/json"}))
    return await answered(request, invalid(errors))


def _not_json() -> ApiProblem:
    return ApiProblem("not_json", "Send the body as JSON in UTF-8, neither very deep nor with numbers of many digits.")


def invalid(errors: Sequence[Any], *, at: int = 1) -> ApiProblem:
    """errors: of pydantic; at: how many steps of their places a caller does not know, such as 'body'."""
    if errors[0]["type"] == "missing" and errors[0]["loc"] == ("body",):
        return ApiProblem("invalid", "Send a JSON body: this route needs one.")
    faults = [": ".join(filter(None, (_place(one["loc"], at), _fault_in(one)))) for one in errors]
    return ApiProblem("invalid", f"{'; '.join(faults)}.")


_IN_OUR_WORDS = {
    "model_attributes_type": "send a JSON object, with its fields by name",
    "model_type": "send a JSON object, with its fields by name",
    "dict_type": "send a JSON object, with its fields by name",
}
"""Errors of pydantic whose own text names types of Python."""


def _fault_in(error: Any) -> str:
    said: str = _IN_OUR_WORDS.get(error["type"]) or error["msg"]
    return said.removeprefix("Value error, ")


def _place(steps: Sequence[str | int], at: int) -> str:
    """'max_cost_usd', 'ids.0', 'body'; '' where the whole is meant and has no name."""
    return ".".join(str(step) for step in steps[at:] if step not in _ALTERNATIVES) or "".join(map(str, steps[:1]))


async def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  it is registered for this type alone
    if error.status_code < 400:  # how a dependency ends a call without a body
        return Response(status_code=error.status_code)
    if error.status_code == 400 and "json" in request.headers.get("content-type", ""):
        return problem_response(_not_json())
    code = _OF_STATUS.get(error.status_code, "invalid")
    detail = {
        "not_found": "There is no such route: /openapi.json lists them.",
        "method_not_allowed": "This route does not know this method: /openapi.json lists those it knows.",
        "too_large": "Send less at once: a batch may be split into several.",
        "too_slow": "Send the whole body at once.",
        "stopping": "Ask again in a moment: the body had not arrived.",
        "not_form": "Send the form as the page sends it.",
    }.get(code, str(error.detail))
    headers = {"Allow": _allowed(request)} if code == "method_not_allowed" else error.headers
    return await answered(request, ApiProblem(code, detail, headers=headers))


def _allowed(request: Request) -> str:
    """The methods that this path knows; the framework names those of one of its routes alone."""
    paths, asked = request.app.openapi()["paths"], request.url.path
    templates = [asked] if asked in paths else [path for path in paths if _matches(path, asked)]
    return ", ".join(sorted({method.upper() for path in templates for method in paths[path]}))


def _matches(template: str, path: str) -> bool:
    pattern, _, _ = compile_path(template)
    return pattern.match(path) is not None


async def _fault(request: Request, _error: Exception) -> Response:
    problem = ApiProblem("failed", f"{HTTPStatus(500).phrase}: the service's log has what happened.")
    return await answered(request, problem)

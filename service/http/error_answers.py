"""Errors as responses: application/problem+json for programs, a page for a browser.

answer_errors(app, as_page)        what a route, the framework or a check of a body raises -> its problem -> a response
"""

from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from service.problems import CODES, ERRORS, MEDIA_TYPE, ApiProblem, problem_of

_ALTERNATIVES = frozenset({"ask", "quote"})  # tags of the bodies of a route that takes one of several
_OF_STATUS = {
    400: "not_form",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    503: "stopping",
}


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
    "missing": "is missing: send it",
    "extra_forbidden": "means nothing here: correct its name, or leave it out",
    "string_type": "send a text",
    "string_unicode": "send a text of whole characters, without half of a surrogate pair",
    "string_too_short": "send at least {min_length} character(s)",
    "string_too_long": "send at most {max_length:,} characters",
    "too_short": "send at least {min_length}",
    "too_long": "send at most {max_length:,}",
    "int_type": "send a whole number",
    "int_parsing": "send a whole number",
    "bool_type": "send true or false",
    "bool_parsing": "send true or false",
    "list_type": "send a list",
    "tuple_type": "send a list",
    "decimal_type": 'send an amount such as "0.50"',
    "decimal_parsing": 'send an amount such as "0.50"',
    "finite_number": "send a finite number",
    "greater_than_equal": "send {ge} or more",
    "greater_than": "send more than {gt}",
    "less_than_equal": "send {le} or less",
    "less_than": "send less than {lt}",
    "literal_error": "send {expected}",
    "enum": "send {expected}",
}
"""Kind of error of pydantic -> what to send instead; its own text names Python types, or does not tell what to do."""


def _fault_in(error: Any) -> str:
    if ours := _IN_OUR_WORDS.get(error["type"]):
        return ours.format(**error.get("ctx", {}))
    said: str = error["msg"]
    return said.removeprefix("Value error, ")


def _place(steps: Sequence[str | int], at: int) -> str:
    """'max_cost_usd', 'ids.0', 'body'; '' where the whole is meant and has no name."""
    return ".".join(str(step) for step in steps[at:] if step not in _ALTERNATIVES) or "".join(map(str, steps[:1]))


async def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  it is registered for this type alone
    if error.status_code < 400:  # a dependency ends a call without a body this way
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

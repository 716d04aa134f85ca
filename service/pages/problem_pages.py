"""A problem in a browser: a page with one sentence, or a part that htmx asked for; signed out: the way to sign in."""

from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from enrichment.ports import StoreError
from service.http import cookies
from service.http.access import Caller, caller_of_browser
from service.installation.state import state_of
from service.pages.rendering import segment
from service.pages.visit import Visit
from service.problems import CODES, ApiProblem

_SIGNED_OUT = frozenset({"no_key", "unknown_key"})
_SIGN_IN = "/sign-in"


async def problem_page(request: Request, problem: ApiProblem) -> Response:
    state = state_of(request)
    reads = request.method in {"GET", "HEAD"}
    part = request.headers.get("hx-request") == "true"
    if problem.code in _SIGNED_OUT and request.url.path != _SIGN_IN:
        back = request.url.path + (f"?{request.url.query}" if request.url.query else "") if reads and not part else "/"
        to = f"{_SIGN_IN}?back={segment(back)}&why={problem.code}"
        if part:
            streams = "text/event-stream" in request.headers.get("accept", "")
            return Response(status_code=401 if streams else 200, headers={"HX-Redirect": to})
        return RedirectResponse(to, status_code=303)
    caller = await _caller(request)
    cookie = request.cookies.get(cookies.NAME, "")
    visit = Visit(request, state, caller, cookie, FormData(), state.now())
    status, title = CODES[problem.code]
    template = "_problem.html" if part else "problem.html"
    headers = {name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"}
    return visit.page(
        template,
        status=status,
        headers=headers,
        title=title,
        problem=problem,
        candidates=problem.more.get("candidates", []),
        again=request.url.path if reads else _came_from(request),
    )


def _came_from(request: Request) -> str:
    """The address of the page whose form was sent."""
    referrer = urlsplit(request.headers.get("referer", ""))
    return referrer.path if referrer.netloc == request.headers.get("host") else "/"


async def _caller(request: Request) -> Caller | None:
    """The caller; None: signed out, or the store cannot be read at the moment."""
    try:
        return await caller_of_browser(request, state_of(request))
    except (ApiProblem, StoreError):
        return None

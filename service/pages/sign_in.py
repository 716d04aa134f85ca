"""Sign in with a key of the service; sign out."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.http import cookies
from service.http.access import caller_of_browser, caller_of_secret
from service.installation.state import Installed
from service.pages.visit import visit_of
from service.problems import ApiProblem

router = APIRouter()
_RANDOM_BYTES = 18


@router.get("/sign-in")
async def form(
    request: Request,
    state: Installed,
    back: Annotated[str, Query(max_length=2_000)] = "/",
    why: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Asks for a key; where none is needed, it leads on."""
    visit = await visit_of(request, state, None)
    try:
        await caller_of_browser(request, state)
    except ApiProblem as problem:
        said = problem.detail if why == "unknown_key" else None
        return visit.page("sign_in.html", back=_local(back), said=said)
    return visit.to(_local(back))


@router.post("/sign-in")
async def sign_in(request: Request, state: Installed) -> Response:
    visit = await visit_of(request, state, None)
    back = _local(visit.text("back"))
    try:
        caller = await caller_of_secret(visit.text("key"), state)
    except ApiProblem as problem:
        return visit.page("sign_in.html", status=401, back=back, said=problem.detail)
    if caller.key is None:
        return visit.to(back)
    fresh = cookies.signed_in(caller.key, visit.now, secrets.token_urlsafe(_RANDOM_BYTES))
    return visit.with_cookie(visit.to(back), fresh)


@router.post("/sign-out")
async def sign_out(request: Request, state: Installed) -> Response:
    visit = await visit_of(request, state, None)
    fresh = cookies.signed_out(secrets.token_urlsafe(_RANDOM_BYTES))
    return visit.with_cookie(visit.to("/sign-in"), fresh)


def _local(path: str) -> str:
    """The address, if it is a path of this service; else the start page: nothing redirects to other sites."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\", "/sign-")) and path.isprintable()
    return path if inside else "/"

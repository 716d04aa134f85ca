"""One call of a page: the caller, by key or cookie, and what every template needs; how it is answered.

visit_with("read") -> Visit: visit.page("company.html", ...) | visit.part("_quote.html", ...) | visit.to("/companies/x")

What changes anything is a POST with the cookie's form token. Every answer has headers that let nothing else in.
"""

import gzip
import secrets
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData, UploadFile

from enrichment.domain.accepted_requests import IdempotencyKey
from enrichment.domain.access import Right
from service.http import cookies
from service.http.access import Caller, allowed_to, caller_of_browser
from service.installation.state import Installed, ServiceState
from service.pages.rendering import rendered
from service.problems import ApiProblem

_READING = frozenset({"GET", "HEAD"})
_RANDOM_BYTES = 18
_LONGEST_ONCE = 100
_COMPRESSION = 5
_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types htmx"
)
_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Encoding, Cookie, HX-Request",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """caller: None: signed out. cookie: the browser's, or what it gets with the answer; empty: none. form: as sent."""

    request: Request
    state: ServiceState
    caller: Caller | None
    cookie: str
    form: FormData
    now: datetime

    @property
    def by(self) -> Caller:
        """The caller. Raises ApiProblem if it is signed out."""
        if self.caller is None:
            raise ApiProblem("no_key", "Sign in with a key of this service.")
        return self.caller

    @property
    def wants_part(self) -> bool:
        """Whether htmx asks for a part of the page that is shown already."""
        return self.request.headers.get("hx-request") == "true"

    def text(self, field: str) -> str:
        """What a field of the form says; empty where it was left out."""
        given = self.form.get(field, "")
        return "" if isinstance(given, UploadFile) else given.strip()

    def once(self) -> IdempotencyKey | None:
        """The Idempotency-Key of the form: sent twice, by a double click or from history, it is carried out once."""
        given = self.text("once")
        if not given:
            return None
        sent = [(name, str(value)) for name, value in self.form.multi_items() if name != "form_token"]
        body = f"{self.request.method} {self.request.url.path}\n{sent!r}".encode()
        return IdempotencyKey(self.by.owner, given[:_LONGEST_ONCE], sha256(body).hexdigest())

    def new_once(self) -> str:
        """A new token for the field `once` of a form."""
        return f"page-{secrets.token_urlsafe(_RANDOM_BYTES)}"

    def file(self, field: str) -> UploadFile | None:
        """A file that was sent; None where none was chosen."""
        given = self.form.get(field)
        return given if isinstance(given, UploadFile) and given.filename else None

    def page(
        self, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **values: Any
    ) -> Response:
        """A whole page; values: for its template."""
        return self._answered(template, status, headers, values)

    def part(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """HTML that replaces a part of the page."""
        return self._answered(template, status, None, values)

    def anew(self) -> Response:
        """Has htmx read the whole page again."""
        return Response(headers={"HX-Refresh": "true"})

    def to(self, path: str) -> Response:
        """Redirects to this address."""
        if self.wants_part:
            return Response(headers={"HX-Redirect": path})
        return self.with_cookie(RedirectResponse(path, status_code=303))

    def drawn(self, template: str, **values: Any) -> str:
        """A piece of HTML for a stream."""
        return rendered(template, self._shared("") | values)

    def with_cookie(self, response: Response, cookie: str | None = None) -> Response:
        """cookie: instead of the one the browser has."""
        wanted = cookie or self.cookie
        if wanted and wanted != self.request.cookies.get(cookies.NAME):
            response.set_cookie(
                cookies.NAME,
                wanted,
                max_age=int(cookies.VALID.total_seconds()),
                httponly=True,
                samesite="lax",
                secure=self.request.url.scheme == "https",
            )
        return response

    def _answered(
        self, template: str, status: int, headers: Mapping[str, str] | None, values: Mapping[str, Any]
    ) -> Response:
        nonce = secrets.token_urlsafe(_RANDOM_BYTES)
        html = rendered(template, {**self._shared(nonce), **values}).encode()
        head = {**_HEADERS, "Content-Security-Policy": _POLICY.format(nonce=nonce), **(headers or {})}
        if "gzip" in self.request.headers.get("accept-encoding", ""):
            html, head["Content-Encoding"] = gzip.compress(html, _COMPRESSION, mtime=0), "gzip"
        return self.with_cookie(HTMLResponse(html, status, head))

    def _shared(self, nonce: str) -> dict[str, Any]:
        return {
            "nonce": nonce,
            "now": self.now,
            "path": self.request.url.path,
            "caller": self.caller,
            "may_buy": self.caller is not None and self.caller.allows("enrich"),
            "form_token": cookies.form_token(self.cookie, secrets.token_bytes(cookies.FORM_TOKEN_BYTES)),
            "sandbox": self.state.settings.sandbox,
        }


def visit_with(right: Right) -> Callable[..., Coroutine[Any, Any, Visit]]:
    """A dependency: the visit, if its caller has this right. Raises ApiProblem."""

    async def allowed(request: Request, state: Installed) -> Visit:
        caller = allowed_to(right, await caller_of_browser(request, state))
        return await visit_of(request, state, caller)

    return allowed


async def visit_of(request: Request, state: ServiceState, caller: Caller | None) -> Visit:
    """Raises ApiProblem: it would change something, and its form is not one of ours."""
    cookie = request.cookies.get(cookies.NAME) or cookies.signed_out(secrets.token_urlsafe(_RANDOM_BYTES))
    form = FormData()
    if request.method not in _READING:
        form = await request.form()
        _check_form(request, form, cookie)
    return Visit(request, state, caller, cookie, form, state.now())


async def still_allowed(visit: Visit) -> bool:
    """Whether a stream may go on: its key may have been revoked meanwhile, or the cookie may have ended."""
    key_id = cookies.key_id_of(visit.request.cookies.get(cookies.NAME, ""))
    if key_id is None:
        return True
    key = await visit.state.look_up(visit.state.store.api_keys.by_id, key_id)
    return key is not None and cookies.is_valid(visit.request.cookies.get(cookies.NAME, ""), key, visit.state.now())


def _check_form(request: Request, form: FormData, cookie: str) -> None:
    origin = request.headers.get("origin")
    elsewhere = origin not in (None, "null") and urlsplit(origin).netloc != request.headers.get("host")
    if elsewhere or not cookies.is_form_token(str(form.get("form_token", "")), cookie):
        raise ApiProblem("not_allowed", "This form is not of this page, or is too old: open the page again and repeat.")


PageReader = Annotated[Visit, Depends(visit_with("read"))]
PageEnricher = Annotated[Visit, Depends(visit_with("enrich"))]

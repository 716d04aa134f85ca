"""Calls that memory answers, answered before they reach the routes: the way there costs more than such an answer.

POST with a key and JSON -> the Ask -> layer 1 has it: booked, answered
                                       no room to buy it: refused        anything else: its route, as it was received

What is decided is what the routes decide, by the same functions; the caller, once it is found, goes with the call.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, TypeAdapter
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from enrichment.domain.accepted_requests import MadeBefore
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.json_values import Json
from enrichment.domain.profiles import Profile
from enrichment.pipeline.stages import Ask
from enrichment.ports import StoreError
from resources.recently_used import RecentlyUsed
from service.answers.enrichments import FromMemory, booked, from_memory, has_room, no_room
from service.http.access import Caller, allowed_to, caller_of_secret
from service.http.bodies import AskBody, EnrichBody, VendorEnrichBody
from service.http.bounds import received_again
from service.http.error_answers import problem_response
from service.installation.state import ServiceState
from service.problems import ERRORS, ApiProblem, problem_of
from service.routes import enrichments, vendor
from service.views.enrichments import EnrichmentView

_ITS_ROUTE_ANSWERS: tuple[type[Exception], ...] = (
    ApiProblem,
    ValueError,
    RecursionError,
    *(kind for kind, _ in ERRORS),
)
_NO_DOCUMENT = b'"profile":{}'
_DOCUMENT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class _Kind:
    """A route that memory may answer: the type of its body, and how the answer looks to a client that sent it."""

    route: BaseRoute
    body: TypeAdapter[Any]
    shown: Callable[[EnrichmentView, Any], BaseModel]


def _route(router: APIRouter, path: str) -> BaseRoute:
    return next(one for one in router.routes if one.path == path and "POST" in one.methods)  # type: ignore[attr-defined]


_KINDS: Mapping[str, _Kind] = {
    "/v1/enrichments": _Kind(
        _route(enrichments.router, "/v1/enrichments"), TypeAdapter(EnrichBody), lambda view, _: view
    ),
    "/vendor/enrich": _Kind(
        _route(vendor.router, "/vendor/enrich"),
        TypeAdapter(VendorEnrichBody),
        vendor.as_clients_read_it,
    ),
}
_HEADERS = frozenset({b"authorization", b"content-type", b"content-length", b"idempotency-key", b"accept", b"cookie"})


class MemoryHits:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._documents = RecentlyUsed[tuple[Mapping[str, Json], bytes]](_REMEMBERED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = _KINDS.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        secret = None if kind is None else _secret_of_plain_call(scope)
        if kind is None or secret is None:
            await self._app(scope, receive, send)
            return
        try:
            message = await receive()
        except HTTPException:  # the body is received again where its route goes on to read it
            await self._app(scope, receive, send)
            return
        whole = message["type"] == "http.request" and not message.get("more_body", False)
        with ExitStack() as kept:
            body = message.get("body", b"")
            if not whole or not await self._is_answered(kind, secret, body, kept, scope, receive, send):
                await self._app(scope, received_again(message, receive), send)

    async def _is_answered(
        self,
        kind: _Kind,
        secret: str,
        content: bytes,
        kept: ExitStack,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> bool:
        """Whether memory answered the call. kept: contains the slot of its route; closed once the call is answered."""
        state: ServiceState = scope["app"].state.service
        try:
            caller = allowed_to("enrich", await _caller(secret, scope, state))
            body = kind.body.validate_python(json.loads(content))
            if not isinstance(body, AskBody | VendorEnrichBody):
                return False
            ask = body.ask(caller)
            found = await from_memory(ask, new_id("req"), caller, state)
            its_route_goes_on = not isinstance(found, FromMemory) and await _is_begun(ask, found, state)
            if its_route_goes_on:
                scope["state"]["place"] = kept.enter_context(state.runs.place())
        except _ITS_ROUTE_ANSWERS:
            return False
        if isinstance(found, FromMemory):
            scope["route"] = kind.route
            await self._answer(kind, body, found, state, scope, receive, send)
            return True
        if its_route_goes_on:
            return False
        scope["route"] = kind.route
        await problem_response(no_room(state))(scope, receive, send)
        return True

    async def _answer(
        self, kind: _Kind, body: Any, found: FromMemory, state: ServiceState, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            await booked(found, state)
        except StoreError as error:
            problem = problem_of(error)
            assert problem is not None  # noqa: S101  a StoreError is a problem
            await problem_response(problem)(scope, receive, send)
            return
        content = self._json(kind, body, found)
        headers = [(b"content-length", str(len(content)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _json(self, kind: _Kind, body: Any, found: FromMemory) -> bytes:
        """The view as its route would write it; the document of its profile is written once for many calls."""
        view = kind.shown(found.view(with_document=False), body)
        head, _, tail = view.model_dump_json(by_alias=True).encode().partition(_NO_DOCUMENT)
        return b"".join((head, _NO_DOCUMENT[:-2], self.document_of(found.done.profile), tail))

    def document_of(self, profile: Profile) -> bytes:
        """The profile's document as JSON."""
        kept = self._documents.get(profile.profile_id)
        if kept is None or kept[0] is not profile.document:
            document = profile.document
            kept = self._documents.keep(profile.profile_id, (document, _DOCUMENT.dump_json(dict(document))))
        return kept[1]


async def _is_begun(ask: Ask, found: Company | MadeBefore, state: ServiceState) -> bool:
    return isinstance(found, MadeBefore) or await has_room(ask, found, state)


async def _caller(secret: str, scope: Scope, state: ServiceState) -> Caller:
    """The caller, which is kept with the call so that rate limits count it once. Raises ApiProblem."""
    caller = await caller_of_secret(secret, state)
    scope["state"]["caller"], scope["state"]["key_name"] = caller, caller.name
    return caller


def _secret_of_plain_call(scope: Scope) -> str | None:
    """The secret of a plain call: a key, a JSON body of a known length, nothing that only its route understands."""
    given = {name: value for name, value in scope["headers"] if name in _HEADERS}
    scheme, _, secret = given.get(b"authorization", b"").partition(b" ")
    plain = (
        scheme == b"Bearer"
        and given.get(b"content-type") == b"application/json"
        and b"content-length" in given
        and b"idempotency-key" not in given
        and b"cookie" not in given
        and b"text/html" not in given.get(b"accept", b"")
        and not scope["query_string"]
    )
    return secret.decode("latin-1") if plain and secret and b" " not in secret else None

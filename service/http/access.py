"""Whose call it is: the key it came with, and what that key may do.

Authorization: Bearer enr_sandbox_...  ->  SHA-256  ->  ApiKey  ->  Caller        no key in the store: loopback only
a browser's cookie, to read with       ->  ApiKey  ->  Caller                     what changes anything: see pages
"""

import hmac
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from enrichment.domain.access import ApiKey, Right, secret_hash
from enrichment.domain.purchases import DailyCap
from service.http import cookies
from service.installation.state import Installed, ServiceState
from service.problems import ApiProblem

NO_KEY = "loopback"
"""The name of a caller without a key."""
_SCHEME = HTTPBearer(auto_error=False, scheme_name="key", description="A key of `enrich keys add`")
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_READING = frozenset({"GET", "HEAD"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller that a call is for. key: None on loopback while the store has no key: then it may do everything."""

    key: ApiKey | None = None

    @property
    def owner(self) -> str:
        """The owner that is written into what this caller makes: the id of its key; empty without a key."""
        return self.key.key_id if self.key else ""

    @property
    def name(self) -> str:
        return self.key.name if self.key else NO_KEY

    @property
    def daily(self) -> DailyCap | None:
        return self.key.daily if self.key else None

    def allows(self, right: Right) -> bool:
        return self.key is None or self.key.allows(right)

    def sees(self, owner: str) -> bool:
        """Whether this caller may see an object of this owner."""
        return owner == self.owner or self.allows("admin")


async def caller_of(
    request: Request,
    state: Installed,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_SCHEME)],
) -> Caller:
    """Raises ApiProblem."""
    if (known := getattr(request.state, "caller", None)) is not None:
        found: Caller = known
        return found
    if given is None:
        reads = request.method in _READING
        return await caller_of_browser(request, state) if reads else await _without_key(request, state)
    caller = await caller_of_secret(given.credentials, state)
    request.state.key_name = caller.name
    return caller


async def caller_of_browser(request: Request, state: ServiceState) -> Caller:
    """The caller by its cookie; without one as any call without a key.

    What changes anything needs the cookie's form token too. Raises ApiProblem.
    """
    cookie = request.cookies.get(cookies.NAME, "")
    key_id = cookies.key_id_of(cookie)
    if key_id is None:
        return await _without_key(request, state)
    key = await state.look_up(state.store.api_keys.by_id, key_id)
    if key is None or not cookies.is_valid(cookie, key, state.now()):
        raise ApiProblem("unknown_key", "You are signed out: sign in again with a key that is valid.")
    state.limits.take(key.key_id, key.per_minute)
    request.state.key_name = key.name
    return Caller(key)


async def caller_of_secret(secret: str, state: ServiceState) -> Caller:
    """Raises ApiProblem."""
    hashed = secret_hash(secret)
    key = await state.look_up(state.store.api_keys.by_hash, hashed)
    if key is None or not hmac.compare_digest(key.secret_hash, hashed):
        raise ApiProblem("unknown_key", _why_unknown(secret, state), headers=_CHALLENGE)
    state.limits.take(key.key_id, key.per_minute)
    return Caller(key)


def may(right: Right) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """A dependency: the caller, if it has this right. Raises ApiProblem."""

    async def allowed(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        return allowed_to(right, caller)

    return allowed


def allowed_to(right: Right, caller: Caller) -> Caller:
    """The caller, if it has this right. Raises ApiProblem."""
    if not caller.allows(right):
        detail = f"Key {caller.name} has no right to {right}: use one made with `enrich keys add NAME --may {right}`."
        raise ApiProblem("not_allowed", detail)
    return caller


Reader = Annotated[Caller, Depends(may("read"))]
Enricher = Annotated[Caller, Depends(may("enrich"))]


async def _without_key(request: Request, state: ServiceState) -> Caller:
    """The caller without a key: allowed straight from this machine only, and only while no key exists."""
    if await state.look_up(state.store.api_keys.any_valid):
        raise ApiProblem(
            "no_key", "Send `Authorization: Bearer KEY` with a key of `enrich keys add`.", headers=_CHALLENGE
        )
    if not _is_local(request):
        detail = "This service has no keys yet, so it answers on loopback only: add one with `enrich keys add`."
        raise ApiProblem("no_key", detail, headers=_CHALLENGE)
    state.limits.take("", None)
    return Caller()


def _is_local(request: Request) -> bool:
    """Whether the call is from this machine itself: not forwarded by a proxy, not addressed to another host name."""
    host = request.client.host if request.client else ""
    named = request.headers.get("host", "").rsplit(":", 1)[0] if request.url.port else request.headers.get("host", "")
    forwarded = any(name in request.headers for name in _FORWARDED)
    try:
        return ip_address(host).is_loopback and named in _LOCAL_NAMES and not forwarded
    except ValueError:
        return False


def _why_unknown(secret: str, state: ServiceState) -> str:
    kind = secret.split("_")[1] if secret.startswith("enr_") and secret.count("_") >= 2 else ""
    if kind in {"live", "sandbox"} and kind != state.settings.enrich_world:
        return f"This is a key of a {kind} store, and this service is {state.settings.enrich_world}: use its own key."
    return "This key is not known, or it was revoked: `enrich keys list` shows those that are valid."

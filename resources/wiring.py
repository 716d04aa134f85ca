"""Open the world a request runs in: its store, whoever can be asked there, and the clock.

    Settings + Rules -> open_world() -> World(store, providers, model, now, out_of_order)

live: the vendors' own addresses and the user's keys. sandbox: one local server for all, and no real key.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from enrichment.context import RunContext
from enrichment.ports import AnswerType, LanguageModel, ModelAnswer, Provider, StoreError
from enrichment.rules import Rules
from resources.policy_store import policies_in
from resources.providers import PROVIDERS
from resources.providers.http_transport import vendor_transport
from resources.providers.rate_limiter import Limiter, Unlimited
from resources.providers.vendor_client import ProviderClient, checked_base_url
from resources.rate_limits import SharedLimiter
from resources.settings import Settings, SettingsError

if TYPE_CHECKING:
    from resources.language_model import OpenAIModel
    from resources.store import SqlStore

MODEL_PROVIDER = "openai"
_SANDBOX_KEY = "sandbox"
_PATHS = {MODEL_PROVIDER: "/openai/v1"}


class WorldMismatch(StoreError):
    """A sandbox reply reached the live store: nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a provider is asked, with which credentials, and how much faster than real its clock runs."""

    base_url: str
    credentials: Mapping[str, str]
    time_scale: float = 1.0


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_store_of(settings: Settings) -> "SqlStore":
    """The store of this world, made if it is not there yet. Raises StoreError."""
    from resources.store import open_store  # noqa: PLC0415  SQLAlchemy takes 0.3 s to import

    return open_store(settings.store_url, world=settings.enrich_world)


@asynccontextmanager
async def open_context(
    settings: Settings, rules: Rules, *, store: "SqlStore | None" = None, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[RunContext]:
    """Everything a request needs, closed again at the end. Raises SettingsError, StoreError."""
    places, unavailable = places_of(settings, rules)
    async with AsyncExitStack() as stack:
        if store is None:
            store = open_store_of(settings)
            stack.callback(store.close)
        providers: dict[str, Provider] = {}
        for name, place in places.items():
            if name in PROVIDERS:
                providers[name] = await stack.enter_async_context(client(name, rules, place, settings, store))
        model = _model(settings, rules, places, stack, store)
        yield RunContext(store, providers, model, now, unavailable, policies=policies_in(policies_folder(settings)))


def client(
    name: str, rules: Rules, place: Place, settings: Settings, store: "SqlStore | None" = None
) -> "ProviderClient[Any]":
    """The client of one provider in this world. Raises SettingsError for an address that is none.

    store: by which all processes keep the vendor's limits together; None: for a look at the account.
    """
    try:
        return PROVIDERS[name](
            rules.providers[name],
            place.credentials,
            base_url=place.base_url,
            time_scale=place.time_scale,
            transport=None if settings.sandbox else _LiveOnly(name, rules),
            limiter=_limiter(name, rules, place, store),
        )
    except ValueError as error:
        raise SettingsError(str(error)) from None


def places_of(settings: Settings, rules: Rules) -> tuple[dict[str, Place], dict[str, str]]:
    """Who can be asked and where, and why the others cannot. Raises SettingsError when nobody can, or at no address."""
    if settings.sandbox:
        return _sandbox_places(settings, rules), {}
    places, unavailable = {}, {}
    for name, provider in rules.providers.items():
        missing = settings.missing(name)
        if missing:
            unavailable[name] = f"set {' and '.join(missing)} in .env"
            continue
        secrets = {
            variable.removeprefix(f"{name.upper()}_").lower(): secret.get_secret_value()
            for variable, secret in settings.credentials(name).items()
        }
        places[name] = Place(_base_url(name, settings.base_url(name) or provider.base_url), secrets)
    if not places:
        raise SettingsError(
            "No vendor credentials are set: put yours into .env (see .env.example), "
            "or add --sandbox to try everything on localhost."
        )
    return places, unavailable


def _base_url(provider: str, url: str) -> str:
    try:
        return checked_base_url(provider, url)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def policies_folder(settings: Settings) -> Path:
    """Where compiled policies are kept."""
    return settings.home / "policies"


def sandbox_file(settings: Settings) -> Path:
    """Where a running sandbox leaves its address."""
    return settings.home / "address.json"


def sandbox_url(settings: Settings) -> str:
    """The address of the running sandbox. Raises SettingsError."""
    advice = "Start it with `enrich sandbox` in another terminal, then ask again."
    try:
        url: str = json.loads(sandbox_file(settings).read_text(encoding="utf-8"))["url"]
        about = httpx.get(f"{url}/_sandbox", timeout=5, trust_env=False).json()
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError(f"The sandbox is not running. {advice}") from None
    except httpx.HTTPError:
        raise SettingsError(f"The sandbox at {url} does not answer. {advice}") from None
    if about.get("world") != "sandbox":
        raise SettingsError(f"Something else than the sandbox answers at {url}. {advice}")
    return url


def _sandbox_places(settings: Settings, rules: Rules) -> dict[str, Place]:
    url = sandbox_url(settings)
    scale = float(httpx.get(f"{url}/_sandbox", timeout=5, trust_env=False).json()["time_scale"])
    key = f"{_SANDBOX_KEY}-{os.environ.get('USER', 'user')}"
    everything = {"api_key": key, "client_id": key, "client_secret": key}
    return {name: Place(url + _PATHS.get(name, f"/{name}"), everything, scale) for name in rules.providers}


def _limiter(name: str, rules: Rules, place: Place, store: "SqlStore | None") -> Limiter:
    if store is None:
        return Unlimited()
    return SharedLimiter(store, name, rules.providers[name].rate_limits, time_scale=place.time_scale)


def _model(
    settings: Settings, rules: Rules, places: Mapping[str, Place], stack: AsyncExitStack, store: "SqlStore"
) -> LanguageModel | None:
    if MODEL_PROVIDER not in places:
        return None
    model = _ModelOnDemand(partial(model_client, rules, places[MODEL_PROVIDER], settings, store))
    stack.push_async_callback(model.aclose)
    return model


def model_client(rules: Rules, place: Place, settings: Settings, store: "SqlStore | None" = None) -> "OpenAIModel":
    """The language model of this world. store: as of `client`."""
    from resources.language_model import OpenAIModel  # noqa: PLC0415  openai takes a second to import

    guarded = None
    if not settings.sandbox:
        guarded = httpx.AsyncClient(transport=_LiveOnly(MODEL_PROVIDER, rules), trust_env=False)
    return OpenAIModel(
        rules.providers[MODEL_PROVIDER],
        place.credentials["api_key"],
        base_url=place.base_url,
        http_client=guarded,
        limiter=_limiter(MODEL_PROVIDER, rules, place, store),
        time_scale=place.time_scale,
    )


class _ModelOnDemand:
    """Made for its first question: most commands ask it none."""

    name = MODEL_PROVIDER

    def __init__(self, make: "Callable[[], OpenAIModel]") -> None:
        self._make = make
        self._made: OpenAIModel | None = None

    async def answer(self, answer_type: type[AnswerType], **asked: Any) -> ModelAnswer[AnswerType]:
        if self._made is None:
            await asyncio.to_thread(import_module, "resources.language_model")  # others go on meanwhile
            self._made = self._made or self._make()
        return await self._made.answer(answer_type, **asked)

    async def aclose(self) -> None:
        if self._made is not None:
            await self._made.aclose()


class _LiveOnly(httpx.AsyncBaseTransport):
    """Stops a live store from taking a sandbox's invented answers for real ones."""

    def __init__(self, provider: str, rules: Rules) -> None:
        self._transport = vendor_transport(connections=4 * rules.providers[provider].concurrency)
        self._provider = provider

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        if response.headers.get("x-sandbox"):
            await response.aclose()
            raise WorldMismatch(
                f"{self._provider} is answered by a sandbox, but this is the live store: "
                f"unset {self._provider.upper()}_BASE_URL, or ask with --sandbox."
            )
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()

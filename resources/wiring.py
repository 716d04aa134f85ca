"""Make what a request runs in: its store, the clients of the vendors, the clock.

    Settings + Rules -> open_context() -> RunContext(store, providers, model, now, unavailable, policies)

live: the vendors' own addresses and the user's keys. sandbox: one local server for all, and no real key; where
ENRICH_SANDBOX_MODEL asks for it, another endpoint for the language model.
"""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from enrichment.context import RunContext
from enrichment.ports import LanguageModel, Provider, StoreError
from enrichment.rules import Rules
from resources import clock
from resources.policy_store import policies_in
from resources.providers import CLIENTS, NoClient, OpenAIModel, ProviderClient, VendorClient, client_of
from resources.providers.http_transport import AiohttpSender, HttpRequest, IncomingResponse
from resources.providers.proxies import Proxies
from resources.providers.rate_limit_slots import SharedLimiter
from resources.providers.rate_limiter import Limiter, Unlimited
from resources.providers.vendor_client import checked_base_url
from resources.settings import Settings, SettingsError, credential_names

if TYPE_CHECKING:
    from resources.store import SqlStore

_STORE_THREADS = 16
"""What waits for the store in a process is committed together: asyncio's own six threads commit twice as often."""
_SANDBOX_KEY = "sandbox"
_NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # localhost speaks plain HTTP; reading them takes 20 ms
_SANDBOX_PATHS = {"openai": "/openai/v1"}


class WorldMismatch(StoreError):
    """A sandbox answered a call of the live store: nothing of it is stored."""


@dataclass(frozen=True, slots=True)
class ProviderEndpoint:
    """A provider's address, the credentials for it, and how much faster than real its clock runs."""

    base_url: str
    credentials: Mapping[str, str]
    time_scale: float = 1.0


def open_store_of(settings: Settings) -> "SqlStore":
    """The store of this installation (sandbox or live), created if there is none. Raises StoreError, SettingsError."""
    if not settings.sandbox and clock.is_handed_in():
        raise SettingsError(f"{clock.TEST_CLOCK} is for tests: unset it, since a live store needs the real time.")
    from resources.store import open_store  # noqa: PLC0415  SQLAlchemy takes 0.3 s to import

    return open_store(settings.store_url, world=settings.enrich_world)


@asynccontextmanager
async def open_context(
    settings: Settings, rules: Rules, *, store: "SqlStore | None" = None, now: Callable[[], datetime] = clock.utc_now
) -> AsyncIterator[RunContext]:
    """Everything a request needs, closed again at the end. Raises SettingsError, StoreError."""
    endpoints, unavailable = endpoints_of(settings, rules)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_STORE_THREADS, "store"))
    async with AsyncExitStack() as stack:
        if store is None:
            store = open_store_of(settings)
            stack.callback(store.close)
        clients = {
            name: await stack.enter_async_context(client(name, rules, endpoint, settings, store))
            for name, endpoint in endpoints.items()
        }
        providers: dict[str, Provider] = {n: c for n, c in clients.items() if isinstance(c, ProviderClient)}
        model: LanguageModel | None = next((c for c in clients.values() if isinstance(c, OpenAIModel)), None)

        async def wait_for(provider: str, calls: int) -> float:
            return await clients[provider].wait_for(calls) if provider in clients else 0.0

        policies = policies_in(policies_folder(settings))
        context = RunContext(store, providers, model, now, unavailable, policies=policies, wait_for=wait_for)
        alive = asyncio.create_task(context.keep_alive())
        try:
            yield context
        finally:
            alive.cancel()
            with suppress(asyncio.CancelledError):
                await alive


def client(
    name: str, rules: Rules, endpoint: ProviderEndpoint, settings: Settings, store: "SqlStore | None" = None
) -> VendorClient:
    """The client of one provider. Raises SettingsError for a provider without a client and for an unusable address.

    store: by which all processes keep the vendor's rate limits together; None: for the check of an account.
    """
    try:
        return client_of(name)(
            rules.providers[name],
            endpoint.credentials,
            base_url=endpoint.base_url,
            time_scale=endpoint.time_scale,
            sender=None if settings.sandbox else _LiveOnly(name, rules, settings.proxies()),
            limiter=_limiter(name, rules, endpoint, store),
        )
    except (ValueError, NoClient) as error:
        raise SettingsError(str(error)) from None


def endpoints_of(settings: Settings, rules: Rules) -> tuple[dict[str, ProviderEndpoint], dict[str, str]]:
    """Provider -> where it is asked; provider -> why it cannot be. Raises SettingsError where none can be asked."""
    endpoints, unavailable = (_sandbox_endpoints if settings.sandbox else _live_endpoints)(settings, rules)
    for name in rules.providers.keys() - CLIENTS.keys():
        endpoints.pop(name, None)
        unavailable[name] = str(NoClient(name))
    return endpoints, unavailable


def why_not_asked(settings: Settings, rules: Rules) -> dict[str, str]:
    """Live: provider -> what is missing to ask it, of those that cannot be."""
    unset = {
        name: f"set {' and '.join(missing)} in .env" for name in rules.providers if (missing := settings.missing(name))
    }
    return unset | {name: str(NoClient(name)) for name in rules.providers.keys() - CLIENTS.keys()}


def _live_endpoints(settings: Settings, rules: Rules) -> tuple[dict[str, ProviderEndpoint], dict[str, str]]:
    endpoints, unavailable = {}, why_not_asked(settings, rules)
    for name, provider in rules.providers.items():
        if name in unavailable:
            continue
        secrets = {
            variable.removeprefix(f"{name.upper()}_").lower(): secret.get_secret_value()
            for variable, secret in settings.credentials(name).items()
        }
        endpoints[name] = ProviderEndpoint(_base_url(name, settings.base_url(name) or provider.base_url), secrets)
    if not endpoints:
        raise SettingsError(
            "No vendor credentials are set: put yours into .env (see .env.example), "
            "or add --sandbox to try everything on localhost."
        )
    return endpoints, unavailable


def _base_url(provider: str, url: str) -> str:
    try:
        return checked_base_url(provider, url)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def policies_folder(settings: Settings) -> Path:
    """The folder of compiled policies."""
    return settings.home / "policies"


def sandbox_file(settings: Settings) -> Path:
    """The file in which a running sandbox writes its address."""
    return settings.home / "address.json"


def sandbox_url(settings: Settings) -> str:
    """The address of the running sandbox. Raises SettingsError."""
    return _running_sandbox(settings)[0]


def _running_sandbox(settings: Settings) -> tuple[str, float]:
    """Its address, and how much faster than real its clocks run. Raises SettingsError."""
    advice = "Start it with `enrich sandbox` in another terminal, then ask again."
    try:
        url: str = json.loads(sandbox_file(settings).read_text(encoding="utf-8"))["url"]
        about = httpx.get(f"{url}/_sandbox", timeout=5, trust_env=False, verify=_NO_CERTIFICATES).json()
    except (OSError, ValueError, KeyError, TypeError):
        raise SettingsError(f"The sandbox is not running. {advice}") from None
    except httpx.HTTPError:
        raise SettingsError(f"The sandbox at {url} does not answer. {advice}") from None
    if about.get("world") != "sandbox":
        raise SettingsError(f"Something else than the sandbox answers at {url}. {advice}")
    return url, float(about["time_scale"])


def _sandbox_endpoints(settings: Settings, rules: Rules) -> tuple[dict[str, ProviderEndpoint], dict[str, str]]:
    url, scale = _running_sandbox(settings)
    key = f"{_SANDBOX_KEY}-{os.environ.get('USER', 'user')}"
    endpoints = {
        name: ProviderEndpoint(
            url + _SANDBOX_PATHS.get(name, f"/{name}"), dict.fromkeys(credential_names(name), key), scale
        )
        for name in rules.providers
    }
    if settings.enrich_sandbox_model == "own":
        models = (name for name, provider in rules.providers.items() if provider.models)
        endpoints |= {name: _own_model(name, settings, key) for name in models}
    return endpoints, {}


def _own_model(name: str, settings: Settings, key: str) -> ProviderEndpoint:
    """The user's endpoint of a language model, for requests in the sandbox. No real key is sent to it either."""
    url = settings.base_url(name)
    if url is None:
        raise SettingsError(
            f"ENRICH_SANDBOX_MODEL is own, but {name.upper()}_BASE_URL is not set: set it to your endpoint, "
            "such as http://localhost:8080/v1, or unset ENRICH_SANDBOX_MODEL."
        )
    return ProviderEndpoint(_base_url(name, url), dict.fromkeys(credential_names(name), key))


def _limiter(name: str, rules: Rules, endpoint: ProviderEndpoint, store: "SqlStore | None") -> Limiter:
    if store is None:
        return Unlimited()
    return SharedLimiter(store.rate_limit_log, name, rules.providers[name].rate_limits, time_scale=endpoint.time_scale)


class _LiveOnly:
    """A sender that refuses a sandbox's invented answers, for the live store."""

    def __init__(self, provider: str, rules: Rules, proxies: Proxies) -> None:
        connections = 4 * rules.providers[provider].concurrency
        self._sender = AiohttpSender(connections=connections, proxies=proxies)
        self._provider = provider

    async def send(self, request: HttpRequest, *, connect_seconds: float, read_seconds: float) -> IncomingResponse:
        response = await self._sender.send(request, connect_seconds=connect_seconds, read_seconds=read_seconds)
        if response.headers.get("x-sandbox"):
            await response.close()
            raise WorldMismatch(
                f"{self._provider} is answered by a sandbox, but this is the live store: "
                f"unset {self._provider.upper()}_BASE_URL, or ask with --sandbox."
            )
        return response

    async def aclose(self) -> None:
        await self._sender.aclose()

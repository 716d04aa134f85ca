"""Make what a request runs in: its store, the clients of the vendors, the clock.

    Settings + Rules -> open_context() -> RunContext(store, providers, model, now, unavailable, policies)

live: the vendors' own addresses and the user's keys. sandbox: one local server for all, and no real key; where
ENRICH_SANDBOX_MODEL asks for it, another endpoint for the language model.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from enrichment.context.run_context import RunContext
from enrichment.rules import Rules
from resources import clock
from resources.garbage_collection import collect_garbage_seldom
from resources.policy_store import policies_in
from resources.providers import CLIENTS, PROVIDERS, NoClient, client_of, credential_names
from resources.providers.base_urls import checked_base_url
from resources.providers.late_clients import LateModel, LateProvider
from resources.providers.rate_limit_slots import SharedLimiter
from resources.providers.rate_limiter import Limiter, Unlimited
from resources.settings import Settings, SettingsError
from resources.store_threads import StoreThreads

if TYPE_CHECKING:
    from resources.providers.vendor_client import VendorClient
    from resources.store import SqlStore

_STORE_THREADS = 16
"""More threads than asyncio's six: works that wait together are committed together, in half as many commits."""
_SANDBOX_KEY = "sandbox"
_SANDBOX_PATHS = {"openai": "/openai/v1"}


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
    collect_garbage_seldom()
    endpoints, unavailable = endpoints_of(settings, rules)
    asyncio.get_running_loop().set_default_executor(StoreThreads(_STORE_THREADS))
    _check_proxies(settings)
    async with AsyncExitStack() as stack:
        if store is None:
            store = open_store_of(settings)
            stack.callback(store.close)
        limiters = {name: _limiter(name, rules, endpoint, store) for name, endpoint in endpoints.items()}

        def opened(name: str) -> "VendorClient":
            made = _client(name, rules, endpoints[name], settings, limiters[name])
            stack.push_async_callback(made.aclose)
            return made

        providers = {name: LateProvider(name, opened) for name in endpoints if name in PROVIDERS}
        model = next((LateModel(name, opened) for name in endpoints if name not in PROVIDERS), None)

        async def wait_for(provider: str, calls: int) -> float:
            return await limiters[provider].wait_for(calls) if provider in limiters else 0.0

        policies = policies_in(policies_folder(settings))
        context = RunContext(store, providers, model, now, unavailable, policies=policies, wait_for=wait_for)
        alive = asyncio.create_task(context.keep_alive())
        try:
            yield context
        finally:
            alive.cancel()
            with suppress(asyncio.CancelledError):
                await alive


def client(name: str, rules: Rules, endpoint: ProviderEndpoint, settings: Settings) -> "VendorClient":
    """The client of one provider, for the check of an account: without rate limits.

    Raises SettingsError for a provider without a client and for an unusable address.
    """
    return _client(name, rules, endpoint, settings, Unlimited())


def _client(
    name: str, rules: Rules, endpoint: ProviderEndpoint, settings: Settings, limiter: Limiter
) -> "VendorClient":
    try:
        kind = client_of(name)
        from resources.providers.live_transport import LiveOnly  # noqa: PLC0415  HTTP takes 0.1 s to import

        connections = 4 * rules.providers[name].concurrency
        live = None if settings.sandbox else LiveOnly(name, connections=connections, proxies=settings.proxies())
        return kind(
            rules.providers[name],
            endpoint.credentials,
            base_url=endpoint.base_url,
            time_scale=endpoint.time_scale,
            sender=live,
            limiter=limiter,
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


def _check_proxies(settings: Settings) -> None:
    """Raises SettingsError, also for a request that will call no vendor."""
    try:
        settings.proxies()
    except ValueError as error:
        raise SettingsError(str(error)) from None


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
    """The sandbox's address, and how much faster than real its clocks run. Raises SettingsError."""
    advice = "Start it with `enrich sandbox` in another terminal, then ask again."
    try:
        url: str = json.loads(sandbox_file(settings).read_text(encoding="utf-8"))["url"]
        host = urlsplit(url).netloc
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise SettingsError(f"The sandbox is not running. {advice}") from None
    try:
        about = _about(host)
    except (OSError, HTTPException):
        raise SettingsError(f"The sandbox at {url} does not answer. {advice}") from None
    except ValueError:
        raise SettingsError(f"The sandbox is not running. {advice}") from None
    if about.get("world") != "sandbox":
        raise SettingsError(f"Something else than the sandbox answers at {url}. {advice}")
    return url, float(about["time_scale"])


def _about(host: str) -> Mapping[str, Any]:
    """What the sandbox at this address reports about itself. Raises OSError, HTTPException, ValueError."""
    connection = HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", "/_sandbox")
        about = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return about if isinstance(about, dict) else {}


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


def _limiter(name: str, rules: Rules, endpoint: ProviderEndpoint, store: "SqlStore") -> Limiter:
    return SharedLimiter(store.rate_limit_log, name, rules.providers[name].rate_limits, time_scale=endpoint.time_scale)

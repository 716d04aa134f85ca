"""A batch under the vendors' own limits and latencies: how much of the tightest vendor's allowed rate it uses.

Time is virtual: it passes only where everything waits, so hours take as long as their CPU. Limits, concurrency and
timeouts are the shipped ones; a call takes a second, a filter job a minute.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from bench.batch.batch_run import CONSUMERS
from bench.money.sandbox_setup import SHIPPED, copied_rules
from enrichment.batches.worker import CompanyEnd, WorkerOptions, work
from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.ports import LanguageModel, Provider
from enrichment.rules import Rules, load_rules
from resources.providers import CLIENTS, client_of, credential_names
from resources.providers.http_transport import HttpRequest, IncomingResponse
from resources.providers.openai import OpenAIModel
from resources.providers.rate_limit_slots import SharedLimiter
from resources.providers.vendor_client import ProviderClient, VendorClient
from resources.store import SqlStore, open_store
from sandbox.app import create_app
from sandbox.companies.catalogue import Catalogue
from tests.support import virtual_time
from tests.support.app_sender import AppSender

HOURS = 2
_MEMORY = Path("/dev/shm")  # noqa: S108  a folder in memory: no virtual hour has to wait for the disk
_ADDRESS = "http://sandbox"


def under_limits(folder: Path, *, companies: int | None, seed: int) -> None:
    """companies: enough for the hours."""
    here = _MEMORY / folder.name if _MEMORY.is_dir() else folder
    here.mkdir(exist_ok=True)
    try:
        virtual_time.run(_measured(here, companies or 800, seed))
    finally:
        shutil.rmtree(here, ignore_errors=True)


class _CountingSender(AppSender):
    """calls: provider -> how many were sent, until this time of the loop."""

    def __init__(self, app: Starlette, provider: str, calls: Counter[str], until: float) -> None:
        super().__init__(app)
        self._provider, self._calls, self._until = provider, calls, until

    async def send(self, request: HttpRequest, *, connect_seconds: float, read_seconds: float) -> IncomingResponse:
        self._calls[self._provider] += asyncio.get_running_loop().time() < self._until
        return await super().send(request, connect_seconds=connect_seconds, read_seconds=read_seconds)


async def _measured(folder: Path, companies: int, seed: int) -> None:
    read, began = virtual_time.read_time(), asyncio.get_running_loop().time()
    app = create_app(folder / "books", seed=seed, latency_ms=1_000, companies=companies, read_time=read)
    slow = b'{"vendor": "brightdata", "fault": "slow_job", "path_contains": "filter", "times": null}'
    fault = HttpRequest("POST", f"{_ADDRESS}/_sandbox/faults", {"content-type": "application/json"}, slow)
    await AppSender(app).send(fault, connect_seconds=0, read_seconds=0)
    rules = load_rules(copied_rules(folder / "config", {"caps": {"all": str(100 * companies)}}, of=SHIPPED))
    store, calls, ends = open_store(f"sqlite:///{folder}/store.sqlite", world="sandbox"), Counter[str](), Counter[str]()
    until = began + 3600 * HOURS
    context = _context(store, rules, app, calls, read, until)
    context = replace(context, stopping=lambda: asyncio.get_running_loop().time() >= until)
    batch = _batch(store, [one.domain for one in Catalogue(companies).companies[:companies]], context.now())

    def ended(end: CompanyEnd) -> None:
        ends[end.end.state] += 1

    await work(batch, rules=rules, context=context, options=WorkerOptions(ended=ended))
    seconds = asyncio.get_running_loop().time() - began
    store.close()
    print(f"limits, {'+'.join(CONSUMERS)}, {seconds / 3600:.2f} hours, {dict(ends)}", flush=True)
    for provider, made in sorted(calls.items()):
        allowed = _allowed(rules, provider)
        print(f"  {provider:12} {made:5} calls of {allowed} allowed: {made / allowed:.3f}", flush=True)


def _allowed(rules: Rules, provider: str) -> int:
    """How many calls the limits allow in all hours together."""
    limits = rules.providers[provider].rate_limits
    return HOURS * min(most for most in (limits.per_hour, 60 * (limits.per_minute or 10**6)) if most)


def _context(
    store: SqlStore, rules: Rules, app: Starlette, calls: Counter[str], read: Callable[[], float], until: float
) -> RunContext:
    def now() -> datetime:
        return datetime.fromtimestamp(read(), UTC)

    clients: dict[str, VendorClient] = {}
    for name in rules.providers.keys() & CLIENTS.keys():
        kind: Any = client_of(name)
        clients[name] = kind(
            rules.providers[name],
            dict.fromkeys(credential_names(name), "sandbox-key"),
            base_url=f"{_ADDRESS}/{'openai/v1' if name == 'openai' else name}",
            sender=_CountingSender(app, name, calls, until),
            limiter=SharedLimiter(store.rate_limit_log, name, rules.providers[name].rate_limits, read_time=read),
            now=now,
        )
    providers: dict[str, Provider] = {n: c for n, c in clients.items() if isinstance(c, ProviderClient)}
    model: LanguageModel | None = next((c for c in clients.values() if isinstance(c, OpenAIModel)), None)

    async def wait_for(provider: str, number: int) -> float:
        return await clients[provider].wait_for(number)

    return RunContext(store, providers, model, now, wait_for=wait_for)


def _batch(store: SqlStore, domains: list[str], now: datetime) -> Batch:
    added = store.companies.add([Company(new_id("com"), domain, None, domain, now) for domain in domains])
    batch = Batch(new_id("bat"), now, CONSUMERS, "bench")
    return store.batches.create(batch, [company.company_id for company in added])

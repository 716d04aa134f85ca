"""What one request runs in: the store, the providers, the language model, the clock.

RunContext.trace(request id) -> Trace;  ConcurrencyLimits.of(provider, width) -> a semaphore of this process
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from enrichment.context.trace import Trace
from enrichment.domain.requests import Event
from enrichment.parsing.readers import READERS
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.ports import REQUEST_LEASE, LanguageModel, Provider, Store, StoreError

if TYPE_CHECKING:
    from enrichment.parsing import ReaderEntry

_RENEW_SECONDS = 5.0


class ConcurrencyLimits:
    """One semaphore per provider, for all requests of this process; of one event loop."""

    def __init__(self) -> None:
        self._slots: dict[str, asyncio.Semaphore] = {}

    def of(self, provider: str, width: int) -> asyncio.Semaphore:
        """width: how many calls may be under way; it counts when the provider is asked for the first time."""
        return self._slots.setdefault(provider, asyncio.Semaphore(width))


async def _no_limits(_provider: str, _calls: int) -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class RunContext:
    """The store, the providers that can be asked, the language model if there is one, and the clock (UTC).

    unavailable: provider -> why it cannot be asked at all (no credentials). readers: source -> what reads its replies.
    policies: the compiled ones. concurrency: where calls of this process wait for a free slot of a provider.
    wait_for: provider, calls -> seconds until so many further calls could be sent by its rate limits.
    stopping: whether nothing more is to be begun; calls under way are carried out. alive: requests under way here.
    """

    store: Store
    providers: Mapping[str, Provider]
    model: LanguageModel | None
    now: Callable[[], datetime]
    unavailable: Mapping[str, str] = field(default_factory=dict)
    readers: "Mapping[str, ReaderEntry]" = field(default_factory=lambda: READERS)
    policies: PolicyCache = IN_MEMORY
    concurrency: ConcurrencyLimits = field(default_factory=ConcurrencyLimits)
    wait_for: Callable[[str, int], Awaitable[float]] = _no_limits
    stopping: Callable[[], bool] = lambda: False
    alive: set[str] = field(default_factory=set)

    def trace(self, request_id: str, watch: Callable[[Event], None] | None = None) -> Trace:
        """What happens in this request, written to the store. watch: as of Trace."""
        return Trace(request_id, self.store.requests, self.now, watch, self.alive)

    async def keep_alive(self, every: float = _RENEW_SECONDS) -> None:
        """Renews the leases of this process's requests until cancelled, and ends requests of dead processes."""
        requests = self.store.requests
        while True:
            await asyncio.sleep(every)
            with suppress(StoreError):  # there are more tries before the lease ends
                if self.alive:
                    until = self.now() + REQUEST_LEASE
                    await asyncio.to_thread(requests.renew, list(self.alive), lease_until=until)
                await asyncio.to_thread(requests.end_silent, self.now())

"""What one request runs in: the store, the providers, the model, the clock; and how many calls wait in this process.

RunContext + Request -> the stages;  ConcurrencyLimits.of(provider, width) -> a semaphore of this process
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from enrichment.parsing import READERS, ReaderEntry
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.ports import LanguageModel, Provider, Store


class ConcurrencyLimits:
    """One semaphore per provider; of one process and event loop."""

    def __init__(self) -> None:
        self._gates: dict[str, asyncio.Semaphore] = {}

    def of(self, provider: str, width: int) -> asyncio.Semaphore:
        """width: how many may be inside, as it was when the gate was first used."""
        return self._gates.setdefault(provider, asyncio.Semaphore(width))


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a request runs in: the store, who can be asked, the model, and the clock (UTC).

    out_of_order: provider -> why it cannot be asked at all (no credentials). readers: who reads replies.
    policies: the compiled ones. gates: where those of this process wait for a provider.
    """

    store: Store
    providers: Mapping[str, Provider]
    model: LanguageModel | None
    now: Callable[[], datetime]
    unavailable: Mapping[str, str] = field(default_factory=dict)
    readers: Mapping[str, ReaderEntry] = field(default_factory=lambda: READERS)
    policies: PolicyCache = IN_MEMORY
    concurrency: ConcurrencyLimits = field(default_factory=ConcurrencyLimits)

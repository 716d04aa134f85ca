"""How many companies of a batch are under way: as many as keep the vendors busy, and no more than can be answered.

calls of companies that ended -> calls a company makes of each provider -> may the next one begin?

A company that begins while a vendor's window is used up would wait longer than a request waits, and end incomplete.
"""

import asyncio
import math
from collections.abc import Iterable

from enrichment.context import RunContext
from enrichment.domain.records import Purchase
from enrichment.requirements.requirements import Requirements
from enrichment.rules import Rules

_NEWEST = 0.1
"""Weight of the newest company in the mean."""
_SHARE_OF_PATIENCE = 0.5
"""Of a provider's timeout: what a company's calls may have to wait for slots when it begins."""
_LEAST_AT_ONCE, _MOST_AT_ONCE = 4, 128


class Pacing:
    """For one worker. at_once: companies under way, so that each provider's concurrency can be used at one time."""

    def __init__(self, rules: Rules, requirements: Requirements, context: RunContext) -> None:
        wanted = {rules.sources[s].provider for d in requirements.collected for s in rules.datasets[d].sources}
        wanted |= {rules.provider_of_model(rules.analyses[name].model) for name in requirements.analyses}
        self._rules, self._context = rules, context
        self._calls = dict.fromkeys(sorted(wanted), 1.0)
        slots = sum(rules.providers[provider].concurrency for provider in wanted)
        self.at_once = min(_MOST_AT_ONCE, max(_LEAST_AT_ONCE, slots))

    def note(self, purchases: Iterable[Purchase]) -> None:
        """What a company that has ended asked for."""
        made = dict.fromkeys(self._calls, 0)
        for purchase in purchases:
            made[purchase.provider] = made.get(purchase.provider, 0) + max(1, purchase.calls)
        for provider, calls in made.items():
            self._calls[provider] = (1 - _NEWEST) * self._calls.get(provider, 1.0) + _NEWEST * calls

    async def may_begin(self, under_way: int) -> bool:
        """Whether every provider could answer the next company too, with as many under way."""
        if not self._calls:
            return True
        waits = await asyncio.gather(
            *(self._context.wait_for(name, math.ceil(calls * (under_way + 1))) for name, calls in self._calls.items())
        )
        return all(
            wait <= _SHARE_OF_PATIENCE * self._rules.providers[name].timeout_seconds
            for name, wait in zip(self._calls, waits, strict=True)
        )

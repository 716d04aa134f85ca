"""How many companies of a batch are under way: as many as keep the vendors busy, and no more than can be answered.

calls of companies that ended -> calls a company makes of each provider, less those it has made -> may the next begin?

A company that begins while a vendor's window is used up would wait longer than a request waits, and end incomplete;
one that begins late leaves slots of the window unused.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Iterable

from enrichment.context.run_context import RunContext
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import Event
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

_NEWEST = 0.1
"""Weight of the newest company in the mean."""
_SHARE_OF_PATIENCE = 0.5
"""Of a provider's timeout: what a company's calls may have to wait for slots when it begins."""
_LEAST_AT_ONCE, _MOST_AT_ONCE = 4, 128
_ENDED = ("bought", "failed")


class Pacing:
    """How many companies one worker begins.

    at_once: companies under way, so that each provider's concurrency can be used at one time.
    """

    def __init__(self, rules: Rules, requirements: Requirements, context: RunContext) -> None:
        wanted = {rules.sources[s].provider for d in requirements.collected for s in rules.datasets[d].sources}
        wanted |= {rules.provider_of_model(rules.analyses[name].model) for name in requirements.analyses}
        self._rules, self._context = rules, context
        self._calls = dict.fromkeys(sorted(wanted), 1.0)  # of one company
        self._calls_each = dict.fromkeys(self._calls, 1.0)  # of one purchase
        self._ended: dict[str, Counter[str]] = {}  # company under way -> provider -> purchases
        slots = sum(rules.providers[provider].concurrency for provider in wanted)
        self.at_once = min(_MOST_AT_ONCE, max(_LEAST_AT_ONCE, slots))

    def begin(self, company_id: str) -> Callable[[Event], None]:
        """What is to be called with each event of its request."""
        ended = self._ended[company_id] = Counter[str]()

        def watch(event: Event) -> None:
            if event.what in _ENDED and "provider" in event.data:
                ended[event.data["provider"]] += 1

        return watch

    def end(self, company_id: str) -> None:
        """The company asks for nothing more."""
        self._ended.pop(company_id, None)

    def note(self, purchases: Iterable[Purchase]) -> None:
        """What a company that has ended asked for."""
        calls, made = Counter[str](), Counter[str]()
        for purchase in purchases:
            calls[purchase.provider] += max(1, purchase.calls)
            made[purchase.provider] += 1
        for provider in self._calls.keys() | calls.keys():
            self._calls[provider] = _mean(self._calls.get(provider, 1.0), calls[provider])
            if made[provider]:
                each = calls[provider] / made[provider]
                self._calls_each[provider] = _mean(self._calls_each.get(provider, 1.0), each)

    async def may_begin(self) -> bool:
        """Whether every provider could answer the next company too, besides those under way."""
        if not self._calls:
            return True
        waits = await asyncio.gather(
            *(self._context.wait_for(name, math.ceil(self._to_come(name) + its)) for name, its in self._calls.items())
        )
        return all(
            wait <= _SHARE_OF_PATIENCE * self._rules.providers[name].timeout_seconds
            for name, wait in zip(self._calls, waits, strict=True)
        )

    def _to_come(self, provider: str) -> float:
        """Calls that the companies under way are expected to make yet."""
        expected, each = self._calls[provider], self._calls_each[provider]
        return sum(max(0.0, expected - each * ended[provider]) for ended in self._ended.values())


def _mean(before: float, newest: float) -> float:
    return (1 - _NEWEST) * before + _NEWEST * newest

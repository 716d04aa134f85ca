"""Vendors that are away: which of them a batch cannot do without, and what a worker does until they answer again.

    outages in the store + what is required  ->  may a company begin? was this one in vain, so that it waits?

While such a vendor is away nothing is begun, but for one company at a time that finds out, once its probe is due.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import prod

from enrichment.batches.progress import waits_for
from enrichment.context.run_context import RunContext
from enrichment.domain.purchases import Outage
from enrichment.pipeline.stages import Enriched
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

PATIENCE = 900.0
"""Seconds without a company under way after which a worker leaves the rest to another one."""
_LOOK_AGAIN_SECONDS = 0.5
_TRIES = 3
"""Of a company that a vendor failed though it has no outage; some failures make one."""
_LATELY_SECONDS = 120.0
_LESS = 0.5
"""Share of the chance of a required dataset from which on a vendor can be done without."""
_PASSING = frozenset(
    {"ProviderUnavailable", "QuotaExhausted", "Unavailable", "AskedInVain", "provider down", "plan used up"}
)
"""Kinds of failure, and what plans say of a source, that another day may not be so."""
_ANY_TIME = datetime.min.replace(tzinfo=UTC)


class Outages:
    """The outages of the vendors that companies of one batch need."""

    def __init__(self, rules: Rules, requirements: Requirements, context: RunContext) -> None:
        self._health, self._now = context.store.provider_health, context.now
        self.needed = needed_providers(rules, requirements)
        self._rules = rules
        self._away: dict[str, Outage] = {}
        self._last_away: dict[str, float] = {}
        self._looked_at, self._since = -PATIENCE, time.monotonic()

    async def may_begin(self, under_way: int) -> bool:
        """Whether all vendors answer, as far as is known; or a probe is due and nothing else is under way."""
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_AGAIN_SECONDS:
            self._away, self._looked_at = await self._outages(), now
        if not self._away or under_way:
            self._since = now
        if not self._away:
            return True
        return not under_way and all(outage.until <= self._now() for outage in self._away.values())

    @property
    def is_out_of_patience(self) -> bool:
        """Whether nothing could be begun for so long that another worker may go on, later."""
        return bool(self._away) and time.monotonic() - self._since >= PATIENCE

    async def in_vain(self, enriched: Enriched, attempt: int) -> str | None:
        """Why an incomplete company is tried once more; None: it missed no vendor that it needs, or often enough."""
        missed = self.needed & missed_vendors(enriched, self._rules)
        if not missed:
            return None
        away = missed.intersection(await self._lately_away())
        self._looked_at = -PATIENCE
        return waits_for(missed) if away or attempt < _TRIES else None

    async def _lately_away(self) -> set[str]:
        """A vendor may be back by the time a company ends that missed it."""
        await self._outages()
        since = time.monotonic() - _LATELY_SECONDS
        return {name for name, at in self._last_away.items() if at >= since}

    async def _outages(self) -> dict[str, Outage]:
        """Outages by provider, those due for a probe too."""
        outages, _ = await asyncio.to_thread(self._health.unavailable, _ANY_TIME)
        needed = {name: outage for name, outage in outages.items() if name in self.needed}
        self._last_away |= dict.fromkeys(needed, time.monotonic())
        return needed


def needed_providers(rules: Rules, requirements: Requirements) -> frozenset[str]:
    """Providers without which something required is had half as often at most; and those of its language models."""
    models = frozenset(rules.provider_of_model(rules.analyses[name].model) for name in requirements.analyses)
    return models.union(*(_needed_for(name, rules, requirements) for name in requirements.collected_required))


def missed_vendors(enriched: Enriched, rules: Rules) -> frozenset[str]:
    """Vendors that were down, or could not be asked for another reason that may pass."""
    return frozenset(_not_asked(enriched, rules))


def _not_asked(enriched: Enriched, rules: Rules) -> Iterator[str]:
    yield from (failure.provider for failure in enriched.failures if failure.kind in _PASSING)
    for source in () if enriched.plan is None else enriched.plan.sources:
        if source.verdict in _PASSING:
            yield rules.sources[source.source].provider


def _needed_for(dataset: str, rules: Rules, requirements: Requirements) -> Iterator[str]:
    least = requirements.threshold(rules, dataset)
    chances = [
        (rules.sources[name].provider, rules.sources[name].match_rate * promise.fill_rate)
        for name in rules.datasets[dataset].sources
        if (promise := rules.sources[name].datasets[dataset]).reliability >= least
    ]
    whole = _any(chance for _, chance in chances)
    for provider in {provider for provider, _ in chances}:
        if _any(chance for its, chance in chances if its != provider) <= _LESS * whole:
            yield provider


def _any(chances: Iterable[float]) -> float:
    return 1 - prod(1 - chance for chance in chances)

"""What stages hand one another: plain frozen data that can be pickled from step to step.

Ask -> Identified -> Planned -> Gathered -> Analysed -> Enriched
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enrichment.analyse import AnalysisResults
from enrichment.collect import Failure
from enrichment.plan import Plan
from enrichment.records import CacheRead, Company, Event, Known, Profile, Purchase, Request
from enrichment.rules import Rules
from enrichment.wants import Wants, custom, wants_of

Watch = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants to know. company: a name, domain or address. max_cost in micro-USD, max_age in seconds.

    datasets (and sources) make it a custom request; consumers is then not looked at.
    """

    company: str
    consumers: tuple[str, ...] = ("profile",)
    audience: str | None = None
    strategy: str | None = None
    strategy_override: str | None = None
    max_cost: int | None = None
    max_age: int | None = None
    datasets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    asked_by: str = "cli"
    accept_stale: bool = False
    memory: bool = True

    def wants(self, rules: Rules) -> Wants:
        """Raises UnknownName."""
        named = custom(rules, self.datasets, self.sources) if self.datasets else wants_of(rules, self.consumers)
        return named.within(max_cost=self.max_cost, oldest=self.max_age)


@dataclass(frozen=True, slots=True)
class Identified:
    """Stage 1: who is asked about, under which request; its key is fixed from here on."""

    ask: Ask
    company: Company
    request: Request
    wants: Wants
    purchases: tuple[Purchase, ...] = ()
    reads: tuple[CacheRead, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    identified: Identified
    plan: Plan
    known: Known


@dataclass(frozen=True, slots=True)
class Gathered:
    """Stage 4: what was bought and read for this request, stage 1 included."""

    planned: Planned
    known: Known
    purchases: tuple[Purchase, ...]
    reads: tuple[CacheRead, ...]
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Analysed:
    gathered: Gathered
    results: AnalysisResults


@dataclass(frozen=True, slots=True)
class Enriched:
    """The end of a request. served_from: 'layer_1', 'memory' (nothing was bought) or 'vendors'."""

    request: Request
    company: Company
    profiles: tuple[Profile, ...]
    plan: Plan | None
    purchases: tuple[Purchase, ...] = ()
    reads: tuple[CacheRead, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def profile(self) -> Profile:
        return self.profiles[0]


def finished(
    identified: Identified,
    now: datetime,
    *,
    reads: Sequence[CacheRead],
    purchases: Sequence[Purchase],
    served_from: str | None,
) -> Request:
    return replace(
        identified.request,
        finished_at=now,
        cost_micro_usd=sum(p.cost_micro_usd for p in purchases),
        saved_micro_usd=sum(r.saved_micro_usd for r in reads),
        served_from=served_from,
    )


def once(reads: Sequence[CacheRead]) -> tuple[CacheRead, ...]:
    return tuple({read.purchase_id: read for read in reads}.values())

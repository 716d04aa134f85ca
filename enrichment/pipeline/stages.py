"""What stages hand one another: plain frozen data that can be pickled from step to step.

Ask -> Identified -> Planned -> Gathered -> Analysed -> Enriched
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from enrichment.analysis.runner import AnalysisResults
from enrichment.collection.collector import Failure
from enrichment.domain.records import CacheRead, Company, Event, Json, Known, Profile, Purchase, Request
from enrichment.planning.plan import Plan
from enrichment.requirements.requirements import Requirements, custom, requirements_of
from enrichment.rules import Rules

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

    def requirements(self, rules: Rules) -> Requirements:
        """Raises UnknownName."""
        named = custom(rules, self.datasets, self.sources) if self.datasets else requirements_of(rules, self.consumers)
        return named.within(max_cost=self.max_cost, oldest=self.max_age)


@dataclass(frozen=True, slots=True)
class Identified:
    """Stage 1: who is asked about, under which request; its key is fixed from here on."""

    ask: Ask
    company: Company
    request: Request
    requirements: Requirements
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


def asked_note(ask: Ask, company: Company) -> dict[str, Json]:
    """What a request came with, to be kept with it: so it can be asked once more, as it was."""
    return {
        "max_cost": ask.max_cost,
        "max_age": ask.max_age,
        "datasets": list(ask.datasets),
        "sources": list(ask.sources),
        "strategy": ask.strategy,
        "memory": ask.memory,
        "domain_known": company.domain is not None,
    }


def asked_before(request: Request, company: Company) -> Ask:
    """What a kept request asked, of the company as it is now. Where no note was kept, options are those of an Ask."""
    note = _note(request)
    return Ask(
        company=company.key,
        consumers=tuple(request.consumer.split("+")),
        audience=request.audience,
        strategy=note.get("strategy"),
        max_cost=note.get("max_cost"),
        max_age=note.get("max_age"),
        datasets=tuple(note.get("datasets", ())),
        sources=tuple(note.get("sources", ())),
        asked_by=request.asked_by,
        memory=note.get("memory", True),
    )


def domain_was_known(request: Request) -> bool:
    """Whether the company's domain was known when this was asked; where no note was kept, it is taken for known."""
    known: bool = _note(request).get("domain_known", True)
    return known


def _note(request: Request) -> dict[str, Json]:
    note: dict[str, Json] = (request.plan or {}).get("asked", {})
    return note


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

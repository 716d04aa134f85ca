"""What stages hand one another: flat and frozen.

    Ask -> Identified -> Planned -> Collected -> Analysed -> Enriched

Each has what the next stage needs as fields of its own; what all of them have is a RequestUnderWay.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

from enrichment.domain.companies import Company
from enrichment.domain.json_values import Json
from enrichment.domain.knowledge import Analysis, Fact, Known
from enrichment.domain.profiles import Profile
from enrichment.domain.purchases import Cap, DailyCap, Purchase
from enrichment.domain.requests import CacheRead, Event, Request, SourceFailure
from enrichment.rules import Rules
from enrichment.rules.experiment_arm import arm_of
from enrichment.rules.requirements import BY_COMMAND_LINE, Requirements, custom, requirements_of, topic_of
from enrichment.rules.strategy import choose_strategy

if TYPE_CHECKING:
    from enrichment.planning.plan import Plan

Watch = Callable[[Event], None]


class LeftOpen(Exception):
    """The request is left as it is, for another process to go on with."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What a caller wants to know. company: a name, domain or address. max_cost in micro-USD, max_age in seconds.

    datasets (and sources) make it a custom request; consumers is then not looked at. budget: a cap shared with other
    requests, such as a batch's; daily: of its payer. ids: vendors' ids of the company, as vendor_ids gives them;
    country: as countries. new: another company than those registered under this name.
    analyses: to be made beside those of the consumers. topic: what in particular is asked, of sources that take one.
    raise_cap: how max_cost is raised where this was asked, for reasons that mention it. waited_for: by a person, so
    that the value of time of its consumers counts; a batch is not.
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
    budget: Cap | None = None
    daily: DailyCap | None = None
    ids: tuple[str, ...] = ()
    country: str | None = None
    new: bool = False
    analyses: tuple[str, ...] = ()
    topic: str = ""
    raise_cap: str = BY_COMMAND_LINE
    waited_for: bool = True

    def requirements(self, rules: Rules) -> Requirements:
        """Raises UnknownName."""
        return self.requirements_of_profile(rules).also_analysing(self.analyses, rules)

    def requirements_of_profile(self, rules: Rules) -> Requirements:
        """The requirements without analyses asked for beside the profile: later requests compare theirs with these.

        Raises UnknownName.
        """
        named = custom(rules, self.datasets, self.sources) if self.datasets else requirements_of(rules, self.consumers)
        topic = topic_of(self.topic)
        return named.within(
            max_cost=self.max_cost,
            oldest=self.max_age,
            budget=self.budget,
            daily=self.daily,
            topic=topic,
            raise_cap=self.raise_cap,
            waited_for=self.waited_for,
        )


@dataclass(frozen=True, slots=True)
class RequestUnderWay:
    """What every stage knows: the company, fixed since stage 1, the request, and what came of it so far.

    purchases: of vendors. reads: what other requests had paid for. failures: sources that could not answer.
    seconds_used: by the stages so far, of the max_seconds that the request may take in all.
    """

    ask: Ask
    company: Company
    request: Request
    requirements: Requirements
    purchases: tuple[Purchase, ...] = ()
    reads: tuple[CacheRead, ...] = ()
    failures: tuple[SourceFailure, ...] = ()
    seconds_used: float = 0.0


@dataclass(frozen=True, slots=True)
class Identified(RequestUnderWay):
    """After stage 1: which company is asked about."""


@dataclass(frozen=True, slots=True)
class Planned(RequestUnderWay):
    """After stage 3: what to buy, and what is known before it."""

    plan: "Plan" = field(kw_only=True)
    known: Known = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Collected(RequestUnderWay):
    """After stage 4: what is known now that the plan was carried out.

    given_up: required datasets that cannot be had, so that nothing more was bought; only within a batch's budget.
    """

    plan: "Plan" = field(kw_only=True)
    known: Known = field(kw_only=True)
    given_up: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class Analysed(RequestUnderWay):
    """After stage 5. analysis_purchases: of the language model. gaps: analysis -> why there is none.

    analyses_paid: purchase of an analysis, remembered ones included -> what it cost (micro-USD).
    """

    plan: "Plan" = field(kw_only=True)
    known: Known = field(kw_only=True)
    analyses: tuple[Analysis, ...] = field(kw_only=True)
    analysis_facts: tuple[Fact, ...] = field(kw_only=True)
    analysis_purchases: tuple[Purchase, ...] = field(kw_only=True)
    gaps: Mapping[str, str] = field(kw_only=True)
    given_up: tuple[str, ...] = field(default=(), kw_only=True)
    analyses_paid: Mapping[str, int] = field(kw_only=True, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enriched:
    """The end of a request. served_from: 'layer_1', 'memory' (nothing was bought) or 'vendors'."""

    request: Request
    company: Company
    profiles: tuple[Profile, ...]
    plan: "Plan | None"
    purchases: tuple[Purchase, ...] = ()
    reads: tuple[CacheRead, ...] = ()
    failures: tuple[SourceFailure, ...] = ()
    given_up: tuple[str, ...] = ()

    @property
    def profile(self) -> Profile:
        return self.profiles[0]


_NOT_KEPT = frozenset({"budget", "daily", "strategy_override"})
"""What is of the moment in which an Ask is carried out, so it is not kept with it."""


def ask_as_json(ask: Ask) -> dict[str, Json]:
    """An Ask as JSON for a store; budget, daily and strategy_override are not in it."""
    kept = {field_.name: getattr(ask, field_.name) for field_ in fields(ask) if field_.name not in _NOT_KEPT}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}


def ask_of_json(kept: Mapping[str, Json]) -> Ask:
    fields_: dict[str, Json] = {n: tuple(value) if isinstance(value, list) else value for n, value in kept.items()}
    return Ask(**fields_)


def request_for(
    ask: Ask, requirements: Requirements, company: Company, rules: Rules, now: datetime, *, request_id: str
) -> Request:
    """The request that this ask opens. Raises UnknownStrategy."""
    return Request(
        request_id=request_id,
        company_id=company.company_id,
        consumer=requirements.consumer,
        audience=ask.audience,
        strategy=choose_strategy(
            rules, consumer=requirements.consumer, company=company, asked=ask.strategy, override=ask.strategy_override
        ),
        rules_hash=rules.hash,
        asked_at=now,
        asked_by=ask.asked_by,
        plan={"asked": asked_note(ask, company), **_arm_note(ask, requirements, company, rules)},
    )


def _arm_note(ask: Ask, requirements: Requirements, company: Company, rules: Rules) -> dict[str, Json]:
    """The arm that decides how this is served, and the chance with which; nothing where a strategy was asked for."""
    arm = arm_of(rules, consumer=requirements.consumer, company_id=company.company_id)
    if arm is None or ask.strategy or ask.strategy_override:
        return {}
    return {"arm": {"experiment": arm.experiment, "name": arm.name, "chance": arm.chance}}


def asked_note(ask: Ask, company: Company) -> dict[str, Json]:
    """What a request came with, kept with it so that it can be asked once more, as it was."""
    return {
        "max_cost": ask.max_cost,
        "max_age": ask.max_age,
        "datasets": list(ask.datasets),
        "sources": list(ask.sources),
        "topic": ask.topic,
        "strategy": ask.strategy,
        "memory": ask.memory,
        "waited_for": ask.waited_for,
        "domain_known": company.domain is not None,
        "complete_or_nothing": ask.budget is not None and ask.budget.most_micro_usd is not None,
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
        topic=note.get("topic", ""),
        asked_by=request.asked_by,
        memory=note.get("memory", True),
        waited_for=note.get("waited_for", True),
    )


def domain_was_known(request: Request) -> bool:
    """Whether the company's domain was known when this was asked; where no note was kept, it is taken for known."""
    known: bool = _note(request).get("domain_known", True)
    return known


def was_complete_or_nothing(request: Request) -> bool:
    """Whether a budget paid for it, so that it bought nothing more once it could not be complete."""
    paid: bool = _note(request).get("complete_or_nothing", False)
    return paid


def _note(request: Request) -> dict[str, Json]:
    note: dict[str, Json] = (request.plan or {}).get("asked", {})
    return note


def finished(
    request: Request,
    now: datetime,
    *,
    reads: Sequence[CacheRead],
    purchases: Sequence[Purchase],
    served_from: str | None,
) -> Request:
    """The request with its costs and savings (micro-USD)."""
    return replace(
        request,
        finished_at=now,
        cost_micro_usd=sum(p.cost_micro_usd for p in purchases),
        saved_micro_usd=sum(r.saved_micro_usd for r in reads),
        served_from=served_from,
    )


def once(reads: Sequence[CacheRead]) -> tuple[CacheRead, ...]:
    """The reads, with each purchase once."""
    return tuple({read.purchase_id: read for read in reads}.values())

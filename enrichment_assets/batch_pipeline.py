"""Take the companies of one run through the stages of enrichment, side by side; an error costs its company alone.

BatchOrder -> BatchProgress -> advance(stage) -> BatchProgress -> ...
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

from enrichment.context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.money import in_usd
from enrichment.domain.records import Company
from enrichment.identity.domains import AmbiguousCompany, NotACompany
from enrichment.pipeline.cached_profile import from_layer_1
from enrichment.pipeline.identify import identify
from enrichment.pipeline.new_profile import analyse_request, collect_request, keep, plan_request
from enrichment.pipeline.row_companies import company_of_row
from enrichment.pipeline.stages import Analysed, Ask, Collected, Enriched, Identified, Planned
from enrichment.ports import StoreError
from enrichment.requirements.requirements import Requirements, UnknownName
from enrichment.requirements.strategy import UnknownStrategy
from enrichment.rules import Rules
from resources.dagster_resources import EnrichmentResource
from resources.settings import SettingsError

COMPANIES_AT_ONCE = 16
_PROGRESS_LINES = 20


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """What a run is for. companies: keys, names or domains. max_cost in micro-USD per company, max_age in seconds.

    budget: of all companies together, in micro-USD; None: there is one company.
    consumers or analyses: one plan for what they need together. sources alone: buy exactly these again.
    """

    companies: tuple[str, ...]
    consumers: tuple[str, ...] = ()
    analyses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    even_if_fresh: bool = False
    audience: str | None = None
    strategy: str | None = None
    strategy_override: str | None = None
    max_cost: int | None = None
    budget: int | None = None
    max_age: int | None = None
    asked_by: str = "dagster"

    @property
    def share(self) -> int | None:
        """A company's part of the budget, in micro-USD; it lowers caps and raises none."""
        return None if self.budget is None else self.budget // len(self.companies)

    @property
    def only_sources(self) -> bool:
        return not self.consumers and not self.analyses


@dataclass(frozen=True, slots=True)
class CompanyFailed:
    """A company that ended with an error. reason: one sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far each company of an order is, under the name it was ordered by.

    run_id: the run that planned it. going: company -> what its last stage returned.
    finished: written to the store, or served from layer 1. fresh: all that was selected is still valid.
    failed: company -> why, one sentence.
    """

    run_id: str
    order: BatchOrder
    rules: Rules
    going: Mapping[str, Any] = field(default_factory=dict)
    finished: Mapping[str, Enriched] = field(default_factory=dict)
    fresh: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)


Outcome = Identified | Planned | Collected | Analysed | Enriched | CompanyFailed | None
StageFunction = Callable[[Any, BatchProgress, RunContext], Awaitable[Outcome]]
Log = Callable[[str], None]
_OF_ONE_COMPANY = (NotACompany, AmbiguousCompany, StoreError)  # their message is a sentence for the user
_OF_THE_ORDER = (SettingsError, UnknownName, UnknownStrategy)


def start(order: BatchOrder, rules: Rules, *, run_id: str) -> BatchProgress:
    return BatchProgress(run_id, order, rules, going={company: company for company in order.companies})


def advance(batch: BatchProgress, stage: StageFunction, enrichment: EnrichmentResource, log: Log) -> BatchProgress:
    """Every company that is under way through one more stage.

    Raises SettingsError, UnknownName, UnknownStrategy: they concern the whole order. StoreError: no company starts.
    """
    if not batch.going:
        return batch
    outcomes = enrichment.run_in_context(lambda run_context: _outcomes(batch, stage, run_context, log), batch.rules)
    going = {c: o for c, o in outcomes.items() if not isinstance(o, Enriched | CompanyFailed | None)}
    return replace(
        batch,
        going=going,
        finished={**batch.finished, **{c: o for c, o in outcomes.items() if isinstance(o, Enriched)}},
        fresh=(*batch.fresh, *(c for c, o in outcomes.items() if o is None)),
        failed={**batch.failed, **{c: o.reason for c, o in outcomes.items() if isinstance(o, CompanyFailed)}},
    )


async def _outcomes(
    batch: BatchProgress, stage: StageFunction, run_context: RunContext, log: Log
) -> dict[str, Outcome]:
    at_once = asyncio.Semaphore(COMPANIES_AT_ONCE)
    every, numbers = max(1, len(batch.going) // _PROGRESS_LINES), count(1)

    async def advance_one(value: Any) -> Outcome:
        async with at_once:
            return await stage(value, batch, run_context)

    def ended(company: str, task: "asyncio.Task[Outcome]") -> None:
        number = next(numbers)
        if number % every == 0 or number == len(batch.going):
            log(f"{number} of {len(batch.going)} companies: {company} {_in_words(_outcome_of(task))}")

    tasks = {company: asyncio.create_task(advance_one(value)) for company, value in batch.going.items()}
    for company, task in tasks.items():
        task.add_done_callback(partial(ended, company))
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    for company, task in tasks.items():
        _check(company, task.exception(), log)
    return {company: _outcome_of(task) for company, task in tasks.items()}


def _outcome_of(task: "asyncio.Task[Outcome]") -> Outcome:
    if task.cancelled():
        return CompanyFailed("the run was ended")
    error = task.exception()
    if error is None:
        return task.result()
    return CompanyFailed(str(error) if isinstance(error, _OF_ONE_COMPANY) else _unexpected(error))


def _unexpected(error: BaseException) -> str:
    return f"an error of this program ({error or 'without a message'}); the log of the run shows where it comes from"


def _check(company: str, error: BaseException | None, log: Log) -> None:
    """Raises what concerns all companies, and logs where an unexpected error comes from."""
    if error is None or isinstance(error, _OF_ONE_COMPANY):
        return
    if isinstance(error, _OF_THE_ORDER) or not isinstance(error, Exception):
        raise error
    log(f"{company}: an unexpected error\n{''.join(traceback.format_exception(error))}")


def _in_words(outcome: Outcome) -> str:
    match outcome:
        case Planned(plan=plan):
            return f"planned: {in_usd(plan.quote.expected)} USD expected"
        case Collected(purchases=purchases):
            return f"collected: {len(purchases)} calls, {in_usd(sum(p.cost_micro_usd for p in purchases))} USD"
        case Analysed(analyses=analyses, analysis_purchases=purchases):
            return f"analysed: {len(analyses)} analyses, {len(purchases)} of them bought"
        case Enriched(request=request):
            return f"{request.state}: {in_usd(request.cost_micro_usd)} USD, saved {in_usd(request.saved_micro_usd)}"
        case CompanyFailed(reason=reason):
            return f"failed: {reason}"
        case _:
            return "is fresh: nothing to buy"


async def plan_stage(company: str, batch: BatchProgress, run_context: RunContext) -> Planned | Enriched | None:
    """Identify, look into layer 1, plan. None: all that was selected is still fresh."""
    by_key = await asyncio.to_thread(run_context.store.companies.by_key, company)
    known = by_key or await company_of_row(company, run_context, origin=f"run {batch.run_id}")
    ask = await _ask(company, known, batch, run_context)
    if ask is None:
        return None
    if batch.order.share is not None:
        ask = replace(ask, max_cost=min(ask.requirements(batch.rules).max_cost, batch.order.share))
    async with run_context.trace(new_id("req")) as trace:
        identified = await identify(ask, rules=batch.rules, context=run_context, trace=trace, company=known)
        more = _analyses_beyond(identified.requirements, batch.order)
        if more:
            identified = replace(identified, requirements=_also_analysing(identified.requirements, more, batch.rules))
        elif not batch.order.only_sources:
            served = await from_layer_1(identified, rules=batch.rules, context=run_context, trace=trace)
            if served is not None:
                return served
        return await plan_request(identified, rules=batch.rules, context=run_context, trace=trace)


async def collect_stage(planned: Planned, batch: BatchProgress, run_context: RunContext) -> Collected:
    async with run_context.trace(planned.request.request_id) as trace:
        return await collect_request(planned, rules=batch.rules, context=run_context, trace=trace)


async def analyse_stage(collected: Collected, batch: BatchProgress, run_context: RunContext) -> Analysed:
    async with run_context.trace(collected.request.request_id) as trace:
        return await analyse_request(collected, rules=batch.rules, context=run_context, trace=trace)


async def assemble_stage(analysed: Analysed, batch: BatchProgress, run_context: RunContext) -> Enriched:
    async with run_context.trace(analysed.request.request_id) as trace:
        return await keep(_as_asked(analysed, batch.rules), rules=batch.rules, context=run_context, trace=trace)


async def close_stage(collected: Collected, batch: BatchProgress, run_context: RunContext) -> Enriched:
    """The end of a request for sources alone."""
    return await assemble_stage(await analyse_stage(collected, batch, run_context), batch, run_context)


async def _ask(company: str, known: Company, batch: BatchProgress, run_context: RunContext) -> Ask | None:
    order, rules = batch.order, batch.rules
    ask = Ask(
        company=known.domain or known.name or company,
        consumers=order.consumers,
        audience=order.audience,
        strategy=order.strategy,
        strategy_override=order.strategy_override,
        max_cost=order.max_cost,
        max_age=order.max_age,
        asked_by=order.asked_by,
    )
    if order.consumers:
        return ask
    if order.analyses:
        return replace(ask, datasets=_read_by(order.analyses, rules))
    fresh = frozenset[str]() if order.even_if_fresh else await _fresh(known, rules, run_context)
    due = tuple(source for source in order.sources if source not in fresh)
    datasets = tuple(d for d, entry in rules.datasets.items() if set(entry.sources) & set(due))
    again = replace(ask, datasets=datasets, sources=due, strategy="legacy", strategy_override=None, memory=False)
    return again if due else None


async def _fresh(company: Company, rules: Rules, run_context: RunContext) -> frozenset[str]:
    """Sources that have a fresh reply about this company."""
    known = await asyncio.to_thread(run_context.store.knowledge.known, company.company_id)
    return frozenset(
        reply.source
        for reply in known.replies
        if reply.source in rules.sources
        and run_context.now() < reply.collected_at + timedelta(seconds=rules.sources[reply.source].ttl)
    )


def _read_by(analyses: tuple[str, ...], rules: Rules) -> tuple[str, ...]:
    return tuple(dict.fromkeys(d for a in analyses for d in (*rules.analyses[a].needs, *rules.analyses[a].reads)))


def _analyses_beyond(requirements: Requirements, order: BatchOrder) -> tuple[str, ...]:
    return tuple(name for name in order.analyses if name not in requirements.analyses)


def _also_analysing(requirements: Requirements, analyses: tuple[str, ...], rules: Rules) -> Requirements:
    """The same requirements, with analyses that no consumer of this order asks for, and what these read."""
    read = [d for d in _read_by(analyses, rules) if rules.datasets[d].analysis is None]
    return replace(
        requirements,
        collected_required=tuple(dict.fromkeys((*requirements.collected_required, *read))),
        collected_optional={d: worth for d, worth in requirements.collected_optional.items() if d not in read},
        analyses=(*requirements.analyses, *analyses),
    )


def _as_asked(analysed: Analysed, rules: Rules) -> Analysed:
    """With the consumers' own requirements again: they decide which later requests the profile may serve."""
    return replace(analysed, requirements=analysed.ask.requirements(rules))

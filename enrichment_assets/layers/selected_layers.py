"""A run over sources or analyses alone: a request for each of its companies, side by side.

sources: exactly these are bought again, unless they are fresh      analyses: what they read, then the analyses
A company that fails costs no other one; the run then fails at its end, and names it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta

import dagster as dg

from enrichment.batches.worker import CompanyEnd, end_of
from enrichment.context.run_context import RunContext
from enrichment.domain.batches import Batch, BatchCompany, BatchEnd
from enrichment.domain.companies import Company
from enrichment.pipeline.enrich import Ask, Enriched, enrich
from enrichment.ports import StoreError
from enrichment.rules import Rules
from enrichment.rules.requirements import BY_CALL, UnknownName, read_by
from enrichment.rules.strategy import UnknownStrategy
from enrichment_assets.batches.company_events import BatchEvents
from enrichment_assets.batches.job import named_companies
from enrichment_assets.events.metadata import companies_markdown
from enrichment_assets.run_config import ASKED_BY, RunOrder
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.settings import SettingsError

_AT_ONCE = 16
_OF_THE_ORDER = (SettingsError, UnknownName, UnknownStrategy)
_LOT = 64
_FEW = 10  # companies named in a message


def run_selected(context: dg.OpExecutionContext, enrichment: EnrichmentResource, order: RunOrder, rules: Rules) -> None:
    """Raises dg.Failure if a company failed, after all others are shown; UnknownStrategy, SettingsError, StoreError."""
    no_batch = Batch("", utc_now(), (), f"{ASKED_BY}{context.run_id}")
    events = BatchEvents(context, enrichment, no_batch, rules, total=len(order.companies), sources=order.sources)
    override = enrichment.settings().enrich_strategy

    async def enriched(run_context: RunContext) -> dict[str, str]:
        companies, failed = await named_companies(order.companies, no_batch.requested_by, run_context)
        for first in range(0, len(companies), _LOT):
            lot = await _side_by_side(
                companies[first : first + _LOT],
                lambda company: _enriched(company, order, override, no_batch.requested_by, rules, run_context),
            )
            await asyncio.to_thread(events.show, lot)
            failed |= {end.company.key: end.end.reason or "" for end in lot if end.end.state == "failed"}
        return failed

    failed = enrichment.run_in_context(enriched, rules)
    if failed:
        named = "; ".join(f"{company}: {reason}" for company, reason in list(failed.items())[:_FEW])
        metadata = {"failed": dg.MetadataValue.md(companies_markdown(failed))}
        message = f"{len(failed)} of {len(order.companies)} companies failed: {named}"
        raise dg.Failure(message, metadata=metadata, allow_retries=False)


async def _side_by_side(
    companies: Sequence[Company], enriched: Callable[[Company], Awaitable[Enriched | None]]
) -> list[CompanyEnd]:
    """Enriches the companies side by side. Raises only errors that concern all of them."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def one(company: Company) -> Enriched | None:
        async with at_once:
            return await enriched(company)

    results = await asyncio.gather(*(one(company) for company in companies), return_exceptions=True)
    return [_end_of(company, result) for company, result in zip(companies, results, strict=True)]


def _end_of(company: Company, result: Enriched | BaseException | None) -> CompanyEnd:
    of_batch = BatchCompany("", company.company_id, company.key)
    if isinstance(result, _OF_THE_ORDER) or (isinstance(result, BaseException) and not isinstance(result, Exception)):
        raise result
    if isinstance(result, StoreError):
        return CompanyEnd(of_batch, BatchEnd("failed", reason=str(result)))
    if isinstance(result, Exception):
        reason = f"an unexpected error, {type(result).__name__}: {result}"
        return CompanyEnd(of_batch, BatchEnd("failed", reason=reason))
    if result is None:
        return CompanyEnd(
            of_batch, BatchEnd("complete", reason="all that was selected is still fresh, or waits for a topic")
        )
    return CompanyEnd(of_batch, end_of(result), result)


async def _enriched(
    company: Company, order: RunOrder, override: str | None, asked_by: str, rules: Rules, context: RunContext
) -> Enriched | None:
    """None: all that was selected is still fresh, or waits for a topic."""
    ask = await _ask(company, order, override, asked_by, rules, context)
    return None if ask is None else await enrich(ask, rules=rules, context=context, company=company)


async def _ask(
    company: Company, order: RunOrder, override: str | None, asked_by: str, rules: Rules, context: RunContext
) -> Ask | None:
    """None: all that was selected is still fresh, or waits for a topic."""
    ask = Ask(company.key, max_cost=_most(order), max_age=order.max_age, asked_by=asked_by, raise_cap=BY_CALL)
    if order.analyses:
        return replace(
            ask,
            audience=order.audience,
            strategy=order.strategy,
            strategy_override=override,
            datasets=read_by(order.analyses, rules),
            analyses=order.analyses,
        )
    fresh = frozenset[str]() if order.even_if_fresh else await _fresh(company, rules, context)
    due = sources_due(order.sources, fresh, rules)
    datasets = tuple(name for name, entry in rules.datasets.items() if set(entry.sources) & set(due))
    return replace(ask, strategy="legacy", datasets=datasets, sources=due, memory=False) if due else None


def sources_due(selected: Sequence[str], fresh: Collection[str], rules: Rules) -> tuple[str, ...]:
    """The selected sources to ask: those without a fresh reply and without a topic; a selection has none."""
    by_topic = {name for name in selected if name in rules.sources and rules.sources[name].by_topic}
    return tuple(source for source in selected if source not in fresh and source not in by_topic)


def _most(order: RunOrder) -> int | None:
    """The most one company may cost (micro-USD): its limit and its part of the budget, which raises no cap."""
    share = None if order.budget is None else order.budget // len(order.companies)
    most = [limit for limit in (order.max_cost, share) if limit is not None]
    return min(most, default=None)


async def _fresh(company: Company, rules: Rules, context: RunContext) -> frozenset[str]:
    """Sources that have a fresh reply about this company."""
    known = await asyncio.to_thread(context.store.knowledge.known, company.company_id)
    return frozenset(
        reply.source
        for reply in known.replies
        if reply.source in rules.sources
        and context.now() < reply.collected_at + timedelta(seconds=rules.sources[reply.source].ttl)
    )

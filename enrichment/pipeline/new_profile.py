"""What follows where no finished profile is valid: plan, buy, analyse, assemble, keep.

Identified -> plan_request -> Planned -> collect_request -> Collected -> analyse_request -> Analysed -> keep -> Enriched
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from enrichment.analysis.runner import analyse
from enrichment.collection.collector import collect
from enrichment.context.run_context import RunContext
from enrichment.context.trace import Trace
from enrichment.domain.knowledge import Known
from enrichment.domain.profiles import Change, Profile
from enrichment.domain.purchases import Purchase
from enrichment.pipeline.audience import audience_text
from enrichment.pipeline.end_state import end_state
from enrichment.pipeline.learned_identity import learn_identity, stated_in
from enrichment.pipeline.plan import plan_note, plan_reads, plan_request
from enrichment.pipeline.stages import Analysed, Collected, Enriched, Identified, LeftOpen, Planned, finished, once
from enrichment.profiles.assembly import assemble
from enrichment.profiles.changes import changes_between
from enrichment.profiles.document import missing
from enrichment.profiles.ingredients import Ingredients
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

__all__ = [
    "analyse_request",
    "because_given_up",
    "collect_request",
    "is_unknown",
    "keep",
    "new_profile",
    "plan_request",
]


async def new_profile(
    identified: Identified, *, rules: Rules, context: RunContext, trace: Trace, leave_open: Callable[[], bool]
) -> Enriched:
    """Runs these stages, one after another.

    Raises LeftOpen where `leave_open` says so after the calls under way.
    """
    planned = await plan_request(identified, rules=rules, context=context, trace=trace)
    collected = await collect_request(planned, rules=rules, context=context, trace=trace)
    analysed = await analyse_request(collected, rules=rules, context=context, trace=trace)
    if leave_open():
        raise LeftOpen(analysed.request.request_id)
    return await keep(analysed, rules=rules, context=context, trace=trace)


async def collect_request(planned: Planned, *, rules: Rules, context: RunContext, trace: Trace) -> Collected:
    """Carry the plan out, and book what memory served."""
    began, request = time.monotonic(), planned.request
    result = await collect(
        planned.plan,
        known=planned.known,
        company=planned.company,
        request=request,
        rules=rules,
        context=context,
        trace=trace,
        failed=planned.failures,
        seconds_used=planned.seconds_used,
    )
    company = result.company
    if company != planned.company:
        await asyncio.to_thread(
            context.store.companies.rekey, company.company_id, key=company.key, name=company.name, domain=company.domain
        )
    company = await learn_identity(company, stated_in(company, result.named), context, trace)
    return Collected(
        ask=planned.ask,
        company=company,
        request=request,
        requirements=planned.requirements,
        purchases=(*planned.purchases, *result.purchases),
        reads=once((*planned.reads, *plan_reads(planned.plan, request, context.now()), *result.reads)),
        failures=(*planned.failures, *result.failures),
        seconds_used=planned.seconds_used + time.monotonic() - began,
        plan=planned.plan,
        known=result.known,
        given_up=result.given_up,
    )


async def analyse_request(collected: Collected, *, rules: Rules, context: RunContext, trace: Trace) -> Analysed:
    """Ask the language model, only where the evidence changed; not at all of a company that was given up."""
    given_up = collected.given_up
    results = await analyse(
        () if given_up else collected.requirements.analyses,
        known=collected.known,
        requirements=collected.requirements,
        company=collected.company,
        audience_text=await audience_text(collected.ask.audience, rules, context),
        request=collected.request,
        rules=rules,
        context=context,
        trace=trace,
        seconds_used=collected.seconds_used,
    )
    return Analysed(
        ask=collected.ask,
        company=collected.company,
        request=collected.request,
        requirements=collected.requirements,
        purchases=collected.purchases,
        reads=(*collected.reads, *results.reads),
        failures=(*collected.failures, *results.failures),
        plan=collected.plan,
        known=collected.known,
        analyses=results.analyses,
        analysis_facts=results.facts,
        analysis_purchases=results.purchases,
        gaps=dict.fromkeys(collected.requirements.analyses, because_given_up(given_up)) if given_up else results.gaps,
        analyses_paid=results.paid,
        given_up=given_up,
    )


async def keep(analysed: Analysed, *, rules: Rules, context: RunContext, trace: Trace) -> Enriched:
    """Assemble a profile for each consumer asked for, and write it with the request, its costs and savings."""
    now, purchases = context.now(), await _all_purchases(analysed, context)
    made_of = _ingredients(analysed, purchases)
    profiles = tuple(assemble(rules, requirements, made_of, now) for requirements in _each(analysed, rules))
    lacking = sorted({name for p in profiles for name in missing(p.document)})
    request = replace(
        finished(analysed.request, now, reads=analysed.reads, purchases=purchases, served_from=_served_from(analysed)),
        state="stopped" if lacking and context.stopping() else end_state(analysed, lacking, rules),
        profile_id=profiles[0].profile_id,
        plan={**(analysed.request.plan or {}), **plan_note(analysed.plan)},
        error=f"missing: {', '.join(lacking)}" if lacking else None,
    )
    for profile in profiles:
        trace.note(
            "assemble",
            "assembled",
            consumer=profile.consumer,
            quality=round(profile.quality, 3),
            confidence=profile.confidence,
            missing=lacking,
        )
    trace.note("keep", "kept", cost_micro_usd=request.cost_micro_usd, saved_micro_usd=request.saved_micro_usd)
    await trace.written()
    changes = await asyncio.to_thread(_changes, profiles, rules, context)
    await asyncio.to_thread(
        context.store.requests.close, request, profiles=profiles, reads=analysed.reads, changes=changes
    )
    return Enriched(
        request,
        analysed.company,
        profiles,
        analysed.plan,
        purchases,
        analysed.reads,
        analysed.failures,
        analysed.given_up,
    )


def _ingredients(analysed: Analysed, purchases: Sequence[Purchase]) -> Ingredients:
    return Ingredients(
        company=analysed.company,
        request=analysed.request,
        plan=analysed.plan,
        known=analysed.known,
        analyses=analysed.analyses,
        analysis_facts=analysed.analysis_facts,
        failures=analysed.failures,
        gaps=analysed.gaps,
        paid={**analysed.analyses_paid, **_paid(analysed.known, purchases)},
        paid_by={r.purchase_id: r.request_id for r in analysed.known.replies}
        | {a.purchase_id: a.request_id for a in analysed.analyses},
        accept_stale=analysed.ask.accept_stale,
    )


async def _all_purchases(analysed: Analysed, context: RunContext) -> tuple[Purchase, ...]:
    """All purchases of this request.

    One that was uncertain may have been settled since then, by another process that resumed it.
    """
    known = (*analysed.purchases, *analysed.analysis_purchases)
    if all(purchase.state != "uncertain" for purchase in known):
        return known
    stored = await asyncio.to_thread(context.store.ledger.purchases, analysed.request.request_id)
    now = {purchase.purchase_id: purchase for purchase in stored}
    return tuple(now.get(purchase.purchase_id, purchase) for purchase in known)


def _changes(profiles: Sequence[Profile], rules: Rules, context: RunContext) -> tuple[Change, ...]:
    """What is different in them than in those before. Blocks."""
    kept = context.store.profiles
    return tuple(
        change
        for profile in profiles
        for change in changes_between(
            kept.latest(profile.company_id, profile.consumer, profile.audience), profile, rules
        )
    )


def because_given_up(datasets: Sequence[str]) -> str:
    return f"no {', '.join(datasets)}, so nothing more was bought"


def is_unknown(enriched: Enriched) -> bool:
    """Whether no source knows a company of this name, and its website, by which more could be asked, is missing."""
    unnamed = all("company_name" in missing(profile.document) for profile in enriched.profiles)
    is_incomplete = enriched.request.state == "incomplete"
    return enriched.company.domain is None and is_incomplete and unnamed and not enriched.failures


def _each(analysed: Analysed, rules: Rules) -> Sequence[Requirements]:
    """One profile for each consumer, though they were collected for together."""
    ask = analysed.ask
    if "+" not in analysed.requirements.consumer:
        return (ask.requirements_of_profile(rules) if ask.analyses else analysed.requirements,)
    return tuple(replace(ask, consumers=(name,)).requirements_of_profile(rules) for name in ask.consumers)


def _paid(known: Known, purchases: Sequence[Purchase]) -> Mapping[str, int]:
    """Purchase id -> what it cost (micro-USD)."""
    return {r.purchase_id: r.cost_micro_usd for r in known.replies} | {
        p.purchase_id: p.cost_micro_usd for p in purchases
    }


def _served_from(analysed: Analysed) -> str | None:
    if any(purchase.state == "settled" for purchase in analysed.purchases):
        return "vendors"
    return "memory" if analysed.reads else None

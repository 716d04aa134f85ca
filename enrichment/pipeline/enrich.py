"""One request through all stages: what Dagster, the command line and a service all call.

Ask -> identify -> (layer 1) -> plan_request -> collect_request -> analyse_request -> keep -> Enriched
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from enrichment.analysis.runner import analyse
from enrichment.collection.collector import Collected, collect
from enrichment.context import RunContext
from enrichment.domain.records import Known, Purchase, RequestState
from enrichment.identity.domains import company_key, parse_company
from enrichment.pipeline.cached_profile import from_layer_1
from enrichment.pipeline.identify import identify
from enrichment.pipeline.plan import plan_note, plan_reads, plan_request, quote
from enrichment.pipeline.stages import Analysed, Ask, Enriched, Gathered, Identified, Planned, Watch, finished, once
from enrichment.profiles.assembly import Ingredients, assemble, missing_required
from enrichment.requirements.requirements import Requirements, requirements_of
from enrichment.rules import Rules
from enrichment.trace import Trace

__all__ = [
    "Analysed",
    "Ask",
    "Enriched",
    "Gathered",
    "Identified",
    "Planned",
    "Watch",
    "analyse_request",
    "collect_request",
    "enrich",
    "from_layer_1",
    "identify",
    "keep",
    "plan_request",
    "quote",
]


async def enrich(ask: Ask, *, rules: Rules, context: RunContext, watch: Watch | None = None) -> Enriched:
    """One request, whole. Raises NotACompany, UnknownName, UnknownStrategy, StoreError; never for a vendor."""
    identified = await identify(ask, rules=rules, context=context, watch=watch)
    served = await from_layer_1(identified, rules=rules, context=context, watch=watch)
    if served is not None:
        return served
    planned = await plan_request(identified, rules=rules, context=context, watch=watch)
    gathered = await collect_request(planned, rules=rules, context=context, watch=watch)
    analysed = await analyse_request(gathered, rules=rules, context=context, watch=watch)
    return await keep(analysed, rules=rules, context=context, watch=watch)


async def collect_request(
    planned: Planned, *, rules: Rules, context: RunContext, watch: Watch | None = None
) -> Gathered:
    """Carry the plan out, and book what memory served."""
    identified = planned.identified
    trace = Trace(identified.request.request_id, context.store.requests, context.now, watch)
    collected: Collected = await collect(
        planned.plan,
        known=planned.known,
        company=identified.company,
        request=identified.request,
        rules=rules,
        context=context,
        trace=trace,
        failed=identified.failures,
    )
    await trace.flush()
    if collected.company != identified.company:
        company = collected.company
        await asyncio.to_thread(
            context.store.companies.rekey, company.company_id, key=company.key, name=company.name, domain=company.domain
        )
        planned = replace(planned, identified=replace(identified, company=company))
    return Gathered(
        planned=planned,
        known=collected.known,
        purchases=(*identified.purchases, *collected.purchases),
        reads=once((*identified.reads, *plan_reads(planned.plan, identified.request, context.now()), *collected.reads)),
        failures=(*identified.failures, *collected.failures),
    )


async def analyse_request(
    gathered: Gathered, *, rules: Rules, context: RunContext, watch: Watch | None = None
) -> Analysed:
    """Ask the language model, only where the evidence changed."""
    identified = gathered.planned.identified
    trace = Trace(identified.request.request_id, context.store.requests, context.now, watch)
    results = await analyse(
        identified.requirements.analyses,
        known=gathered.known,
        requirements=identified.requirements,
        company=identified.company,
        audience_text=await _audience_text(identified.ask.audience, context),
        request=identified.request,
        rules=rules,
        context=context,
        trace=trace,
    )
    await trace.flush()
    return Analysed(gathered, results)


async def keep(analysed: Analysed, *, rules: Rules, context: RunContext, watch: Watch | None = None) -> Enriched:
    """Assemble a profile for each consumer asked for, and write it with the request, its costs and savings."""
    gathered, results = analysed.gathered, analysed.results
    identified, now = gathered.planned.identified, context.now()
    purchases = (*gathered.purchases, *results.purchases)
    reads = (*gathered.reads, *results.reads)
    made_of = Ingredients(
        company=identified.company,
        request=identified.request,
        plan=gathered.planned.plan,
        known=gathered.known,
        analyses=results.analyses,
        analysis_facts=results.facts,
        failures=gathered.failures,
        gaps=results.gaps,
        paid=_paid(gathered.known, purchases),
        paid_by={r.purchase_id: r.request_id for r in gathered.known.replies},
        accept_stale=identified.ask.accept_stale,
    )
    profiles = tuple(assemble(rules, requirements, made_of, now) for requirements in _each(identified, rules))
    missing = sorted({name for p in profiles for name in missing_required(p.document)})
    state: RequestState = "complete"
    if missing:
        state = "refused" if any(f.kind == "OverCap" for f in gathered.failures) or _capped(gathered) else "incomplete"
    bought = any(p.state == "settled" for p in gathered.purchases)
    served_from = "vendors" if bought else "memory" if reads else None
    request = finished(identified, now, reads=reads, purchases=purchases, served_from=served_from)
    request = replace(
        request,
        state=state,
        profile_id=profiles[0].profile_id,
        plan={**(request.plan or {}), **plan_note(gathered.planned.plan)},
        error=f"missing: {', '.join(missing)}" if missing else None,
    )
    trace = Trace(request.request_id, context.store.requests, context.now, watch)
    for profile in profiles:
        trace.note(
            "assemble",
            "assembled",
            consumer=profile.consumer,
            quality=round(profile.quality, 3),
            confidence=profile.confidence,
            missing=missing,
        )
    trace.note("keep", "kept", cost_micro_usd=request.cost_micro_usd, saved_micro_usd=request.saved_micro_usd)
    await trace.flush()
    await asyncio.to_thread(context.store.requests.close, request, profiles=profiles, reads=reads)
    return Enriched(request, identified.company, profiles, gathered.planned.plan, purchases, reads, gathered.failures)


def _each(identified: Identified, rules: Rules) -> Sequence[Requirements]:
    """One profile for each consumer, though they were collected for together."""
    if "+" not in identified.requirements.consumer:
        return (identified.requirements,)
    ask = identified.ask
    return tuple(
        requirements_of(rules, (name,)).within(max_cost=ask.max_cost, oldest=ask.max_age) for name in ask.consumers
    )


def _paid(known: Known, purchases: Sequence[Purchase]) -> Mapping[str, int]:
    return {r.purchase_id: r.cost_micro_usd for r in known.replies} | {
        p.purchase_id: p.cost_micro_usd for p in purchases
    }


def _capped(gathered: Gathered) -> bool:
    return any(source.verdict == "over a cap" for source in gathered.planned.plan.sources)


async def _audience_text(audience: str | None, context: RunContext) -> str | None:
    """What we know of the vendor for whom a profile is written: their own vendor_context, else their name."""
    if audience is None:
        return None
    named = parse_company(audience)
    company = await asyncio.to_thread(context.store.companies.by_key, company_key(named.name, named.domain))
    if company is None:
        return named.name or named.domain
    profile = await asyncio.to_thread(context.store.profiles.latest, company.company_id, "vendor_context", None)
    lines = [company.name or company.key]
    if profile is not None:
        for name, field_ in profile.document["datasets"].items():
            lines += [f"{name}: {v['value'].get('text') or v['value'].get('statement')}" for v in field_["values"][:3]]
    return "\n".join(line for line in lines if not line.endswith(": None"))

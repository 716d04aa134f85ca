"""One request through all stages: what Dagster, the command line and a service all call.

Ask -> identify -> (layer 1) -> plan_request -> collect_request -> analyse_request -> keep -> Enriched
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from enrichment.analysis.runner import analyse
from enrichment.collection.collector import Collected, collect
from enrichment.context import World
from enrichment.domain.records import Known, Purchase, RequestState
from enrichment.identity.domains import company_key, parse_company
from enrichment.pipeline.cached_profile import from_layer_1
from enrichment.pipeline.identify import identify
from enrichment.pipeline.plan import plan_note, plan_reads, plan_request, quote
from enrichment.pipeline.stages import Analysed, Ask, Enriched, Gathered, Identified, Planned, Watch, finished, once
from enrichment.profiles.assembly import Ingredients, assemble, missing_required
from enrichment.requirements.requirements import Wants, wants_of
from enrichment.rules import Rules
from enrichment.trace import Journal

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


async def enrich(ask: Ask, *, rules: Rules, world: World, watch: Watch | None = None) -> Enriched:
    """One request, whole. Raises NotACompany, UnknownName, UnknownStrategy, StoreError; never for a vendor."""
    identified = await identify(ask, rules=rules, world=world, watch=watch)
    served = await from_layer_1(identified, rules=rules, world=world, watch=watch)
    if served is not None:
        return served
    planned = await plan_request(identified, rules=rules, world=world, watch=watch)
    gathered = await collect_request(planned, rules=rules, world=world, watch=watch)
    analysed = await analyse_request(gathered, rules=rules, world=world, watch=watch)
    return await keep(analysed, rules=rules, world=world, watch=watch)


async def collect_request(planned: Planned, *, rules: Rules, world: World, watch: Watch | None = None) -> Gathered:
    """Carry the plan out, and book what memory served."""
    identified = planned.identified
    journal = Journal(identified.request.request_id, world.store, world.now, watch)
    collected: Collected = await collect(
        planned.plan,
        known=planned.known,
        company=identified.company,
        request=identified.request,
        rules=rules,
        world=world,
        journal=journal,
        failed=identified.failures,
    )
    await journal.flush()
    if collected.company != identified.company:
        company = collected.company
        await asyncio.to_thread(
            world.store.rekey, company.company_id, key=company.key, name=company.name, domain=company.domain
        )
        planned = replace(planned, identified=replace(identified, company=company))
    return Gathered(
        planned=planned,
        known=collected.known,
        purchases=(*identified.purchases, *collected.purchases),
        reads=once((*identified.reads, *plan_reads(planned.plan, identified.request, world.now()), *collected.reads)),
        failures=(*identified.failures, *collected.failures),
    )


async def analyse_request(gathered: Gathered, *, rules: Rules, world: World, watch: Watch | None = None) -> Analysed:
    """Ask the language model, only where the evidence changed."""
    identified = gathered.planned.identified
    journal = Journal(identified.request.request_id, world.store, world.now, watch)
    results = await analyse(
        identified.wants.analyses,
        known=gathered.known,
        wants=identified.wants,
        company=identified.company,
        audience_text=await _audience_text(identified.ask.audience, world),
        request=identified.request,
        rules=rules,
        world=world,
        journal=journal,
    )
    await journal.flush()
    return Analysed(gathered, results)


async def keep(analysed: Analysed, *, rules: Rules, world: World, watch: Watch | None = None) -> Enriched:
    """Assemble a profile for each consumer asked for, and write it with the request, its costs and savings."""
    gathered, results = analysed.gathered, analysed.results
    identified, now = gathered.planned.identified, world.now()
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
    profiles = tuple(assemble(rules, wants, made_of, now) for wants in _each(identified, rules))
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
    journal = Journal(request.request_id, world.store, world.now, watch)
    for profile in profiles:
        journal.note(
            "assemble",
            "assembled",
            consumer=profile.consumer,
            quality=round(profile.quality, 3),
            confidence=profile.confidence,
            missing=missing,
        )
    journal.note("keep", "kept", cost_micro_usd=request.cost_micro_usd, saved_micro_usd=request.saved_micro_usd)
    await journal.flush()
    await asyncio.to_thread(world.store.close_request, request, profiles=profiles, reads=reads)
    return Enriched(request, identified.company, profiles, gathered.planned.plan, purchases, reads, gathered.failures)


def _each(identified: Identified, rules: Rules) -> Sequence[Wants]:
    """One profile for each consumer, though they were collected for together."""
    if "+" not in identified.wants.consumer:
        return (identified.wants,)
    ask = identified.ask
    return tuple(wants_of(rules, (name,)).within(max_cost=ask.max_cost, oldest=ask.max_age) for name in ask.consumers)


def _paid(known: Known, purchases: Sequence[Purchase]) -> Mapping[str, int]:
    return {r.purchase_id: r.cost_micro_usd for r in known.replies} | {
        p.purchase_id: p.cost_micro_usd for p in purchases
    }


def _capped(gathered: Gathered) -> bool:
    return any(source.verdict == "over a cap" for source in gathered.planned.plan.sources)


async def _audience_text(audience: str | None, world: World) -> str | None:
    """What we know of the vendor for whom a profile is written: their own vendor_context, else their name."""
    if audience is None:
        return None
    named = parse_company(audience)
    company = await asyncio.to_thread(world.store.company, company_key(named.name, named.domain))
    if company is None:
        return named.name or named.domain
    profile = await asyncio.to_thread(world.store.latest_profile, company.company_id, "vendor_context", None)
    lines = [company.name or company.key]
    if profile is not None:
        for name, field_ in profile.document["datasets"].items():
            lines += [f"{name}: {v['value'].get('text') or v['value'].get('statement')}" for v in field_["values"][:3]]
    return "\n".join(line for line in lines if not line.endswith(": None"))

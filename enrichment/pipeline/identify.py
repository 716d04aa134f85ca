"""Stage 1: who is meant. Opens the request, and buys the domain, within its caps, if nobody knows it yet.

Ask -> company, its key fixed for the request -> Identified
"""

import asyncio
from dataclasses import replace

from enrichment.collection.collector import collect
from enrichment.context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.records import Company, Known
from enrichment.domain.values import Text
from enrichment.identity.domains import same_company
from enrichment.memory.freshness import dataset_status
from enrichment.memory.recall import recall
from enrichment.pipeline.plan import company_asked, draw_up, find_company, plan_note, plan_reads, request_for
from enrichment.pipeline.stages import Ask, Identified, Watch, once
from enrichment.requirements.requirements import IDENTITY, Requirements, identity_requirements
from enrichment.rules import Rules
from enrichment.trace import Trace


async def identify(ask: Ask, *, rules: Rules, context: RunContext, watch: Watch | None = None) -> Identified:
    """Who is meant. Opens the request; buys the domain, within its caps, if nobody knows it yet."""
    requirements = ask.requirements(rules)
    company = await find_company(ask.company, context) or await _new_company(ask, context)
    request = request_for(ask, requirements, company, rules, context.now(), request_id=new_id("req"))
    await asyncio.to_thread(context.store.requests.open, request)
    trace = Trace(request.request_id, context.store.requests, context.now, watch)
    trace.note("identify", "asked", text=ask.company, key=company.key)
    identified = Identified(ask, company, request, requirements)
    if company.domain is None:
        identified = await _find_domain(identified, rules, context, trace)
    await trace.flush()
    return identified


async def _new_company(ask: Ask, context: RunContext) -> Company:
    fresh = company_asked(ask.company, context.now(), company_id=new_id("com"))
    return (await asyncio.to_thread(context.store.companies.add, [fresh]))[0]


async def _find_domain(identified: Identified, rules: Rules, context: RunContext, trace: Trace) -> Identified:
    """Stage 1's small plan for name and domain: same policy, caps and quote as any other."""
    requirements = identity_requirements(identified.requirements)
    known = await recall(
        identified.company, identified.request, memory=identified.ask.memory, rules=rules, context=context
    )
    plan = await draw_up(identified, requirements, known, rules, context)
    trace.note("identify", "planned", **plan_note(plan))
    collected = await collect(
        plan,
        known=known,
        company=identified.company,
        request=identified.request,
        rules=rules,
        context=context,
        trace=trace,
    )
    company = await _learned(identified.company, collected.known, requirements, rules, context)
    request = replace(identified.request, company_id=company.company_id)
    trace.note("identify", "identified" if company.domain else "domain not found", key=company.key)
    return replace(
        identified,
        company=company,
        request=request,
        purchases=collected.purchases,
        reads=once((*plan_reads(plan, identified.request, context.now()), *collected.reads)),
        failures=collected.failures,
    )


async def _learned(
    company: Company, known: Known, requirements: Requirements, rules: Rules, context: RunContext
) -> Company:
    """The company with the domain just learned, if the name beside it is the one that was asked for."""
    best: dict[str, str] = {}
    for dataset in IDENTITY:
        stand = dataset_status(rules, requirements, known, dataset, context.now())
        if not stand.open and isinstance(stand.facts[0].value, Text):
            best[dataset] = stand.facts[0].value.text
    if "domain" not in best:
        return company
    name = best.get("company_name", company.name)
    if company.name and name and not same_company(company.name, name):
        name = company.name
    return await asyncio.to_thread(
        context.store.companies.rekey, company.company_id, key=best["domain"], name=name, domain=best["domain"]
    )

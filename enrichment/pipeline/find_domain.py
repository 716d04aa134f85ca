"""Part of stage 1: buy the domain of a company that is known by its name only.

Identified without a domain -> a small plan for {company_name, domain} -> collect -> Identified with what was learned
"""

import asyncio
import time
from dataclasses import replace

from enrichment.collection.collector import collect
from enrichment.context.run_context import RunContext
from enrichment.context.trace import Trace
from enrichment.domain.companies import Cause, Company
from enrichment.domain.knowledge import Known
from enrichment.domain.values import Text
from enrichment.identity.companies import are_one
from enrichment.identity.comparison import same_company
from enrichment.identity.reviews import pair_question
from enrichment.memory.freshness import dataset_status
from enrichment.memory.recall import recall
from enrichment.pipeline.candidates import vendor_ids_of
from enrichment.pipeline.learned_identity import ask_about_domain, learn_identity, stated_in
from enrichment.pipeline.plan import decide, plan_note, plan_reads
from enrichment.pipeline.stages import Identified, once
from enrichment.rules import Rules
from enrichment.rules.requirements import IDENTITY, Requirements, identity_requirements


async def find_domain(identified: Identified, rules: Rules, context: RunContext, trace: Trace) -> Identified:
    """A small plan for name and domain: same policy, caps and quote as any other."""
    began = time.monotonic()
    requirements, request = identity_requirements(identified.requirements), identified.request
    known = await recall(
        identified.company, request, memory=identified.ask.memory, rules=rules, context=context, trace=trace
    )
    plan = await decide(identified.company, request, requirements, known, rules=rules, context=context)
    trace.note("identify", "planned", **plan_note(plan))
    collected = await collect(
        plan, known=known, company=identified.company, request=request, rules=rules, context=context, trace=trace
    )
    company = await _learned(identified.company, collected.known, requirements, rules, context, trace)
    company = await learn_identity(company, stated_in(company, collected.named), context, trace)
    trace.note("identify", "identified" if company.domain else "domain not found", key=company.key)
    return replace(
        identified,
        company=company,
        request=replace(request, company_id=company.company_id),
        purchases=(*identified.purchases, *collected.purchases),
        reads=once((*plan_reads(plan, request, context.now()), *collected.reads)),
        failures=collected.failures,
        seconds_used=time.monotonic() - began,
    )


async def _learned(
    company: Company, known: Known, requirements: Requirements, rules: Rules, context: RunContext, trace: Trace
) -> Company:
    """The company with the domain just learned, unless that is the domain of a company with another name."""
    best: dict[str, str] = {}
    source = ""
    for dataset in IDENTITY:
        status = dataset_status(rules, requirements, known, dataset, context.now())
        if not status.open and isinstance(status.facts[0].value, Text):
            best[dataset] = status.facts[0].value.text
            source = status.facts[0].source if dataset == "domain" else source
    if "domain" not in best:
        return company
    holder = await asyncio.to_thread(context.store.companies.by_key, best["domain"])
    if holder is not None and holder.company_id != company.company_id and not await _are_one(company, holder, context):
        await ask_about_domain(company, holder, best["domain"], source, context, trace)
        return company
    name = best.get("company_name", company.name)
    if company.name and name and not same_company(company.name, name):
        name = company.name
    domain, cause = best["domain"], Cause("identify", context.now(), f"{source} names its domain")
    return await asyncio.to_thread(
        context.store.companies.rekey, company.company_id, key=domain, name=name, domain=domain, cause=cause
    )


async def _are_one(company: Company, holder: Company, context: RunContext) -> bool:
    """Whether both are one company, by evidence unless a person has decided."""
    question = pair_question(company, holder)
    answered = await asyncio.to_thread(context.store.identity_reviews.answered, [question])
    if question in answered and answered[question].state == "different":
        return False
    ids = [await asyncio.to_thread(vendor_ids_of, one, context.store.companies) for one in (company, holder)]
    return are_one(company, holder, *ids)

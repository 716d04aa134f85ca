"""Stage 1: which company is meant. Opens the request, and buys the domain, within its caps, where it is not known.

Ask -> parsed once -> the company of the store, or a new one -> Identified, its key fixed for the request
"""

import asyncio
import time
from dataclasses import replace

from enrichment.collection.collector import collect
from enrichment.context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.records import Company, Known
from enrichment.domain.values import Text
from enrichment.identity.companies import CompanyReference, are_one, reference_of, the_only_one, with_former_name
from enrichment.identity.comparison import same_company
from enrichment.memory.freshness import dataset_status
from enrichment.memory.recall import recall
from enrichment.pipeline.plan import decide, plan_note, plan_reads, request_for
from enrichment.pipeline.stages import Ask, Identified, once
from enrichment.requirements.requirements import IDENTITY, Requirements, identity_requirements
from enrichment.rules import Rules
from enrichment.trace import Trace


async def company_for(text: str, context: RunContext) -> Company:
    """The company that is meant: as the store has it, else a new one, with an empty company_id.

    Raises NotACompany, AmbiguousCompany.
    """
    reference = reference_of(text)
    found = await find_company(reference, context)
    return found or reference.as_company(context.now())


async def find_company(reference: CompanyReference, context: RunContext) -> Company | None:
    """The company of that domain, key or name, if the store has it. Raises AmbiguousCompany."""
    companies = context.store.companies
    found = await asyncio.to_thread(companies.by_key, reference.key)
    if reference.name is None or (found is not None and found.key == reference.key):
        return found
    namesakes = await asyncio.to_thread(companies.named, reference.name)
    return the_only_one(reference.name, with_former_name(namesakes, found))


async def identify(
    ask: Ask, *, rules: Rules, context: RunContext, trace: Trace, company: Company | None = None
) -> Identified:
    """Open the request that the trace is of; buy the company's domain where it is not known.

    company: what `company_for` gave, where it has been called already.
    """
    requirements = ask.requirements(rules)
    company = await _kept(company or await company_for(ask.company, context), context)
    request = request_for(ask, requirements, company, rules, context.now(), request_id=trace.request_id)
    await asyncio.to_thread(context.store.requests.open, request)
    trace.note("identify", "asked", text=ask.company, key=company.key)
    identified = Identified(ask, company, request, requirements)
    if company.domain is None:
        identified = await _find_domain(identified, rules, context, trace)
    return identified


async def _kept(company: Company, context: RunContext) -> Company:
    """As the store has it, which a new company is added to."""
    if company.company_id:
        return company
    (kept,) = await asyncio.to_thread(context.store.companies.add, [replace(company, company_id=new_id("com"))])
    return kept


async def _find_domain(identified: Identified, rules: Rules, context: RunContext, trace: Trace) -> Identified:
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
    trace.note("identify", "identified" if company.domain else "domain not found", key=company.key)
    return replace(
        identified,
        company=company,
        request=replace(request, company_id=company.company_id),
        purchases=collected.purchases,
        reads=once((*plan_reads(plan, request, context.now()), *collected.reads)),
        failures=collected.failures,
        seconds_used=time.monotonic() - began,
    )


async def _learned(
    company: Company, known: Known, requirements: Requirements, rules: Rules, context: RunContext, trace: Trace
) -> Company:
    """The company with the domain just learned, unless that is the domain of a company with another name."""
    best: dict[str, str] = {}
    for dataset in IDENTITY:
        status = dataset_status(rules, requirements, known, dataset, context.now())
        if not status.open and isinstance(status.facts[0].value, Text):
            best[dataset] = status.facts[0].value.text
    if "domain" not in best:
        return company
    holder = await asyncio.to_thread(context.store.companies.by_key, best["domain"])
    if holder is not None and holder.company_id != company.company_id and not are_one(company, holder):
        trace.note("identify", "domain is another company's", domain=best["domain"], name=holder.name)
        return company
    name = best.get("company_name", company.name)
    if company.name and name and not same_company(company.name, name):
        name = company.name
    return await asyncio.to_thread(
        context.store.companies.rekey, company.company_id, key=best["domain"], name=name, domain=best["domain"]
    )

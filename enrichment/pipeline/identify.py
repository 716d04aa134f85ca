"""Stage 1: which company is meant. Opens the request, and buys the domain, within its caps, where it is not known.

Ask -> parsed once -> the company of the store, or a new one -> Identified, its key fixed for the request
"""

import asyncio
import time
from dataclasses import replace

from enrichment.collection.collector import collect
from enrichment.context import RunContext
from enrichment.domain.ids import new_id
from enrichment.domain.records import Cause, Company, Known, Purchase, Request
from enrichment.domain.values import Text
from enrichment.identity.companies import are_one, reference_of
from enrichment.identity.comparison import same_company
from enrichment.identity.domains import NotACompany
from enrichment.identity.reviews import judged_different, pair_question
from enrichment.memory.freshness import dataset_status
from enrichment.memory.recall import recall
from enrichment.pipeline.candidates import candidates, free_key, registered_company, vendor_ids_of
from enrichment.pipeline.learned_identity import ASKED, StatedIds, ask_about_domain, learn_identity, stated_in
from enrichment.pipeline.plan import decide, plan_note, plan_reads, request_for
from enrichment.pipeline.stages import Ask, Identified, once
from enrichment.ports import StoreError
from enrichment.requirements.requirements import IDENTITY, Requirements, identity_requirements
from enrichment.rules import Rules
from enrichment.trace import Trace


async def company_for(text: str, context: RunContext) -> Company:
    """The company that is meant: as the store has it, else a new one, with an empty company_id.

    Raises NotACompany, AmbiguousCompany.
    """
    return await company_asked_for(Ask(text), context)


async def company_asked_for(ask: Ask, context: RunContext) -> Company:
    """The same, by all that an Ask states of it. Raises NotACompany, AmbiguousCompany."""
    return await asyncio.to_thread(company_asked_for_now, ask, context)


def company_asked_for_now(ask: Ask, context: RunContext) -> Company:
    """Blocks its thread."""
    reference = reference_of(ask.company, ids=ask.ids, country=ask.country)
    new, companies = reference.as_company(context.now()), context.store.companies
    if not ask.new:
        return registered_company(reference, ask.company, companies) or new
    if reference.name is not None:
        return replace(new, key=free_key(reference.key, companies))
    holder = companies.by_key(reference.key)
    if reference.domain is None or (holder is not None and holder.key == reference.key):
        raise NotACompany(f"{reference.key} is of one company: leave out --new, or give the new company's own name")
    return new


async def identify(
    ask: Ask,
    *,
    rules: Rules,
    context: RunContext,
    trace: Trace,
    company: Company | None = None,
    resumed: bool = False,
) -> Identified:
    """Open the request that the trace is of; buy the company's domain where it is not known.

    company: what `company_for` gave, where it has been called already. resumed: the request may have been opened by a
    process that is gone; then it goes on, and what it had bought is its own.
    """
    requirements = ask.requirements(rules)
    if resumed and (begun := await asyncio.to_thread(_begun, trace.request_id, context)) is not None:
        request, company, purchases = begun
        trace.note("identify", "resumed", text=ask.company, key=company.key)
        return await _identified(Identified(ask, company, request, requirements, purchases), rules, context, trace)
    company = await _kept(company or await company_asked_for(ask, context), context)
    if ask.new:
        await asyncio.to_thread(_keep_apart, ask, company, context)
    request = request_for(ask, requirements, company, rules, context.now(), request_id=trace.request_id)
    await asyncio.to_thread(context.store.requests.open, request)
    trace.note("identify", "asked", text=ask.company, key=company.key)
    return await _identified(Identified(ask, company, request, requirements), rules, context, trace)


async def _identified(identified: Identified, rules: Rules, context: RunContext, trace: Trace) -> Identified:
    ask = identified.ask
    stated = [StatedIds(ASKED, frozenset(ask.ids), ask.country)]
    identified = replace(identified, company=await learn_identity(identified.company, stated, context, trace))
    if identified.company.domain is None:
        return await _find_domain(identified, rules, context, trace)
    return identified


def _begun(request_id: str, context: RunContext) -> tuple[Request, Company, tuple[Purchase, ...]] | None:
    """The request as an earlier process left it, with what it had settled; None: it had not opened it. Blocks."""
    request = context.store.requests.by_id(request_id)
    if request is None:
        return None
    company = context.store.companies.by_id(request.company_id)
    if company is None:
        raise StoreError(f"The company of request {request_id} is not in the store; restore it from a backup.")
    settled = [purchase for purchase in context.store.ledger.purchases(request_id) if purchase.state == "settled"]
    return request, company, tuple(settled)


async def _are_one(company: Company, holder: Company, context: RunContext) -> bool:
    """As evidence has it, unless a person has decided."""
    question = pair_question(company, holder)
    answered = await asyncio.to_thread(context.store.identity_reviews.answered, [question])
    if question in answered and answered[question].state == "different":
        return False
    ids = [await asyncio.to_thread(vendor_ids_of, one, context.store.companies) for one in (company, holder)]
    return are_one(company, holder, *ids)


def _keep_apart(ask: Ask, company: Company, context: RunContext) -> None:
    """A person said that it is none of those that the reference may mean. Blocks its thread."""
    might_be = candidates(reference_of(ask.company, ids=ask.ids, country=ask.country), context.store.companies)
    others = [one.company for one in might_be if one.company.company_id != company.company_id]
    context.store.identity_reviews.open(judged_different(company, others, by=ask.asked_by, now=context.now()))


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

"""Stage 1: which company is meant. Opens the request, and buys the domain, within its caps, where it is not known.

Ask -> parsed once -> the company of the store, or a new one -> Identified, its key fixed for the request
"""

import asyncio
from dataclasses import replace

from enrichment.context.run_context import RunContext
from enrichment.context.trace import Trace
from enrichment.domain.companies import Company
from enrichment.domain.ids import new_id
from enrichment.domain.purchases import Purchase
from enrichment.domain.requests import Request
from enrichment.identity.companies import reference_of
from enrichment.identity.domains import NotACompany
from enrichment.identity.reviews import judged_different
from enrichment.pipeline.candidates import candidates, free_key, registered_company
from enrichment.pipeline.learned_identity import ASKED, StatedIds, learn_identity
from enrichment.pipeline.stages import Ask, Identified, request_for
from enrichment.ports import StoreError
from enrichment.rules import Rules
from enrichment.rules.experiment_arm import rules_of


async def company_for(text: str, context: RunContext) -> Company:
    """The company that is meant: as the store has it, else a new one, with an empty company_id.

    Raises NotACompany, AmbiguousCompany.
    """
    return await company_asked_for(Ask(text), context)


async def company_asked_for(ask: Ask, context: RunContext) -> Company:
    """The company that is meant, by all that an Ask states of it. Raises NotACompany, AmbiguousCompany."""
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
        rules = rules_of(rules, consumer=requirements.consumer, company_id=request.company_id)
        requirements = ask.requirements(rules)
        return await _identified(Identified(ask, company, request, requirements, purchases), rules, context, trace)
    company = await _kept(company or await company_asked_for(ask, context), context)
    if ask.new:
        await asyncio.to_thread(_keep_apart, ask, company, context)
    rules = rules_of(rules, consumer=requirements.consumer, company_id=company.company_id)
    requirements = ask.requirements(rules)
    request = request_for(ask, requirements, company, rules, context.now(), request_id=trace.request_id)
    await asyncio.to_thread(context.store.requests.open, request)
    trace.note("identify", "asked", text=ask.company, key=company.key)
    return await _identified(Identified(ask, company, request, requirements), rules, context, trace)


async def _identified(identified: Identified, rules: Rules, context: RunContext, trace: Trace) -> Identified:
    ask = identified.ask
    stated = [StatedIds(ASKED, frozenset(ask.ids), ask.country)]
    identified = replace(identified, company=await learn_identity(identified.company, stated, context, trace))
    if identified.company.domain is None:
        from enrichment.pipeline.find_domain import find_domain  # noqa: PLC0415  most companies have a domain

        return await find_domain(identified, rules, context, trace)
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


def _keep_apart(ask: Ask, company: Company, context: RunContext) -> None:
    """A person decided that it is none of those that the reference may mean. Blocks its thread."""
    might_be = candidates(reference_of(ask.company, ids=ask.ids, country=ask.country), context.store.companies)
    others = [one.company for one in might_be if one.company.company_id != company.company_id]
    context.store.identity_reviews.open(judged_different(company, others, by=ask.asked_by, now=context.now()))


async def _kept(company: Company, context: RunContext) -> Company:
    """The company as the store has it; a new one is added."""
    if company.company_id:
        return company
    (kept,) = await asyncio.to_thread(context.store.companies.add, [replace(company, company_id=new_id("com"))])
    return kept

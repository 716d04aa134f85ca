"""Stage 1: who is meant. Opens the request, and buys the domain, within its caps, if nobody knows it yet.

Ask -> company, its key fixed for the request -> Identified
"""

import asyncio
from dataclasses import replace

from enrichment.collect import collect
from enrichment.company import company_key, parse_company, same_company
from enrichment.holding import standing
from enrichment.journal import Journal
from enrichment.planning import draw_up, plan_note, plan_reads
from enrichment.ports import World
from enrichment.records import Company, Known, Request, new_id
from enrichment.request import Ask, Identified, Watch, once
from enrichment.rules import Rules
from enrichment.strategy import choose_strategy
from enrichment.values import Text
from enrichment.wants import Wants

_IDENTITY = ("company_name", "domain")


async def identify(ask: Ask, *, rules: Rules, world: World, watch: Watch | None = None) -> Identified:
    """Who is meant. Opens the request; buys the domain, within its caps, if nobody knows it yet."""
    wants = ask.wants(rules)
    company = await _company(ask, world)
    request = Request(
        request_id=new_id("req"),
        company_id=company.company_id,
        consumer=wants.consumer,
        audience=ask.audience,
        strategy=choose_strategy(
            rules, consumer=wants.consumer, company=company, asked=ask.strategy, override=ask.strategy_override
        ),
        rules_hash=rules.hash,
        asked_at=world.now(),
        asked_by=ask.asked_by,
    )
    await asyncio.to_thread(world.store.open_request, request)
    journal = Journal(request.request_id, world.store, world.now, watch)
    journal.note("identify", "asked", text=ask.company, key=company.key)
    identified = Identified(ask, company, request, wants)
    if company.domain is None:
        identified = await _find_domain(identified, rules, world, journal)
    await journal.flush()
    return identified


async def _company(ask: Ask, world: World) -> Company:
    named = parse_company(ask.company)
    key = company_key(named.name, named.domain)
    found = await asyncio.to_thread(world.store.company, key)
    if found is not None:
        return found
    fresh = Company(new_id("com"), key, named.name, named.domain, world.now())
    return (await asyncio.to_thread(world.store.add_companies, [fresh]))[0]


async def _find_domain(identified: Identified, rules: Rules, world: World, journal: Journal) -> Identified:
    """Stage 1's small plan for name and domain: same policy, caps and quote as any other."""
    wants = replace(
        identified.wants,
        required=_IDENTITY,
        optional={},
        collected_required=_IDENTITY,
        collected_optional={},
        analyses=(),
    )
    known = await asyncio.to_thread(world.store.known, identified.company.company_id)
    plan = await draw_up(identified, wants, known, rules, world)
    journal.note("identify", "planned", **plan_note(plan))
    collected = await collect(
        plan,
        known=known,
        company=identified.company,
        request=identified.request,
        rules=rules,
        world=world,
        journal=journal,
    )
    company = await _learned(identified.company, collected.known, wants, rules, world)
    request = replace(identified.request, company_id=company.company_id)
    journal.note("identify", "identified" if company.domain else "domain not found", key=company.key)
    return replace(
        identified,
        company=company,
        request=request,
        purchases=collected.purchases,
        reads=once((*plan_reads(plan, identified.request, world.now()), *collected.reads)),
        failures=collected.failures,
    )


async def _learned(company: Company, known: Known, wants: Wants, rules: Rules, world: World) -> Company:
    """The company with the domain just learned, if the name beside it is the one that was asked for."""
    best: dict[str, str] = {}
    for dataset in _IDENTITY:
        facts = standing(rules, wants, known, dataset, world.now()).facts
        if facts and isinstance(facts[0].value, Text):
            best[dataset] = facts[0].value.text
    if "domain" not in best:
        return company
    name = best.get("company_name", company.name)
    if company.name and name and not same_company(company.name, name):
        name = company.name
    return await asyncio.to_thread(
        world.store.rekey, company.company_id, key=best["domain"], name=name, domain=best["domain"]
    )

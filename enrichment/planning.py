"""Plan a request from what the store knows now. The dry run and the execution make their plan here.

Identified + store -> what is known, what caps have taken -> Plan
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from enrichment.caps import caps_of
from enrichment.company import company_key, parse_company
from enrichment.journal import Journal
from enrichment.plan import Plan, Verdict, make_plan
from enrichment.ports import World
from enrichment.records import CacheRead, Company, Known, Request
from enrichment.request import Ask, Identified, Planned, Watch
from enrichment.rules import Rules
from enrichment.strategy import choose_strategy
from enrichment.wants import Wants


async def plan_request(identified: Identified, *, rules: Rules, world: World, watch: Watch | None = None) -> Planned:
    """What to ask of whom, from what is known now."""
    known = await asyncio.to_thread(world.store.known, identified.company.company_id)
    plan = await draw_up(identified, identified.wants, known, rules, world)
    journal = Journal(identified.request.request_id, world.store, world.now, watch)
    journal.note("plan", "planned", **plan_note(plan))
    await journal.flush()
    return Planned(identified, plan, known)


async def quote(ask: Ask, *, rules: Rules, world: World) -> Plan:
    """The plan a request would follow now. Nothing is bought, nothing is written."""
    wants = ask.wants(rules)
    name = parse_company(ask.company)
    key = company_key(name.name, name.domain)
    company = await asyncio.to_thread(world.store.company, key)
    known = Known() if company is None else await asyncio.to_thread(world.store.known, company.company_id)
    company = company or Company("", key, name.name, name.domain, world.now())
    request = Request("", company.company_id, wants.consumer, ask.audience, "", rules.hash, world.now())
    strategy = choose_strategy(
        rules, consumer=wants.consumer, company=company, asked=ask.strategy, override=ask.strategy_override
    )
    return await draw_up(
        Identified(ask, company, replace(request, strategy=strategy), wants), wants, known, rules, world
    )


async def draw_up(identified: Identified, wants: Wants, known: Known, rules: Rules, world: World) -> Plan:
    now, request = world.now(), identified.request
    caps = {
        cap.name
        for name, source in rules.sources.items()
        for cap in caps_of(
            rules,
            request_id=request.request_id,
            max_cost=wants.max_cost,
            consumer=wants.consumer,
            provider=source.provider,
            source=name,
            at=now,
        )
    }
    spent = await asyncio.to_thread(world.store.spent, sorted(caps))
    reasons: dict[str, tuple[Verdict, str]] = {p: ("no credentials", why) for p, why in world.out_of_order.items()}
    return await asyncio.to_thread(
        make_plan,
        rules,
        wants,
        identified.company,
        known,
        strategy=request.strategy,
        now=now,
        out_of_order=reasons,
        request_id=request.request_id,
        spent=spent,
        memory=identified.ask.memory and request.strategy != "legacy",
    )


def plan_note(plan: Plan) -> dict[str, object]:
    quote_ = plan.quote
    return {
        "strategy": plan.strategy,
        "rules": plan.rules_hash,
        "datasets": {d.dataset: d.status for d in plan.datasets},
        "sources": {s.source: f"{s.verdict}: {s.why}" for s in plan.sources},
        "chain": [[list(step) for step in part.chain] for part in plan.parts],
        "reads": {r.source: r.purchase_id for r in plan.reads},
        "expected_micro_usd": quote_.expected,
        "upper_bound_micro_usd": quote_.upper_bound,
        "legacy_micro_usd": quote_.legacy,
    }


def plan_reads(plan: Plan, request: Request, now: datetime) -> tuple[CacheRead, ...]:
    return tuple(
        CacheRead(request.request_id, read.purchase_id, read.source, "reply", read.saves_micro_usd, now)
        for read in plan.reads
        if read.paid_by != request.request_id
    )

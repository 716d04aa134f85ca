"""Plan a request from what the store knows now.

Identified + store -> what is known, what caps have taken -> PlanInputs -> Plan
"""

import asyncio
import time
from datetime import datetime

from enrichment.analysis.question import AnalysisInputs
from enrichment.analysis.remembered import remembered_analyses
from enrichment.context.run_context import RunContext
from enrichment.context.trace import Trace
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.requests import CacheRead, Request
from enrichment.memory.recall import recall
from enrichment.pipeline.audience import audience_text_now
from enrichment.pipeline.stages import Identified, Planned, domain_was_known
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.planning.skip_reasons import Unusable, because, decision
from enrichment.ports import Ledger
from enrichment.purchasing.caps import caps_of_each, exploration_cap
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements


async def plan_request(identified: Identified, *, rules: Rules, context: RunContext, trace: Trace) -> Planned:
    """Which sources to ask, in which order, from what is known now."""
    began = time.monotonic()
    known = await recall(
        identified.company,
        identified.request,
        memory=identified.ask.memory,
        rules=rules,
        context=context,
        trace=trace,
        topic=identified.requirements.topic,
    )
    plan = await decide(
        identified.company, identified.request, identified.requirements, known, rules=rules, context=context
    )
    trace.note("plan", "planned", **plan_note(plan))
    return Planned(
        ask=identified.ask,
        company=identified.company,
        request=identified.request,
        requirements=identified.requirements,
        purchases=identified.purchases,
        reads=identified.reads,
        failures=identified.failures,
        seconds_used=identified.seconds_used + time.monotonic() - began,
        plan=plan,
        known=known,
    )


async def decide(
    company: Company,
    request: Request,
    requirements: Requirements,
    known: Known,
    *,
    rules: Rules,
    context: RunContext,
) -> Plan:
    """The plan for these requirements, with what caps have taken so far and which sources cannot be asked."""
    inputs = await asyncio.to_thread(plan_inputs, company, request, requirements, known, rules, context)
    return await asyncio.to_thread(make_plan, inputs)


def plan_inputs(
    company: Company, request: Request, requirements: Requirements, known: Known, rules: Rules, context: RunContext
) -> PlanInputs:
    """The inputs of a plan as of now. Blocks."""
    now = context.now()
    return PlanInputs(
        rules=rules,
        requirements=requirements,
        company=company,
        known=known,
        strategy=request.strategy,
        now=now,
        unavailable=unavailable_sources(rules, context, now),
        request_id=request.request_id,
        spent=spent_of(requirements, rules, context.store.ledger, now, request.request_id),
        remembered=_remembered(company, request, requirements, known, rules, context, now),
        policies=context.policies,
        explores=request.strategy != "legacy" and domain_was_known(request),
    )


def _remembered(
    company: Company,
    request: Request,
    requirements: Requirements,
    known: Known,
    rules: Rules,
    context: RunContext,
    now: datetime,
) -> frozenset[str]:
    """Analyses that would not be bought over what is known now. Blocks."""
    if not known.facts or not requirements.analyses:
        return frozenset()
    audience = audience_text_now(request.audience, rules, context)
    inputs = AnalysisInputs(rules, requirements, company, audience)
    return remembered_analyses(requirements.analyses, known.facts, inputs, context.store.knowledge, now)


def spent_of(
    requirements: Requirements, rules: Rules, ledger: Ledger, now: datetime, request_id: str
) -> dict[str, int]:
    """What the caps of these requirements have taken so far (micro-USD)."""
    caps = caps_of_each(rules, requirements, request_id, now)
    names = {cap.name for its in caps.values() for cap in its}
    exploration = exploration_cap(rules, now)
    return ledger.spent(sorted(names | {exploration.name} if exploration.most_micro_usd else names))


def unavailable_sources(rules: Rules, context: RunContext, now: datetime) -> dict[str, Unusable]:
    """Source -> why it cannot be asked at all. Blocks."""
    outages, suspensions = context.store.provider_health.unavailable(now)
    reasons: dict[str, Unusable] = {}
    for name, source in rules.sources.items():
        if source.provider in context.unavailable:
            reasons[name] = ("no credentials", context.unavailable[source.provider])
        elif by := suspensions.get(name) or outages.get(source.provider):
            reasons[name] = (decision(by), because(by))
    return reasons


def plan_note(plan: Plan) -> dict[str, object]:
    """The plan as the trace and the request keep it."""
    quote_ = plan.quote
    return {
        "strategy": plan.strategy,
        "rules": plan.rules_hash,
        "datasets": {d.dataset: d.status for d in plan.datasets},
        "sources": {s.source: f"{s.verdict}: {s.why}" for s in plan.sources},
        "chain": [[list(step) for step in part.chain] for part in plan.parts],
        "reads": {r.source: r.purchase_id for r in plan.reads},
        "expected_micro_usd": quote_.expected,
        "p50_micro_usd": quote_.p50,
        "p90_micro_usd": quote_.p90,
        "upper_bound_micro_usd": quote_.upper_bound,
        "above_least_micro_usd": quote_.above_least,
        "legacy_micro_usd": quote_.legacy,
        "saving_micro_usd": quote_.saving,
    }


def plan_reads(plan: Plan, request: Request, now: datetime) -> tuple[CacheRead, ...]:
    """What the plan takes from memory and other requests have paid for."""
    return tuple(
        CacheRead(request.request_id, read.purchase_id, read.source, "reply", read.saves_micro_usd, now)
        for read in plan.reads
        if read.paid_by != request.request_id
    )

"""Plan a request from what the store knows now.

Identified + store -> what is known, what caps have taken -> PlanInputs -> Plan
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from enrichment.analysis.question import AnalysisInputs
from enrichment.analysis.remembered import remembered_analyses
from enrichment.context import RunContext
from enrichment.domain.records import CacheRead, Company, Known, Request
from enrichment.memory.recall import recall
from enrichment.pipeline.audience import audience_text_now
from enrichment.pipeline.stages import Ask, Identified, Planned, asked_note
from enrichment.planning.bulk.planner import BulkInputs, Group, plan_many
from enrichment.planning.bulk.state_counts import pairs_of
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.planning.skip_reasons import Unusable, because, decision
from enrichment.ports import Ledger
from enrichment.purchasing.caps import caps_of_each
from enrichment.requirements.requirements import Requirements, beyond_identity, identity_requirements
from enrichment.requirements.strategy import choose_strategy
from enrichment.rules import Rules
from enrichment.trace import Trace

_TO_BE_FOUND = "(to be found)"


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


def request_for(
    ask: Ask, requirements: Requirements, company: Company, rules: Rules, now: datetime, *, request_id: str
) -> Request:
    """The request that this ask opens. Raises UnknownStrategy."""
    return Request(
        request_id=request_id,
        company_id=company.company_id,
        consumer=requirements.consumer,
        audience=ask.audience,
        strategy=choose_strategy(
            rules, consumer=requirements.consumer, company=company, asked=ask.strategy, override=ask.strategy_override
        ),
        rules_hash=rules.hash,
        asked_at=now,
        asked_by=ask.asked_by,
        plan={"asked": asked_note(ask, company)},
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
    """As of now. Blocks."""
    now = context.now()
    return PlanInputs(
        rules=rules,
        requirements=requirements,
        company=company,
        known=known,
        strategy=request.strategy,
        now=now,
        unavailable=_unavailable(rules, context, now),
        request_id=request.request_id,
        spent=_spent(requirements, rules, context.store.ledger, now, request.request_id),
        remembered=_remembered(company, request, requirements, known, rules, context, now),
        policies=context.policies,
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


def plan_companies(
    companies: Sequence[Company],
    requirements: Requirements,
    *,
    rules: Rules,
    context: RunContext,
    override: str | None = None,
) -> tuple[Group, ...]:
    """What would be asked first about each of these companies now, by state; from one read of the store. Blocks.

    A company without a domain is in two groups, as in `quote`: how to find it, and the rest as if it were found.
    """
    nameless = [company for company in companies if company.domain is None]
    rest = [replace(company, domain=_TO_BE_FOUND) for company in nameless]
    named = [company for company in companies if company.domain is not None]
    return (
        *_groups(named, requirements, rules, context, override),
        *_groups(nameless, identity_requirements(requirements), rules, context, override),
        *_groups(rest, beyond_identity(requirements), rules, context, override),
    )


def _groups(
    companies: Sequence[Company], requirements: Requirements, rules: Rules, context: RunContext, override: str | None
) -> tuple[Group, ...]:
    if not companies:
        return ()

    def strategy_of(company: Company) -> str:
        return choose_strategy(rules, consumer=requirements.consumer, company=company, asked=None, override=override)

    now = context.now()
    spent = _spent(requirements, rules, context.store.ledger, now, request_id="")
    inputs = BulkInputs(rules, requirements, now, _unavailable(rules, context, now), spent, context.policies)
    reply_states = context.store.knowledge.reply_states(pairs_of(rules, requirements))
    return plan_many(
        inputs, companies, reply_states, known_of=context.store.knowledge.known_many, strategy_of=strategy_of
    )


def _spent(requirements: Requirements, rules: Rules, ledger: Ledger, now: datetime, request_id: str) -> dict[str, int]:
    """What the caps of these requirements have taken so far (micro-USD)."""
    caps = caps_of_each(rules, requirements, request_id, now)
    return ledger.spent(sorted({cap.name for its in caps.values() for cap in its}))


def _unavailable(rules: Rules, context: RunContext, now: datetime) -> dict[str, Unusable]:
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

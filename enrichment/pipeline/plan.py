"""Plan a request from what the store knows now. The dry run and the execution make their plan here.

Identified + store -> what is known, what caps have taken -> Plan
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from enrichment.context import RunContext
from enrichment.domain.records import CacheRead, Company, Known, Request
from enrichment.identity.domains import AmbiguousCompany, company_key, parse_company
from enrichment.memory.recall import recall
from enrichment.pipeline.stages import Ask, Identified, Planned, Watch, asked_note
from enrichment.planning.bulk.planner import Circumstances, Group, plan_many
from enrichment.planning.bulk.state_counts import pairs_of
from enrichment.planning.eligibility import Verdict
from enrichment.planning.plan import Occasion, Plan, make_plan, make_plans
from enrichment.planning.unavailability import because, verdict
from enrichment.ports import Ledger
from enrichment.purchasing.budgets import caps_of_each
from enrichment.requirements.requirements import Requirements, beyond_identity, identity_requirements
from enrichment.requirements.strategy import choose_strategy
from enrichment.rules import Rules
from enrichment.trace import Trace

_SHOWN_NAMESAKES = 5
_TO_BE_FOUND = "(to be found)"


async def plan_request(
    identified: Identified, *, rules: Rules, context: RunContext, watch: Watch | None = None
) -> Planned:
    """What to ask of whom, from what is known now."""
    known = await recall(
        identified.company, identified.request, memory=identified.ask.memory, rules=rules, context=context
    )
    plan = await draw_up(identified, identified.requirements, known, rules, context)
    trace = Trace(identified.request.request_id, context.store.requests, context.now, watch)
    trace.note("plan", "planned", **plan_note(plan))
    await trace.flush()
    return Planned(identified, plan, known)


async def quote(ask: Ask, *, rules: Rules, context: RunContext) -> tuple[Plan, ...]:
    """The plans a request would follow now: if its domain is unknown, first how to find it, then the rest.

    Nothing is bought. The second plan counts on what the first is likely to bring.
    """
    requirements = ask.requirements(rules)
    company = await find_company(ask.company, context) or company_asked(ask.company, context.now())
    request = request_for(ask, requirements, company, rules, context.now(), request_id="")
    identified = Identified(ask, company, request, requirements)
    known = Known()
    if company.company_id:
        known = await recall(company, request, memory=ask.memory, rules=rules, context=context)
    if company.domain is not None:
        return (await draw_up(identified, requirements, known, rules, context),)
    occasion = await asyncio.to_thread(_occasion, identified, requirements, known, rules, context)
    return await asyncio.to_thread(make_plans, occasion, requirements)


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


async def find_company(text: str, context: RunContext) -> Company | None:
    """The company of that domain, key or name, if the store has it. Raises NotACompany, AmbiguousCompany."""
    named = parse_company(text)
    found = await asyncio.to_thread(context.store.companies.by_key, company_key(named.name, named.domain))
    if found is not None or named.name is None:
        return found
    namesakes = await asyncio.to_thread(context.store.companies.named, named.name)
    if len(namesakes) > 1:
        raise AmbiguousCompany(
            f"{len(namesakes)} companies are called {named.name}: ask for one of "
            f"{', '.join(company.key for company in namesakes[:_SHOWN_NAMESAKES])}."
        )
    return namesakes[0] if namesakes else None


def company_asked(text: str, now: datetime, *, company_id: str = "") -> Company:
    """A company as it is asked for: its name or its domain, nothing else known. Raises NotACompany."""
    named = parse_company(text)
    return Company(company_id, company_key(named.name, named.domain), named.name, named.domain, now)


async def draw_up(
    identified: Identified, requirements: Requirements, known: Known, rules: Rules, context: RunContext
) -> Plan:
    """The plan for these requirements, with what caps have taken so far and who cannot be asked."""
    on = await asyncio.to_thread(_occasion, identified, requirements, known, rules, context)
    return await asyncio.to_thread(
        make_plan,
        rules,
        requirements,
        on.company,
        known,
        strategy=on.strategy,
        now=on.now,
        unavailable=on.unavailable,
        request_id=on.request_id,
        spent=on.spent,
        policies=on.policies,
    )


def _occasion(
    identified: Identified, requirements: Requirements, known: Known, rules: Rules, context: RunContext
) -> Occasion:
    """As things stand now. Blocks."""
    now, request = context.now(), identified.request
    return Occasion(
        rules=rules,
        company=identified.company,
        known=known,
        strategy=request.strategy,
        now=now,
        unavailable=_unavailable(rules, context, now),
        request_id=request.request_id,
        spent=_spent(requirements, rules, context.store.ledger, now, request.request_id),
        policies=context.policies,
    )


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
    here = Circumstances(rules, requirements, now, _unavailable(rules, context, now), spent, context.policies)
    reply_states = context.store.knowledge.reply_states(pairs_of(rules, requirements))
    return plan_many(
        here, companies, reply_states, known_of=context.store.knowledge.known_many, strategy_of=strategy_of
    )


def _spent(requirements: Requirements, rules: Rules, ledger: Ledger, now: datetime, request_id: str) -> dict[str, int]:
    """What the caps of these requirements have taken so far."""
    caps = caps_of_each(rules, requirements, request_id, now)
    return ledger.spent(sorted({cap.name for its in caps.values() for cap in its}))


def _unavailable(rules: Rules, context: RunContext, now: datetime) -> dict[str, tuple[Verdict, str]]:
    """Source -> why it cannot be asked at all. Blocks."""
    outages, suspensions = context.store.provider_health.unavailable(now)
    reasons: dict[str, tuple[Verdict, str]] = {}
    for name, source in rules.sources.items():
        if source.provider in context.unavailable:
            reasons[name] = ("no credentials", context.unavailable[source.provider])
        elif by := suspensions.get(name) or outages.get(source.provider):
            reasons[name] = (verdict(by), because(by))
    return reasons


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
        "p50_micro_usd": quote_.p50,
        "p90_micro_usd": quote_.p90,
        "upper_bound_micro_usd": quote_.upper_bound,
        "above_least_micro_usd": quote_.above_least,
        "legacy_micro_usd": quote_.legacy,
        "saving_micro_usd": quote_.saving,
    }


def plan_reads(plan: Plan, request: Request, now: datetime) -> tuple[CacheRead, ...]:
    return tuple(
        CacheRead(request.request_id, read.purchase_id, read.source, "reply", read.saves_micro_usd, now)
        for read in plan.reads
        if read.paid_by != request.request_id
    )

"""What a request would do now, with nothing bought and nothing opened.

Ask -> the finished profile it would be served | the plans it would follow, each with its quote
"""

import asyncio

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.profiles import Profile
from enrichment.memory.freshness import dataset_statuses
from enrichment.memory.recall import recall
from enrichment.pipeline.cached_profile import profile_for
from enrichment.pipeline.identify import company_asked_for
from enrichment.pipeline.plan import decide, plan_inputs
from enrichment.pipeline.stages import Ask, request_for
from enrichment.planning.plan import Plan, make_plans
from enrichment.rules import Rules
from enrichment.rules.experiment_arm import rules_of


async def profile_or_plans(
    ask: Ask, *, rules: Rules, context: RunContext, company: Company | None = None
) -> tuple[Profile | None, tuple[Plan, ...]]:
    """The profile that would be served as it is, if there is a fresh one; else the plans that would be followed.

    company: the one that is meant, where that is known.
    """
    company = company or await company_asked_for(ask, context)
    served = await _served(ask, company, rules, context)
    return served, () if served is not None else await _plans(ask, company, rules, context)


async def quote(ask: Ask, *, rules: Rules, context: RunContext) -> tuple[Plan, ...]:
    """The plans a request would follow now: if its domain is unknown, first how to find it, then the rest.

    The second plan counts on what the first is likely to bring.
    """
    return await _plans(ask, await company_asked_for(ask, context), rules, context)


async def memory_suffices(ask: Ask, company: Company, *, rules: Rules, context: RunContext) -> bool:
    """Whether a request would call no vendor and no model, as stored replies answer all that is worth having.

    Where something required is open it is known without a plan.
    """
    if company.domain is None or not company.company_id or ask.new:
        return False
    rules = rules_of(rules, consumer=ask.requirements(rules).consumer, company_id=company.company_id)
    requirements = ask.requirements(rules)
    request = request_for(ask, requirements, company, rules, context.now(), request_id="")
    known = await recall(company, request, memory=ask.memory, rules=rules, context=context)
    statuses = dataset_statuses(rules, requirements, known, context.now(), requirements.collected_required)
    if any(one.status != "satisfied" for one in statuses.values()):
        return False
    plan = await decide(company, request, requirements, known, rules=rules, context=context)
    return not plan.parts and not plan.quote.upper_bound


async def _served(ask: Ask, company: Company, rules: Rules, context: RunContext) -> Profile | None:
    if company.domain is None or not company.company_id:
        return None
    requirements = ask.requirements(rules)
    request = request_for(ask, requirements, company, rules, context.now(), request_id="")
    return await profile_for(ask, company, request, requirements, rules=rules, context=context)


async def _plans(ask: Ask, company: Company, rules: Rules, context: RunContext) -> tuple[Plan, ...]:
    consumer = ask.requirements(rules).consumer
    rules = rules_of(rules, consumer=consumer, company_id=company.company_id)
    requirements = ask.requirements(rules)
    request = request_for(ask, requirements, company, rules, context.now(), request_id="")
    known = Known()
    if company.company_id:
        known = await recall(
            company, request, memory=ask.memory, rules=rules, context=context, topic=requirements.topic
        )
    if company.domain is not None:
        return (await decide(company, request, requirements, known, rules=rules, context=context),)
    inputs = await asyncio.to_thread(plan_inputs, company, request, requirements, known, rules, context)
    return await asyncio.to_thread(make_plans, inputs)

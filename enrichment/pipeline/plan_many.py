"""What would be asked first about many companies now, from one read of the store.

companies + requirements -> reply states of all -> Group, ...: the companies of one state, first sources, cost
"""

from collections.abc import Sequence
from dataclasses import replace

from enrichment.context import RunContext
from enrichment.domain.records import Company
from enrichment.pipeline.plan import spent_of, unavailable_sources
from enrichment.planning.bulk.planner import BulkInputs, Group, plan_many
from enrichment.planning.bulk.state_counts import pairs_of
from enrichment.requirements.requirements import Requirements, beyond_identity, identity_requirements
from enrichment.requirements.strategy import choose_strategy
from enrichment.rules import Rules

_TO_BE_FOUND = "(to be found)"


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
    spent = spent_of(requirements, rules, context.store.ledger, now, request_id="")
    inputs = BulkInputs(rules, requirements, now, unavailable_sources(rules, context, now), spent, context.policies)
    reply_states = context.store.knowledge.reply_states(pairs_of(rules, requirements))
    return plan_many(
        inputs, companies, reply_states, known_of=context.store.knowledge.known_many, strategy_of=strategy_of
    )

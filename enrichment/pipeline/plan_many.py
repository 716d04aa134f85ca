"""What would be asked first about many companies now, from one read of the store.

companies + requirements -> reply states of all -> Group, ...: the companies of one state, first sources, cost
                         -> their kinds, where learned rates differ by kind
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.decisions import CompanyKind
from enrichment.memory.company_kind import KIND_DATASETS, known_kinds
from enrichment.pipeline.plan import spent_of, unavailable_sources
from enrichment.planning.bulk.planner import BulkInputs, Group, plan_many
from enrichment.planning.bulk.state_counts import ReplyStates, pairs_of
from enrichment.ports import SourceDatasetPair, Store
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, beyond_identity, identity_requirements
from enrichment.rules.strategy import choose_strategy

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
    each = (
        (named, requirements),
        (nameless, identity_requirements(requirements)),
        (rest, beyond_identity(requirements)),
    )
    wanted, now = [(some, its) for some, its in each if some], context.now()
    pairs = tuple(dict.fromkeys(pair for _, its in wanted for pair in pairs_of(rules, its, now)))
    known = ReplyStates(pairs, _states(pairs, context.store) if wanted else {})
    kinds = known_kinds(context.store.knowledge.newest_values(KIND_DATASETS)) if wanted and rules.by_kind else {}
    return tuple(
        group
        for some, its in wanted
        for group in _groups(some, its, known, kinds, rules, context, now, override=override)
    )


def _states(pairs: Sequence[SourceDatasetPair], store: Store) -> Mapping[str, str]:
    """State of replies by company; with verdicts it is marked as an unread reply is, so that facts are read."""
    states = store.knowledge.reply_states(pairs)
    judged = store.verdicts.judged_companies()
    return {**states, **{id_: ";".join(filter(None, (states.get(id_), ":?"))) for id_ in judged}}


def _groups(
    companies: Sequence[Company],
    requirements: Requirements,
    known: ReplyStates,
    kinds: Mapping[str, CompanyKind],
    rules: Rules,
    context: RunContext,
    now: datetime,
    *,
    override: str | None,
) -> tuple[Group, ...]:
    def strategy_of(company: Company) -> str:
        return choose_strategy(rules, consumer=requirements.consumer, company=company, asked=None, override=override)

    spent = spent_of(requirements, rules, context.store.ledger, now, request_id="")
    inputs = BulkInputs(rules, requirements, now, unavailable_sources(rules, context, now), spent, context.policies)
    known_of = context.store.knowledge.known_many
    return plan_many(inputs, companies, known, known_of=known_of, strategy_of=strategy_of, kinds=kinds)

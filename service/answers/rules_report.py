"""The rules as people read them: what each dataset needs and who asks for it, what is strange, what an edit changes.

rules in force, rules before the last edit -> RulesView        an edit: what the plan of an unknown company becomes
"""

from enrichment.domain.companies import Company
from enrichment.domain.knowledge import Known
from enrichment.domain.money import to_micro
from enrichment.planning.plan import Plan, make_plan
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.rules import DatasetRules, Rules
from enrichment.rules.requirements import requirements_of
from enrichment.rules.strategy import choose_strategy
from resources.rules.rule_remarks import rule_remarks
from service.installation.state import ServiceState
from service.views.money import Usd, usd
from service.views.view import View

_UNKNOWN = ("com_unknown", "example.com", "Example", "example.com")


class DatasetRuleView(View):
    """sources: by priority. valid_seconds: null: as long as its source's answer is valid. threshold: 0 to 1."""

    dataset: str
    description: str
    sources: list[str]
    analysis: str | None
    freshness: str
    valid_seconds: int | None
    threshold: float
    enough: int
    at_most: int
    empty_is_an_answer: bool
    required_by: list[str]
    optional_for: dict[str, Usd]


class ConsumerRuleView(View):
    """optional: dataset -> what it is worth. extras: kept where an answer has them, never bought for themselves."""

    consumer: str
    description: str
    required: list[str]
    optional: dict[str, Usd]
    extras: list[str]
    analyses: list[str]
    max_cost_usd: Usd
    strategy: str


class PlanEffectView(View):
    """The plan of a company of which nothing is known but its website, before the edit and after it.

    filled: how many datasets are expected to be filled. dropped, added: sources asked no longer, and newly.
    """

    consumer: str
    before_usd: Usd
    now_usd: Usd
    change_usd: Usd
    before: list[str]
    now: list[str]
    dropped: list[str]
    added: list[str]
    filled_before: float
    filled_now: float
    changed: bool


class RulesView(View):
    """problems: why config/ as it is does not count. effects: of the last edit; none since the service was started.

    remarks: what is strange, but no error.
    """

    hash: str
    before_hash: str | None
    problems: list[str]
    remarks: list[str]
    datasets: list[DatasetRuleView]
    consumers: list[ConsumerRuleView]
    effects: list[PlanEffectView]


def report(state: ServiceState) -> RulesView:
    """Blocks."""
    in_force = state.in_force
    rules, before = in_force.rules, in_force.before
    return RulesView(
        hash=rules.hash,
        before_hash=None if before is None else before.hash,
        problems=(in_force.complaint or "").splitlines(),
        remarks=[f"{about} {what}".rstrip() for about, what in rule_remarks(rules, before)],
        datasets=[_dataset(name, entry, rules) for name, entry in rules.datasets.items()],
        consumers=_consumers(rules),
        effects=[] if before is None else effects(before, rules, state),
    )


def effects(before: Rules, rules: Rules, state: ServiceState) -> list[PlanEffectView]:
    """The effects on plans of each consumer that both rules have."""
    views = []
    for consumer in rules.consumers:
        if consumer in before.consumers:
            was, is_ = _plan(before, consumer, state), _plan(rules, consumer, state)
            asked_before, asked = _asked(was), _asked(is_)
            views.append(
                PlanEffectView(
                    consumer=consumer,
                    before_usd=usd(was.quote.expected),
                    now_usd=usd(is_.quote.expected),
                    change_usd=usd(is_.quote.expected - was.quote.expected),
                    before=asked_before,
                    now=asked,
                    dropped=_besides(was, is_),
                    added=_besides(is_, was),
                    filled_before=_filled(was),
                    filled_now=_filled(is_),
                    changed=was.quote.expected != is_.quote.expected or asked_before != asked,
                )
            )
    return views


def _plan(rules: Rules, consumer: str, state: ServiceState) -> Plan:
    now = state.now()
    company = Company(*_UNKNOWN, now)
    strategy = choose_strategy(
        rules, consumer=consumer, company=company, asked=None, override=state.settings.enrich_strategy
    )
    inputs = PlanInputs(rules, requirements_of(rules, (consumer,)), company, Known(), strategy, now)
    return make_plan(inputs)


def _asked(plan: Plan) -> list[str]:
    return [" + ".join(step) for part in plan.parts for step in part.chain]


def _besides(plan: Plan, other: Plan) -> list[str]:
    """Sources that this plan may ask, and the other may not."""
    others = {source for part in other.parts for step in part.chain for source in step}
    asked = (source for part in plan.parts for step in part.chain for source in step)
    return [source for source in dict.fromkeys(asked) if source not in others]


def _filled(plan: Plan) -> float:
    return round(sum(one.chance for one in plan.datasets), 2)


def _dataset(name: str, entry: DatasetRules, rules: Rules) -> DatasetRuleView:
    return DatasetRuleView(
        dataset=name,
        description=entry.description,
        sources=list(entry.sources),
        analysis=entry.analysis,
        freshness=entry.freshness_needed,
        valid_seconds=entry.oldest,
        threshold=entry.quality_threshold,
        enough=entry.enough,
        at_most=entry.at_most,
        empty_is_an_answer=entry.empty_is_an_answer,
        required_by=[consumer for consumer, one in rules.consumers.items() if name in one.required],
        optional_for={
            consumer: usd(to_micro(one.optional[name]))
            for consumer, one in rules.consumers.items()
            if name in one.optional
        },
    )


def _consumers(rules: Rules) -> list[ConsumerRuleView]:
    return [
        ConsumerRuleView(
            consumer=name,
            description=one.description,
            required=list(one.required),
            optional={dataset: usd(to_micro(worth)) for dataset, worth in one.optional.items()},
            extras=list(one.extras),
            analyses=list(one.analyses),
            max_cost_usd=usd(one.max_cost_micro_usd),
            strategy=rules.strategies.consumers.get(name, rules.strategies.default),
        )
        for name, one in rules.consumers.items()
    ]

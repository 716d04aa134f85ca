"""Decide which sources to ask, in which order. Pure: no clock, no network, no store.

    PlanInputs: rules, requirements, company, what is known, unavailable sources, what caps leave  ->  Plan

A Plan is a complete frozen value: a dry run prints the object that collect carries out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from enrichment.domain.knowledge import Known, ReplyHead
from enrichment.memory.company_kind import kind_of
from enrichment.memory.freshness import (
    DatasetStatus,
    Status,
    answered_datasets,
    dataset_statuses,
    missed_and_matched,
    used_replies,
)
from enrichment.planning.eligibility import Eligibility
from enrichment.planning.explanation import SourcePlan
from enrichment.planning.exploration import (
    Explored,
    Unexplored,
    explored,
    explored_on_average,
    quote_with,
    quote_without,
    sources_with,
)
from enrichment.planning.fallback_chains import Branch, Part
from enrichment.planning.plan_inputs import PlanInputs
from enrichment.planning.plan_template import PlanningState, PlanTemplate, template_of
from enrichment.planning.quote import Quote, calling_everything
from enrichment.planning.two_stage import template_beyond
from enrichment.planning.whether_complete import deciding_problems, none_counts
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.policy.problem import Policy
from enrichment.purchasing.caps import exploration_cap, left_whatever_is_bought
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements, identity_requirements

__all__ = [
    "AnalysedPlan",
    "Branch",
    "DatasetPlan",
    "MemoryRead",
    "Part",
    "Plan",
    "Quote",
    "SourcePlan",
    "calling_everything",
    "make_plan",
    "make_plans",
    "whether_complete",
]


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """Whether one dataset is satisfied before anything is bought.

    worth: micro-USD if optional. chance: that it is satisfied in the end. none_counts: a source of it satisfies it as
    well by reporting that there is none.
    """

    dataset: str
    required: bool
    worth: int
    status: Status
    from_sources: tuple[str, ...]
    chance: float
    none_counts: bool


@dataclass(frozen=True, slots=True)
class AnalysedPlan:
    """A dataset that an analysis answers, from these others; how likely is not quoted. worth: micro-USD if optional."""

    dataset: str
    required: bool
    worth: int
    analysis: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MemoryRead:
    """A reply that memory serves: which request paid for it, its age, what it saves (micro-USD): what it had cost."""

    source: str
    reply_id: str
    purchase_id: str
    paid_by: str
    found: bool
    age_seconds: int
    saves_micro_usd: int


@dataclass(frozen=True, slots=True)
class Plan:
    """datasets: that sources answer; analysed: that analyses do.

    in_turn: a cap may bind, so the parts are carried out one after another, not side by side. explores: a source that
    is asked besides, to learn what it answers; unexplored: by chance none is. explores_on_average: what that costs
    companies with this plan, of which few explore, and one at most (micro-USD). most_left: what the caps that count
    for all of the request leave (micro-USD).
    """

    company_id: str
    company_key: str
    consumer: str
    strategy: str
    rules_hash: str
    made_at: datetime
    requirements: Requirements
    datasets: tuple[DatasetPlan, ...]
    analysed: tuple[AnalysedPlan, ...]
    sources: tuple[SourcePlan, ...]
    reads: tuple[MemoryRead, ...]
    parts: tuple[Part, ...]
    in_turn: bool
    analyses: tuple[str, ...]
    quote: Quote
    explores: Explored | None = None
    unexplored: Unexplored | None = None
    explores_on_average: tuple[float, int] = (0.0, 0)
    most_left: int = field(kw_only=True)

    @property
    def quote_without_exploration(self) -> Quote:
        return self.quote if self.explores is None else quote_without(self.quote, self.explores)

    def policy(self, part: Part, policies: PolicyCache = IN_MEMORY) -> Policy:
        """Which sources to ask next in this part; the same for the dry run and for the execution."""
        return policies.compiled(self.strategy, part.whole)

    def source(self, name: str) -> SourcePlan:
        return next(s for s in self.sources if s.source == name)


def whether_complete(plan: Plan) -> tuple[Part, ...]:
    """What decides whether all that is required can be had. last_resorts: none, as they complete nothing."""
    certain = frozenset(dataset.dataset for dataset in plan.datasets if dataset.none_counts)
    needed = [part for part in plan.parts if part.problem.required]
    deciding = deciding_problems([part.problem for part in needed], needed[0].whole, certain) if needed else ()
    return tuple(Part(problem, whole, (), ()) for problem, whole in deciding)


def make_plan(inputs: PlanInputs) -> Plan:
    """The plan for one company."""
    draft = _Draft.of(inputs)
    return draft.completed(template_of(draft.state))


def make_plans(inputs: PlanInputs) -> tuple[Plan, Plan]:
    """How to find the domain of a company, and the rest. What the first may bring, the second does not count again."""
    first, rest = _Draft.of(replace(inputs, requirements=identity_requirements(inputs.requirements))), _Draft.of(inputs)
    beyond = template_beyond(first.state, rest.state)
    return first.completed(template_of(first.state)), rest.completed(beyond)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What memory serves of a plan, and the planning state that it leaves to the policy."""

    inputs: PlanInputs
    statuses: Mapping[str, DatasetStatus]
    answered: Mapping[str, frozenset[str]]
    state: PlanningState

    @classmethod
    def of(cls, inputs: PlanInputs) -> Self:
        if inputs.rules.by_kind:
            inputs = replace(inputs, rules=inputs.rules.of_kind(kind_of(inputs.company, inputs.known.facts)))
        rules, requirements, known, now = inputs.rules, inputs.requirements, inputs.known, inputs.now
        statuses = dataset_statuses(rules, requirements, known, now)
        answered = answered_datasets(rules, requirements, known, now)
        eligibility = Eligibility(
            rules=rules,
            requirements=requirements,
            company=inputs.company,
            # Templates are kept for states, so what they refer to must not keep a company's facts in memory.
            statuses={
                d: DatasetStatus.without_facts(open_=one.open, sources=one.sources) for d, one in statuses.items()
            },
            answered=answered,
            pursued=frozenset(d for d, one in statuses.items() if one.open or inputs.strategy == "legacy"),
            unavailable=inputs.unavailable,
            spent=inputs.spent,
            request_id=inputs.request_id,
            now=now,
            **(_answers_of_families(rules, known, answered) if rules.in_families else {}),
        )
        mentioned = (d for d, one in statuses.items() if one.mentioned)
        state = PlanningState(eligibility, inputs.strategy, inputs.policies, frozenset(mentioned), inputs.remembered)
        return cls(inputs, statuses, answered, state)

    def completed(self, made: PlanTemplate) -> Plan:
        """The plan: the template with what belongs to this company alone."""
        inputs, reads = self.inputs, self._reads()
        quote = replace(made.quote, from_memory=sum(read.saves_micro_usd for read in reads))
        exploration = self._exploration(made)
        besides = exploration if isinstance(exploration, Explored) else None
        return Plan(
            company_id=inputs.company.company_id,
            company_key=inputs.company.key,
            consumer=inputs.requirements.consumer,
            strategy=inputs.strategy,
            rules_hash=inputs.rules.hash,
            made_at=inputs.now,
            requirements=inputs.requirements,
            datasets=self._datasets(made.chances),
            analysed=_analysed(inputs.rules, inputs.requirements),
            sources=self._with_purchases(made.sources if besides is None else sources_with(made.sources, besides)),
            reads=reads,
            parts=made.parts,
            in_turn=made.in_turn,
            analyses=inputs.requirements.analyses,
            quote=quote if besides is None else quote_with(quote, besides, inputs.requirements.max_cost),
            explores=besides,
            unexplored=exploration if isinstance(exploration, Unexplored) else None,
            explores_on_average=self._besides_on_average(made),
            most_left=left_whatever_is_bought(
                inputs.rules, inputs.requirements, inputs.request_id, inputs.now, inputs.spent
            ),
        )

    def _exploration(self, made: PlanTemplate) -> Explored | Unexplored | None:
        """A source explored beside what is bought, or none; None where the plan may need all the request may cost."""
        inputs = self.inputs
        if not inputs.explores or not made.parts:
            return None
        return explored(inputs.rules, inputs.company.key, inputs.now, made.sources, **self._left_to_explore(made))

    def _besides_on_average(self, made: PlanTemplate) -> tuple[float, int]:
        inputs = self.inputs
        if not inputs.explores or not made.parts:
            return 0.0, 0
        return explored_on_average(inputs.rules, inputs.now, made.sources, **self._left_to_explore(made))

    def _left_to_explore(self, made: PlanTemplate) -> dict[str, int]:
        inputs = self.inputs
        return {
            "left": inputs.requirements.max_cost - made.quote.p90,
            "spent": inputs.spent.get(exploration_cap(inputs.rules, inputs.now).name, 0),
        }

    def _age(self, reply: ReplyHead) -> int:
        return int((self.inputs.now - reply.collected_at).total_seconds())

    def _with_purchases(self, sources: tuple[SourcePlan, ...]) -> tuple[SourcePlan, ...]:
        """Adds to sources whose reply is fresh which purchase brought it, and how old it is (seconds)."""
        replies = {reply.source: reply for reply in reversed(self.inputs.known.replies)}
        return tuple(
            replace(source, purchase_id=reply.purchase_id, age_seconds=self._age(reply))
            if source.verdict == "held" and (reply := replies.get(source.source))
            else source
            for source in sources
        )

    def _reads(self) -> tuple[MemoryRead, ...]:
        return tuple(
            MemoryRead(
                source=reply.source,
                reply_id=reply.reply_id,
                purchase_id=reply.purchase_id,
                paid_by=reply.request_id,
                found=reply.found,
                age_seconds=self._age(reply),
                saves_micro_usd=reply.cost_micro_usd,
            )
            for reply in used_replies(self.inputs.known, self.statuses, self.answered)
            if reply.source in self.inputs.rules.sources
        )

    def _datasets(self, chances: Mapping[str, float]) -> tuple[DatasetPlan, ...]:
        requirements, rules = self.inputs.requirements, self.inputs.rules
        sources = {reply.reply_id: reply.source for reply in self.inputs.known.replies}
        return tuple(
            DatasetPlan(
                dataset=dataset,
                required=dataset in requirements.collected_required,
                worth=requirements.collected_optional.get(dataset, 0),
                status=one.status,
                from_sources=tuple(sorted({sources[r] for r in one.replies if r in sources})),
                chance=chances.get(dataset, 0.0) if one.open else 1.0,
                none_counts=none_counts(rules, requirements, dataset),
            )
            for dataset, one in self.statuses.items()
        )


def _answers_of_families(
    rules: Rules, known: Known, answered: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Misses and matches of sources in families only, so that companies with the same plan share one template."""
    telling = rules.in_families
    missed, matched = missed_and_matched(known, answered)
    return {"missed": missed & telling, "matched": matched & telling}


def _analysed(rules: Rules, requirements: Requirements) -> tuple[AnalysedPlan, ...]:
    return tuple(
        AnalysedPlan(
            dataset=dataset,
            required=dataset in requirements.required,
            worth=requirements.optional.get(dataset, 0),
            analysis=analysis,
            needs=rules.analyses[analysis].needs,
        )
        for dataset in requirements.datasets
        if (analysis := rules.datasets[dataset].analysis) is not None
    )

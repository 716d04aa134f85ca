"""Decide what to ask of whom. Pure: no clock, no network, no store.

    Rules + Requirements + company + Known + what is out of order + what caps leave  ->  Plan

A Plan is a complete frozen value: a dry run prints the object that collect carries out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from enrichment.domain.records import Company, Known, ReplyHead
from enrichment.memory.freshness import DatasetStatus, Status, dataset_statuses, heard, used_replies
from enrichment.planning.eligibility import Eligibility, Stand, Verdict
from enrichment.planning.explanation import SourcePlan
from enrichment.planning.fallback_chains import Branch, Part
from enrichment.planning.plan_template import Situation, Sketch, sketch
from enrichment.planning.quote import Quote, calling_everything, model_price
from enrichment.planning.two_stage import sketch_beyond
from enrichment.policy import Policy
from enrichment.policy.cache import IN_MEMORY, PolicyCache
from enrichment.requirements.requirements import Requirements, identity_requirements
from enrichment.rules import Rules

__all__ = [
    "AnalysedPlan",
    "Branch",
    "DatasetPlan",
    "Occasion",
    "Part",
    "Plan",
    "Quote",
    "Read",
    "SourcePlan",
    "calling_everything",
    "make_plan",
    "make_plans",
    "model_price",
]


@dataclass(frozen=True, slots=True)
class DatasetPlan:
    """How one dataset stands before anything is bought. worth: micro-USD if optional. chance: of being satisfied."""

    dataset: str
    required: bool
    worth: int
    status: Status
    from_sources: tuple[str, ...]
    chance: float


@dataclass(frozen=True, slots=True)
class AnalysedPlan:
    """A dataset that an analysis answers, from these others; how likely is not quoted. worth: micro-USD if optional."""

    dataset: str
    required: bool
    worth: int
    analysis: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A reply that memory serves: who paid for it, how old it is, what buying it again would cost (micro-USD)."""

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

    in_turn: a cap may bind, so the parts are carried out one after another, not side by side.
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
    reads: tuple[Read, ...]
    parts: tuple[Part, ...]
    in_turn: bool
    analyses: tuple[str, ...]
    quote: Quote

    def policy(self, part: Part, policies: PolicyCache = IN_MEMORY) -> Policy:
        """Who to ask next in this part; the same for the dry run and for the execution."""
        return policies.compiled(self.strategy, part.whole)

    def source(self, name: str) -> SourcePlan:
        return next(s for s in self.sources if s.source == name)


@dataclass(frozen=True, slots=True)
class Occasion:
    """For whom and under which circumstances plans are made; see `make_plan`."""

    rules: Rules
    company: Company
    known: Known
    strategy: str
    now: datetime
    unavailable: Mapping[str, tuple[Verdict, str]]
    request_id: str = ""
    spent: Mapping[str, int] = field(default_factory=dict)
    policies: PolicyCache = IN_MEMORY


def make_plan(
    rules: Rules,
    requirements: Requirements,
    company: Company,
    known: Known,
    *,
    strategy: str,
    now: datetime,
    unavailable: Mapping[str, tuple[Verdict, str]],
    request_id: str = "",
    spent: Mapping[str, int] | None = None,
    policies: PolicyCache = IN_MEMORY,
) -> Plan:
    """The plan for one company. out_of_order: source -> verdict and reason why it cannot be asked at all.

    spent: cap name -> micro-USD taken so far, reserves included. policies: where compiled ones are kept.
    """
    occasion = Occasion(rules, company, known, strategy, now, unavailable, request_id, spent or {}, policies)
    draft = _Draft.of(occasion, requirements)
    return draft.dressed(sketch(draft.situation))


def make_plans(occasion: Occasion, requirements: Requirements) -> tuple[Plan, Plan]:
    """How to find the domain of a company, and the rest. What the first may bring, the second does not count again."""
    first, rest = _Draft.of(occasion, identity_requirements(requirements)), _Draft.of(occasion, requirements)
    beyond = sketch_beyond(first.situation, rest.situation)
    return first.dressed(sketch(first.situation)), rest.dressed(beyond)


@dataclass(frozen=True, slots=True)
class _Draft:
    """What memory is good for, and the situation that leaves."""

    known: Known
    stands: Mapping[str, DatasetStatus]
    said: Mapping[str, frozenset[str]]
    situation: Situation

    @classmethod
    def of(cls, on: Occasion, requirements: Requirements) -> Self:
        stands, said = (
            dataset_statuses(on.rules, requirements, on.known, on.now),
            heard(on.rules, requirements, on.known, on.now),
        )
        eligibility = Eligibility(
            rules=on.rules,
            requirements=requirements,
            company=on.company,
            stands={d: Stand(stand.open, stand.sources) for d, stand in stands.items()},
            said=said,
            pursued=frozenset(d for d, stand in stands.items() if stand.open or on.strategy == "legacy"),
            unavailable=on.unavailable,
            spent=on.spent,
            request_id=on.request_id,
            now=on.now,
        )
        mentioned = (d for d, stand in stands.items() if stand.mentioned)
        return cls(on.known, stands, said, Situation(eligibility, on.strategy, on.policies, frozenset(mentioned)))

    def dressed(self, made: Sketch) -> Plan:
        """With what is the company's own."""
        eligibility, reads = self.situation.eligibility, self._reads()
        return Plan(
            company_id=eligibility.company.company_id,
            company_key=eligibility.company.key,
            consumer=eligibility.requirements.consumer,
            strategy=self.situation.strategy,
            rules_hash=eligibility.rules.hash,
            made_at=eligibility.now,
            requirements=eligibility.requirements,
            datasets=self._datasets(made.chances),
            analysed=_analysed(eligibility.rules, eligibility.requirements),
            sources=self._with_purchases(made.sources),
            reads=reads,
            parts=made.parts,
            in_turn=made.in_turn,
            analyses=eligibility.requirements.analyses,
            quote=replace(made.quote, from_memory=sum(read.saves_micro_usd for read in reads)),
        )

    def _age(self, reply: ReplyHead) -> int:
        return int((self.situation.eligibility.now - reply.collected_at).total_seconds())

    def _with_purchases(self, sources: tuple[SourcePlan, ...]) -> tuple[SourcePlan, ...]:
        """Of those that are held: which purchase brought the reply, and how old it is."""
        replies = {reply.source: reply for reply in reversed(self.known.replies)}
        return tuple(
            replace(source, purchase_id=reply.purchase_id, age_seconds=self._age(reply))
            if source.verdict == "held" and (reply := replies.get(source.source))
            else source
            for source in sources
        )

    def _reads(self) -> tuple[Read, ...]:
        return tuple(
            Read(
                source=reply.source,
                reply_id=reply.reply_id,
                purchase_id=reply.purchase_id,
                paid_by=reply.request_id,
                found=reply.found,
                age_seconds=self._age(reply),
                saves_micro_usd=reply.cost_micro_usd,
            )
            for reply in used_replies(self.known, self.stands, self.said)
            if reply.source in self.situation.eligibility.rules.sources
        )

    def _datasets(self, chances: Mapping[str, float]) -> tuple[DatasetPlan, ...]:
        requirements = self.situation.eligibility.requirements
        sources = {reply.reply_id: reply.source for reply in self.known.replies}
        return tuple(
            DatasetPlan(
                dataset=dataset,
                required=dataset in requirements.collected_required,
                worth=requirements.collected_optional.get(dataset, 0),
                status=stand.status,
                from_sources=tuple(sorted({sources[r] for r in stand.replies if r in sources})),
                chance=chances.get(dataset, 0.0) if stand.open else 1.0,
            )
            for dataset, stand in self.stands.items()
        )


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

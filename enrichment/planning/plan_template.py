"""What companies in the same state share of their plans: parts, verdicts, quote. Made once for each state.

PlanningState (eligibility, strategy, policies)  ->  PlanTemplate
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Generic, TypeVar

from enrichment.planning.eligibility import Eligibility, is_state_of
from enrichment.planning.explanation import Explanation, SourcePlan
from enrichment.planning.fallback_chains import Part, parts_of
from enrichment.planning.quote import Quote, analyses_bought, execution_of, legacy_cost, quote_of
from enrichment.policy.cache import PolicyCache
from enrichment.policy.compiled import Enhanced
from enrichment.policy.execution_forecast import forecast
from enrichment.policy.execution_model import Execution, RemainingCap
from enrichment.policy.made_once import MadeOnce
from enrichment.policy.problem import Policy, Problem, parts
from enrichment.purchasing.caps import in_words, remaining_caps
from enrichment.rules import Rules
from enrichment.rules.requirements import Requirements

_TEMPLATES = 4_096
T = TypeVar("T")


@dataclass(frozen=True)
class PlanningState:
    """What a plan is made from. mentioned: datasets of which something too unreliable to satisfy is known.

    remembered: analyses whose answer over what is known is stored.
    """

    eligibility: Eligibility
    strategy: str
    policies: PolicyCache
    mentioned: frozenset[str] = frozenset()
    remembered: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        return self.strategy == "legacy"

    @cached_property
    def caps(self) -> dict[str, RemainingCap]:
        """The caps that may bind: name -> what they leave, and for which sources and analyses."""
        eligibility = self.eligibility
        rules, requirements = eligibility.rules, eligibility.requirements
        most = _most(Keyed((Same(rules), _wanted(requirements)), (rules, requirements)))
        caps = remaining_caps({name: eligibility.caps[name] for name in most}, eligibility.spent)
        return {name: one for name, one in caps.items() if sum(most[n] for n in one.over) > one.left}

    def execution(self, problems: tuple[Problem, ...], policy: Policy) -> Execution:
        return execution_of(
            self.eligibility,
            problems,
            policy,
            caps=self.caps.values(),
            mentioned=self.mentioned,
            remembered=self.remembered,
            everything=self.everything,
        )

    def signature(self) -> tuple[Hashable, ...]:
        """Planning states of equal signatures have the same template."""
        eligibility = self.eligibility
        return (
            Same(eligibility.rules),
            Same(self.policies),
            self.strategy,
            _wanted(eligibility.requirements),
            eligibility.company.domain is None,
            tuple((dataset, status.open, status.sources) for dataset, status in eligibility.statuses.items()),
            self.mentioned,
            self.remembered,
            frozenset((source, on) for source, on in eligibility.answered.items() if on),
            frozenset(eligibility.unavailable.items()),
            eligibility.missed,
            eligibility.matched,
            tuple((in_words(name), cap) for name, cap in self.caps.items()),
        )


@dataclass(frozen=True, slots=True)
class PlanTemplate:
    """What companies in one state share of a plan. chances: open dataset -> chance of being satisfied.

    in_turn: a cap may bind, so parts are carried out one after another, the required first.
    """

    parts: tuple[Part, ...]
    sources: tuple[SourcePlan, ...]
    chances: Mapping[str, float]
    quote: Quote
    in_turn: bool


@dataclass(frozen=True, slots=True)
class DecidedParts:
    """A problem in its parts, in the order they are carried out where caps may bind, and the policy that decides."""

    whole: Problem
    problems: tuple[Problem, ...]
    policy: Policy

    @property
    def above_least(self) -> int | None:
        """Micro-USD by which the plan may cost more than the least; None: it is the least, or was not sought."""
        return round(self.policy.excess()) if isinstance(self.policy, Enhanced) and not self.policy.exact else None


@dataclass(frozen=True, slots=True)
class Same:
    """Equal only to the very same object."""

    thing: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)


@dataclass(frozen=True, slots=True)
class Keyed(Generic[T]):
    """A value as the key of a cache that compares its signature alone."""

    signature: tuple[Hashable, ...]
    value: T = field(compare=False)


def template_of(state: PlanningState) -> PlanTemplate:
    return _templates(Keyed(state.signature(), state))


def decided_parts(state: PlanningState, *, by_whole: bool = False) -> DecidedParts:
    """The parts of what is left, and the policy that decides them.

    by_whole: take the policy of the whole even if it is not exact, to save the time of compiling what is left.
    """
    left = state.eligibility.left()
    if by_whole and is_state_of(state.eligibility.whole(), left):
        whole = state.eligibility.whole()
    else:
        whole = _compiled_whole(state.eligibility, left, state.strategy, state.policies)
    problems = (part for part in parts(left) if part.offers or part.required)
    in_order = tuple(sorted(problems, key=lambda part: not part.required))
    return DecidedParts(whole, in_order, state.policies.compiled(state.strategy, whole))


def _compiled_whole(eligibility: Eligibility, left: Problem, strategy: str, policies: PolicyCache) -> Problem:
    """What the policy is compiled for: the whole, of which most companies are a state; else only what is left.

    Also where the whole is too large to be solved: what is left of it may not be.
    """
    whole = eligibility.whole()
    if not is_state_of(whole, left):
        return left
    policy = policies.compiled(strategy, whole)
    return left if isinstance(policy, Enhanced) and not policy.exact else whole


def _template(key: Keyed[PlanningState]) -> PlanTemplate:
    state = key.value
    decided = decided_parts(state)
    execution = state.execution(decided.problems, decided.policy)
    expected = forecast(execution)
    made = parts_of(execution, decided.problems, decided.whole, expected)
    explanation = Explanation(state.eligibility, made, expected, everything=state.everything)
    return PlanTemplate(
        parts=made,
        sources=tuple(explanation.source(name) for name in state.eligibility.rules.sources),
        chances=expected.satisfied,
        quote=quote_of(
            expected,
            execution,
            legacy=legacy_cost(state.eligibility, state.caps.values()),
            above_least=decided.above_least,
        ),
        in_turn=bool(execution.binding()),
    )


_templates = MadeOnce(_template, _TEMPLATES)


@lru_cache(maxsize=64)
def _most(key: Keyed[tuple[Rules, Requirements]]) -> Mapping[str, int]:
    """Each source and analysis that may be bought for these requirements -> the most it may cost, in micro-USD."""
    rules, requirements = key.value
    sources = {source for dataset in requirements.collected for source in rules.datasets[dataset].sources}
    analyses = {one.name: one.most for one in analyses_bought(rules, requirements)}
    return {source: rules.max_micro_usd(source) for source in sorted(sources)} | analyses


def _wanted(requirements: Requirements) -> tuple[Hashable, ...]:
    return (
        requirements.consumer,
        requirements.collected_required,
        tuple(requirements.collected_optional.items()),
        requirements.analyses,
        requirements.max_cost,
        requirements.value_of_time,
        requirements.sources,
        tuple(sorted(requirements.quality_thresholds.items())),
    )

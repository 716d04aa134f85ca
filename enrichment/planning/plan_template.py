"""What companies in the same state share of their plans: parts, verdicts, quote. Drawn once for each state.

Situation (desk, strategy, policies)  ->  Sketch
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from enrichment.planning.eligibility import Eligibility, is_state_of
from enrichment.planning.explanation import Account, SourcePlan
from enrichment.planning.fallback_chains import Part, parts_of
from enrichment.planning.quote import Quote, afterwards, course_of, legacy_cost, quote_of
from enrichment.policy import Enhanced, Policy, Problem, parts
from enrichment.policy.cache import PolicyCache
from enrichment.policy.execution_forecast import outlook
from enrichment.policy.execution_model import Course, Limit
from enrichment.purchasing.budgets import in_words, limits_of
from enrichment.requirements.requirements import Requirements
from enrichment.rules import Rules

_SKETCHES = 4_096


@dataclass(frozen=True)
class Situation:
    """What a plan is made from. mentioned: datasets of which something too unreliable to satisfy is known."""

    eligibility: Eligibility
    strategy: str
    policies: PolicyCache
    mentioned: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        return self.strategy == "legacy"

    @cached_property
    def limits(self) -> dict[str, Limit]:
        """The caps that may bind: name -> what they leave, and for whom."""
        eligibility = self.eligibility
        most = _most(
            _Terms(
                (Same(eligibility.rules), _wanted(eligibility.requirements)),
                eligibility.rules,
                eligibility.requirements,
            )
        )
        limits = limits_of({name: eligibility.caps[name] for name in most}, eligibility.spent)
        return {name: one for name, one in limits.items() if sum(most[n] for n in one.over) > one.left}

    def course(self, problems: tuple[Problem, ...], policy: Policy) -> Course:
        return course_of(
            self.eligibility,
            problems,
            policy,
            limits=self.limits.values(),
            mentioned=self.mentioned,
            everything=self.everything,
        )

    def signature(self) -> tuple[Hashable, ...]:
        """Situations of equal signatures have the same sketch."""
        eligibility = self.eligibility
        return (
            Same(eligibility.rules),
            Same(self.policies),
            self.strategy,
            _wanted(eligibility.requirements),
            eligibility.company.domain is None,
            tuple((dataset, stand.open, stand.sources) for dataset, stand in eligibility.statuses.items()),
            self.mentioned,
            frozenset((source, on) for source, on in eligibility.answered.items() if on),
            frozenset(eligibility.unavailable.items()),
            tuple((in_words(name), limit) for name, limit in self.limits.items()),
        )


@dataclass(frozen=True, slots=True)
class Sketch:
    """A plan but for what is the company's own. chances: dataset -> of being satisfied, where it is open.

    in_turn: a cap may bind, so parts are carried out one after another, the required first.
    """

    parts: tuple[Part, ...]
    sources: tuple[SourcePlan, ...]
    chances: Mapping[str, float]
    quote: Quote
    in_turn: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """A problem in its parts, in the order they are carried out where caps may bind, and the policy that decides."""

    whole: Problem
    problems: tuple[Problem, ...]
    policy: Policy

    @property
    def above_least(self) -> int | None:
        return round(self.policy.excess()) if isinstance(self.policy, Enhanced) and not self.policy.exact else None


def sketch(situation: Situation) -> Sketch:
    return _kept(_Key(situation.signature(), situation))


def decided(situation: Situation, *, by_whole: bool = False) -> Drawn:
    """by_whole: by the policy of the whole, even if that is not exact: compiling what is left takes its time."""
    left = situation.eligibility.left()
    if by_whole and is_state_of(situation.eligibility.whole(), left):
        whole = situation.eligibility.whole()
    else:
        whole = _compiled_whole(situation.eligibility, left, situation.strategy, situation.policies)
    problems = (part for part in parts(left) if part.offers or part.required)
    in_order = tuple(sorted(problems, key=lambda part: not part.required))
    return Drawn(whole, in_order, situation.policies.compiled(situation.strategy, whole))


def _compiled_whole(eligibility: Eligibility, left: Problem, strategy: str, policies: PolicyCache) -> Problem:
    """What the policy is compiled for: the whole, of which most companies are a state; else only what is left.

    Also where the whole is too large to be solved: what is left of it may not be.
    """
    whole = eligibility.whole()
    if not is_state_of(whole, left):
        return left
    policy = policies.compiled(strategy, whole)
    return left if isinstance(policy, Enhanced) and not policy.exact else whole


@dataclass(frozen=True, slots=True)
class Same:
    """Equal only to the very same thing."""

    thing: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)


@dataclass(frozen=True, slots=True)
class _Key:
    signature: tuple[Hashable, ...]
    situation: Situation = field(compare=False)


@lru_cache(maxsize=_SKETCHES)
def _kept(key: _Key) -> Sketch:
    situation = key.situation
    drawn = decided(situation)
    course = situation.course(drawn.problems, drawn.policy)
    seen = outlook(course)
    made = parts_of(course, drawn.problems, drawn.whole, seen)
    account = Account(situation.eligibility, made, seen, everything=situation.everything)
    return Sketch(
        parts=made,
        sources=tuple(account.source(name) for name in situation.eligibility.rules.sources),
        chances=seen.satisfied,
        quote=quote_of(seen, course, legacy=legacy_cost(situation.eligibility), above_least=drawn.above_least),
        in_turn=bool(course.binding()),
    )


@dataclass(frozen=True, slots=True)
class _Terms:
    signature: tuple[Hashable, ...]
    rules: Rules = field(compare=False)
    requirements: Requirements = field(compare=False)


@lru_cache(maxsize=64)
def _most(terms: _Terms) -> Mapping[str, int]:
    """Whatever may be bought for these requirements -> the most it may cost, in micro-USD."""
    rules = terms.rules
    sources = {source for dataset in terms.requirements.collected for source in rules.datasets[dataset].sources}
    analyses = {one.name: one.most for one in afterwards(rules, terms.requirements)}
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

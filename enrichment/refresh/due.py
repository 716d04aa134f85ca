"""Which profiles may not be served any more and are worth a look: what their plans would buy, and what that costs.

rules + store + now -> DueProfiles: due, and why others are left alone

A profile that lacks something required, or is not good enough, is due once sources may be asked that could complete it:
one is back, the rules have changed, or what it knew nothing of has expired. Else another plan would find the same gap.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from enrichment.context.run_context import RunContext
from enrichment.domain.companies import Company
from enrichment.domain.ids import analysis_source
from enrichment.domain.profiles import ProfileHead
from enrichment.pipeline.cached_profile import is_fresh
from enrichment.pipeline.plan_many import plan_companies
from enrichment.planning.bulk.planner import Group
from enrichment.profiles.document import missing
from enrichment.refresh.ranking import DueProfile
from enrichment.rules import Rules
from enrichment.rules.experiment_arm import companies_by_rules
from enrichment.rules.requirements import Requirements, requirements_hash, requirements_of

NOTHING_TO_ASK = "nothing can be asked now that would complete them"


@dataclass(frozen=True, slots=True)
class DueProfiles:
    """left_alone: why a profile that may not be served is not due -> how many there are."""

    profiles: tuple[DueProfile, ...]
    left_alone: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Need:
    """What one company's plan would do. lacking, askable: datasets that memory does not satisfy, and those of them
    that a source can be asked about. cost: of sources alone.
    """

    lacking: frozenset[str]
    first: frozenset[str]
    askable: frozenset[str]
    cost: int


@dataclass(slots=True)
class _Decided:
    due: list[DueProfile] = field(default_factory=list)
    incomplete: list[tuple[Company, ProfileHead]] = field(default_factory=list)
    left_alone: int = 0


def due_profiles(
    companies: Sequence[Company],
    *,
    rules: Rules,
    context: RunContext,
    consumers: Sequence[str],
    new: bool = False,
    override: str | None = None,
) -> DueProfiles:
    """The due profiles of these companies, for these consumers. new: also those that have no profile yet. Blocks.

    Profiles written for an audience wait until it asks. Raises UnknownName, UnknownStrategy, StoreError.
    """
    due: list[DueProfile] = []
    left_alone = defaultdict[str, int](int)
    for name in consumers:
        requirements = requirements_of(rules, (name,))
        if not requirements.audience:
            for its, some in companies_by_rules(rules, companies, consumer=name):
                unhurried = requirements_of(its, (name,)).within(max_cost=None, oldest=None, waited_for=False)
                of_rules = _OfConsumer(its, context, unhurried, override)
                decided = of_rules.decide(some, new=new)
                due += decided.due
                left_alone[NOTHING_TO_ASK] += decided.left_alone
    return DueProfiles(tuple(due), {why: number for why, number in left_alone.items() if number})


class _OfConsumer:
    def __init__(self, rules: Rules, context: RunContext, requirements: Requirements, override: str | None) -> None:
        self._rules, self._context, self._requirements, self._override = rules, context, requirements, override
        self._now = context.now()
        self._hash = requirements_hash(rules, requirements)
        self._analyses = sum(rules.expected_micro_usd_of_analysis(name) for name in requirements.analyses)

    def decide(self, companies: Sequence[Company], *, new: bool) -> _Decided:
        latest = self._context.store.profiles.latest_by_company(self._requirements.consumer)
        stale = [company for company in companies if self._is_stale(latest.get(company.company_id), new=new)]
        decided = _Decided()
        if not stale:
            return decided
        needs = self._needs(stale)
        for company in stale:
            self._one(company, latest.get(company.company_id), needs[company.company_id], decided)
        self._those_that_need_no_source(decided)
        return decided

    def _is_stale(self, profile: ProfileHead | None, *, new: bool) -> bool:
        if profile is None:
            return new
        return not is_fresh(profile, self._hash, self._requirements, self._now)

    def _needs(self, companies: Sequence[Company]) -> Mapping[str, _Need]:
        groups = plan_companies(
            companies, self._requirements, rules=self._rules, context=self._context, override=self._override
        )
        needs: dict[str, _Need] = {}
        for group in groups:  # a company without a domain is in two: how to find it comes first
            for company in group.companies:
                before = needs.get(company.company_id)
                needs[company.company_id] = _need(group) if before is None else _both(before, group)
        return needs

    def _one(self, company: Company, profile: ProfileHead | None, need: _Need, decided: _Decided) -> None:
        if profile is not None and not need.lacking.isdisjoint(self._requirements.collected_required):
            if not self._may_answer(need):
                decided.left_alone += 1
                return
        elif profile is not None and self._is_flawed(profile) and not need.first:
            decided.incomplete.append((company, profile))
            return
        why = "there is no profile yet" if profile is None else self._why(profile)
        renews, cost = (need.lacking, need.cost + self._analyses) if need.first else (frozenset[str](), 0)
        decided.due.append(self._due(company, profile, why, renews, need.first, cost))

    def _due(
        self,
        company: Company,
        profile: ProfileHead | None,
        why: str,
        renews: frozenset[str],
        first: frozenset[str],
        cost: int,
    ) -> DueProfile:
        id_ = "" if profile is None else profile.profile_id
        since = company.created_at if profile is None else self._ended(profile)
        return DueProfile(company, self._requirements.consumer, id_, why, since, renews, first, cost)

    def _is_flawed(self, profile: ProfileHead) -> bool:
        """Made for these requirements, but incomplete or not good enough from the start."""
        return profile.requirements_hash == self._hash and (
            profile.holds_until <= profile.created_at or profile.quality < self._requirements.min_quality
        )

    def _may_answer(self, need: _Need) -> bool:
        """Whether a source is asked that may answer what is required and lacking, and all of that may be had."""
        required = need.lacking.intersection(self._requirements.collected_required)
        answers = [self._rules.sources[source].datasets for source in need.first]
        return required <= need.askable and any(not required.isdisjoint(datasets) for datasets in answers)

    def _why(self, profile: ProfileHead) -> str:
        """Why it may not be served; '' where something required is missing: its document names it."""
        if profile.requirements_hash != self._hash:
            return "the rules have other requirements now"
        if profile.holds_until <= profile.created_at:
            return ""
        if profile.quality < self._requirements.min_quality:
            return f"its quality {profile.quality:.2f} is below {self._requirements.min_quality:.2f}"
        return f"it was valid until {min(self._ended(profile), self._now):%Y-%m-%d %H:%M} UTC"

    def _ended(self, profile: ProfileHead) -> datetime:
        return min(profile.holds_until, profile.created_at + timedelta(seconds=self._requirements.profile_ttl))

    def _those_that_need_no_source(self, decided: _Decided) -> None:
        """What was lacking was bought for others since; or an analysis that failed can be asked for once more."""
        ready = self._ready_analyses() if decided.incomplete else {}
        stored = self._context.store.profiles.by_ids([profile.profile_id for _, profile in decided.incomplete])
        for company, profile in decided.incomplete:
            lacking = missing(stored[profile.profile_id].document) if profile.profile_id in stored else {}
            again = [
                name
                for name, after in ready.items()
                if analysis_source(name) in lacking and self._now >= profile.created_at + timedelta(seconds=after)
            ]
            if again or not lacking.keys().isdisjoint(self._requirements.collected_required):
                answers = frozenset(d for name in again for d in self._rules.analyses[name].answers)
                cost = sum(self._rules.expected_micro_usd_of_analysis(name) for name in again)
                decided.due.append(self._due(company, profile, self._why(profile), answers, frozenset(), cost))
            else:
                decided.left_alone += 1

    def _ready_analyses(self) -> dict[str, int]:
        """Analysis -> seconds after which it is asked for once more; those whose model can be asked."""
        outages, _ = self._context.store.provider_health.unavailable(self._now)
        rules, down = self._rules, {*outages, *self._context.unavailable}
        return {
            name: rules.analyses[name].try_again_after
            for name in self._requirements.analyses
            if rules.provider_of_model(rules.analyses[name].model) not in down
        }


def _need(group: Group) -> _Need:
    return _Need(group.missing, group.first, group.askable, group.expected_micro_usd)


def _both(identity: _Need, rest: Group) -> _Need:
    """The need of both. Without a source that may find the domain, nothing of the rest can be asked either."""
    if identity.lacking and not identity.first:
        return identity
    return _Need(
        identity.lacking | rest.missing,
        identity.first | rest.first,
        identity.askable | rest.askable,
        identity.cost + rest.expected_micro_usd,
    )

"""The planner as a Dagster resource: what would be bought for a company, and which assets of which companies are due.

.plan("tesla.com", "profile") -> Plan;   .due() -> Due("tesla.com", profile/vendor_enrichment, why), ...
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import dagster as dg

from enrichment.context import RunContext
from enrichment.domain.records import Company, Profile, ProfileHead
from enrichment.pipeline.cached_profile import is_fresh
from enrichment.pipeline.dry_run import quote
from enrichment.pipeline.plan import plan_companies
from enrichment.pipeline.stages import Ask
from enrichment.planning.plan import Plan
from enrichment.ports import Store
from enrichment.profiles.assembly import missing
from enrichment.requirements.requirements import Requirements, requirements_hash, requirements_of
from enrichment.rules import Rules
from resources.clock import utc_now
from resources.dagster_resources import EnrichmentResource
from resources.policy_store import policies_in
from resources.wiring import endpoints_of, policies_folder


@dataclass(frozen=True, slots=True)
class Due:
    """An asset of a company that needs materialisation. company: its key."""

    company: str
    asset: dg.AssetKey
    why: str


class PlannerResource(EnrichmentResource):
    """An EnrichmentResource, with its configuration and session, that plans without buying and lists what is due."""

    def plan(
        self,
        company: str,
        consumer: str = "profile",
        *,
        strategy: str | None = None,
        max_cost: int | None = None,
        max_age: int | None = None,
    ) -> tuple[Plan, ...]:
        """What a request would do now; nothing is bought. max_cost in micro-USD, max_age in seconds.

        Two plans where the company's domain is unknown: how to find it, and the rest.

        Raises NotACompany, UnknownName, UnknownStrategy, RulesError, SettingsError, StoreError.
        """
        settings, rules = self.settings(), self.rules()
        ask = Ask(company, (consumer,), strategy=strategy, max_cost=max_cost, max_age=max_age)
        asked = replace(ask, strategy_override=settings.enrich_strategy)
        return self.run_in_context(lambda context: quote(asked, rules=rules, context=context), rules)

    def due(
        self, consumer: str | None = None, *, now: datetime | None = None, limit: int | None = None
    ) -> tuple[Due, ...]:
        """Profiles that are not valid at `now`, each with the sources its plan would ask first; longest overdue first.

        consumer: every company that has no valid profile of it; None: only where there was a profile before.
        limit: at most so many profiles. Profiles written for an audience wait until it asks. Raises as plan does.
        """
        settings, rules = self.settings(), self.rules()
        at = utc_now() if now is None else now
        with self.store() as store:
            _, unavailable = endpoints_of(settings, rules)
            context = RunContext(
                store, {}, None, lambda: at, unavailable, policies=policies_in(policies_folder(settings))
            )
            companies = store.companies.all()
            overdue = sorted(_overdue(companies, store, rules, consumer, at))[:limit]
            return _with_sources(overdue, companies, rules, context, settings.enrich_strategy)


@dataclass(frozen=True, slots=True, order=True)
class _Overdue:
    """why: '' where only the document of the profile tells."""

    since: datetime
    company: str
    consumer: str
    profile_id: str
    why: str


def _overdue(
    companies: Sequence[Company], store: Store, rules: Rules, consumer: str | None, now: datetime
) -> Iterator[_Overdue]:
    for name in [consumer] if consumer else rules.consumers:
        requirements = requirements_of(rules, (name,))
        if requirements.audience:
            continue
        current, latest = requirements_hash(rules, requirements), store.profiles.latest_by_company(name)
        for company in companies:
            profile = latest.get(company.company_id)
            if profile is None and consumer is not None:
                yield _Overdue(company.created_at, company.key, name, "", "there is no profile yet")
            if profile is not None and not is_fresh(profile, current, requirements, now):
                why = _why(profile, current, requirements, now)
                yield _Overdue(_ended(profile, requirements), company.key, name, profile.profile_id, why)


def _ended(profile: ProfileHead, requirements: Requirements) -> datetime:
    return min(profile.holds_until, profile.created_at + timedelta(seconds=requirements.profile_ttl))


def _why(profile: ProfileHead, requirements_hash: str, requirements: Requirements, now: datetime) -> str:
    """Why a profile may not be served; '' where something required is missing or too old: its document names it."""
    if profile.requirements_hash != requirements_hash:
        return "the rules have other requirements now"
    if profile.holds_until <= profile.created_at:
        return ""
    if profile.quality < requirements.min_quality:
        return f"its quality {profile.quality:.2f} is below {requirements.min_quality:.2f}"
    return f"it was valid until {min(_ended(profile, requirements), now):%Y-%m-%d %H:%M} UTC"


def _lacks(profile: Profile | None) -> str:
    lacking = {} if profile is None else missing(profile.document)
    return f"it lacks {', '.join(lacking)}" if lacking else "a value in it is too old"


def _with_sources(
    overdue: Sequence[_Overdue], companies: Sequence[Company], rules: Rules, context: RunContext, override: str | None
) -> tuple[Due, ...]:
    """Each overdue profile, followed by the sources its plan asks first."""
    by_key = {company.key: company for company in companies}
    first: dict[tuple[str, str], list[str]] = {}
    for consumer in sorted({one.consumer for one in overdue}):
        asked = [by_key[one.company] for one in overdue if one.consumer == consumer]
        for group in plan_companies(
            asked, requirements_of(rules, (consumer,)), rules=rules, context=context, override=override
        ):
            for company in group.companies:
                first.setdefault((company.key, consumer), []).extend(sorted(group.first))
    lacking = context.store.profiles.by_ids([one.profile_id for one in overdue if not one.why])
    due: dict[tuple[str, dg.AssetKey], Due] = {}
    for one in overdue:
        why = one.why or _lacks(lacking.get(one.profile_id))
        due.setdefault((one.company, key := dg.AssetKey(["profile", one.consumer])), Due(one.company, key, why))
        for source in first.get((one.company, one.consumer), ()):
            raw = dg.AssetKey(["raw", source])
            due.setdefault((one.company, raw), Due(one.company, raw, f"{one.consumer}: asked first"))
    return tuple(due.values())

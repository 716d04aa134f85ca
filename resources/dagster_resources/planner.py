"""The planner as a Dagster resource: what would be bought for a company, which assets are due, what to refresh.

.plan("tesla.com", "profile") -> Plan;   .due() -> Due("tesla.com", profile/vendor_enrichment, why), ...
.refresh() -> Refresh: what the day's budget is best spent on
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from enrichment.context.run_context import RunContext
from enrichment.domain.profiles import Profile
from enrichment.pipeline.dry_run import quote
from enrichment.pipeline.stages import Ask
from enrichment.planning.plan import Plan
from enrichment.ports import Store
from enrichment.profiles.document import missing
from enrichment.refresh.due import due_profiles
from enrichment.refresh.ranking import DueProfile, RefreshBatch, RefreshPlan, in_batches
from enrichment.rules import Rules
from resources.clock import utc_now
from resources.dagster_resources.enrichment import EnrichmentResource
from resources.policy_store import policies_in
from resources.refresh import left_today, plan_refresh
from resources.settings import Settings
from resources.wiring import endpoints_of, policies_folder

if TYPE_CHECKING:
    from resources.store import SqlStore

COMPANIES_PER_RUN = 500


@dataclass(frozen=True, slots=True)
class Due:
    """An asset of a company that needs materialisation. company: its key."""

    company: str
    asset: dg.AssetKey
    why: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """What to refresh, and the batches that do it, each one run."""

    plan: RefreshPlan
    batches: tuple[RefreshBatch, ...]


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
        ask = Ask(
            company, (consumer,), strategy=strategy, max_cost=max_cost, max_age=max_age, raise_cap="raise max_cost"
        )
        asked = replace(ask, strategy_override=settings.enrich_strategy)
        return self.run_in_context(lambda context: quote(asked, rules=rules, context=context), rules)

    def due(
        self, consumer: str | None = None, *, now: datetime | None = None, limit: int | None = None
    ) -> tuple[Due, ...]:
        """Profiles that are not valid at `now`, each with the sources its plan would ask first; longest overdue first.

        consumer: every company that has no valid profile of it; None: only where there was a profile before.
        limit: at most so many profiles. One that nothing can be asked for is not due; see enrichment.refresh.due.
        Profiles written for an audience wait until it asks. Raises as plan does.
        """
        settings, rules = self.settings(), self.rules()
        with self.store() as store:
            found = due_profiles(
                store.companies.all(),
                rules=rules,
                context=self._context(store, settings, rules, utc_now() if now is None else now),
                consumers=[consumer] if consumer else list(rules.consumers),
                new=consumer is not None,
                override=settings.enrich_strategy,
            )
            longest = sorted(found.profiles, key=lambda one: (one.since, one.company.key, one.consumer))[:limit]
            return _with_sources(longest, store)

    def refresh(self, *, now: datetime | None = None) -> Refresh:
        """What the daily budget is best spent on at `now`; nothing is written. Raises as plan does."""
        settings, rules = self.settings(), self.rules()
        at = utc_now() if now is None else now
        with self.store() as store:
            left = left_today(store, rules, at)
            plan = plan_refresh(
                store,
                rules,
                self._context(store, settings, rules, at),
                left=left,
                override=settings.enrich_strategy,
            )
            return Refresh(plan, in_batches(plan, left, largest=COMPANIES_PER_RUN))

    def _context(self, store: "SqlStore", settings: Settings, rules: Rules, now: datetime) -> RunContext:
        """A context for planning alone: it asks no provider. Raises SettingsError where none can be asked."""
        _, unavailable = endpoints_of(settings, rules)
        return RunContext(store, {}, None, lambda: now, unavailable, policies=policies_in(policies_folder(settings)))


def _lacks(profile: Profile | None) -> str:
    lacking = {} if profile is None else missing(profile.document)
    return f"it lacks {', '.join(lacking)}" if lacking else "a value in it is too old"


def _with_sources(profiles: Sequence[DueProfile], store: Store) -> tuple[Due, ...]:
    """Each profile, followed by the sources its plan asks first."""
    lacking = store.profiles.by_ids([one.profile_id for one in profiles if not one.why])
    due: dict[tuple[str, dg.AssetKey], Due] = {}
    for one in profiles:
        company, key = one.company.key, dg.AssetKey(["profile", one.consumer])
        due.setdefault((company, key), Due(company, key, one.why or _lacks(lacking.get(one.profile_id))))
        for source in sorted(one.first):
            raw = dg.AssetKey(["raw", source])
            due.setdefault((company, raw), Due(company, raw, f"{one.consumer}: asked first"))
    return tuple(due.values())

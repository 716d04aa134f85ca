"""What to refresh now, from the store as it is: for the daily schedule and for `enrich batch --due`.

    store + rules -> due profiles -> (only if there are any) renewals, ages, reads -> RefreshPlan

Nothing is written.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from enrichment.context.run_context import RunContext
from enrichment.refresh.due import DueProfiles, due_profiles
from enrichment.refresh.history import Reads
from enrichment.refresh.known_facts import horizon_begins, idle_companies, known_facts
from enrichment.refresh.learned_rates import LearnedRates
from enrichment.refresh.observed_renewals import observed_renewals
from enrichment.refresh.ranking import DueProfile, RefreshPlan, refresh_plan
from enrichment.rules import Rules
from resources.store import SqlStore

SCHEDULE: Final = "refresh_due_companies"
COMMAND: Final = "enrich batch --due"
_AGAIN_AFTER = timedelta(days=1)
"""A company that a refresh has tried is left alone for so long, so that failures are not repeated every hour."""
_ASKED_BY = (SCHEDULE, COMMAND)
"""requested_by of refreshes: they do not count as demand, and their cost counts against the day's budget."""


def plan_refresh(
    store: SqlStore,
    rules: Rules,
    context: RunContext,
    *,
    left: Mapping[str, int],
    override: str | None = None,
) -> RefreshPlan:
    """What to refresh of the consumers in `left`, which says what each may still cost (micro-USD). Blocks.

    Raises UnknownName, UnknownStrategy, StoreError.
    """
    now, history = context.now(), store.refresh_history
    companies = store.companies.all()
    due = due_profiles(companies, rules=rules, context=context, consumers=tuple(left), override=override)
    if not due.profiles:
        return RefreshPlan((), 0, 0, due.left_alone, None)
    reads = history.reads(horizon_begins(rules, now), not_by=_ASKED_BY)
    awake, left_alone = _awake(due, reads, history.tried(now - _AGAIN_AFTER, requested_by=_ASKED_BY), rules, now)
    if not awake:
        return RefreshPlan((), 0, 0, left_alone, None)
    rates = learned_rates(store)
    facts = known_facts(rules, companies, history.collected(), reads, rates, now)
    return refresh_plan(awake, facts, left, left_alone)


def _awake(
    due: DueProfiles, reads: Sequence[Reads], tried: Collection[tuple[str, str]], rules: Rules, now: datetime
) -> tuple[list[DueProfile], dict[str, int]]:
    """Profiles of companies that are asked for, and that were in no refresh of the last day."""
    since = now - timedelta(seconds=rules.refresh.idle_after)
    idle = idle_companies((profile.company for profile in due.profiles), reads, since=since)
    asked_for = [profile for profile in due.profiles if profile.company.company_id not in idle]
    awake = [one for one in asked_for if (one.company.company_id, one.consumer) not in tried]
    more = {
        f"not asked for since {since:%Y-%m-%d}": len(due.profiles) - len(asked_for),
        "refreshed, or waiting for it, within a day": len(asked_for) - len(awake),
    }
    return awake, {**due.left_alone, **{why: number for why, number in more.items() if number}}


def learned_rates(store: SqlStore) -> LearnedRates:
    """Rates learned from all that was bought more than once. Raises StoreError."""
    return LearnedRates(observed_renewals(store.refresh_history.renewals()), store.refresh_history.traits())


def left_today(store: SqlStore, rules: Rules, now: datetime, consumers: Sequence[str] | None = None) -> dict[str, int]:
    """Consumer -> what refreshes may still cost on this UTC day, in micro-USD; None: all that are not for an audience.

    A refresh for several consumers counts in full for each of them. Raises StoreError.
    """
    names = [name for name, entry in rules.consumers.items() if not entry.audience] if consumers is None else consumers
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    left = {name: rules.refresh.budget(name) for name in names}
    for asked, cost in store.refresh_history.spent(midnight, requested_by=_ASKED_BY):
        for name in asked:
            if name in left:
                left[name] = max(0, left[name] - cost)
    return left

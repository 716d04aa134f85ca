"""Which of the profiles that are due to refresh first: those that spare the most stale reads for each dollar.

    DueProfile, ... + KnownFacts + what each consumer may still spend -> RefreshPlan: what to refresh, what it spares

A profile is worth the sum over the facts that its plan would renew (worth.py), whatever consumer reads them. One that
costs nothing comes first. Money in micro-USD, reads a day.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from enrichment.domain.companies import Company
from enrichment.domain.money import in_usd
from enrichment.domain.numbers import in_number
from enrichment.refresh.change_rates import Floats, RateBelief
from enrichment.refresh.worth import stale_chance, worth_of_refresh


@dataclass(frozen=True, slots=True)
class DueProfile:
    """A profile that may not be served any more. renews: datasets that its plan buys. first: sources asked first.

    cost: expected, of its whole plan. why: as one clause; '' where only the document of the profile states it.
    profile_id: '' where there is none yet. since: when it was no longer valid.
    """

    company: Company
    consumer: str
    profile_id: str
    why: str
    since: datetime
    renews: frozenset[str]
    first: frozenset[str]
    cost: int


@dataclass(frozen=True, slots=True)
class KnownFacts:
    """One row per company, one column per dataset. age: seconds; infinite where nothing is known of the dataset.

    reads: a day, of all consumers that want the dataset. found: by dataset, the chance that a value is found where none
    is known.
    """

    company_ids: Sequence[str]
    datasets: Sequence[str]
    age: Floats
    reads: Floats
    belief: RateBelief
    found: Floats


@dataclass(frozen=True, slots=True)
class StaleReads:
    """A day: all reads of facts that are known, and those of them that are expected to be stale before and after."""

    all: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class RefreshPlan:
    """picked: the most worth first. too_dear: due, but beyond the budget of its consumer. unread: worth nothing.

    left_alone: why a profile that may not be served is not due -> how many there are. stale: None where none is due.
    """

    picked: tuple[DueProfile, ...]
    too_dear: int
    unread: int
    left_alone: Mapping[str, int]
    stale: StaleReads | None

    @property
    def cost(self) -> int:
        """Expected, of all that is picked."""
        return sum(profile.cost for profile in self.picked)

    def in_words(self, expected: int | None = None) -> str:
        """What will be refreshed, for how much, what it spares, and why the others are not; a few sentences.

        expected: of its batch, where that was quoted (micro-USD).
        """
        return " ".join(_sentences(self, self.cost if expected is None else expected))


@dataclass(frozen=True, slots=True)
class RefreshBatch:
    """Companies that are refreshed for the same consumers, the most worth first. max_cost: of the batch."""

    consumers: tuple[str, ...]
    companies: tuple[Company, ...]
    max_cost: int


def _sentences(plan: RefreshPlan, expected: int) -> Iterator[str]:
    companies = len({profile.company.company_id for profile in plan.picked})
    if plan.picked:
        profiles = f"{in_number(len(plan.picked), 'profile')} of {in_number(companies, 'company')}"
        yield f"Refreshes {profiles} for about {in_usd(expected)} USD."
    elif plan.too_dear or plan.unread or plan.left_alone:
        yield "Nothing is refreshed."
    else:
        yield "Nothing is refreshed: every profile is valid."
    if plan.stale is not None and plan.stale.all > 0:
        before, after = plan.stale.before / plan.stale.all, plan.stale.after / plan.stale.all
        yield f"Stale reads: {before:.1%} of {plan.stale.all:,.1f} a day before, {after:.1%} after."
    if plan.too_dear:
        yield f"{in_number(plan.too_dear, 'more is', 'more are')} due, beyond the day's budget."
    alone = {**plan.left_alone, **({"not read at all": plan.unread} if plan.unread else {})}
    if alone:
        yield "Left alone: " + "; ".join(f"{number:,} {why}" for why, number in sorted(alone.items())) + "."


def worth_of(profiles: Sequence[DueProfile], facts: KnownFacts) -> Floats:
    """Stale reads that each refresh spares for each dollar; infinite where it costs nothing.

    The reads spared are counted over the time until the fact would change again.
    """
    reads = np.where(np.isfinite(facts.age), facts.reads, facts.reads * facts.found)
    each = worth_of_refresh(facts.belief, np.minimum(facts.age, _LONGEST), reads, np.ones_like(reads)) / _DAY
    rows, masks = _where(profiles, facts)
    total = (each[rows] * masks).sum(axis=1)
    cost = np.array([profile.cost for profile in profiles], float) / 1_000_000
    return np.where(cost > 0, total / np.maximum(cost, 1e-9), np.inf)


def refresh_plan(
    profiles: Sequence[DueProfile], facts: KnownFacts, left: Mapping[str, int], left_alone: Mapping[str, int]
) -> RefreshPlan:
    """left: consumer -> what may still be spent for it today. What does not fit is passed over for what does."""
    worth = worth_of(profiles, facts)
    picked, too_dear, unread, unspent = list[int](), 0, 0, dict(left)
    for number in np.argsort(-worth, kind="stable").tolist():
        profile = profiles[number]
        if worth[number] <= 0:
            unread += 1
        elif profile.cost > unspent.get(profile.consumer, 0):
            too_dear += 1
        else:
            unspent[profile.consumer] = unspent.get(profile.consumer, 0) - profile.cost
            picked.append(number)
    chosen = tuple(profiles[number] for number in picked)
    return RefreshPlan(chosen, too_dear, unread, left_alone, _stale_reads(chosen, facts))


def in_batches(plan: RefreshPlan, left: Mapping[str, int], *, largest: int) -> tuple[RefreshBatch, ...]:
    """Companies picked for the same consumers share a plan and a batch of at most `largest`.

    What a consumer may still spend is shared out over its batches, by what they are expected to cost.
    """
    consumers: dict[str, list[DueProfile]] = defaultdict(list)
    for profile in plan.picked:
        consumers[profile.company.company_id].append(profile)
    together: dict[tuple[str, ...], list[list[DueProfile]]] = defaultdict(list)
    for profiles in consumers.values():
        together[tuple(sorted(profile.consumer for profile in profiles))].append(profiles)
    expected = defaultdict[str, int](int)
    for profile in plan.picked:
        expected[profile.consumer] += profile.cost
    return tuple(
        RefreshBatch(names, tuple(its[0].company for its in some), _share(some, left, expected))
        for names, companies in sorted(together.items())
        for some in (companies[at : at + largest] for at in range(0, len(companies), largest))
    )


_DAY = 86_400
_LONGEST = 10.0 * 365 * _DAY
"""Seconds: the age of what was never known."""


def _share(companies: Sequence[Sequence[DueProfile]], left: Mapping[str, int], expected: Mapping[str, int]) -> int:
    ours = defaultdict[str, int](int)
    for profiles in companies:
        for profile in profiles:
            ours[profile.consumer] += profile.cost
    return sum(left.get(name, 0) * cost // expected[name] for name, cost in ours.items() if expected[name])


def _stale_reads(picked: Sequence[DueProfile], facts: KnownFacts) -> StaleReads:
    """Reads of facts that are known but stale: what is missing is no stale read."""
    known = np.isfinite(facts.age)
    reads = np.where(known, facts.reads, 0.0)
    stale = reads * stale_chance(facts.belief, np.where(known, facts.age, 0.0))
    renewed = np.zeros_like(known)
    rows, masks = _where(picked, facts)
    np.logical_or.at(renewed, rows, masks)
    return StaleReads(float(reads.sum()), float(stale.sum()), float(stale[~renewed].sum()))


def _where(profiles: Sequence[DueProfile], facts: KnownFacts) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each profile, the row of its company, and which datasets its plan buys."""
    row_of = {company_id: row for row, company_id in enumerate(facts.company_ids)}
    rows = np.array([row_of[profile.company.company_id] for profile in profiles], np.int64)
    masks: dict[frozenset[str], int] = {}
    numbers = [masks.setdefault(profile.renews, len(masks)) for profile in profiles]
    table = np.array([[name in renews for name in facts.datasets] for renews in masks], bool)
    return rows, table.reshape(-1, len(facts.datasets))[np.array(numbers, np.int64)]
